/* SPDX-License-Identifier: BSD-2-Clause */
/* writer: writes the bytes of a request forwards. Floor 2; pure. */
#ifndef HOPSONDE_PROBE_PAYLOADS_WRITER_H
#define HOPSONDE_PROBE_PAYLOADS_WRITER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The caller knows that there is room behind `at`. NULL: nothing is written, and `count` alone grows. */
struct writer {
    uint8_t *at;
    size_t count; /* bytes written so far */
};

static inline void write_bytes(struct writer *w, const void *bytes, size_t count)
{
    if (w->at) {
        memcpy(w->at, bytes, count);
        w->at += count;
    }
    w->count += count;
}

static inline void write8(struct writer *w, size_t value)
{
    const uint8_t byte = (uint8_t)value;
    write_bytes(w, &byte, 1);
}

static inline void write16(struct writer *w, size_t value)
{
    write8(w, value >> 8);
    write8(w, value);
}

static inline void write_zeros(struct writer *w, size_t count)
{
    if (w->at) {
        memset(w->at, 0, count);
        w->at += count;
    }
    w->count += count;
}

static inline void write_text(struct writer *w, const char *text)
{
    write_bytes(w, text, strlen(text));
}

#endif

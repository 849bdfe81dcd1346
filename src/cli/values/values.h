/* SPDX-License-Identifier: BSD-2-Clause */
/* values: strict reading of the values of options, and the one form of messages about them. Top floor; pure. */
#ifndef HOPSONDE_CLI_VALUES_VALUES_H
#define HOPSONDE_CLI_VALUES_VALUES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/nstime.h"

/* The whole text is a decimal number (or hexadecimal with 0x, where `hex`) from `least` to `most`. No sign, no space.
 */
bool value_number(const char *text, bool hex, uint64_t least, uint64_t most, uint64_t *out);

/* A number of bytes, with k, M or G for 1024, 1024^2 or 1024^3 times as many; up to 1024 G. */
bool value_size(const char *text, uint64_t *out);

/* [DIGITS][.DIGITS] in units of `unit` at the start of `text`; `rest` is set to what follows. Finer than a nanosecond
 * is cut off. False where there is no number there or it is above a million units. */
bool value_span(const char *text, nstime unit, nstime *out, const char **rest);

/* A DSCP as a number (0 to 63) or by name (RFC 2474, 2597, 3246, 5865, 8622: "ef", "af11", "cs6" ...), case ignored. */
bool value_dscp(const char *text, uint8_t *out);
/* An ECN codepoint as a number (0 to 3) or by name (RFC 3168: "not-ect", "ect1", "ect0", "ce"), case ignored. */
bool value_ecn(const char *text, uint8_t *out);

/* An address prefix. */
struct network {
    struct addr address;
    unsigned bits; /* prefix length; ignore the rest of `address` */
};

/* ADDRESS or ADDRESS/LENGTH. */
bool value_network(const char *text, struct network *out);
/* A network without address (all zero) has every address. */
bool network_has(const struct network *network, const struct addr *address);

/* A time that may depend on the capture's first frame. */
struct instant {
    enum instant_kind {
        INSTANT_NONE,  /* not given */
        INSTANT_AT,    /* `time` is it */
        INSTANT_CLOCK, /* `time` after the midnight (UTC) before the first frame */
        INSTANT_AFTER, /* `time` after the first frame */
    } kind;
    nstime time;
};

/* RFC 3339 (nstime_parse()), @SECONDS of the epoch, HH:MM[:SS], +SECONDS. */
bool value_instant(const char *text, struct instant *out);

/* The subject of a message: an option as it was typed, its value, and whether it is from HOPSONDE_OPTIONS. */
struct subject {
    bool environment;
    const char *spelled; /* "-m"; NULL: the value alone */
    const char *value;   /* NULL: the option alone */
};

/* The part of an error message behind "TEXT: ", if it starts with that (as err_set() escapes it); else the whole
 * message. */
const char *value_cause(const char *message, const char *text);

/* Sets `err` to "[HOPSONDE_OPTIONS: ]SPELLED VALUE: MESSAGE" and returns STATUS_USAGE. Typed text is escaped, and cut
 * if it is long. */
enum status value_complain(struct err *err, const struct subject *subject, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
enum status value_complain_args(struct err *err, const struct subject *subject, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

#endif

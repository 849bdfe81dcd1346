/* SPDX-License-Identifier: BSD-2-Clause */
/* mmdb_writer: MaxMind DB files for tests, good and bad ones (MaxMind DB File Format Specification 2.0).
 *
 * Values come one after another into the data section, a map or array before its members. Where memory is short the
 * test ends. */
#ifndef HOPSONDE_TESTS_MMDB_WRITER_H
#define HOPSONDE_TESTS_MMDB_WRITER_H

#include <stdint.h>

#include "base/addr.h"
#include "base/strbuf.h"

/* A map of `count` keys and values, a string and so on; `number` takes as many bytes as it needs. */
void mmdb_add_map(struct strbuf *data, uint32_t count);
void mmdb_add_array(struct strbuf *data, uint32_t count);
void mmdb_add_text(struct strbuf *data, const char *text, size_t length);
void mmdb_add_number(struct strbuf *data, unsigned type, uint64_t number); /* type: MMDB_DATA_TYPE_UINT... */
void mmdb_add_double(struct strbuf *data, double number);
void mmdb_add_pointer(struct strbuf *data, uint32_t offset);
/* The value that JSON text says: an integer is a uint32, a real number a double, true and false booleans. */
void mmdb_add_json(struct strbuf *data, const char *json);

struct mmdb_node {
    uint32_t records[2]; /* 0: empty; a node's index; with MMDB_WRITER_DATA, an offset into the data section */
};
#define MMDB_WRITER_DATA UINT32_C(0x80000000)
#define MMDB_WRITER_DESCRIPTION 13 /* where the description starts in the metadata, for pointers in it */

struct mmdb_writer {
    unsigned ip_version;              /* 4 or 6 */
    const struct strbuf *description; /* a value for the metadata; NULL: a plain one */
    struct strbuf data;               /* the data section */
    struct mmdb_node *nodes;
    size_t count, capacity;
};

void mmdb_writer_init(struct mmdb_writer *w, unsigned ip_version);
void mmdb_writer_free(struct mmdb_writer *w);
/* Gives a network ("192.0.2.0", 24) the record at an offset of the data section. IPv4 ones have their place under ::/96
 * in an IPv6 tree. Networks do not overlap. */
void mmdb_writer_put(struct mmdb_writer *w, const char *network, unsigned bits, uint32_t offset);
/* The same with a record from JSON. */
void mmdb_writer_put_json(struct mmdb_writer *w, const char *network, unsigned bits, const char *json);
/* The whole file, which the caller frees. */
struct strbuf mmdb_writer_file(const struct mmdb_writer *w);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "unit/support/mmdb_writer.h"

#include <jansson.h>
#include <maxminddb.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"

#define RECORD_BITS 24

static void must(bool condition, const char *what)
{
    if (condition)
        return;
    printf("Bail out! mmdb_writer: %s\n", what);
    exit(1);
}

/* ---- values ---- */

static void add_byte(struct strbuf *data, unsigned byte)
{
    char c = (char)(unsigned char)byte;
    strbuf_add_bytes(data, &c, 1);
}

static void add_big_endian(struct strbuf *data, uint64_t number, unsigned bytes)
{
    while (bytes-- > 0)
        add_byte(data, (unsigned)(number >> 8 * bytes & 0xff));
}

/* The control byte, the extended type where it is one, and the size's own bytes where it is long. */
static void add_control(struct strbuf *data, unsigned type, uint32_t size)
{
    unsigned field = size < 29 ? size : size < 285 ? 29 : size < 65821 ? 30 : 31;
    add_byte(data, (type < 8 ? type << 5 : 0) | field);
    if (type >= 8)
        add_byte(data, type - 7);
    if (field == 29)
        add_big_endian(data, size - 29, 1);
    else if (field == 30)
        add_big_endian(data, size - 285, 2);
    else if (field == 31)
        add_big_endian(data, size - 65821, 3);
}

void mmdb_add_map(struct strbuf *data, uint32_t count)
{
    add_control(data, MMDB_DATA_TYPE_MAP, count);
}

void mmdb_add_array(struct strbuf *data, uint32_t count)
{
    add_control(data, MMDB_DATA_TYPE_ARRAY, count);
}

void mmdb_add_text(struct strbuf *data, const char *text, size_t length)
{
    add_control(data, MMDB_DATA_TYPE_UTF8_STRING, (uint32_t)length);
    strbuf_add_bytes(data, text, length);
}

void mmdb_add_number(struct strbuf *data, unsigned type, uint64_t number)
{
    unsigned bytes = 0;
    while (bytes < 8 && number >> 8 * bytes != 0)
        bytes++;
    add_control(data, type, bytes);
    add_big_endian(data, number, bytes);
}

void mmdb_add_double(struct strbuf *data, double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    add_control(data, MMDB_DATA_TYPE_DOUBLE, sizeof bits);
    add_big_endian(data, bits, sizeof bits);
}

void mmdb_add_pointer(struct strbuf *data, uint32_t offset)
{
    add_byte(data, MMDB_DATA_TYPE_POINTER << 5 | 3 << 3); /* the long form */
    add_big_endian(data, offset, 4);
}

static void add_value(struct strbuf *data, json_t *value);

static void add_object(struct strbuf *data, json_t *object)
{
    const char *key;
    json_t *member;
    mmdb_add_map(data, (uint32_t)json_object_size(object));
    json_object_foreach(object, key, member)
    {
        mmdb_add_text(data, key, strlen(key));
        add_value(data, member);
    }
}

static void add_value(struct strbuf *data, json_t *value)
{
    size_t i;
    json_t *member;
    if (json_is_object(value)) {
        add_object(data, value);
    } else if (json_is_array(value)) {
        mmdb_add_array(data, (uint32_t)json_array_size(value));
        json_array_foreach(value, i, member) add_value(data, member);
    } else if (json_is_string(value)) {
        mmdb_add_text(data, json_string_value(value), json_string_length(value));
    } else if (json_is_integer(value)) {
        mmdb_add_number(data, MMDB_DATA_TYPE_UINT32, (uint64_t)json_integer_value(value));
    } else if (json_is_real(value)) {
        mmdb_add_double(data, json_real_value(value));
    } else {
        add_control(data, MMDB_DATA_TYPE_BOOLEAN, json_is_true(value));
    }
}

void mmdb_add_json(struct strbuf *data, const char *json)
{
    json_t *value = json_loads(json, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    must(value != NULL, json);
    add_value(data, value);
    json_decref(value);
}

/* ---- the tree ---- */

static uint32_t add_node(struct mmdb_writer *w)
{
    must(array_reserve((void **)&w->nodes, &w->capacity, w->count + 1, sizeof *w->nodes), "no memory");
    w->nodes[w->count] = (struct mmdb_node){{0, 0}};
    return (uint32_t)w->count++;
}

void mmdb_writer_init(struct mmdb_writer *w, unsigned ip_version)
{
    *w = (struct mmdb_writer){.ip_version = ip_version};
    strbuf_init(&w->data);
    add_node(w);
}

void mmdb_writer_free(struct mmdb_writer *w)
{
    strbuf_free(&w->data);
    free(w->nodes);
}

void mmdb_writer_put(struct mmdb_writer *w, const char *network, unsigned bits, uint32_t offset)
{
    struct addr address;
    uint8_t path[16] = {0};
    must(addr_parse(network, &address), network);
    bool inside = address.family == 4 && w->ip_version == 6;
    memcpy(path + (inside ? 12 : 0), address.bytes, addr_length(&address));
    bits += inside ? 96 : 0;
    uint32_t node = 0;
    for (unsigned bit = 0; bit < bits; bit++) {
        unsigned side = path[bit / 8] >> (7 - bit % 8) & 1;
        if (bit + 1 == bits) {
            w->nodes[node].records[side] = MMDB_WRITER_DATA | offset;
        } else {
            uint32_t next = w->nodes[node].records[side];
            if (!next) {
                next = add_node(w);
                w->nodes[node].records[side] = next;
            }
            node = next;
        }
    }
}

void mmdb_writer_put_json(struct mmdb_writer *w, const char *network, unsigned bits, const char *json)
{
    size_t offset = w->data.length;
    mmdb_add_json(&w->data, json);
    mmdb_writer_put(w, network, bits, (uint32_t)offset);
}

/* ---- the file ---- */

static void add_key(struct strbuf *file, const char *key)
{
    mmdb_add_text(file, key, strlen(key));
}

static void add_keyed_number(struct strbuf *file, const char *key, unsigned type, uint64_t number)
{
    add_key(file, key);
    mmdb_add_number(file, type, number);
}

static void add_metadata(struct strbuf *file, const struct mmdb_writer *w)
{
    strbuf_add(file, "\xab\xcd\xefMaxMind.com");
    mmdb_add_map(file, 9);
    add_key(file, "description");
    if (w->description)
        strbuf_add_bytes(file, w->description->text, w->description->length);
    else
        mmdb_add_json(file, "{\"en\": \"made by a test\"}");
    add_keyed_number(file, "binary_format_major_version", MMDB_DATA_TYPE_UINT16, 2);
    add_keyed_number(file, "binary_format_minor_version", MMDB_DATA_TYPE_UINT16, 0);
    add_keyed_number(file, "build_epoch", MMDB_DATA_TYPE_UINT64, 1700000000);
    add_key(file, "database_type");
    add_key(file, "Test");
    add_keyed_number(file, "ip_version", MMDB_DATA_TYPE_UINT16, w->ip_version);
    add_key(file, "languages");
    mmdb_add_json(file, "[\"en\"]");
    add_keyed_number(file, "node_count", MMDB_DATA_TYPE_UINT32, w->count);
    add_keyed_number(file, "record_size", MMDB_DATA_TYPE_UINT16, RECORD_BITS);
}

struct strbuf mmdb_writer_file(const struct mmdb_writer *w)
{
    struct strbuf file;
    uint32_t nodes = (uint32_t)w->count;
    strbuf_init(&file);
    for (size_t i = 0; i < 2 * w->count; i++) {
        uint32_t record = w->nodes[i / 2].records[i % 2];
        if (!record)
            record = nodes;
        else if (record & MMDB_WRITER_DATA)
            record = nodes + 16 + (record & ~MMDB_WRITER_DATA);
        add_big_endian(&file, record, RECORD_BITS / 8);
    }
    add_big_endian(&file, 0, 8); /* between tree and data: 16 zeros */
    add_big_endian(&file, 0, 8);
    strbuf_add_bytes(&file, w->data.text, w->data.length);
    add_metadata(&file, w);
    must(!file.failed && !w->data.failed, "no memory");
    return file;
}

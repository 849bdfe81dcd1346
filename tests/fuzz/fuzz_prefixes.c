/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as a table of prefixes: what it answers for the addresses of its own lines, and for those just before and
 * behind them, is what a slow look at every line says. Each line is also the name of a host. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "address/name_hint.h"
#include "address/prefix_table.h"
#include "address/special.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROWS_MOST 256 /* a slow look at more of them is too slow */

struct reference {
    struct prefix rows[ROWS_MOST];
    size_t count;
};

static volatile size_t touched;

/* A table of one line has that line's prefix and no other, so it says what the line is. */
static void note_line(struct reference *reference, const char *line, size_t length)
{
    struct prefix_table_faults faults;
    char text[ADDR_TEXT_BYTES] = "";
    struct addr address;
    struct prefix_table *table = prefix_table_new("line", line, length, &faults, NULL);
    if (!table)
        return;
    while (length > 0 && (*line == ' ' || *line == '\t')) {
        line++;
        length--;
    }
    size_t end = 0;
    while (end < length && end < sizeof text - 1 && !strchr("/ \t", line[end]))
        end++;
    memcpy(text, line, end);
    if (!addr_parse(text, &address) || !prefix_table_find(table, &address, &reference->rows[reference->count]))
        abort();
    reference->rows[reference->count++].name = NULL;
    prefix_table_free(table);
}

static bool has_bits(const struct prefix *row, const struct addr *address)
{
    if (row->network.family != address->family)
        return false;
    for (unsigned bit = 0; bit < row->length; bit++)
        if ((row->network.bytes[bit / 8] ^ address->bytes[bit / 8]) & (0x80 >> bit % 8))
            return false;
    return true;
}

static const struct prefix *slow_find(const struct reference *reference, const struct addr *address)
{
    const struct prefix *longest = NULL;
    for (size_t i = 0; i < reference->count; i++) {
        const struct prefix *row = &reference->rows[i];
        if (has_bits(row, address) && (!longest || row->length >= longest->length))
            longest = row;
    }
    return longest;
}

static void check_address(const struct prefix_table *table, const struct reference *reference, struct addr address)
{
    struct prefix got;
    const struct prefix *want = slow_find(reference, &address);
    bool found = prefix_table_find(table, &address, &got);
    if (found != (want != NULL))
        abort();
    if (found && (got.asn != want->asn || got.length != want->length || !addr_equal(&got.network, &want->network)))
        abort();
    touched += (found ? strlen(got.name) : 0) + special_is_global(&address);
}

/* The address itself, the last of its prefix, and their neighbours. */
static void check_around(const struct prefix_table *table, const struct reference *reference, const struct prefix *row)
{
    struct addr address = row->network;
    size_t length = addr_length(&address);
    check_address(table, reference, address);
    address.bytes[length - 1] ^= 1;
    check_address(table, reference, address);
    address = row->network;
    for (size_t bit = row->length; bit < length * 8; bit++)
        address.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    check_address(table, reference, address);
    for (size_t i = length; i-- > 0 && ++address.bytes[i] == 0;)
        continue;
    check_address(table, reference, address);
}

static void check_hint(const char *line, size_t length)
{
    struct address_place place;
    char *name = malloc(length + 1);
    if (!name)
        abort();
    memcpy(name, line, length);
    name[length] = '\0';
    if (name_hint_place(name, &place))
        touched += strlen(place.city) + strlen(place.country);
    free(name);
}

static void check_message(const struct err *err)
{
    if (err->status == STATUS_OK || !*err->message || strchr(err->message, '\n'))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reference reference = {.count = 0};
    struct prefix_table_faults faults;
    struct err err = {0};
    const char *text = (const char *)data, *end = text + size;
    size_t lines = 0;
    while (size > 0 && text < end && lines++ < ROWS_MOST) {
        const char *newline = memchr(text, '\n', (size_t)(end - text)), *stop = newline ? newline : end;
        note_line(&reference, text, (size_t)(stop - text));
        check_hint(text, (size_t)(stop - text));
        text = newline ? newline + 1 : end;
    }
    size_t length = size > 0 ? (size_t)(text - (const char *)data) : 0;
    struct prefix_table *table = prefix_table_new("text", (const char *)data, length, &faults, &err);
    if ((table != NULL) != (reference.count > 0))
        abort();
    if (!table)
        check_message(&err);
    for (size_t i = 0; i < reference.count; i++)
        check_around(table, &reference, &reference.rows[i]);
    prefix_table_free(table);
    return 0;
}

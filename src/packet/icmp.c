/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMP errors: where their quote ends and their extension begins (RFC 792, RFC 4443, RFC 4884). */
#include "packet/decode.h"

#define ICMP_HEADER 8
#define QUOTE_LENGTH_CLASSIC 128 /* RFC 4884 5.5: where senders without a length field put the extension */

/* One row per ICMP error. `length_unit` is what the length field of RFC 4884 4 counts in; 0: it has none. */
struct error_row {
    uint8_t version, type;
    uint8_t length_unit;
};

static const struct error_row error_rows[] = {
    {4, 3, 4}, {4, 4, 0}, {4, 5, 0}, {4, 11, 4}, {4, 12, 4}, {6, 1, 8}, {6, 2, 0}, {6, 3, 8}, {6, 4, 0},
};

static const struct error_row *find_row(uint8_t version, uint8_t type)
{
    for (size_t i = 0; i < sizeof error_rows / sizeof *error_rows; i++)
        if (error_rows[i].version == version && error_rows[i].type == type)
            return &error_rows[i];
    return NULL;
}

bool icmp_is_error(uint8_t version, uint8_t type)
{
    return find_row(version, type) != NULL;
}

/* Tries the bytes of the ICMP message behind a quote of `quote_length` as an extension. */
static bool extension_at(const struct transport *message, size_t quote_length, struct packet *out)
{
    if (message->captured < message->size)
        return false;
    struct cursor c = cursor_init(message->bytes, message->captured);
    cursor_skip(&c, ICMP_HEADER + quote_length);
    return icmp_extension_decode(span_left(&c), &out->extension, &out->malformed);
}

/* Finds the extension and returns the bytes of the quote, with its padding if the length field does not say more.
 * 1. Errors that RFC 4884 does not extend are a quote to their end.
 * 2. A length field that points at a valid extension is right.
 * 3. Else a valid extension behind 128 bytes of quote: senders older than RFC 4884, and some whose length field
 *    gives the quote without its padding.
 * 4. Else there is none that we know of. Where the capture cut it off, the length field still ends the quote. */
static size_t split_message(const struct transport *message, const struct error_row *row, size_t length_field,
                            struct packet *out)
{
    size_t captured = message->captured > ICMP_HEADER ? message->captured - ICMP_HEADER : 0;
    size_t quote_length = length_field * row->length_unit;
    if (row->length_unit == 0)
        return captured;
    if (quote_length > 0 && extension_at(message, quote_length, out))
        return quote_length;
    if (extension_at(message, QUOTE_LENGTH_CLASSIC, out)) {
        out->extension.non_compliant = true;
        return quote_length > 0 && quote_length < QUOTE_LENGTH_CLASSIC ? quote_length : QUOTE_LENGTH_CLASSIC;
    }
    bool cut_off = message->captured < message->size && ICMP_HEADER + quote_length < message->size;
    return quote_length > 0 && cut_off && quote_length < captured ? quote_length : captured;
}

/* RFC 1191 4, RFC 4443 3.2. */
static uint32_t too_big_mtu(uint8_t version, const struct transport *message, uint32_t rest_of_header)
{
    if (version == 6)
        return message->type == 2 ? rest_of_header : 0;
    return message->type == 3 && message->code == 4 ? rest_of_header & 0xffff : 0;
}

void icmp_decode_message(struct packet *out)
{
    const struct headers *outer = &out->outer;
    const struct transport *message = &outer->transport;
    const struct error_row *row = find_row(outer->ip.version, message->type);
    if (!row)
        return;
    out->kind = PACKET_ICMP_ERROR;
    struct cursor c = cursor_init(message->bytes, message->captured);
    cursor_skip(&c, 4);
    struct cursor rest = c;
    out->mtu = too_big_mtu(outer->ip.version, message, cursor_u32(&c));
    size_t length_field = cursor_u8(&rest);
    if (outer->ip.version == 4)
        length_field = cursor_u8(&rest);
    if (c.failed)
        return;
    struct cursor quote = cursor_sub(&c, split_message(message, row, length_field, out));
    const char *ignored = NULL; /* the capture cut the quote: nothing is malformed */
    bool cut = message->captured < message->size;
    if (cursor_left(&quote) > 0)
        ip_decode(span_left(&quote), EXTENT_QUOTED, &out->quote, cut ? &ignored : &out->malformed);
    else if (message->size <= ICMP_HEADER)
        malformed_because(&out->malformed, "ICMP error without a quote");
}

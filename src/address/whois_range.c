/* SPDX-License-Identifier: BSD-2-Clause */
#include "address/whois_range.h"

#include <ctype.h>
#include <stdlib.h>

#include "address/special.h"

/* The unread part of a text. */
struct rest {
    const char *at, *end;
};

static void skip_blanks(struct rest *rest)
{
    while (rest->at < rest->end && (*rest->at == ' ' || *rest->at == '\t'))
        rest->at++;
}

static bool skip_char(struct rest *rest, char c)
{
    if (rest->at == rest->end || *rest->at != c)
        return false;
    rest->at++;
    return true;
}

/* Copies characters that can form an address and moves past them. Leaves `spare` bytes free at the end of `text`. */
static bool take_address(struct rest *rest, char text[ADDR_TEXT_BYTES], size_t spare)
{
    size_t length = 0;
    while (rest->at < rest->end && (isxdigit((unsigned char)*rest->at) || *rest->at == '.' || *rest->at == ':')) {
        if (length + 1 + spare >= ADDR_TEXT_BYTES)
            return false;
        text[length++] = *rest->at++;
    }
    text[length] = '\0';
    return length > 0;
}

/* Extends LACNIC's short form "192.0.2" to "192.0.2.0". The buffer has room for three more parts. */
static void lengthen(char text[ADDR_TEXT_BYTES])
{
    unsigned dots = 0;
    if (strchr(text, ':'))
        return;
    for (const char *c = text; *c; c++)
        dots += *c == '.';
    for (; dots < 3; dots++)
        strcat(text, ".0");
}

static bool take_number(struct rest *rest, unsigned most, unsigned *out)
{
    const char *start = rest->at;
    *out = 0;
    while (rest->at < rest->end && isdigit((unsigned char)*rest->at) && *out <= most)
        *out = *out * 10 + (unsigned)(*rest->at++ - '0');
    return rest->at > start && *out <= most;
}

/* Turns the address in `first` into the block of its `bits` leading bits. */
static void spread(struct whois_range *range, unsigned bits)
{
    range->last = range->first;
    for (unsigned i = 0; i < addr_length(&range->first); i++) {
        unsigned own = bits >= 8 * (i + 1) ? 8 : bits > 8 * i ? bits - 8 * i : 0;
        uint8_t free = (uint8_t)(0xff >> own);
        range->first.bytes[i] &= (uint8_t)~free;
        range->last.bytes[i] |= free;
    }
}

bool whois_range_parse(const char *text, size_t length, struct whois_range *out)
{
    struct rest rest = {.at = text, .end = text + length};
    char address[ADDR_TEXT_BYTES];
    unsigned bits;
    skip_blanks(&rest);
    if (!take_address(&rest, address, strlen(".0.0.0")))
        return false;
    if (skip_char(&rest, '/')) {
        lengthen(address);
        if (!addr_parse(address, &out->first) || !take_number(&rest, (unsigned)addr_length(&out->first) * 8, &bits))
            return false;
        spread(out, bits);
        return true;
    }
    skip_blanks(&rest);
    if (!skip_char(&rest, '-') || !addr_parse(address, &out->first))
        return false;
    skip_blanks(&rest);
    return take_address(&rest, address, 0) && addr_parse(address, &out->last) &&
           out->last.family == out->first.family && addr_compare(&out->first, &out->last) <= 0;
}

bool whois_range_holds(const struct whois_range *range, const struct addr *address)
{
    return range->first.family == address->family && addr_compare(&range->first, address) <= 0 &&
           addr_compare(address, &range->last) <= 0;
}

bool whois_range_narrower(const struct whois_range *range, const struct whois_range *other)
{
    int first = addr_compare(&range->first, &other->first), last = addr_compare(&range->last, &other->last);
    return range->first.family == other->first.family && first >= 0 && last <= 0 && (first != 0 || last != 0);
}

bool whois_range_is_all(const struct whois_range *range)
{
    struct whois_range all = *range;
    spread(&all, 0);
    return addr_equal(&all.first, &range->first) && addr_equal(&all.last, &range->last);
}

bool whois_is_given_out(const struct addr *address)
{
    const struct special *special = special_find(address);
    return special_is_global(address) || (special && strcmp(special->name, "documentation") == 0);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The hidden characters beyond U+009F, in order.
 * Source: Unicode 17.0: Cf, Zl and Zp in UnicodeData.txt; Default_Ignorable_Code_Point in DerivedCoreProperties.txt;
 * Noncharacter_Code_Point in PropList.txt. is_noncharacter() finds the last two of each plane. */
static const struct {
    uint32_t first, last;
} hidden[] = {
    {0xad, 0xad},       /* soft hyphen */
    {0x34f, 0x34f},     /* combining grapheme joiner */
    {0x600, 0x605},     /* Arabic signs that span numbers */
    {0x61c, 0x61c},     /* Arabic letter mark */
    {0x6dd, 0x6dd},     /* Arabic end of ayah */
    {0x70f, 0x70f},     /* Syriac abbreviation mark */
    {0x890, 0x891},     /* Arabic signs that span numbers */
    {0x8e2, 0x8e2},     /* Arabic disputed end of ayah */
    {0x115f, 0x1160},   /* Hangul fillers */
    {0x17b4, 0x17b5},   /* Khmer inherent vowels */
    {0x180b, 0x180f},   /* Mongolian variation selectors, vowel separator */
    {0x200b, 0x200f},   /* zero-width space, joiners, direction marks */
    {0x2028, 0x202e},   /* line and paragraph separator, direction embeddings and overrides */
    {0x2060, 0x206f},   /* word joiner, invisible operators, direction isolates */
    {0x3164, 0x3164},   /* Hangul filler */
    {0xfdd0, 0xfdef},   /* noncharacters */
    {0xfe00, 0xfe0f},   /* variation selectors */
    {0xfeff, 0xfeff},   /* zero-width no-break space, the byte order mark */
    {0xffa0, 0xffa0},   /* halfwidth Hangul filler */
    {0xfff0, 0xfffb},   /* unassigned ignorables, interlinear annotation */
    {0x110bd, 0x110bd}, /* Kaithi number sign */
    {0x110cd, 0x110cd}, /* Kaithi number sign above */
    {0x13430, 0x1343f}, /* Egyptian hieroglyph joiners */
    {0x1bca0, 0x1bca3}, /* shorthand format controls */
    {0x1d173, 0x1d17a}, /* musical format controls */
    {0xe0000, 0xe0fff}, /* tags, more variation selectors, unassigned ignorables */
};

/* The last two code points of each plane. */
static bool is_noncharacter(uint32_t character)
{
    return (character & 0xfffe) == 0xfffe;
}

static bool is_hidden(uint32_t character)
{
    size_t first = 0, end = sizeof hidden / sizeof *hidden;
    while (first < end) {
        size_t middle = (first + end) / 2;
        if (character > hidden[middle].last)
            first = middle + 1;
        else if (character < hidden[middle].first)
            end = middle;
        else
            return true;
    }
    return is_noncharacter(character);
}

/* Decodes the character of two to four bytes at `bytes`. Returns its length, or 0 if it is not well-formed, a surrogate
 * or below U+00A0. */
static size_t decode(const unsigned char *bytes, size_t count, uint32_t *character)
{
    static const struct {
        unsigned char mask, lead;
        size_t length;
        uint32_t least;
    } forms[] = {{0xe0, 0xc0, 2, 0xa0}, {0xf0, 0xe0, 3, 0x800}, {0xf8, 0xf0, 4, 0x10000}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if ((bytes[0] & forms[i].mask) != forms[i].lead || count < forms[i].length)
            continue;
        *character = bytes[0] & (unsigned char)~forms[i].mask;
        for (size_t k = 1; k < forms[i].length; k++) {
            if ((bytes[k] & 0xc0) != 0x80)
                return 0;
            *character = *character << 6 | (bytes[k] & 0x3f);
        }
        bool surrogate = *character >= 0xd800 && *character <= 0xdfff;
        return *character >= forms[i].least && *character <= 0x10ffff && !surrogate ? forms[i].length : 0;
    }
    return 0;
}

size_t escape_shown_length(const char *bytes, size_t count)
{
    unsigned char first = (unsigned char)*bytes;
    uint32_t character;
    if (first < 0x80)
        return first >= 0x20 && first < 0x7f;
    size_t length = decode((const unsigned char *)bytes, count, &character);
    return length > 0 && !is_hidden(character) ? length : 0;
}

void escape_byte(unsigned char byte, char out[ESCAPE_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    out[0] = '\\';
    out[1] = 'x';
    out[2] = digits[byte >> 4];
    out[3] = digits[byte & 15];
}

void escape_copy(char *out, size_t bytes, const char *text)
{
    size_t count = strlen(text), used = 0;
    char escape[ESCAPE_BYTES];
    for (size_t i = 0, length; i < count; i += length) {
        length = escape_shown_length(text + i, count - i);
        size_t needed = length > 0 ? length : ESCAPE_BYTES;
        if (used + needed >= bytes)
            break;
        if (length == 0)
            escape_byte((unsigned char)text[i], escape);
        memcpy(out + used, length > 0 ? text + i : escape, needed);
        used += needed;
        length += length == 0;
    }
    out[used] = '\0';
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/columns.h"

#include <stdint.h>
#include <string.h>

#define DOTS ".."

/* Characters that take two columns.
 * Source: Unicode 17.0, East_Asian_Width W and F in EastAsianWidth.txt, by whole blocks where most characters have it.
 */
static const struct {
    uint32_t first, last;
} wide[] = {
    {0x1100, 0x115f},   /* Hangul jamo */
    {0x2e80, 0x303e},   /* radicals, CJK punctuation */
    {0x3041, 0xa4cf},   /* kana to Yi, with Han */
    {0xa960, 0xa97c},   /* Hangul jamo extended A */
    {0xac00, 0xd7a3},   /* Hangul syllables */
    {0xf900, 0xfaff},   /* compatibility Han */
    {0xfe10, 0xfe19},   /* vertical forms */
    {0xfe30, 0xfe6f},   /* compatibility forms */
    {0xff01, 0xff60},   /* fullwidth forms */
    {0xffe0, 0xffe6},   /* fullwidth signs */
    {0x16fe0, 0x18d1e}, /* Tangut, Khitan */
    {0x1aff0, 0x1b2fb}, /* kana, Nushu */
    {0x1f300, 0x1f64f}, /* pictographs, emoticons */
    {0x1f680, 0x1f6ff}, /* transport */
    {0x1f900, 0x1f9ff}, /* more pictographs */
    {0x20000, 0x3fffd}, /* planes of Han */
};

/* The character at the beginning of well-formed UTF-8, and its length. */
static uint32_t first_of(const char *printable, size_t *length)
{
    unsigned char lead = (unsigned char)*printable;
    *length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t character = *length == 1 ? lead : lead & (0xffU >> (*length + 1));
    for (size_t i = 1; i < *length && printable[i]; i++)
        character = character << 6 | ((unsigned char)printable[i] & 0x3f);
    return character;
}

static unsigned width_of(uint32_t character)
{
    for (size_t i = 0; i < sizeof wide / sizeof *wide && character >= wide[i].first; i++)
        if (character <= wide[i].last)
            return 2;
    return 1;
}

static unsigned columns_between(const char *printable, size_t bytes)
{
    unsigned columns = 0;
    for (size_t at = 0, length; at < bytes; at += length)
        columns += width_of(first_of(printable + at, &length));
    return columns;
}

unsigned columns_count(const char *printable)
{
    return columns_between(printable, strlen(printable));
}

size_t columns_fit(const char *printable, unsigned columns)
{
    size_t bytes = 0;
    for (size_t length; printable[bytes]; bytes += length) {
        unsigned width = width_of(first_of(printable + bytes, &length));
        if (width > columns)
            break;
        columns -= width;
    }
    return bytes;
}

unsigned columns_add_cut(struct strbuf *text, const char *printable, unsigned columns)
{
    unsigned whole = columns_count(printable), dots = (unsigned)strlen(DOTS);
    if (whole <= columns) {
        strbuf_add(text, printable);
        return whole;
    }
    if (columns < dots)
        return 0;
    size_t bytes = columns_fit(printable, columns - dots);
    strbuf_add_bytes(text, printable, bytes);
    strbuf_add(text, DOTS);
    return columns_between(printable, bytes) + dots;
}

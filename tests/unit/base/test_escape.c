/* SPDX-License-Identifier: BSD-2-Clause */
/* Which characters of foreign text are hidden, over all code points, and that escapes can be undone. */
#include <stdint.h>
#include <stdlib.h>

#include "base/escape.h"
#include "base/strbuf.h"
#include "tap.h"

#define CHARACTERS 0x110000u
#define HIDDEN 4339 /* Source: Unicode 17.0, the union of the properties that escape.h names, without surrogates */

static bool is_surrogate(uint32_t character)
{
    return character >= 0xd800 && character <= 0xdfff;
}

/* RFC 3629 section 3. Surrogates get three bytes like their neighbours. */
static size_t encode(uint32_t character, char out[4])
{
    static const struct {
        uint32_t end;
        unsigned char lead;
    } forms[] = {{0x80, 0}, {0x800, 0xc0}, {0x10000, 0xe0}, {CHARACTERS, 0xf0}};
    size_t more = 0;
    while (character >= forms[more].end)
        more++;
    out[0] = (char)(forms[more].lead | character >> 6 * more);
    for (size_t i = 1; i <= more; i++)
        out[i] = (char)(0x80 | (character >> 6 * (more - i) & 0x3f));
    return more + 1;
}

static bool is_shown(uint32_t character)
{
    char bytes[4];
    return escape_shown_length(bytes, encode(character, bytes)) > 0;
}

/* True: the text has nothing but printable ASCII and characters that are shown. */
static bool is_clean(const char *text)
{
    for (size_t left = strlen(text), length; left > 0; text += length, left -= length) {
        length = escape_shown_length(text, left);
        if (length == 0)
            return false;
    }
    return true;
}

/* Undoes strbuf_add_escaped(). */
static size_t unescape(const char *text, char *out)
{
    size_t length = 0;
    while (*text) {
        char digits[3] = {0};
        if (*text != '\\') {
            out[length++] = *text++;
            continue;
        }
        memcpy(digits, text + 2, 2);
        out[length++] = (char)strtoul(digits, NULL, 16);
        text += 4;
    }
    return length;
}

/* Reports show these bytes as they are or escaped, alone and between others, and nothing is lost. */
static bool survives(const char *bytes, size_t count)
{
    char framed[8] = "a", undone[64];
    struct strbuf b;
    strbuf_init(&b);
    memcpy(framed + 1, bytes, count);
    framed[count + 1] = 'z';
    strbuf_add_escaped(&b, framed, count + 2);
    bool good = is_clean(b.text) && unescape(b.text, undone) == count + 2 && memcmp(undone, framed, count + 2) == 0;
    strbuf_free(&b);
    return good;
}

static void test_all_characters(void)
{
    unsigned hidden = 0, lost = 0;
    char bytes[4];
    for (uint32_t character = 0; character < CHARACTERS; character++) {
        size_t count = encode(character, bytes);
        hidden += !is_surrogate(character) && !is_shown(character);
        lost += !survives(bytes, count);
    }
    is_num(hidden, HIDDEN, "hidden characters");
    is_num(lost, 0, "characters that are lost or get through");
}

/* All sequences of two bytes, and of three of which the last is at an edge of a range. */
static void test_all_bytes(void)
{
    static const unsigned char edges[] = {0x00, 0x41, 0x7f, 0x80, 0x9f, 0xa0, 0xae, 0xbf, 0xc0, 0xff};
    unsigned lost = 0;
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        char bytes[3] = {(char)(pair >> 8), (char)(pair & 0xff)};
        lost += !survives(bytes, 2);
        for (size_t i = 0; i < sizeof edges; i++) {
            bytes[2] = (char)edges[i];
            lost += !survives(bytes, 3);
        }
    }
    is_num(lost, 0, "sequences of bytes that are lost or get through");
}

static void test_properties(void)
{
    static const struct {
        uint32_t first, last;
        bool is_shown;
        const char *what;
    } rows[] = {
        {0x0, 0x1f, false, "C0 controls"},
        {0x20, 0x7e, true, "ASCII"},
        {0x7f, 0x9f, false, "DEL and C1 controls"},
        {0xa0, 0xac, true, "Latin"},
        {0xad, 0xad, false, "soft hyphen"},
        {0xae, 0x34e, true, "Latin, Greek"},
        {0x5d0, 0x5ea, true, "Hebrew letters"},
        {0x61c, 0x61c, false, "Arabic letter mark"},
        {0x620, 0x6dc, true, "Arabic"},
        {0x200b, 0x200d, false, "zero width"},
        {0x200e, 0x200f, false, "direction marks"},
        {0x2010, 0x2027, true, "dashes, quotes"},
        {0x2028, 0x2029, false, "line and paragraph separators"},
        {0x202a, 0x202e, false, "direction embeddings, overrides"},
        {0x202f, 0x205f, true, "punctuation"},
        {0x2060, 0x2064, false, "word joiner, invisible operators"},
        {0x2066, 0x2069, false, "direction isolates"},
        {0x2070, 0x3163, true, "symbols, kana"},
        {0x3164, 0x3164, false, "Hangul filler"},
        {0x3165, 0xd7ff, true, "Han, Hangul"},
        {0xfdd0, 0xfdef, false, "noncharacters"},
        {0xfe00, 0xfe0f, false, "variation selectors"},
        {0xfeff, 0xfeff, false, "byte order mark"},
        {0xfff9, 0xfffb, false, "interlinear annotation"},
        {0xfffc, 0xfffd, true, "replacement characters"},
        {0xfffe, 0xffff, false, "noncharacters of plane 0"},
        {0x1f300, 0x1faff, true, "emoji"},
        {0x1fffe, 0x1ffff, false, "noncharacters of plane 1"},
        {0x20000, 0x2fffd, true, "plane 2"},
        {0xe0001, 0xe007f, false, "tags"},
        {0xe0100, 0xe01ef, false, "variation selectors 17 to 256"},
        {0x10fffd, 0x10fffd, true, "the last character"},
        {0x10fffe, 0x10ffff, false, "the last noncharacters"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint32_t wrong = CHARACTERS;
        for (uint32_t c = rows[i].first; c <= rows[i].last && wrong == CHARACTERS; c++)
            if (is_shown(c) != rows[i].is_shown)
                wrong = c;
        ok(wrong == CHARACTERS, "%s: U+%04X", rows[i].what, (unsigned)(wrong < CHARACTERS ? wrong : rows[i].last));
    }
}

static void test_copy(void)
{
    static const struct {
        size_t bytes;
        const char *text, *copy;
    } rows[] = {
        {32, "", ""},
        {32, "a\x1b\\x1b\xe2\x80\xae", "a\\x1b\\x1b\\xe2\\x80\\xae"},
        {32, "a\\x1b\\x1b\\xe2\\x80\\xae", "a\\x1b\\x1b\\xe2\\x80\\xae"},
        {6,
         "a\x1b"
         "b",
         "a\\x1b"},
        {5,
         "a\x1b"
         "b",
         "a"},
        {4, "\xe2\x82\xac", "\xe2\x82\xac"},
        {3, "\xe2\x82\xac", ""},
        {1, "a", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *exact = malloc(rows[i].bytes);
        escape_copy(exact, rows[i].bytes, rows[i].text);
        is_text(exact, rows[i].copy, "copy row %zu", i);
        free(exact);
    }
}

int main(void)
{
    test_all_characters();
    test_all_bytes();
    test_properties();
    test_copy();
    return tap_done();
}

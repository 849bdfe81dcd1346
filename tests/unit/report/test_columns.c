/* SPDX-License-Identifier: BSD-2-Clause */
/* The columns of text, and where it is cut. */
#include "report/columns.h"
#include "tap.h"

static void test_widths(void)
{
    static const struct {
        const char *text;
        unsigned columns;
    } rows[] = {
        {"", 0},
        {"gw.example", 10},
        {"caf\xc3\xa9", 4},                      /* Latin */
        {"\xe2\x82\xac\xe2\x80\xa6", 2},         /* U+20AC, U+2026 */
        {"\xd7\xa9\xd7\x9c", 2},                 /* Hebrew */
        {"\xe6\x9d\xb1\xe4\xba\xac", 4},         /* Han */
        {"\xed\x95\x9c", 2},                     /* Hangul */
        {"\xef\xbc\xa1", 2},                     /* a fullwidth A */
        {"\xef\xbd\xb1", 1},                     /* halfwidth kana */
        {"\xf0\x9f\x98\x80", 2},                 /* an emoticon */
        {"\xf0\xa0\x80\x80", 2},                 /* Han of plane 2 */
        {"\xf0\x92\x90\xab", 1},                 /* cuneiform */
        {"e\xcc\x81", 2},                        /* a combining accent counts, too */
        {"\xe1\x85\x9e\xe1\x85\xa0", 3},         /* the ends of Hangul jamo and what follows */
        {"\xf0\xbf\xbf\xbd\xf3\xa1\x80\x80", 3}, /* the last of plane 3, and a later plane */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        is_num(columns_count(rows[i].text), rows[i].columns, "width row %zu", i);
}

static void test_cuts(void)
{
    static const struct {
        const char *text;
        unsigned columns, used;
        const char *cut;
    } rows[] = {
        {"gw.example", 10, 10, "gw.example"},
        {"gw.example", 9, 9, "gw.exam.."},
        {"gw.example", 2, 2, ".."},
        {"gw.example", 1, 0, ""},
        {"\xe6\x9d\xb1\xe4\xba\xac", 4, 4, "\xe6\x9d\xb1\xe4\xba\xac"},
        {"\xe6\x9d\xb1\xe4\xba\xac", 3, 2, ".."}, /* half a character is left out */
        {"\xe6\x9d\xb1\xe4\xba\xac\xe4\xba\xac", 5, 4, "\xe6\x9d\xb1.."},
        {"caf\xc3\xa9s", 4, 4, "ca.."},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf text;
        strbuf_init(&text);
        is_num(columns_add_cut(&text, rows[i].text, rows[i].columns), rows[i].used, "columns used, row %zu", i);
        is_text(text.text, rows[i].cut, "cut row %zu", i);
        strbuf_free(&text);
    }
}

int main(void)
{
    test_widths();
    test_cuts();
    return tap_done();
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines broken at words. */
#include "report/wrap.h"

#include "tap.h"

static void test_lines(void)
{
    static const struct {
        unsigned columns;
        const char *lines, *want;
    } rows[] = {
        {20, "", ""},
        {20, "short\n", "short\n"},
        {20, "without an end", "without an end"},
        {20, "exactly twenty bytes\nnext\n", "exactly twenty bytes\nnext\n"},
        {20, "exactly twenty bytes.\nnext\n", "exactly twenty\n    bytes.\nnext\n"},
        {0, "a line of any length stays as it is\n", "a line of any length stays as it is\n"},
        {20, "one two three four five six seven\n", "one two three four\n    five six seven\n"},
        {20, "    an indented line that is long\n", "    an indented line\n        that is long\n"},
        {20, " 3  10.0.2.1  1.913 ms  1.881 ms !X\n", " 3  10.0.2.1\n    1.913 ms\n    1.881 ms !X\n"},
        {20, "1.913 ms * *  2.290 ms *\n", "1.913 ms * *\n    2.290 ms *\n"},
        {20, "a 2001:db8:1111:2222:3333:4444:5555:6666 b\n", "a 2001:db8:1111:2222:3333:4444:5555:6666\n    b\n"},
        {20, "2001:db8:1111:2222:3333:4444:5555:6666\n", "2001:db8:1111:2222:3333:4444:5555:6666\n"},
        {20, "m\xc3\xbcnchen m\xc3\xbcnchen four\n", "m\xc3\xbcnchen m\xc3\xbcnchen four\n"},
        {20, "\033[31mudp is dropped\033[0m after hop 3\n", "\033[31mudp is dropped\033[0m after\n    hop 3\n"},
        {20, "\033[31mudp is dropped\033[0m afte\n", "\033[31mudp is dropped\033[0m afte\n"},
        {20, "2.000 ms 2.000000 \033[1mms\033[0m x\n", "2.000 ms 2.000000 \033[1mms\033[0m\n    x\n"},
        {20, "blanks at the end are           \n", "blanks at the end\n    are           \n"},
        {20, "\n\nempty lines stay\n\n", "\n\nempty lines stay\n\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf text;
        strbuf_init(&text);
        wrap_add(&text, rows[i].lines, rows[i].columns);
        is_text(text.text, rows[i].want, "row %zu: %u columns", i, rows[i].columns);
        strbuf_free(&text);
    }
}

int main(void)
{
    test_lines();
    return tap_done();
}

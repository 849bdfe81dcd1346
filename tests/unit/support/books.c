/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit/support/books.h"

#include <stdlib.h>

#define TEN(text) text text text text text text text text text text
#define LONGEST(text) TEN(TEN(text)) TEN(TEN(text)) TEN(text) TEN(text) TEN(text) TEN(text) TEN(text) "12345"

const char *const hostile_names[] = {
    "\"quoted\", \"twice\"",
    "a,b\nc\rd\te",
    "\x1b]0;x\x07\x01\x7f",
    "bad\xff\xc3utf8\xed\xa0\x80",
    "</text><script>alert(1)</script>&amp;",
    "\"];n9[label=\"\\N\\l\\",
    "=1+1",
    LONGEST("n"),
    LONGEST("\xff"),
    LONGEST("\""),
    LONGEST("\x01"),
    NULL,
};

struct address_facts *book_put(struct address_book *book, const char *address, enum address_name state,
                               const char *name)
{
    struct addr key;
    struct address_facts *facts = addr_parse(address, &key) ? address_book_entry(book, &key) : NULL;
    if (!facts)
        abort();
    facts->name_state = state;
    address_copy(facts->name, sizeof facts->name, name, strlen(name));
    return facts;
}

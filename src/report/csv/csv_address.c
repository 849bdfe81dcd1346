/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/csv/csv_address.h"

#include <string.h>

#include "report/address_facts.h"

/* True: a spreadsheet would read a formula. These are = + - @ and their full-width forms U+FF1D, U+FF0B, U+FF0D,
 * U+FF20. */
static bool begins_formula(const char *foreign)
{
    static const char *const beginnings[] = {
        "=", "+", "-", "@", "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"};
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (strncmp(foreign, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    return false;
}

static void add_quoted(struct strbuf *row, const char *plain)
{
    strbuf_add(row, "\"");
    for (; *plain; plain++)
        strbuf_add_bytes(row, *plain == '"' ? "\"\"" : plain, *plain == '"' ? 2 : 1);
    strbuf_add(row, "\"");
}

/* RFC 4180 section 2, rules 5 to 7. */
static void add_field(struct strbuf *row, const char *foreign)
{
    struct strbuf plain;
    strbuf_init(&plain);
    strbuf_add(row, ",");
    if (begins_formula(foreign))
        strbuf_addf(&plain, "\\x%02x", (unsigned char)*foreign++);
    strbuf_add_foreign(&plain, foreign);
    if (strpbrk(plain.text, ",\""))
        add_quoted(row, plain.text);
    else
        strbuf_add(row, plain.text);
    row->failed |= plain.failed;
    strbuf_free(&plain);
}

void csv_facts_add(struct strbuf *row, const struct addr *address, const struct output *out)
{
    static const struct address_facts nothing;
    const struct address_facts *found = address_book_find(out->result->book, address),
                               *facts = found ? found : &nothing;
    const struct address_facts *networks = out->options.networks ? facts : &nothing;
    const struct address_facts *places = out->options.places ? facts : &nothing;
    const char *name = address_facts_is_unconfirmed(facts) ? NULL : address_facts_name(facts);
    add_field(row, name ? name : "");
    strbuf_addf(row, networks->asn ? ",%lu" : ",", (unsigned long)networks->asn);
    add_field(row, networks->as_name);
    add_field(row, places->place.country);
    add_field(row, places->place.city);
}

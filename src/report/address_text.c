/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/address_text.h"

#include "address/special.h"
#include "report/address_facts.h"
#include "report/columns.h"

#define MARK_BEGIN '\x01'
#define MARK_END '\x02'
#define MARK_END_OF_COLUMN '\x03'

/* --- one address --- */

static void add_network(struct strbuf *text, const struct addr *address, const struct address_facts *facts)
{
    const struct special *special = special_find(address);
    if (facts && facts->asn) {
        strbuf_addf(text, " [AS%lu", (unsigned long)facts->asn);
        strbuf_add(text, facts->as_name[0] ? " " : "");
        strbuf_add_foreign(text, facts->as_name);
        strbuf_add(text, "]");
    } else if (special) {
        strbuf_addf(text, " [%s]", special->name);
    }
}

void address_text_add_place(struct strbuf *text, const struct address_place *place)
{
    strbuf_add_foreign(text, place->city);
    strbuf_add(text, place->city[0] && place->country[0] ? ", " : "");
    strbuf_add_foreign(text, place->country);
}

static void add_place(struct strbuf *text, const struct address_facts *facts)
{
    struct address_place place;
    bool is_guess;
    if (!address_facts_place(facts, &place, &is_guess) || (!place.country[0] && !place.city[0]))
        return;
    strbuf_add(text, " [");
    address_text_add_place(text, &place);
    strbuf_add(text, is_guess ? "?]" : "]");
}

void address_text_add(struct strbuf *text, const struct addr *address, const struct output *out)
{
    char plain[ADDR_TEXT_BYTES];
    const struct address_facts *facts = address_book_find(out->result->book, address);
    const char *name = address_facts_name(facts);
    addr_format(address, plain);
    if (name) {
        /* Names from the DNS are printable already; names from other sources may not be. */
        strbuf_add_foreign(text, name);
        strbuf_addf(text, address_facts_is_unconfirmed(facts) ? " (unconfirmed, %s)" : " (%s)", plain);
    } else {
        strbuf_add(text, plain);
    }
    if (out->options.networks)
        add_network(text, address, facts);
    if (out->options.places)
        add_place(text, facts);
}

void address_text_add_target(struct strbuf *line, const struct addr *address, const struct addr *target,
                             const char *target_name)
{
    char text[ADDR_TEXT_BYTES];
    addr_format(address, text);
    if (!target_name || !addr_equal(address, target)) {
        strbuf_add(line, text);
        return;
    }
    strbuf_add_foreign(line, target_name);
    strbuf_addf(line, " (%s)", text);
}

/* --- marks --- */

static void add_mark(struct strbuf *line, const struct addr *address, char end)
{
    char mark[ADDR_TEXT_BYTES + 2] = {MARK_BEGIN};
    size_t length = addr_format(address, mark + 1);
    mark[length + 1] = end;
    strbuf_add_bytes(line, mark, length + 2);
}

void address_text_mark(struct strbuf *line, const struct addr *address)
{
    add_mark(line, address, MARK_END);
}

void address_text_mark_column(struct strbuf *line, const struct addr *address)
{
    add_mark(line, address, MARK_END_OF_COLUMN);
}

/* Finds the next mark in `text`: where it begins, its address, and whether it ends a column. Returns its end; NULL:
 * there is no mark, or it is malformed. */
static const char *read_mark(const char *text, const char **begin, struct addr *address, bool *is_column)
{
    char plain[ADDR_TEXT_BYTES];
    *begin = strchr(text, MARK_BEGIN);
    const char *end = *begin ? strpbrk(*begin, "\x02\x03") : NULL;
    size_t length = end ? (size_t)(end - *begin) - 1 : sizeof plain;
    if (length >= sizeof plain)
        return NULL;
    memcpy(plain, *begin + 1, length);
    plain[length] = '\0';
    *is_column = *end == MARK_END_OF_COLUMN;
    return addr_parse(plain, address) ? end + 1 : NULL;
}

static void add_column(struct strbuf *text, const struct addr *address, unsigned indent, unsigned columns,
                       const struct output *out)
{
    size_t before = text->length;
    address_text_add(text, address, out);
    unsigned used = columns_count(text->text + before);
    if (used < columns)
        strbuf_addf(text, "%*s", (int)(columns - used), "");
    else
        strbuf_addf(text, "\n%*s", (int)(indent + columns), "");
}

void address_text_expand(struct strbuf *text, const char *marked, unsigned indent, unsigned columns,
                         const struct output *out)
{
    struct addr address;
    const char *begin, *end;
    bool is_column;
    for (; (end = read_mark(marked, &begin, &address, &is_column)); marked = end) {
        strbuf_add_bytes(text, marked, (size_t)(begin - marked));
        if (is_column)
            add_column(text, &address, indent, columns, out);
        else
            address_text_add(text, &address, out);
    }
    strbuf_add(text, marked);
}

bool address_text_is_settled(const char *marked, const struct output *out)
{
    struct addr address;
    const char *begin, *end;
    bool is_column;
    for (; out->result->is_settled && (end = read_mark(marked, &begin, &address, &is_column)); marked = end)
        if (!out->result->is_settled(out->result->settled_context, &address))
            return false;
    return true;
}

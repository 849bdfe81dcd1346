/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/graph/node_name.h"

#include <string.h>

#include "address/special.h"
#include "report/address_facts.h"
#include "report/columns.h"

#define NAME_LEAST 12 /* columns: a name cut shorter says too little */

static void make_tag(struct strbuf *tag, const struct addr *address, const struct address_facts *facts)
{
    const struct special *special = special_find(address);
    if (facts && facts->asn)
        strbuf_addf(tag, "[AS%lu]", (unsigned long)facts->asn);
    else if (special)
        strbuf_addf(tag, "[%s]", special->name);
}

void node_name_make(struct node_name *made, const struct graph_node *node, const struct output *out)
{
    *made = (struct node_name){0};
    strbuf_init(&made->name);
    strbuf_init(&made->tag);
    if (!addr_format(&node->address, made->address))
        strcpy(made->address, "*");
    if (!out || !out->result->book)
        return;
    const struct address_facts *facts = address_book_find(out->result->book, &node->address);
    const char *name = address_facts_name(facts);
    if (name)
        strbuf_add_foreign(&made->name, name);
    made->is_unconfirmed = address_facts_is_unconfirmed(facts);
    if (out->options.networks)
        make_tag(&made->tag, &node->address, facts);
}

void node_name_free(struct node_name *made)
{
    strbuf_free(&made->name);
    strbuf_free(&made->tag);
}

/* --- beside the address, or apart from it --- */

/* What follows the name: " (10.0.3.1) [AS64500]". */
static void add_rest(struct strbuf *text, const struct node_name *made)
{
    if (made->name.length)
        strbuf_addf(text, made->is_unconfirmed ? " (unconfirmed, %s)" : " (%s)", made->address);
    else
        strbuf_add(text, made->address);
    strbuf_addf(text, made->tag.length ? " %s" : "%s", made->tag.text);
}

/* Sets the columns that are left for the name. False: these are too few, or the rest alone does not fit. */
static bool find_room(const struct node_name *made, unsigned rest, unsigned columns, unsigned *room)
{
    unsigned whole = columns_count(made->name.text), least = whole < NAME_LEAST ? whole : NAME_LEAST;
    *room = columns > rest ? columns - rest : 0;
    return rest + least <= columns;
}

bool node_name_fits(const struct node_name *made, unsigned columns)
{
    struct strbuf rest;
    unsigned room;
    strbuf_init(&rest);
    add_rest(&rest, made);
    bool fits = find_room(made, (unsigned)rest.length, columns, &room);
    strbuf_free(&rest);
    return fits || (!made->name.length && !made->tag.length);
}

void node_name_add_beside(struct strbuf *text, const struct node_name *made, unsigned columns)
{
    struct strbuf rest;
    unsigned room;
    strbuf_init(&rest);
    add_rest(&rest, made);
    if (find_room(made, (unsigned)rest.length, columns, &room)) {
        columns_add_cut(text, made->name.text, room);
        strbuf_add(text, rest.text);
    } else {
        strbuf_add(text, made->address);
    }
    strbuf_free(&rest);
}

void node_name_add_apart(struct strbuf *text, const struct node_name *made, unsigned columns)
{
    struct strbuf line;
    strbuf_init(&line);
    unsigned rest = made->tag.length ? (unsigned)made->tag.length + 1 : 0;
    const char *doubt = made->is_unconfirmed ? " (unconfirmed)" : "";
    rest += (unsigned)strlen(doubt);
    if (made->name.length)
        columns_add_cut(&line, made->name.text, columns > rest ? columns - rest : 0);
    strbuf_add(&line, line.length ? doubt : "");
    strbuf_addf(&line, line.length && made->tag.length ? " %s" : "%s", made->tag.text);
    columns_add_cut(text, line.text, columns);
    strbuf_free(&line);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* node_name: what stands for the router of a graph's node beside its address. Floor 5; pure. Shared by the text, dot
 * and svg of `paths`. All of it is printable. */
#ifndef HOPSONDE_REPORT_GRAPH_NODE_NAME_H
#define HOPSONDE_REPORT_GRAPH_NODE_NAME_H

#include "base/strbuf.h"
#include "report/format.h"

struct node_name {
    char address[ADDR_TEXT_BYTES]; /* "*": nobody answers */
    struct strbuf name;            /* "": none is known */
    struct strbuf tag;             /* "[AS64500]" or "[private]" where networks are asked for; "": nothing */
    bool is_unconfirmed;           /* the name does not have this address */
};

/* Of what the output's book knows; nothing where it has none. To be freed in any case. */
void node_name_make(struct node_name *made, const struct graph_node *node, const struct output *out);
void node_name_free(struct node_name *made);

/* Whether name and tag have room beside the address, in so many columns, though the name may have to be cut. */
bool node_name_fits(const struct node_name *made, unsigned columns);
/* "gw.example (10.0.3.1) [AS64500]"; where they do not fit the address alone, which is never cut. */
void node_name_add_beside(struct strbuf *text, const struct node_name *made, unsigned columns);
/* "gw.example [AS64500]", as far as there is room. */
void node_name_add_apart(struct strbuf *text, const struct node_name *made, unsigned columns);

#endif

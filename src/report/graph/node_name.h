/* SPDX-License-Identifier: BSD-2-Clause */
/* node_name: the name and the network of a graph's node. Floor: report; pure. Shared by the text, dot and svg of
 * `paths`. All texts are escaped. */
#ifndef HOPSONDE_REPORT_GRAPH_NODE_NAME_H
#define HOPSONDE_REPORT_GRAPH_NODE_NAME_H

#include "base/strbuf.h"
#include "report/format.h"

struct node_name {
    char address[ADDR_TEXT_BYTES]; /* "*": silent */
    struct strbuf name;            /* "": none is known */
    struct strbuf tag;             /* "[AS64500]" or "[private]" if networks are requested; "": nothing */
    bool is_unconfirmed;           /* the name does not resolve back to this address */
};

/* Fills in what the result's book has; nothing without a book. The caller frees it in any case. */
void node_name_make(struct node_name *made, const struct graph_node *node, const struct output *out);
void node_name_free(struct node_name *made);

/* True: name, address and tag fit into `columns` if the name is cut. */
bool node_name_fits(const struct node_name *made, unsigned columns);
/* "gw.example (10.0.3.1) [AS64500]"; only the address, which is never cut, if these do not fit. */
void node_name_add_beside(struct strbuf *text, const struct node_name *made, unsigned columns);
/* "gw.example [AS64500]", cut to `columns`. */
void node_name_add_apart(struct strbuf *text, const struct node_name *made, unsigned columns);

#endif

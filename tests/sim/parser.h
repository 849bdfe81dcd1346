/* SPDX-License-Identifier: BSD-2-Clause */
/* parser: words of one line of the network language, read one after the other. Internal to tests/sim.
 *
 * A reader that fails leaves the word where it is, and the message names file, line and word. */
#ifndef HOPSONDE_TESTS_SIM_PARSER_H
#define HOPSONDE_TESTS_SIM_PARSER_H

#include "sim/net.h"

#define WORDS_MOST 64
#define LINE_BYTES 1024

struct parser {
    struct net *net;
    const char *name; /* of the file */
    unsigned line;
    char *words[WORDS_MOST + 1]; /* NULL ends */
    unsigned at;
    struct err *err;
};

struct keyword {
    const char *word; /* NULL ends the table */
    enum status (*parse)(struct parser *p, void *object);
};

struct replay_filter {
    const char *word; /* NULL ends the table */
    int value;
};

extern const struct keyword node_options[]; /* net_node.c; the object is a struct node */

enum status parser_fail(struct parser *p, const char *what);
const char *parser_next(struct parser *p); /* "" at the end of the line */
/* Steps over the word if it is the next. */
bool parser_accept(struct parser *p, const char *word);
enum status parser_double(struct parser *p, const char *unit_text, double *out);
enum status parser_share(struct parser *p, double *out); /* "5%" gives 0.05 */
enum status parser_number(struct parser *p, unsigned long most, unsigned long *out);
enum status parser_time(struct parser *p, nstime *out);
enum status parser_choice(struct parser *p, const struct replay_filter *choices, int *out);
enum status parser_node(struct parser *p, unsigned *out);
/* As many addresses as follow; at least one where `needed`. */
enum status parser_addresses(struct parser *p, bool needed, struct addr out[2]);
/* A name or a number; -1: neither. */
int parser_protocol(const char *name);
/* "udp,tcp" sets those of a set; icmp means that of either family. False where a name is unknown. */
bool parser_protocols(const char *list, bool set[256]);
/* Keywords of a table until the line ends. */
enum status parser_keywords(struct parser *p, const struct keyword *table, void *object);

#endif

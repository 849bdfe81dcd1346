/* SPDX-License-Identifier: BSD-2-Clause */
#include "sim/parser.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum status parser_fail(struct parser *p, const char *what)
{
    const char *word = p->words[p->at] ? p->words[p->at] : "end of line";
    return err_set(p->err, STATUS_USAGE, "%s:%u: %s (at \"%s\")", p->name, p->line, what, word);
}

const char *parser_next(struct parser *p)
{
    return p->words[p->at] ? p->words[p->at++] : "";
}

bool parser_accept(struct parser *p, const char *word)
{
    if (!p->words[p->at] || strcmp(p->words[p->at], word) != 0)
        return false;
    p->at++;
    return true;
}

enum status parser_double(struct parser *p, const char *unit_text, double *out)
{
    char *end;
    if (!p->words[p->at])
        return parser_fail(p, "a number is missing");
    *out = strtod(p->words[p->at], &end);
    if (end == p->words[p->at] || strcmp(end, unit_text) != 0 || *out < 0)
        return parser_fail(p, "not a number as wanted here");
    p->at++;
    return STATUS_OK;
}

enum status parser_share(struct parser *p, double *out)
{
    enum status status = parser_double(p, "%", out);
    *out /= 100;
    return status;
}

enum status parser_number(struct parser *p, unsigned long most, unsigned long *out)
{
    char *end;
    if (!p->words[p->at])
        return parser_fail(p, "a number is missing");
    *out = strtoul(p->words[p->at], &end, 0);
    if (end == p->words[p->at] || *end || *out > most)
        return parser_fail(p, "not a number, or too large");
    p->at++;
    return STATUS_OK;
}

enum status parser_time(struct parser *p, nstime *out)
{
    static const struct {
        const char *unit;
        nstime span;
    } units[] = {{"us", NS_PER_US}, {"ms", NS_PER_MS}, {"s", NS_PER_S}};
    char *end;
    if (!p->words[p->at])
        return parser_fail(p, "a time is missing");
    double value = strtod(p->words[p->at], &end);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (end != p->words[p->at] && strcmp(end, units[i].unit) == 0) {
            *out = (nstime)(value * (double)units[i].span);
            p->at++;
            return STATUS_OK;
        }
    return parser_fail(p, "not a time as 5ms");
}

enum status parser_choice(struct parser *p, const struct replay_filter *choices, int *out)
{
    for (; choices->word; choices++)
        if (parser_accept(p, choices->word)) {
            *out = choices->value;
            return STATUS_OK;
        }
    return parser_fail(p, "unknown word here");
}

enum status parser_node(struct parser *p, unsigned *out)
{
    int node = net_find(p->net, p->words[p->at] ? p->words[p->at] : "");
    if (node < 0)
        return parser_fail(p, "no such node");
    p->at++;
    *out = (unsigned)node;
    return STATUS_OK;
}

enum status parser_addresses(struct parser *p, bool needed, struct addr out[2])
{
    struct addr address;
    while (p->words[p->at] && addr_parse(p->words[p->at], &address)) {
        out[address.family == 6] = address;
        needed = false;
        p->at++;
    }
    return needed ? parser_fail(p, "an address is missing") : STATUS_OK;
}

int parser_protocol(const char *name)
{
    static const struct replay_filter names[] = {{"icmp", IP_ICMP},       {"tcp", IP_TCP},   {"udp", IP_UDP},
                                                 {"dccp", IP_DCCP},       {"sctp", IP_SCTP}, {"icmp6", IP_ICMP6},
                                                 {"udplite", IP_UDPLITE}, {NULL, 0}};
    for (const struct replay_filter *c = names; c->word; c++)
        if (strcmp(name, c->word) == 0)
            return c->value;
    char *end;
    unsigned long number = strtoul(name, &end, 10);
    return *name && !*end && number < 256 ? (int)number : -1;
}

bool parser_protocols(const char *list, bool set[256])
{
    char copy[LINE_BYTES];
    snprintf(copy, sizeof copy, "%s", list);
    char *rest = NULL;
    for (char *name = strtok_r(copy, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
        int number = parser_protocol(name);
        if (number < 0)
            return false;
        set[number] = true;
        if (number == IP_ICMP)
            set[IP_ICMP6] = true;
    }
    return true;
}

enum status parser_keywords(struct parser *p, const struct keyword *table, void *object)
{
    while (p->words[p->at]) {
        const struct keyword *k = table;
        while (k->word && strcmp(k->word, p->words[p->at]) != 0)
            k++;
        if (!k->word)
            return parser_fail(p, "unknown word");
        p->at++;
        enum status status = k->parse(p, object);
        if (status)
            return status;
    }
    return STATUS_OK;
}

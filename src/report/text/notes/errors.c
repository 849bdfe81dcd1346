/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/notes/errors.h"

#include <stdlib.h>

#include "report/summary.h"
#include "report/text/notes/trace_end_text.h"

struct group {
    const struct other_error *first;
    size_t count;
};

/* -1: no port. */
static int port_of(const struct other_error *error)
{
    return summary_error_has_port(error) ? error->target_port : -1;
}

/* Order of the properties that a group shares. */
static int compare_kinds(const struct other_error *a, const struct other_error *b)
{
    int order = addr_compare(&a->from, &b->from);
    if (!order)
        order = (a->version << 16 | a->icmp_type << 8 | a->icmp_code) -
                (b->version << 16 | b->icmp_type << 8 | b->icmp_code);
    if (!order)
        order = addr_compare(&a->target, &b->target);
    if (!order)
        order = a->protocol - b->protocol;
    if (!order)
        order = port_of(a) - port_of(b);
    if (!order)
        order = (a->mtu > b->mtu) - (a->mtu < b->mtu);
    return order;
}

/* The errors are in one array in the order of their frames, so that pointers compare as times. */
static int by_kind(const void *a, const void *b)
{
    const struct other_error *x = ((const struct group *)a)->first, *y = ((const struct group *)b)->first;
    int order = compare_kinds(x, y);
    return order ? order : (x > y) - (x < y);
}

static int by_count(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

/* Sorts `groups`, one for each error, and merges equal ones; returns how many are left. */
static size_t join(struct group *groups, size_t count)
{
    size_t joined = 0;
    qsort(groups, count, sizeof *groups, by_kind);
    for (size_t i = 0; i < count; i++) {
        if (joined && compare_kinds(groups[joined - 1].first, groups[i].first) == 0)
            groups[joined - 1].count++;
        else
            groups[joined++] = groups[i];
    }
    qsort(groups, joined, sizeof *groups, by_count);
    return joined;
}

/* "udp to 198.51.100.7 port 53". */
static void add_about(struct strbuf *text, const struct other_error *error)
{
    char target[ADDR_TEXT_BYTES];
    const char *protocol = ip_protocol_name(error->protocol);
    addr_format(&error->target, target);
    if (addr_is_none(&error->target)) {
        strbuf_add(text, error->cut ? "a packet that the capture cuts off" : "a packet that is not quoted");
        return;
    }
    if (protocol)
        strbuf_add(text, protocol);
    else
        strbuf_addf(text, "protocol %u", error->protocol);
    strbuf_addf(text, " to %s", target);
    if (summary_error_has_port(error))
        strbuf_addf(text, " port %u", error->target_port);
}

static void add_group(struct strbuf *text, const struct group *group)
{
    char from[ADDR_TEXT_BYTES];
    const struct other_error *error = group->first;
    addr_format(&error->from, from);
    strbuf_addf(text, "%7zu  %s: ", group->count, from);
    trace_end_text_add_icmp(text, error->version, error->icmp_type, error->icmp_code);
    if (error->mtu)
        strbuf_addf(text, " (MTU %u)", (unsigned)error->mtu);
    strbuf_add(text, ", about ");
    add_about(text, error);
    strbuf_add(text, "\n");
}

static size_t count_errors(const struct group *groups, size_t count)
{
    size_t errors = 0;
    for (size_t i = 0; i < count; i++)
        errors += groups[i].count;
    return errors;
}

void errors_add(struct strbuf *text, const struct other_error *errors, size_t error_count, size_t most)
{
    struct group *groups = error_count ? malloc(error_count * sizeof *groups) : NULL;
    if (!groups)
        return;
    for (size_t i = 0; i < error_count; i++)
        groups[i] = (struct group){&errors[i], 1};
    size_t count = join(groups, error_count), shown = count > most ? most : count;
    for (size_t i = 0; i < shown; i++)
        add_group(text, &groups[i]);
    if (shown < count)
        strbuf_addf(text, "%7zu  and %zu more kinds\n", count_errors(groups + shown, count - shown), count - shown);
    free(groups);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "pairing/state.h"

/* Rows of one field and way with other values: more are one row whose values vary. */
#define ROWS_MOST 3

void rewrites_count(struct pairing *p, struct pair *pair, const struct transit_rewrite *row)
{
    struct transit_rewrite *last = NULL;
    unsigned alike = 0;
    for (uint32_t i = 0; i < pair->rewrite_count; i++) {
        struct transit_rewrite *known = &pair->rewrites[i];
        if (known->field != row->field || known->way != row->way)
            continue;
        if (known->near == row->near && known->far == row->far) {
            known->packets += row->packets;
            return;
        }
        alike++;
        last = known;
    }
    if (last && (alike >= ROWS_MOST || pair->rewrite_count >= REWRITES_KEPT)) {
        last->varies = true;
        last->packets += row->packets;
        return;
    }
    if (pair->rewrite_count >= REWRITES_KEPT)
        return;
    /* Capacities are powers of two. */
    if ((pair->rewrite_count & (pair->rewrite_count - 1)) == 0) {
        size_t capacity = pair->rewrite_count ? 2 * (size_t)pair->rewrite_count : 1;
        struct transit_rewrite *rows = realloc(pair->rewrites, capacity * sizeof *rows);
        if (!rows) {
            p->failed = true;
            return;
        }
        pair->rewrites = rows;
    }
    pair->rewrites[pair->rewrite_count++] = *row;
}

struct comparison {
    struct pairing *p;
    struct pair *pair;
    const struct held *near, *far;
    uint32_t found;
};

static void compare(struct comparison *c, enum rewrite_field field, uint64_t near, uint64_t far)
{
    if (near == far)
        return;
    const struct transit_rewrite row = {
        .field = (uint8_t)field,
        .way = c->near->way,
        .near = near,
        .far = far,
        .packets = 1,
        .frames = {{c->near->frame, c->near->file}, {c->far->frame, c->far->file}},
    };
    c->found |= 1u << field;
    rewrites_count(c->p, c->pair, &row);
}

static void compare_ip(struct comparison *c, bool same_frames)
{
    const struct held *near = c->near, *far = c->far;
    compare(c, REWRITE_IP_DSCP, near->tos >> 2, far->tos >> 2);
    compare(c, REWRITE_IP_ECN, near->tos & 3, far->tos & 3);
    if (near->version == 6) {
        compare(c, REWRITE_IP_FLOW_LABEL, near->flow_label, far->flow_label);
        return;
    }
    compare(c, REWRITE_IP_DF, near->dont_fragment, far->dont_fragment);
    if (same_frames)
        compare(c, REWRITE_IP_ID, near->id, far->id);
}

/* Offloading moves some flags, and the window, to other segments. */
static void compare_tcp(struct comparison *c, bool same_frames)
{
    const struct held *near = c->near, *far = c->far;
    const struct pair_way *other = &c->pair->ways[!near->way];
    compare(c, REWRITE_TCP_SEQ, near->seq, far->seq);
    if (near->flags & far->flags & TCP_ACK && other->seq.known)
        compare(c, REWRITE_TCP_ACK, near->ack, near->ack + other->seq.value);
    if (!same_frames)
        return;
    compare(c, REWRITE_TCP_FLAGS, near->flags, far->flags);
    compare(c, REWRITE_TCP_WINDOW, near->window, far->window);
    if (near->options == OPTIONS_UNKNOWN || far->options == OPTIONS_UNKNOWN)
        return;
    compare(c, REWRITE_TCP_OPTIONS, near->options, far->options);
    if (near->flags & TCP_SYN)
        compare(c, REWRITE_TCP_MSS, near->mss, far->mss);
}

static void compare_ports(struct comparison *c)
{
    const struct flow *near = see_flow(c->p, c->near->flow), *far = see_flow(c->p, c->far->flow);
    unsigned near_way = c->near->way, far_way = c->far->way;
    if (near->hosts[near_way] != far->hosts[far_way])
        c->found |= 1u << REWRITE_IP_SOURCE;
    if (near->hosts[!near_way] != far->hosts[!far_way])
        c->found |= 1u << REWRITE_IP_TARGET;
    bool is_icmp = near->protocol == IP_ICMP;
    if (near->ports[near_way] != far->ports[far_way])
        c->found |= 1u << (is_icmp ? REWRITE_ICMP_ID : REWRITE_SOURCE_PORT);
    if (near->ports[!near_way] != far->ports[!far_way])
        c->found |= 1u << (is_icmp ? REWRITE_ICMP_ID : REWRITE_TARGET_PORT);
}

uint32_t rewrites_note(struct pairing *p, struct pair *pair, const struct held *near, const struct held *far)
{
    struct comparison c = {.p = p, .pair = pair, .near = near, .far = far};
    bool same_frames = near->whole_span == far->whole_span && near->is_first && far->is_first;
    compare_ports(&c);
    if (near->version == far->version)
        compare_ip(&c, same_frames);
    if (near->kind == PASSAGE_TCP)
        compare_tcp(&c, same_frames);
    return c.found;
}

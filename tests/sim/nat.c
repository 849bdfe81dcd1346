/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "sim/sim_state.h"

/* Whether `t`, going back, answers `sent`. An echo has one id in both directions. */
static bool answers(const struct tuple *t, const struct tuple *sent)
{
    struct tuple back = tuple_reversed(sent);
    if (sent->protocol == IP_ICMP || sent->protocol == IP_ICMP6) {
        back.source_port = sent->source_port;
        back.target_port = 0;
    }
    return tuple_equal(t, &back);
}

static const struct translation *known(const struct sim *sim, unsigned node, const struct nat *nat,
                                       const struct tuple *before)
{
    for (size_t i = 0; i < sim->translation_count; i++) {
        const struct translation *t = &sim->translations[i];
        if (t->node == node && t->nat == nat && tuple_equal(&t->before, before))
            return t;
    }
    return NULL;
}

static const struct translation *remember(struct sim *sim, unsigned node, const struct nat *nat,
                                          const struct tuple *before)
{
    const struct translation *old = known(sim, node, nat, before);
    if (old)
        return old;
    size_t size = (sim->translation_count + 1) * sizeof(struct translation);
    sim->translations = realloc(sim->translations, size);
    if (!sim->translations)
        abort();
    struct translation *t = &sim->translations[sim->translation_count++];
    *t = (struct translation){.node = node, .nat = nat, .before = *before, .after = *before};
    bool v6 = before->source.family == 6;
    if (nat->kind == NAT_TARGET)
        t->after.target = sim->net->nodes[nat->to].addresses[v6];
    else {
        t->after.source = nat->addresses[v6];
        if (before->target_port)
            t->after.source_port = (uint16_t)(before->source_port + nat->shift);
    }
    return t;
}

/* Makes the packet at `bytes`, which bears `from`, bear `to`. */
static void retuple(uint8_t *bytes, size_t captured, const struct tuple *from, const struct tuple *to, bool sums)
{
    if (!addr_equal(&from->source, &to->source))
        pkt_set_address(bytes, captured, false, &to->source, sums);
    if (!addr_equal(&from->target, &to->target))
        pkt_set_address(bytes, captured, true, &to->target, sums);
    if (from->source_port != to->source_port)
        pkt_set_port(bytes, captured, false, to->source_port, sums);
    if (from->target_port != to->target_port)
        pkt_set_port(bytes, captured, true, to->target_port, sums);
}

static bool concerns(const struct sim *sim, const struct nat *nat, const struct tuple *t)
{
    bool v6 = t->source.family == 6;
    if (nat->kind == NAT_TARGET)
        return addr_equal(&t->target, &nat->addresses[v6]);
    return addr_equal(&t->source, &sim->net->nodes[sim->net->client].addresses[v6]);
}

static void translate(struct sim *sim, unsigned node, struct pkt *p, enum nat_kind kind)
{
    for (unsigned i = 0; i < sim->net->nat_count; i++) {
        const struct nat *nat = &sim->net->nats[i];
        struct packet packet;
        struct tuple before;
        if (nat->node != node || nat->kind != kind || !pkt_decode(p, &packet) || !tuple_of(&packet.outer, &before) ||
            packet.kind != PACKET_PLAIN || !concerns(sim, nat, &before))
            continue;
        const struct translation *t = remember(sim, node, nat, &before);
        retuple(p->bytes, p->length, &t->before, &t->after, true);
    }
}

void nat_target(struct sim *sim, unsigned node, struct pkt *p)
{
    translate(sim, node, p, NAT_TARGET);
}

void nat_source(struct sim *sim, unsigned node, struct pkt *p)
{
    translate(sim, node, p, NAT_SOURCE);
}

static void answer_back(const struct translation *t, struct pkt *p, const struct tuple *seen)
{
    struct tuple to = tuple_reversed(&t->before);
    if (seen->protocol == IP_ICMP || seen->protocol == IP_ICMP6) {
        to.source_port = seen->source_port;
        to.target_port = seen->target_port;
    }
    retuple(p->bytes, p->length, seen, &to, true);
}

/* Linux (nf_nat_icmp_reply_translation): the quote as the sender knows it, and the outside as if the target spoke. */
static void error_back(const struct translation *t, struct pkt *p, const struct packet *packet)
{
    size_t at = (size_t)(packet->quote.bytes - p->bytes);
    if (t->nat->inner != INNER_NONE)
        retuple(p->bytes + at, p->length - at, &t->after, &t->before, t->nat->inner == INNER_FULL);
    if (!addr_equal(&t->before.target, &t->after.target))
        pkt_set_address(p->bytes, p->length, false, &t->before.target, false);
    pkt_set_address(p->bytes, p->length, true, &t->before.source, false);
    pkt_sum(p);
}

void nat_back(struct sim *sim, unsigned node, struct pkt *p)
{
    for (size_t i = 0; i < sim->translation_count; i++) {
        const struct translation *t = &sim->translations[i];
        struct packet packet;
        struct tuple seen;
        if (t->node != node || !pkt_decode(p, &packet))
            continue;
        if (packet.kind == PACKET_PLAIN && tuple_of(&packet.outer, &seen) && answers(&seen, &t->after))
            answer_back(t, p, &seen);
        else if (packet.kind == PACKET_ICMP_ERROR && packet.quote.ip.version != 0 && tuple_of(&packet.quote, &seen) &&
                 tuple_equal(&seen, &t->after))
            error_back(t, p, &packet);
    }
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "targets/targets.h"

#include "session/state.h"
#include "watch/watch.h"

void targets_init(struct targets *targets, struct session *const *sessions, unsigned count)
{
    *targets = (struct targets){.count = count, .next_send = NSTIME_NONE, .next_look = NSTIME_NONE};
    for (unsigned i = 0; i < count; i++)
        targets->slots[i] = (struct target_slot){.session = sessions[i], .begins = NSTIME_NONE};
}

void targets_changed(struct targets *targets, unsigned index)
{
    targets->slots[index].wished = targets->slots[index].timed = false;
}

/* --- wishes --- */

static nstime begin_of(const struct targets *targets, unsigned index, nstime now)
{
    return now + session_config(targets->slots[index].session)->interval / targets->count * index;
}

static struct wish wish_of(struct targets *targets, unsigned index, nstime now)
{
    struct target_slot *slot = &targets->slots[index];
    if (slot->session->seen_only)
        return (struct wish){.kind = WISH_WAIT, .until = NSTIME_NEVER};
    if (slot->begins == NSTIME_NONE)
        slot->begins = begin_of(targets, index, now);
    if (now < slot->begins)
        return (struct wish){.kind = WISH_WAIT, .until = slot->begins};
    bool waits =
        slot->wished && (slot->wish.kind == WISH_DONE || (slot->wish.kind == WISH_WAIT && now < slot->wish.until));
    if (!waits) {
        slot->wish = session_wish(slot->session, now);
        slot->wished = true;
    }
    return slot->wish;
}

/* Once a round. */
static void look_at_routers(struct targets *targets, nstime now)
{
    struct session *sessions[TARGETS_MOST];
    const struct session *first = targets->slots[0].session;
    if (targets->count == 1 || first->seen_only || now < targets->next_look)
        return;
    for (unsigned i = 0; i < targets->count; i++)
        sessions[i] = targets->slots[i].session;
    shared_routers_look(&targets->shared, sessions, targets->count, now);
    targets->next_look = now + first->config.interval;
}

struct wish targets_wish(struct targets *targets, nstime now, unsigned *index)
{
    struct wish none = {.kind = WISH_DONE, .until = NSTIME_NEVER};
    look_at_routers(targets, now);
    for (unsigned i = 1; i <= targets->count; i++) {
        *index = (targets->last + i) % targets->count;
        struct wish wish = wish_of(targets, *index, now);
        if (wish.kind == WISH_DONE)
            continue;
        if (wish.kind != WISH_WAIT && (!targets->send_gap || now >= targets->next_send))
            return wish;
        nstime until = wish.kind == WISH_WAIT ? wish.until : targets->next_send;
        none.kind = WISH_WAIT;
        none.until = until < none.until ? until : none.until;
    }
    return none;
}

void targets_sent(struct targets *targets, unsigned index, nstime at)
{
    targets->last = index;
    targets->next_send = at + targets->send_gap;
    targets_changed(targets, index);
}

/* --- frames --- */

static bool is_between(const struct ip_header *ip, const struct addr *source, const struct addr *target)
{
    return addr_equal(&ip->source, source) && addr_equal(&ip->target, target);
}

static bool is_about(const struct session *session, const struct packet *packet)
{
    const struct session_config *config = &session->config;
    if (packet->kind == PACKET_ICMP_ERROR)
        return is_between(&packet->quote.ip, &config->source, &config->target);
    return is_between(&packet->outer.ip, &config->source, &config->target) ||
           is_between(&packet->outer.ip, &config->target, &config->source);
}

/* The session whose addresses the packet has. A translator may have changed them: then the session that finds a probe
 * of its own. The first one counts packets of none. */
static unsigned session_of(const struct targets *targets, const struct packet *packet)
{
    for (unsigned i = 0; i < targets->count && targets->count > 1; i++)
        if (is_about(targets->slots[i].session, packet))
            return i;
    for (unsigned i = 0; i < targets->count && targets->count > 1; i++) {
        enum frame_role role = match_packet(targets->slots[i].session, packet).role;
        if (role == FRAME_PROBE || role == FRAME_REPLY)
            return i;
    }
    return 0;
}

struct frame_note targets_frame(struct targets *targets, const struct frame *frame, const struct packet *packet,
                                unsigned *index)
{
    *index = session_of(targets, packet);
    struct frame_note note = session_frame(targets->slots[*index].session, frame, packet);
    targets_changed(targets, *index);
    return note;
}

/* --- deadlines --- */

static nstime deadline_of(struct target_slot *slot)
{
    if (!slot->timed)
        slot->deadline = session_next_deadline(slot->session);
    slot->timed = true;
    return slot->deadline;
}

bool targets_step(struct targets *targets, nstime now)
{
    unsigned first = 0;
    for (unsigned i = 1; i < targets->count; i++)
        if (deadline_of(&targets->slots[i]) < deadline_of(&targets->slots[first]))
            first = i;
    if (deadline_of(&targets->slots[first]) > now)
        return false;
    targets_changed(targets, first);
    return session_step(targets->slots[first].session, now);
}

/* --- other addresses --- */

/* The rounds that a session has had are no rounds of the next one. */
static uint32_t rounds_left(const struct session *session)
{
    uint32_t all = session->config.rounds, done = watch_rounds(session);
    return !all ? 0 : all > done ? all - done : 1;
}

enum status targets_move(struct targets *targets, unsigned index, const struct addr *to, struct session **old,
                         struct err *err)
{
    struct target_slot *slot = &targets->slots[index];
    struct session *before = slot->session;
    struct session_config config = before->config;
    struct flow flows[SPECS_MOST];
    config.target = *to;
    config.rounds = rounds_left(before);
    for (unsigned i = 0; i < before->all_count; i++) {
        flows[i] = before->traces[i].flow;
        flows[i].target = *to;
    }
    struct session *session = session_new_with_flows(&config, flows, before->seen_only, &before->events, err);
    if (!session)
        return err->status;
    *old = before;
    slot->session = session;
    targets_changed(targets, index);
    return STATUS_OK;
}

nstime targets_now(const struct targets *targets)
{
    nstime latest = NSTIME_NONE;
    for (unsigned i = 0; i < targets->count; i++) {
        nstime now = session_now(targets->slots[i].session);
        latest = now > latest ? now : latest;
    }
    return latest;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Counter and TTL of a tool rise together. So a packet was sent earlier than the capture shows
 * 1. if its counter is below the last one and unused, its TTL fits between those of its neighbours, and all packets
 * with a higher counter were sent within REORDER_WITHIN; or,
 * 2. if nothing counts, if its TTL is a little lower than the last one and lacks a probe, and all packets with a higher
 * TTL were sent within REORDER_WITHIN. */
#include "recognise/runs/order.h"

#include <string.h>

/* Time within which a capture swaps packets. Unit: ns. Source: queues of network cards and of kernels hold packets for
 * some milliseconds. A tool that sends one probe after the other needs longer for a hop that is not its neighbour. */
#define REORDER_WITHIN (20 * NS_PER_MS)
#define REORDER_STEPS 16      /* of a counter; as many packets as Linux traceroute has in flight */
#define REORDER_SEQ (1 << 16) /* of a TCP sequence number, which counts bytes */
#define REORDER_TTLS 2        /* hops that a swapped packet is back, if only the TTLs tell */
#define ORDER_SCAN_MOST 64    /* packets looked at: bounds the time per frame */
#define RESTART_NEAR 8        /* steps from the first value of a counter: the first packets of a run may be lost */
#define RERUN_AFTER (NS_PER_MS / 2) /* a tool needs longer to be started again; swapped packets are nearer */
#define STEADY_AFTER 3              /* packets that show that a tool keeps a field */

/* --- counters --- */

enum counter { COUNT_TARGET, COUNT_SOURCE, COUNT_SEQ, COUNT_ID, COUNTERS };

static uint32_t value_of(const struct traits *traits, enum counter counter)
{
    switch (counter) {
    case COUNT_TARGET:
        return traits->word & 0xffff;
    case COUNT_SOURCE:
        return traits->word >> 16;
    case COUNT_SEQ:
        return traits->seq;
    default:
        return traits->ip_id;
    }
}

static enum range range_of(enum counter counter)
{
    return counter == COUNT_SEQ ? RANGE_32 : counter == COUNT_SOURCE ? RANGE_PORT : RANGE_16;
}

static const struct field *field_of(const struct run *run, enum counter counter)
{
    switch (counter) {
    case COUNT_TARGET:
        return &run->target_port;
    case COUNT_SOURCE:
        return &run->source_port;
    case COUNT_SEQ:
        return &run->seq;
    default:
        return &run->ip_id;
    }
}

/* The second packet shows what counts if it is near the first. */
static bool is_counting(const struct run *run, enum counter counter, int32_t step)
{
    int32_t most = counter == COUNT_SEQ ? REORDER_SEQ : REORDER_STEPS;
    if (field_of(run, counter)->movement == MOVE_RISING)
        return step >= -most;
    return run->count == 1 && step >= -most && step <= most;
}

/* A sweep may start between two packets of a run: then the later one has the lower TTL. */
static bool may_follow(const struct run *run, uint8_t earlier, uint8_t later)
{
    return earlier <= later || later == run->least_ttl;
}

/* The candidates whose counters are the nearest ones below and above; NULL: none. */
struct neighbours {
    const struct candidate *below, *above;
    int32_t step_below, step_above;
    bool taken; /* the value is that of a packet, which may not be another of the same hop */
    bool old;   /* one above was sent long before */
};

static void find_neighbours(const struct run *run, enum counter counter, const struct traits *traits, nstime now,
                            struct neighbours *near)
{
    enum range range = range_of(counter);
    bool once = run->source_port.movement == MOVE_RANDOM || field_of(run, counter)->steps_of_one + 1 >= run->count;
    unsigned left = ORDER_SCAN_MOST, lower = 0;
    *near = (struct neighbours){.step_below = INT32_MIN, .step_above = INT32_MAX};
    for (const struct candidate *other = run->newest; other && left--; other = other->before) {
        int32_t step = order_step(value_of(traits, counter), value_of(&other->traits, counter), range);
        bool old = now - other->probe.sent > REORDER_WITHIN;
        if (step > 0 && step < near->step_above) {
            near->above = other;
            near->step_above = step;
        } else if (step < 0 && step > near->step_below) {
            near->below = other;
            near->step_below = step;
        }
        near->old |= step > 0 && old;
        near->taken |= step == 0 && (once || other->traits.ttl != traits->ttl);
        if (near->old || near->taken || (step < 0 && (old || ++lower == REORDER_STEPS)))
            return;
    }
}

/* True if the run lacks a packet of that counter, and the TTL fits there. A tool with a source port for each probe uses
 * each value once. If the source port says already whose packet it is, the TTL does not matter: tools probe hops again.
 */
static bool fits_between(const struct run *run, enum counter counter, const struct traits *traits, nstime now)
{
    struct neighbours near;
    uint8_t ttl = traits->ttl;
    find_neighbours(run, counter, traits, now, &near);
    if (near.old || near.taken)
        return false;
    if (traits->word >> 16 == run->source_port.last)
        return true;
    return (!near.above || may_follow(run, ttl, near.above->traits.ttl)) &&
           (!near.below || may_follow(run, near.below->traits.ttl, ttl));
}

/* --- marks --- */

static bool was_steady(const struct run *run, enum counter counter, const struct traits *traits)
{
    const struct field *field = field_of(run, counter);
    return run->count >= STEADY_AFTER && field->movement == MOVE_CONSTANT && field->first &&
           value_of(traits, counter) != field->first;
}

/* True if a field or a payload that stayed the same has changed. */
static bool has_new_mark(const struct run *run, const struct traits *traits)
{
    const struct traits *shown = &run->shown;
    bool same_payload =
        traits->payload_length == shown->payload_length && memcmp(traits->payload, shown->payload, SHOWN_BYTES) == 0;
    return was_steady(run, COUNT_SEQ, traits) || (run->version == 4 && was_steady(run, COUNT_ID, traits)) ||
           (run->same_payload && run->count >= STEADY_AFTER && !same_payload);
}

/* --- TTLs alone --- */

static uint32_t asked_at(const struct run *run, unsigned ttl)
{
    return ttl < run->by_ttl_count ? run->by_ttl[ttl].asked : 0;
}

/* How many hops the TTL is against the direction of the run. */
static int back_by(const struct run *run, uint8_t ttl)
{
    return run->falling ? ttl - run->last_ttl : run->last_ttl - ttl;
}

/* True if another TTL had more packets, or the next one has only just begun. */
static bool lacks_packet(const struct run *run, uint8_t ttl)
{
    uint32_t asked = asked_at(run, ttl), last = asked_at(run, run->last_ttl);
    unsigned nearest = run->least_ttl, farthest = run->most_ttl;
    for (unsigned other = nearest; other <= farthest; other++)
        if (asked_at(run, other) > asked)
            return true;
    bool begun = run->last_ttl == (run->falling ? nearest : farthest) && back_by(run, ttl) == 1;
    return begun && (last < asked || (last == asked && asked == 1));
}

static bool is_swapped_by_ttl(const struct run *run, const struct traits *traits, nstime now)
{
    int back = back_by(run, traits->ttl);
    unsigned left = ORDER_SCAN_MOST;
    if (back < 1 || back > REORDER_TTLS || !lacks_packet(run, traits->ttl) || has_new_mark(run, traits))
        return false;
    for (const struct candidate *other = run->newest; other; other = other->before) {
        bool old = now - other->probe.sent > REORDER_WITHIN;
        bool beyond = run->falling ? other->traits.ttl < traits->ttl : other->traits.ttl > traits->ttl;
        if (!left-- || (beyond && old))
            return false;
        if (old)
            break;
    }
    return true;
}

/* The counter that has moved, and by how much; COUNTERS: nothing counts. */
static enum counter moved_counter(const struct run *run, const struct traits *traits, int32_t *step)
{
    for (enum counter counter = 0; counter < COUNTERS; counter++) {
        *step = order_step(field_of(run, counter)->last, value_of(traits, counter), range_of(counter));
        if (*step && is_counting(run, counter, *step))
            return counter;
    }
    return COUNTERS;
}

enum order order_of(const struct run *run, const struct traits *traits, nstime now)
{
    nstime apart = now - run->last_time;
    int32_t step;
    if (!run->count || apart > REORDER_WITHIN || apart < -REORDER_WITHIN)
        return ORDER_NEXT;
    enum counter counter = moved_counter(run, traits, &step);
    if (counter != COUNTERS) {
        if (step > 0 || !fits_between(run, counter, traits, now))
            return ORDER_NEXT;
        uint32_t first = field_of(run, counter)->first;
        return order_step(first, value_of(traits, counter), range_of(counter)) < 0 ? ORDER_FIRST : ORDER_BEFORE;
    }
    if (!is_swapped_by_ttl(run, traits, now))
        return ORDER_NEXT;
    return !run->falling && traits->ttl < run->first_ttl ? ORDER_FIRST : ORDER_BEFORE;
}

static bool is_restart(const struct run *run, uint8_t before, uint8_t ttl)
{
    return before != ttl && ttl == (run->falling ? run->most_ttl : run->least_ttl);
}

struct place order_place(const struct run *run, const struct traits *traits, nstime now)
{
    struct neighbours near;
    struct place place = {0};
    int32_t step;
    enum counter counter = moved_counter(run, traits, &step);
    if (counter == COUNTERS)
        return place;
    find_neighbours(run, counter, traits, now, &near);
    if (counter == COUNT_TARGET || counter == COUNT_SOURCE)
        place.steps_of_one = 0U + (near.step_below == -1) + (near.step_above == 1);
    place.is_target = counter == COUNT_TARGET;
    if (!near.below || !near.above || run->least_ttl == run->most_ttl)
        return place;
    uint8_t below = near.below->traits.ttl, ttl = traits->ttl, above = near.above->traits.ttl;
    place.restarts = is_restart(run, below, ttl) + is_restart(run, ttl, above) - is_restart(run, below, above);
    return place;
}

/* --- again --- */

static bool has_two_ttls(const struct run *run)
{
    return run->least_ttl != run->most_ttl;
}

/* The TTLs go back to where they started; the first packet of the new run may be lost. */
static bool ttl_starts_again(const struct run *run, uint8_t ttl)
{
    if (!has_two_ttls(run) || back_by(run, ttl) < 1)
        return false;
    return run->falling ? ttl + 1 >= run->most_ttl : ttl <= run->least_ttl + 1;
}

static bool counter_starts_again(const struct run *run, enum counter counter, const struct traits *traits)
{
    const struct field *field = field_of(run, counter);
    uint32_t value = value_of(traits, counter);
    int32_t from_first = order_step(field->first, value, range_of(counter));
    bool each = counter != COUNT_SOURCE || 2 * field->steps_of_one >= run->count; /* not each flow */
    return each && field->movement == MOVE_RISING && order_step(field->last, value, range_of(counter)) <= 0 &&
           from_first >= -RESTART_NEAR && from_first <= RESTART_NEAR;
}

/* A counter goes on. In the other byte order sequence numbers of echo requests rise by 256. */
static bool goes_on(const struct run *run, enum counter counter, const struct traits *traits)
{
    const struct field *field = field_of(run, counter);
    int32_t step = order_step(field->last, value_of(traits, counter), range_of(counter));
    bool swapped = run->shape == SHAPE_ECHO && counter == COUNT_TARGET && step % 256 == 0;
    return step > 0 && (field->movement == MOVE_RISING || swapped);
}

/* True if each hop but the last had several packets in a row, as traceroute sends them. Tools that send many rounds
 * send one packet a hop in each. */
static bool asks_in_rows(const struct run *run)
{
    if (run->restarts || run->went_back)
        return false;
    for (unsigned ttl = run->least_ttl; ttl < run->most_ttl; ttl++)
        if (asked_at(run, ttl) < 2)
            return false;
    return !run->falling;
}

/* hopsonde probes again the hops that were silent. */
static bool is_own(const struct traits *traits)
{
    return traits->payload_length == SHOWN_BYTES && memcmp(traits->payload + SHOWN_BYTES - 4, "hops", 4) == 0;
}

bool order_begins_anew(const struct run *run, const struct traits *traits, nstime now)
{
    bool is_echo = run->shape == SHAPE_ECHO;
    if (!ttl_starts_again(run, traits->ttl))
        return false;
    if (counter_starts_again(run, COUNT_TARGET, traits) || counter_starts_again(run, COUNT_SEQ, traits) ||
        (!is_echo && counter_starts_again(run, COUNT_SOURCE, traits)))
        return true;
    if (is_own(traits)) /* its serials tell */
        return memcmp(traits->payload, run->shown.payload, SHOWN_BYTES) == 0;
    bool counts = goes_on(run, COUNT_TARGET, traits) || goes_on(run, COUNT_SEQ, traits) ||
                  (!is_echo && goes_on(run, COUNT_SOURCE, traits));
    if (!counts && has_new_mark(run, traits))
        return true;
    bool same_ports = run->source_port.movement == MOVE_CONSTANT && traits->word >> 16 == run->source_port.first &&
                      (is_echo || run->target_port.movement == MOVE_CONSTANT);
    return same_ports && !goes_on(run, COUNT_SEQ, traits) && now - run->last_time > RERUN_AFTER && asks_in_rows(run);
}

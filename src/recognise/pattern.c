/* SPDX-License-Identifier: BSD-2-Clause */
/* pattern: how the fields of a run's probes move, and whether a packet goes on with them.
 *
 * Tools count: in a port, a sequence number, or the IPv4 id; the rest stays as it is, or is random for each probe. What
 * counts, goes on; so a packet belongs to the run whose counters it continues. Where nothing but the TTL is in order
 * (random source ports), the TTL alone tells two runs apart: it never starts again. */
#include "recognise/pattern.h"

#define NEAR_MOST 64                  /* a step: lost frames and probes of other flows in between */
#define RESTART_AFTER (10 * NS_PER_S) /* TTLs that start again after so much silence are another run's */
#define SEQ_NEAR_MOST (1 << 16)       /* TCP counts bytes */
#define KNOWN_AFTER 32                /* probes show how ids and sequence numbers go: those of one tool go on so */
#define TRACEROUTE_PORT 33434
#define LATE_COST 6     /* more than a step of the score: of two alike, the run that is not long silent is meant */
#define TTL_JUMP_MOST 8 /* of a run whose only order is its TTLs; more is another's */

static int32_t step_of(uint32_t from, uint32_t to, bool wide)
{
    return wide ? (int32_t)(to - from) : (int16_t)(to - from);
}

static bool is_near(int32_t step, bool wide)
{
    int32_t most = wide ? SEQ_NEAR_MOST : NEAR_MOST;
    return step >= -most && step <= most;
}

static uint8_t next_movement(uint8_t before, int32_t step, bool wide)
{
    if (before == MOVE_RANDOM || !is_near(step, wide))
        return MOVE_RANDOM;
    if (step == 0)
        return before == MOVE_NONE ? MOVE_CONSTANT : before;
    return step > 0 && before != MOVE_NEAR ? MOVE_RISING : MOVE_NEAR;
}

void field_add(struct field *field, uint32_t value, bool first, bool wide)
{
    if (first) {
        *field = (struct field){.first = value, .last = value, .least = value, .most = value};
        return;
    }
    field->least = value < field->least ? value : field->least;
    field->most = value > field->most ? value : field->most;
    if (field->movement == MOVE_RANDOM) {
        field->last = value;
        return;
    }
    int32_t step = step_of(field->last, value, wide);
    field->movement = next_movement(field->movement, step, wide);
    field->steps_of_one += step == 1;
    field->last = value;
}

void pattern_add(struct run *run, const struct traits *traits)
{
    bool first = run->count == 0;
    field_add(&run->source_port, traits->word >> 16, first, false);
    field_add(&run->target_port, traits->word & 0xffff, first, false);
    if (run->count < KNOWN_AFTER) {
        field_add(&run->ip_id, traits->ip_id, first, false);
        field_add(&run->seq, traits->seq, first, true);
    }
    run->ip_id.last = traits->ip_id;
    run->seq.last = traits->seq;
}

/* --- fitting --- */

enum relation { FAR, SAME, UP, DOWN };

static enum relation relate(const struct field *field, uint32_t value)
{
    int32_t step = step_of(field->last, value, false);
    if (step == 0)
        return SAME;
    if (!is_near(step, false))
        return FAR;
    return step > 0 ? UP : DOWN;
}

/* The TTLs begin anew: against their direction, with one that was asked before. A tool that asks in random order does
 * not. */
static bool starts_again(const struct run *run, uint8_t ttl)
{
    bool back = run->falling ? ttl > run->last_ttl : ttl < run->last_ttl;
    return back && (ttl > 63 || (run->ttls >> ttl & 1));
}

/* Somebody pings with one TTL after another: an id for each, and a sequence number that begins anew. */
static unsigned fits_pings(const struct run *run, const struct traits *traits, bool late)
{
    uint8_t ttl = traits->ttl;
    bool next = ttl > run->last_ttl && ttl <= run->last_ttl + TTL_JUMP_MOST;
    return run->one_id_a_ttl && next && !late && (traits->word & 0xffff) == run->target_port.first ? 4 : 0;
}

/* One id is one run; its sequence number rises, by one or, in the other byte order, by 256. */
static unsigned fits_echo(const struct run *run, const struct traits *traits, bool again, bool late)
{
    if (relate(&run->source_port, traits->word >> 16) != SAME)
        return fits_pings(run, traits, late);
    int32_t step = step_of(run->target_port.last, traits->word & 0xffff, false);
    if (step > 0 && (step <= NEAR_MOST || (step % 256 == 0 && step <= 256 * 16)))
        return 9;
    if (again && (late || !is_near(step, false)))
        return 0;
    return step == 0 ? 5 : 3;
}

/* Both ports stay, or the target's rises: what stays tells the run. */
static unsigned fits_steady_source(const struct run *run, const struct traits *traits, bool again, bool late)
{
    bool counts = traits->seq && run->seq.movement == MOVE_RISING;
    int32_t step = step_of(run->seq.last, traits->seq, true);
    switch (relate(&run->target_port, traits->word & 0xffff)) {
    case SAME:
        if (again && counts && !is_near(step, true))
            return 0;
        return again && late && !(counts && step > 0) ? 0 : 9;
    case UP:
        return again && late && (traits->word & 0xffff) != run->target_port.last + 1 ? 0 : 8;
    case DOWN:
        return again && late ? 0 : 3;
    case FAR:
        break;
    }
    return 0;
}

/* A source port for each probe, counted up or picked near a base. */
static unsigned fits_near_source(const struct run *run, const struct traits *traits, bool again, bool late)
{
    bool settled = run->count > 3;
    if (settled && run->source_port.movement == MOVE_CONSTANT)
        return 0;
    if (again && late && (traits->word >> 16) != run->source_port.last + 1)
        return 0;
    switch (relate(&run->target_port, traits->word & 0xffff)) {
    case SAME:
        return 7;
    case UP:
        return 5;
    case DOWN:
    case FAR:
        break;
    }
    return 0;
}

/* In the second packet nothing has been counted yet; but tools count UDP ports from here on, and use one port for all
 * probes elsewhere. Once a few have come alike, this one does not count. */
static bool is_counted(const struct run *run, const struct traits *traits)
{
    uint32_t port = traits->word & 0xffff;
    return run->count == 1 && run->shape == SHAPE_UDP && run->pair->run_count < 4 && port >= TRACEROUTE_PORT &&
           port < TRACEROUTE_PORT + 256;
}

/* A random source port for each probe. */
static unsigned fits_random_source(const struct run *run, const struct traits *traits)
{
    uint8_t movement = run->source_port.movement;
    uint8_t ttl = traits->ttl;
    if (movement == MOVE_CONSTANT || (run->count > 3 && movement != MOVE_RANDOM))
        return 0;
    if (ttl + 1 < run->last_ttl || ttl > run->most_ttl + TTL_JUMP_MOST)
        return 0;
    switch (relate(&run->target_port, traits->word & 0xffff)) {
    case SAME: /* a port that is counted up does not come twice */
        return run->target_port.movement == MOVE_RISING || is_counted(run, traits) ? 0 : 4;
    case UP:
        return run->count > 3 && run->target_port.movement == MOVE_CONSTANT ? 0 : 5;
    case DOWN:
    case FAR:
        break;
    }
    return 0;
}

static unsigned fits_ports(const struct run *run, const struct traits *traits, bool again, bool late)
{
    enum relation source = relate(&run->source_port, traits->word >> 16);
    if (source == SAME)
        return fits_steady_source(run, traits, again, late);
    if (source != FAR && run->source_port.movement != MOVE_RANDOM)
        return fits_near_source(run, traits, again, late);
    return fits_random_source(run, traits);
}

/* What most tools keep decides between runs that fit alike: size, TOS, and the id counted up. */
static unsigned likeness(const struct run *run, const struct traits *traits)
{
    unsigned likeness = run->shown.size == traits->size;
    likeness += run->shown.tos == traits->tos;
    likeness += run->version == 4 && (uint16_t)(run->ip_id.last + 1) == traits->ip_id;
    return likeness + (run->state != RUN_ORDINARY);
}

unsigned pattern_fits(const struct run *run, const struct digest *digest, nstime now)
{
    const struct traits *traits = &digest->traits;
    uint8_t ttl = traits->ttl;
    unsigned score = 0;
    if (run->shape != digest->shape)
        return 0;
    if (run->state == RUN_ORDINARY && (ttl > 63 || !(run->ttls >> ttl & 1)))
        return 0;
    bool again = starts_again(run, ttl), late = now - run->last_time > RESTART_AFTER;
    if (digest->shape == SHAPE_ECHO)
        score = fits_echo(run, traits, again, late);
    else if (digest->shape == SHAPE_RAW)
        score = again && late ? 0 : 6;
    else
        score = fits_ports(run, traits, again, late);
    return score ? 5 * score + likeness(run, traits) - (late ? LATE_COST : 0) : 0;
}

static bool covers(const struct field *field, uint32_t value)
{
    return value + NEAR_MOST >= field->least && value <= field->most + NEAR_MOST;
}

bool pattern_covers(const struct run *run, const struct traits *traits)
{
    return covers(&run->source_port, traits->word >> 16) && covers(&run->target_port, traits->word & 0xffff);
}

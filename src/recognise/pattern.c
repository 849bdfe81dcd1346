/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools count in a port, a sequence number or the IPv4 id; other fields are constant, or random for each probe. So a
 * packet belongs to the run whose counters it continues. If only the TTL is in order (random source ports), a TTL that
 * starts again is another run's. */
#include "recognise/pattern.h"

#define NEAR_MOST 64 /* the largest step of a counter: lost frames and probes of other flows lie between */
#define RESTART_AFTER (10 * NS_PER_S) /* silence after which TTLs that start again are another run's */
#define SEQ_NEAR_MOST (1 << 16)       /* likewise for TCP, which counts bytes */
#define KNOWN_AFTER 32 /* probes; later ones do not change how ids and sequence numbers move: it saves time */
#define TRACEROUTE_PORT 33434
#define LATE_COST                                                                                                      \
    6 /* of the score; more than likeness(): of two runs that fit alike, the one that sent lately wins                 \
       */
#define TTL_JUMP_MOST 8 /* hops that a run may skip if only its TTLs are in order */

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

/* True if the TTLs start again: against their direction, with a TTL that was probed before. A tool that probes in
 * random order does not. */
static bool starts_again(const struct run *run, uint8_t ttl)
{
    bool back = run->falling ? ttl > run->last_ttl : ttl < run->last_ttl;
    return back && (ttl > 63 || (run->ttls >> ttl & 1));
}

/* A ping for each TTL: each has an echo id of its own, and its sequence numbers start again. */
static unsigned fits_pings(const struct run *run, const struct traits *traits, bool late)
{
    uint8_t ttl = traits->ttl;
    bool next = ttl > run->last_ttl && ttl <= run->last_ttl + TTL_JUMP_MOST;
    return run->one_id_a_ttl && next && !late && (traits->word & 0xffff) == run->target_port.first ? 4 : 0;
}

/* One echo id is one run; its sequence number rises by 1, or in the other byte order by 256. */
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

/* Both ports are constant, or the target port rises: the source port identifies the run. */
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

/* A new source port for each probe, rising or near a base. */
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

/* The second packet does not show yet whether the port counts. Tools count UDP ports from 33434 on, and elsewhere use
 * one port. If several runs of the pair have begun so, the port does not count. */
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
    case SAME: /* a counting port comes once only */
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

/* Decides between runs that fit alike: most tools keep size and TOS, and count the IP id. */
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

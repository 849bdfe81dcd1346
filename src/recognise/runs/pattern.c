/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools count in a port, a sequence number or the IPv4 id; other fields are constant, or random for each probe. So a
 * packet belongs to the run whose counters it continues. If only the TTL is in order (random source ports), a TTL that
 * starts again is another run's. If several runs fit, the packet belongs to the one that expects it: one whose hop
 * lacks a probe, that has not reached the target, and that was active lately. */
#include "recognise/runs/pattern.h"

#include <string.h>

#include "recognise/runs/order.h"

#define NEAR_MOST 64 /* the largest step of a counter: lost frames and probes of other flows lie between */
#define RESTART_AFTER (10 * NS_PER_S) /* silence after which TTLs that start again are another run's */
#define SEQ_NEAR_MOST (1 << 16)       /* likewise for TCP, which counts bytes */
#define KNOWN_AFTER 32 /* probes; later ones do not change how ids and sequence numbers move: it saves time */
#define TRACEROUTE_PORT 33434
#define HPING_WINDOW 512
#define LATE_COST                                                                                                      \
    6 /* of the score; more than likeness(): of two runs that fit alike, the one that sent lately wins                 \
       */
#define TTL_JUMP_MOST 8     /* hops that a run may skip if only its TTLs are in order */
#define IDLE_AFTER NS_PER_S /* without a packet a run is idle: of two that fit, the other one is under way */
#define UNEXPECTED_COST                                                                                                \
    4                       /* of the score, for each reason; less than a better fit, more than one sign of likeness() \
                             */
#define COSTS_MOST 32       /* keeps scores positive */
#define SERVICE_PORTS 1024  /* ports below are of services: few tools count there */
#define SERVICE_STEP_MOST 8 /* so a larger step there is to another service */

static bool is_near(int32_t step, enum range range)
{
    int32_t most = range == RANGE_32 ? SEQ_NEAR_MOST : NEAR_MOST;
    return step >= -most && step <= most;
}

static uint8_t next_movement(uint8_t before, int32_t step, enum range range)
{
    if (before == MOVE_RANDOM || !is_near(step, range))
        return MOVE_RANDOM;
    if (step == 0)
        return before == MOVE_NONE ? MOVE_CONSTANT : before;
    return step > 0 && before != MOVE_NEAR ? MOVE_RISING : MOVE_NEAR;
}

void field_add(struct field *field, uint32_t value, bool first, enum range range)
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
    int32_t step = order_step(field->last, value, range);
    field->movement = next_movement(field->movement, step, range);
    field->steps_of_one += step == 1;
    field->last = value;
}

/* The same for a packet out of order: the last value stays, and a value below it is on the way up. */
static void field_insert(struct field *field, uint32_t value, enum order order, enum range range)
{
    int32_t step = order_step(field->last, value, range);
    field->least = value < field->least ? value : field->least;
    field->most = value > field->most ? value : field->most;
    if (order == ORDER_FIRST)
        field->first = value;
    if (field->movement == MOVE_RANDOM)
        return;
    field->movement = next_movement(field->movement, -step, range);
}

static inline void note_field(struct field *field, uint32_t value, const struct run *run, enum order order,
                              enum range range)
{
    if (value == field->last && field->movement != MOVE_NONE && order == ORDER_NEXT)
        return; /* most fields stay as they are */
    if (run->count && order != ORDER_NEXT)
        field_insert(field, value, order, range);
    else
        field_add(field, value, run->count == 0, range);
}

/* By how much echo ids rise with each TTL: by 1 in either byte order, or both bytes are the TTL (trace6). */
static const uint16_t id_slopes[] = {1, 0x100, 0x101};

/* Bits of the slopes by which the id of this packet has risen since the first one. */
static uint8_t slopes_of(const struct run *run, const struct traits *traits)
{
    uint8_t slopes = 0;
    uint16_t rise = (uint16_t)((traits->word >> 16) - run->source_port.first);
    int hops = traits->ttl - run->first_ttl;
    for (size_t i = 0; i < sizeof id_slopes / sizeof *id_slopes; i++)
        if (rise == (uint16_t)(id_slopes[i] * hops))
            slopes = (uint8_t)(slopes | 1U << i);
    return slopes;
}

static bool has_payload_of(const struct run *run, const struct traits *traits)
{
    return traits->payload_length == run->shown.payload_length &&
           memcmp(traits->payload, run->shown.payload, sizeof traits->payload) == 0;
}

void pattern_add(struct run *run, const struct traits *traits, enum order order, const struct place *place)
{
    bool first = run->count == 0, same_id = !first && traits->word >> 16 == run->source_port.last;
    bool known = run->count >= KNOWN_AFTER;
    run->id_slopes = first ? UINT8_MAX : run->id_slopes & slopes_of(run, traits);
    run->same_payload = first || (run->same_payload && has_payload_of(run, traits));
    run->own_ids = first || (run->own_ids && !(same_id && traits->ttl != run->last_ttl));
    run->own_ids_within = !first && run->own_ids_within && !same_id;
    note_field(&run->source_port, traits->word >> 16, run, order, RANGE_PORT);
    note_field(&run->target_port, traits->word & 0xffff, run, order, RANGE_16);
    if (place)
        (place->is_target ? &run->target_port : &run->source_port)->steps_of_one += place->steps_of_one;
    if (!known) {
        note_field(&run->ip_id, traits->ip_id, run, order, RANGE_16);
        note_field(&run->seq, traits->seq, run, order, RANGE_32);
    }
    if (known && order == ORDER_NEXT) {
        run->ip_id.last = traits->ip_id;
        run->seq.last = traits->seq;
    }
}

/* --- fitting --- */

enum relation { FAR, SAME, UP, DOWN };

static enum relation relate(const struct field *field, uint32_t value, enum range range)
{
    int32_t step = order_step(field->last, value, range);
    if (step == 0)
        return SAME;
    if (!is_near(step, range))
        return FAR;
    return step > 0 ? UP : DOWN;
}

static enum relation relate_source(const struct run *run, const struct traits *traits)
{
    return relate(&run->source_port, traits->word >> 16, RANGE_PORT);
}

static enum relation relate_target(const struct run *run, const struct traits *traits)
{
    return relate(&run->target_port, traits->word & 0xffff, RANGE_16);
}

/* True if the TTLs start again: against their direction, with a TTL that was probed before. A tool that probes in
 * random order does not. */
static bool starts_again(const struct run *run, uint8_t ttl)
{
    bool back = run->falling ? ttl > run->last_ttl : ttl < run->last_ttl;
    return back && (ttl > 63 || (run->ttls >> ttl & 1));
}

/* Sequence numbers of pings with an echo id each: constant, counting, or equal to TTL or id. */
static bool has_ping_seq(const struct run *run, const struct traits *traits)
{
    uint16_t seq = (uint16_t)traits->word;
    int32_t step = order_step(run->target_port.last, seq, RANGE_16),
            rise = order_step(run->target_port.first, seq, RANGE_16);
    return rise == 0 || rise == traits->ttl - run->first_ttl || seq == traits->word >> 16 || is_near(step, RANGE_16);
}

/* A ping for each TTL or each probe: each has an echo id of its own, and its sequence numbers start again. */
static unsigned fits_pings(const struct run *run, const struct traits *traits, enum order order, bool late)
{
    uint8_t ttl = traits->ttl;
    if (late || !run->own_ids || run->shown.size != traits->size || !has_ping_seq(run, traits))
        return 0;
    bool next = ttl > run->last_ttl && ttl <= run->last_ttl + TTL_JUMP_MOST;
    if (next || (ttl == run->last_ttl && run->own_ids_within))
        return 4;
    bool by_slope = run->least_ttl != run->most_ttl && (run->id_slopes & slopes_of(run, traits));
    return by_slope || order != ORDER_NEXT ? 3 : 0;
}

/* One echo id is one run; its sequence number rises by 1, or in the other byte order by 256. */
static unsigned fits_echo(const struct run *run, const struct traits *traits, enum order order, bool again, bool late)
{
    if (relate_source(run, traits) != SAME)
        return fits_pings(run, traits, order, late);
    int32_t step = order_step(run->target_port.last, traits->word & 0xffff, RANGE_16);
    if (step > 0 && (step <= NEAR_MOST || (step % 256 == 0 && step <= 256 * 16)))
        return 9;
    if (again && (late || !is_near(step, RANGE_16)))
        return 0;
    return step == 0 ? 5 : 3;
}

/* --- target ports --- */

static bool is_tcp(const struct run *run)
{
    return run->shape == SHAPE_SYN || run->shape == SHAPE_ACK || run->shape == SHAPE_FIN || run->shape == SHAPE_DATA;
}

/* The BSD traceroute counts TCP ports, and repeats the port in the sequence number. */
static bool has_port_in_seq(const struct traits *traits)
{
    uint16_t port = (uint16_t)traits->word;
    return (uint16_t)traits->seq == port || traits->seq >> 16 == port;
}

/* True if another target port is another probe spec's: a tool that probes several services in turns. hping3 counts TCP
 * ports together with its source port. */
static bool is_other_service(const struct run *run, const struct traits *traits)
{
    uint32_t source_step = (uint16_t)((traits->word >> 16) - run->source_port.last);
    uint32_t step = (uint16_t)(traits->word - run->target_port.last);
    if (is_tcp(run))
        return !has_port_in_seq(traits) && !(source_step == step && traits->window == HPING_WINDOW);
    return (traits->word & 0xffff) < SERVICE_PORTS && step > SERVICE_STEP_MOST;
}

/* --- ports --- */

/* Both ports are constant, or the target port rises: the source port identifies the run. */
static unsigned fits_steady_source(const struct run *run, const struct traits *traits, bool again, bool late)
{
    bool counts = traits->seq && run->seq.movement == MOVE_RISING;
    int32_t step = order_step(run->seq.last, traits->seq, RANGE_32);
    bool stays = run->target_port.movement == MOVE_CONSTANT && run->least_ttl != run->most_ttl;
    switch (relate_target(run, traits)) {
    case SAME:
        if (again && counts && !is_near(step, RANGE_32))
            return 0;
        return again && late && !(counts && step > 0) ? 0 : run->target_port.movement == MOVE_RISING ? 8 : 9;
    case UP:
        if (is_other_service(run, traits) || (stays && traits->ttl >= run->last_ttl))
            return 0;
        return again && late && (traits->word & 0xffff) != run->target_port.last + 1 ? 0 : 8;
    case DOWN:
        return (again && late) || (is_tcp(run) && !has_port_in_seq(traits)) ? 0 : 3;
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
    if (again && late && order_step(run->source_port.last, traits->word >> 16, RANGE_PORT) != 1)
        return 0;
    switch (relate_target(run, traits)) {
    case SAME:
        return 7;
    case UP:
        return is_other_service(run, traits) ? 0 : 5;
    case DOWN:
    case FAR:
        break;
    }
    return 0;
}

/* The second packet of a hop does not show yet whether the port counts. Tools count UDP ports from 33434 on, and
 * elsewhere use one port. If several runs of the pair have begun so, the port does not count. */
static bool is_counted(const struct run *run, const struct traits *traits)
{
    uint32_t port = traits->word & 0xffff;
    return run->count == 1 && traits->ttl == run->last_ttl && run->shape == SHAPE_UDP && run->pair->run_count < 4 &&
           port >= TRACEROUTE_PORT && port < TRACEROUTE_PORT + 256;
}

/* A random source port for each probe. */
static unsigned fits_random_source(const struct run *run, const struct traits *traits, enum order order)
{
    uint8_t movement = run->source_port.movement;
    uint8_t ttl = traits->ttl;
    if (movement == MOVE_CONSTANT || (run->count > 3 && movement != MOVE_RANDOM))
        return 0;
    if ((ttl < run->last_ttl && order == ORDER_NEXT) || ttl > run->most_ttl + TTL_JUMP_MOST)
        return 0;
    switch (relate_target(run, traits)) {
    case SAME: /* a counting port comes once only */
        return run->target_port.movement == MOVE_RISING || is_counted(run, traits) ? 0 : 4;
    case UP:
        if (is_other_service(run, traits))
            return 0;
        return run->count > 3 && run->target_port.movement == MOVE_CONSTANT ? 0 : 5;
    case DOWN:
        return order != ORDER_NEXT && !is_tcp(run) ? 4 : 0;
    case FAR:
        break;
    }
    return 0;
}

/* True if each probe has had a source port of its own, one above the last. */
static bool uses_once(const struct run *run)
{
    return run->count > 3 && run->source_port.movement == MOVE_RISING &&
           run->source_port.steps_of_one + 2 >= run->count;
}

static unsigned fits_ports(const struct run *run, const struct traits *traits, enum order order, bool again, bool late)
{
    enum relation source = relate_source(run, traits);
    if (source == SAME && uses_once(run))
        return 3;
    if (source == SAME)
        return fits_steady_source(run, traits, again, late);
    if (source != FAR && run->source_port.movement != MOVE_RANDOM)
        return fits_near_source(run, traits, again, late);
    return fits_random_source(run, traits, order);
}

/* Nothing but the TTLs is in order. */
static unsigned fits_raw(const struct run *run, const struct traits *traits, enum order order, bool is_other)
{
    bool back = traits->ttl < run->last_ttl && order == ORDER_NEXT;
    return is_other ? 0 : back ? 3 : 6;
}

/* Decides between runs that fit alike: most tools keep size and TOS, and count the IP id. */
static unsigned likeness(const struct run *run, const struct traits *traits)
{
    unsigned likeness = run->shown.size == traits->size;
    likeness += run->shown.tos == traits->tos;
    likeness += run->version == 4 && (uint16_t)(run->ip_id.last + 1) == traits->ip_id;
    return likeness + (run->state != RUN_ORDINARY);
}

/* True if the last hop of a run has as many packets as the hops before it, and the TTL asks for one more. */
static bool is_full(const struct run *run, uint8_t ttl)
{
    uint32_t before = 0;
    if (ttl != run->last_ttl || ttl >= run->by_ttl_count || run->falling)
        return false;
    for (unsigned nearer = run->least_ttl; nearer < ttl; nearer++)
        before = run->by_ttl[nearer].asked > before ? run->by_ttl[nearer].asked : before;
    return before && run->by_ttl[ttl].asked >= before;
}

/* True if the run drew a final answer, and another run of its pair has sent packets since. */
static bool is_overtaken(const struct run *run)
{
    bool ended = run->trace.reached_ttl || run->trace.refused_ttl;
    for (const struct run *other = ended ? run->pair->runs : NULL; other; other = other->next_in_pair)
        if (other->shape == run->shape && other->last_time > run->last_time)
            return true;
    return false;
}

/* Costs of a packet that the run hardly sent, where another run fits as well. */
static unsigned costs(const struct run *run, const struct traits *traits, nstime now)
{
    unsigned reasons = 0U + is_overtaken(run) + is_full(run, traits->ttl) + (now - run->last_time > IDLE_AFTER);
    return reasons * UNEXPECTED_COST + (now - run->last_time > RESTART_AFTER ? LATE_COST : 0);
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
    if (digest->shape != SHAPE_ECHO && relate_target(run, traits) == FAR)
        return 0;
    if (!carried_name_equal(run->name, digest->name) &&
        (digest->shape == SHAPE_ECHO || relate_source(run, traits) != SAME))
        return 0; /* another name is another probe spec, but in one flow */
    enum order order = order_of(run, traits, now);
    if (run->state != RUN_ORDINARY && order == ORDER_NEXT && order_begins_anew(run, traits, now))
        return 0;
    bool again = order == ORDER_NEXT && starts_again(run, ttl), late = now - run->last_time > RESTART_AFTER;
    if (digest->shape == SHAPE_ECHO)
        score = fits_echo(run, traits, order, again, late);
    else if (digest->shape == SHAPE_RAW)
        score = fits_raw(run, traits, order, again && late);
    else
        score = fits_ports(run, traits, order, again, late);
    return score ? COSTS_MOST + 5 * score + likeness(run, traits) - costs(run, traits, now) : 0;
}

static bool covers(const struct field *field, uint32_t value)
{
    return value + NEAR_MOST >= field->least && value <= field->most + NEAR_MOST;
}

bool pattern_covers(const struct run *run, const struct traits *traits)
{
    return covers(&run->source_port, traits->word >> 16) && covers(&run->target_port, traits->word & 0xffff);
}

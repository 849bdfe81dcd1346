/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/reading/first_look.h"

#include <stdlib.h>
#include <string.h>

#include "base/captured.h"
#include "capture/file.h"
#include "cli/options/options.h"
#include "packet/packet.h"
#include "probe/type.h"
#include "transit/points.h"
#include "transit/two_points.h"

/* Bytes of packets that are sorted in memory, in all files together. */
#define SORTED_BYTES_MOST ((size_t)64 << 20)
/* Bytes of a single file that are looked at. A longer look would cost more time than it is worth. */
#define LOOK_BYTES_MOST ((uint64_t)64 << 20)
/* Bytes of packets that are sorted of a file that is read only once. Most of these are in order, and need no more. */
#define PIPE_BYTES_MOST ((size_t)8 << 20)
#define PIPE_WINDOW (2 * NS_PER_S) /* of stamps: a live capture waits for its report only so long */
/* Sightings that are kept of all files together. */
#define SIGHTINGS_MOST (1u << 17)
/* Any number: the tables of sightings bound the time for a capture that was made to collide. */
#define FIXED_SECRET UINT64_C(0x8f3a65d21c9be407)
#define STOP_FRAMES 1024 /* frames between two looks at the stop flag */

struct first_look {
    struct look_input input;
    bool late[FILES_MOST];                   /* by file: out of order */
    struct sightings *sightings[FILES_MOST]; /* owned; NULL: there is one file only */
    struct point_clock *clocks;              /* owned; input.count of them */
    struct clock_estimate *described;        /* owned; the same */
    struct identity_set *seen;               /* owned; NULL: there is one file only */
    struct two_points
        *two; /* owned; of a single file. NULL: it is not merged from two machines, or there are several */
    struct clock_estimate second; /* with `two`: the clock of the far machine */
    /* The recogniser's secret changes with each run, but the choice of sightings must not. A file that is read once
     * needs the recogniser's digests. */
    struct digester digester;
    bool has_once;
};

/* --- sightings --- */

static uint64_t hash_bytes(uint64_t hash, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i += 4) {
        uint32_t word = 0;
        memcpy(&word, bytes + i, count - i < 4 ? count - i : 4);
        hash = digest_key(hash, word, (uint32_t)i);
    }
    return hash;
}

/* A packet by its headers, which every capture holds; digest.same needs its payload as well. */
static uint64_t hash_headers(const struct digest *digest)
{
    const struct traits *traits = &digest->traits;
    uint64_t hash = digest_key(digest->pair_hash, traits->word, (uint32_t)traits->ip_id << 16 | traits->size);
    hash = digest_key(hash, traits->seq, traits->ack);
    return digest_key(hash, traits->flow_label, traits->tcp_flags);
}

static struct sighting sighting_of(const struct digest *digest, enum sighting_role role, uint64_t identity,
                                   uint32_t mark)
{
    return (struct sighting){.identity = identity,
                             .time = digest->time,
                             .mark = mark,
                             .packet = (uint32_t)digest->same,
                             .role = (uint8_t)role,
                             .ttl = digest_outer_ttl(digest),
                             .is_error = digest->kind == PACKET_ICMP_ERROR};
}

static void note(struct sightings *sightings, const struct digest *digest, enum sighting_role role, uint64_t identity,
                 uint32_t mark)
{
    struct sighting sighting = sighting_of(digest, role, identity, mark);
    sightings_add(sightings, &sighting);
}

/* IPv6 has no id, so that nothing tells two replies of one router apart. */
static uint32_t reply_mark(const struct digest *digest, uint64_t hash)
{
    return digest->answer.version == 4 && digest->answer.ip_id ? (uint32_t)hash | 1 : 0;
}

/* Protocols without ports are told by addresses and IP id. A quote that is too short for its ports tells nothing. */
static bool has_key(const struct digest *digest)
{
    return digest->has_word || !probe_type_of_protocol(digest->protocol)->protocol;
}

/* A second name of a probe, which a quote of it shows as well. Segments of a connection share a key, but the IP id
 * tells which of them is quoted. Translators change the id of other packets, but the ports may tell. */
static void note_second(struct sightings *sightings, const struct digest *digest, enum sighting_role role,
                        uint32_t mark)
{
    const struct traits *traits = &digest->traits;
    uint64_t identity = probe_type_of_protocol(digest->protocol)->identity == IDENTITY_SEQ
                            ? digest_key(digest->key, traits->ip_id, 0)
                            : digest_key(~digest->pair_hash, traits->word, 0);
    struct sighting sighting = sighting_of(digest, role, identity, mark);
    sighting.is_second = true;
    if (traits->ip_id && digest->has_word && !(digest->have & HAVE_ECHO))
        sightings_add(sightings, &sighting);
}

static uint64_t hash_address(const struct addr *address)
{
    return hash_bytes(address->family, address->bytes, sizeof address->bytes);
}

/* What a translator of the prober's address leaves alone: of a probe the target, its port and the payload; of an answer
 * the sender and its numbers. 0: it is neither, or nothing numbers it. */
static uint64_t translated_identity(const struct digest *digest)
{
    const struct traits *traits = &digest->traits;
    if (digest->kind == PACKET_ICMP_ERROR) {
        uint64_t from = digest_key(hash_address(&digest->answer.from), digest->answer.ip_id, traits->ip_id);
        return digest->answer.ip_id ? digest_key(from ^ hash_address(&digest->target), (uint16_t)traits->word, 0) : 0;
    }
    if (!digest_has_id(digest) || traits->ttl <= PROBE_TTL_MOST)
        return digest_has_id(digest) ? digest->same_beyond_nat : 0;
    uint32_t number = digest->have & HAVE_ECHO ? (uint16_t)traits->word : traits->word >> 16;
    uint64_t from = digest_key(hash_address(&digest->source), number, traits->ip_id);
    return digest->may_answer_key ? digest_key(from, traits->seq, traits->ack) : 0;
}

static void note_translated(struct sightings *sightings, const struct digest *digest)
{
    uint64_t identity = translated_identity(digest);
    if (identity)
        note(sightings, digest, SIGHTING_TRANSLATED, identity, 0);
}

static void note_error(struct sightings *sightings, const struct digest *digest)
{
    if (addr_is_none(&digest->source) || digest->is_fragment)
        return;
    note(sightings, digest, SIGHTING_PACKET, digest->same, reply_mark(digest, digest->same));
    note_translated(sightings, digest);
    if (!has_key(digest))
        return;
    note(sightings, digest, SIGHTING_REPLY, digest->key, reply_mark(digest, digest->same));
    note_second(sightings, digest, SIGHTING_REPLY, reply_mark(digest, digest->same));
}

static void note_packet(struct sightings *sightings, const struct digest *digest)
{
    uint64_t headers = hash_headers(digest);
    if (digest->is_fragment || addr_is_multicast(&digest->target))
        return;
    note(sightings, digest, SIGHTING_PACKET, digest->same, digest->traits.ip_id);
    note_translated(sightings, digest);
    if (!has_key(digest))
        return;
    note(sightings, digest, SIGHTING_PROBE, digest->key, (uint32_t)headers | 1);
    if (digest->traits.ttl <= PROBE_TTL_MOST) /* others are no probes */
        note_second(sightings, digest, SIGHTING_PROBE, (uint32_t)headers | 1);
    if (digest->may_answer_key)
        note(sightings, digest, SIGHTING_REPLY, digest->answer_key, reply_mark(digest, headers));
}

static void note_digest(struct sightings *sightings, const struct digest *digest)
{
    if (digest->kind == PACKET_ICMP_ERROR)
        note_error(sightings, digest);
    else if (digest->kind == PACKET_PLAIN)
        note_packet(sightings, digest);
}

static void digest_frame(const struct first_look *look, unsigned file, const struct frame *frame, struct digest *out)
{
    struct packet packet;
    packet_decode(frame, &packet);
    if (look->has_once)
        recogniser_digest(look->input.recogniser, file, frame, &packet, NULL, out);
    else
        digest_packet(&look->digester, file, frame, &packet, out);
}

/* --- a single file --- */

/* False: nothing names it. */
static bool two_points_packet_of(const struct digest *digest, struct two_points_packet *out)
{
    bool is_error = digest->kind == PACKET_ICMP_ERROR;
    if ((!is_error && digest->kind != PACKET_PLAIN) || digest->is_fragment || addr_is_none(&digest->source) ||
        !digest->has_word || addr_is_multicast(&digest->target))
        return false;
    *out = (struct two_points_packet){
        .identity = digest->same,
        .source = hash_address(is_error ? &digest->answer.from : &digest->source),
        .target = hash_address(is_error ? &digest->source : &digest->target), /* an error goes to whom it quotes */
        .time = digest->time,
        .ttl = is_error ? digest->answer.reply_ttl : digest->traits.ttl,
        .is_error = is_error};
    return true;
}

static bool find_packet(const struct first_look *look, unsigned file, const struct frame *frame,
                        struct two_points_packet *out)
{
    struct digest digest;
    digest_frame(look, file, frame, &digest);
    return two_points_packet_of(&digest, out);
}

/* --- a file --- */

static enum wire_event next_frame(struct wire *wire, struct frame *frame)
{
    struct session_claim claim;
    struct err err;
    enum wire_event event;
    do
        event = wire->ops->receive(wire, NSTIME_NEVER, frame, &claim, &err);
    while (event == WIRE_CLAIM);
    return event;
}

static void note_frame(struct first_look *look, unsigned file, const struct frame *frame)
{
    struct two_points_packet packet;
    struct digest digest;
    if (look->sightings[file]) {
        digest_frame(look, file, frame, &digest);
        note_digest(look->sightings[file], &digest);
    } else if (look->two && find_packet(look, file, frame, &packet) && !two_points_add(look->two, &packet)) {
        two_points_free(look->two);
        look->two = NULL;
    }
}

static void look_at_frames(struct first_look *look, unsigned file, struct wire *wire)
{
    struct frame frame;
    nstime latest = NSTIME_NONE;
    uint64_t bytes = 0, frames = 0;
    while (next_frame(wire, &frame) == WIRE_FRAME) {
        if (++frames % STOP_FRAMES == 0 && *look->input.stop)
            return;
        look->late[file] = look->late[file] || frame.time < latest;
        latest = frame.time > latest ? frame.time : latest;
        bytes += frame.captured;
        note_frame(look, file, &frame);
        if (!look->sightings[file] && bytes > LOOK_BYTES_MOST)
            return;
    }
}

static void look_at(struct first_look *look, unsigned file)
{
    struct wire *wire;
    const struct saved_run *saved;
    struct err err;
    if (*look->input.stop || file_wire_begin(look->input.files[file].file, &wire, &saved, &err) != STATUS_OK)
        return;
    look_at_frames(look, file, wire);
    wire->ops->close(wire);
    if (look->seen)
        identity_set_add(look->seen, look->sightings[file]);
}

/* The smallest file first, so that the larger ones prefer what it holds. */
static void look_at_all(struct first_look *look)
{
    bool done[FILES_MOST] = {false};
    for (unsigned left = look->input.count; left > 0; left--) {
        unsigned next = FILES_MOST;
        for (unsigned i = 0; i < look->input.count; i++)
            if (!done[i] && (next == FILES_MOST || look->input.files[i].bytes < look->input.files[next].bytes))
                next = i;
        done[next] = true;
        if (!look->input.files[next].is_once)
            look_at(look, next);
    }
}

/* --- all files --- */

static bool describe(struct first_look *look)
{
    if (!points_compare(look->sightings, look->input.count, look->clocks))
        return false;
    for (unsigned i = 0; i < look->input.count; i++)
        points_describe(look->clocks, i, &look->described[i]);
    return true;
}

/* A single file that was merged from the captures of two machines. */
static void find_second(struct first_look *look)
{
    if (look->two && two_points_find(look->two, &look->second)) {
        look->late[0] = true; /* the corrected stamps need sorting */
        return;
    }
    two_points_free(look->two);
    look->two = NULL;
}

static bool prepare(struct first_look *look)
{
    unsigned count = look->input.count;
    digest_init(&look->digester, FIXED_SECRET);
    look->clocks = calloc(count, sizeof *look->clocks);
    look->described = calloc(count, sizeof *look->described);
    look->seen = count > 1 ? identity_set_new() : NULL;
    look->two = count == 1 ? two_points_new() : NULL;
    bool good = look->clocks && look->described && (look->seen || look->two);
    for (unsigned i = 0; i < count && good; i++) {
        look->clocks[i].parent = -1;
        look->has_once = look->has_once || look->input.files[i].is_once;
        if (count == 1)
            continue;
        look->sightings[i] = sightings_new(SIGHTINGS_MOST / count);
        good = look->sightings[i] != NULL;
        if (good)
            sightings_prefer(look->sightings[i], look->seen);
    }
    return good;
}

struct first_look *first_look_new(const struct look_input *input)
{
    struct first_look *look = calloc(1, sizeof *look);
    if (!look)
        return NULL;
    look->input = *input;
    bool good = prepare(look);
    if (good) {
        look_at_all(look);
        find_second(look);
    }
    if (good && (input->count == 1 || describe(look)))
        return look;
    first_look_free(look);
    return NULL;
}

void first_look_free(struct first_look *look)
{
    if (!look)
        return;
    for (unsigned i = 0; i < look->input.count; i++)
        sightings_free(look->sightings[i]);
    identity_set_free(look->seen);
    two_points_free(look->two);
    free(look->clocks);
    free(look->described);
    free(look);
}

static nstime correct(const void *context, unsigned file, const struct frame *frame)
{
    const struct first_look *look = context;
    return points_correct(look->clocks, file, frame->time);
}

static nstime correct_second(const void *context, unsigned file, const struct frame *frame)
{
    const struct first_look *look = context;
    struct two_points_packet packet;
    bool is_far = find_packet(look, file, frame, &packet) && two_points_is_far(look->two, &packet);
    return is_far ? clock_correct(&look->second, frame->time) : frame->time;
}

static unsigned count_late(const struct first_look *look)
{
    unsigned count = 0;
    for (unsigned i = 0; i < look->input.count; i++)
        count += look->late[i];
    return count;
}

bool first_look_apply(const struct first_look *look, struct merge *merge)
{
    unsigned late = count_late(look);
    bool good = true;
    for (unsigned i = 0; i < look->input.count && good; i++) {
        if (look->input.files[i].is_once)
            good = merge_sort(merge, i, PIPE_BYTES_MOST, look->input.files[i].is_live ? PIPE_WINDOW : NSTIME_NEVER);
        else if (look->late[i])
            good = merge_sort(merge, i, SORTED_BYTES_MOST / late, NSTIME_NEVER);
        if (look->two)
            merge_correct(merge, i, correct_second, look);
        else if (points_is_corrected(look->clocks, i))
            merge_correct(merge, i, correct, look);
    }
    return good;
}

const struct clock_estimate *first_look_clock(const struct first_look *look, unsigned file)
{
    return look->described[file].count ? &look->described[file] : NULL;
}

const struct clock_estimate *first_look_second_clock(const struct first_look *look, unsigned file)
{
    return file == 0 && look->two ? &look->second : NULL;
}

/* --- files that are read only once --- */

bool first_look_watches(const struct first_look *look)
{
    return look->has_once && look->input.count > 1;
}

void first_look_take(struct first_look *look, const struct digest *digest)
{
    if (look->input.files[digest->file].is_once)
        note_digest(look->sightings[digest->file], digest);
}

bool first_look_uncorrected(struct first_look *look, unsigned *file, struct clock_estimate *out)
{
    struct point_clock clocks[FILES_MOST];
    if (!first_look_watches(look) || !points_compare(look->sightings, look->input.count, clocks))
        return false;
    for (unsigned i = 0; i < look->input.count; i++) {
        int parent = clocks[i].parent;
        if (!clocks[i].corrected || !(look->input.files[i].is_once || look->input.files[parent].is_once))
            continue;
        *file = i;
        *out = clocks[i].against;
        return true;
    }
    return false;
}

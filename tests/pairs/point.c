/* SPDX-License-Identifier: BSD-2-Clause */
/* A capture point: what it makes of the packets that pass it. First offload, then what the capture leaves out, then
 * copies, snap length and stamps. */
#include <stdlib.h>

#include "base/array.h"
#include "packet/checksum.h"
#include "pairs/world.h"

#define SEGMENT_MOST 65000             /* bytes of an IP packet that offload makes */
#define MERGE_WITHIN (100 * NS_PER_US) /* of the packet before, as receive offload polls */

static void *grown(void *array, size_t *capacity, size_t need, size_t element)
{
    if (!array_reserve(&array, capacity, need, element))
        abort();
    return array;
}

static int by_time(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int frame_by_time(const void *a, const void *b)
{
    const struct pair_frame *x = a, *y = b;
    if (x->true_time != y->true_time)
        return x->true_time < y->true_time ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* ---- offload ---- */

/* The frame that is being made: an IP packet that grows. */
struct making {
    uint8_t bytes[SEGMENT_MOST + 64];
    size_t length, header; /* header: of IP and TCP */
    bool tcp;
    uint32_t next; /* sequence number behind it */
    struct seen last;
};

static size_t ip_bytes(const uint8_t *packet)
{
    return packet[0] >> 4 == 6 ? 40 : 20;
}

static bool is_tcp(const uint8_t *packet)
{
    return (packet[0] >> 4 == 6 ? packet[6] : packet[9]) == IP_TCP;
}

static uint32_t sequence_of(const uint8_t *packet)
{
    const uint8_t *at = packet + ip_bytes(packet) + 4;
    return (uint32_t)pkt_get16(at) << 16 | pkt_get16(at + 2);
}

static uint8_t flags_of(const uint8_t *packet)
{
    return packet[ip_bytes(packet) + 13];
}

static void begin(struct making *making, const struct seen *seen, const uint8_t *packet)
{
    memcpy(making->bytes, packet, seen->length);
    making->length = seen->length;
    making->tcp = is_tcp(packet);
    making->last = *seen;
    if (!making->tcp)
        return;
    making->header = ip_bytes(packet) + (size_t)(packet[ip_bytes(packet) + 12] >> 4) * 4;
    making->next = sequence_of(packet) + (uint32_t)(seen->length - making->header);
}

/* Same addresses, ports and options; the data follow; no flag but PSH and FIN stands between. */
static bool continues(const struct making *making, const struct seen *seen, const uint8_t *packet)
{
    size_t ip = ip_bytes(packet), addresses = ip == 40 ? 8 : 12;
    if (!making->tcp || !is_tcp(packet) || ip_bytes(making->bytes) != ip)
        return false;
    size_t header = ip + (size_t)(packet[ip + 12] >> 4) * 4;
    return header == making->header && seen->length > header && making->length > making->header &&
           making->length + seen->length - header <= SEGMENT_MOST && sequence_of(packet) == making->next &&
           (flags_of(making->bytes) & ~TCP_PSH) == TCP_ACK && (flags_of(packet) & ~(TCP_PSH | TCP_FIN)) == TCP_ACK &&
           memcmp(making->bytes + addresses, packet + addresses, ip - addresses + 4) == 0 &&
           memcmp(making->bytes + ip + 20, packet + ip + 20, header - ip - 20) == 0;
}

/* Sent in one piece, or received one right after the other; receive offload ends at PSH. */
static bool merges(const struct making *making, const struct seen *seen, const uint8_t *packet)
{
    if (!continues(making, seen, packet) || seen->outgoing != making->last.outgoing)
        return false;
    if (seen->outgoing)
        return seen->burst != 0 && seen->burst == making->last.burst;
    return !seen->again && seen->at - making->last.at <= MERGE_WITHIN && !(flags_of(making->bytes) & TCP_PSH);
}

static void merge(struct making *making, const struct seen *seen, const uint8_t *packet)
{
    size_t data = seen->length - making->header, ip = ip_bytes(packet);
    memcpy(making->bytes + making->length, packet + making->header, data);
    making->length += data;
    making->next += (uint32_t)data;
    making->bytes[ip + 13] |= flags_of(packet);
    if (ip == 20) {
        pkt_put16(making->bytes + 2, (uint16_t)making->length);
        pkt_put16(making->bytes + 10, 0);
        pkt_put16(making->bytes + 10, checksum_finish(checksum_add(0, making->bytes, 20)));
    } else
        pkt_put16(making->bytes + 4, (uint16_t)(making->length - 40));
    making->last = *seen;
}

/* As the kernel hands it to the card: the sum of the pseudo-header alone. */
static void leave_checksum(struct making *making)
{
    size_t ip = ip_bytes(making->bytes);
    uint8_t protocol = ip == 40 ? making->bytes[6] : making->bytes[9];
    struct addr from = addr_from_bytes(ip == 40 ? 6 : 4, making->bytes + (ip == 40 ? 8 : 12));
    struct addr to = addr_from_bytes(ip == 40 ? 6 : 4, making->bytes + (ip == 40 ? 24 : 16));
    size_t at = protocol == IP_TCP ? 16 : 6;
    if (protocol != IP_TCP && protocol != IP_UDP)
        return;
    if (ip == 20 && (pkt_get16(making->bytes + 6) & 0x3fff) != 0)
        return;
    uint32_t sum = checksum_pseudo(&from, &to, protocol, (uint32_t)(making->length - ip));
    pkt_put16(making->bytes + ip + at, (uint16_t)~checksum_finish(sum));
}

/* ---- the capture ---- */

static bool is_between(nstime time, nstime from, nstime to)
{
    return time >= from && time < to;
}

bool pair_covers(const struct pair_point *point, uint8_t protocol, nstime true_time, nstime margin)
{
    return (point->only == 0 || point->only == protocol) &&
           is_between(true_time, point->from + margin, point->to - margin) &&
           (point->gap_from == point->gap_to ||
            !is_between(true_time, point->gap_from - margin, point->gap_to + margin));
}

static void add_frame(struct pair_capture *capture, const struct making *making, nstime at, uint32_t first_shown)
{
    capture->bytes = grown(capture->bytes, &capture->byte_capacity, capture->byte_count + making->length, 1);
    memcpy(capture->bytes + capture->byte_count, making->bytes, making->length);
    capture->frames = grown(capture->frames, &capture->capacity, capture->count + 1, sizeof *capture->frames);
    capture->frames[capture->count++] = (struct pair_frame){.true_time = at,
                                                            .first_crossing = first_shown,
                                                            .crossings = (uint32_t)capture->shown_count - first_shown,
                                                            .offset = capture->byte_count,
                                                            .length = (uint32_t)making->length};
    capture->byte_count += making->length;
}

static void keep(struct world *world, enum pair_side side, struct making *making, uint32_t first_shown)
{
    const struct pair_point *point = &world->plan->points[side];
    struct pair_capture *capture = &world->pair->captures[side];
    uint8_t protocol = world->pair->crossings[making->last.crossing].protocol;
    if (point->offload && making->last.outgoing)
        leave_checksum(making);
    if (!pair_covers(point, protocol, making->last.at, 0))
        return;
    if (world_chance(&world->rng, point->drops)) {
        for (size_t i = first_shown; i < capture->shown_count; i++)
            world->pair->crossings[capture->shown[i]].dropped[side] = true;
        return;
    }
    add_frame(capture, making, making->last.at, first_shown);
    if (point->doubled)
        add_frame(capture, making, making->last.at + point->doubled, first_shown);
}

static void note_crossing(struct pair_capture *capture, uint32_t crossing)
{
    capture->shown = grown(capture->shown, &capture->shown_capacity, capture->shown_count + 1, sizeof crossing);
    capture->shown[capture->shown_count++] = crossing;
}

static void make_frames(struct world *world, enum pair_side side)
{
    static struct making making; /* too large for the stack */
    const struct pair_point *point = &world->plan->points[side];
    struct pair_capture *capture = &world->pair->captures[side];
    uint32_t first_shown = 0;
    making.length = 0;
    for (size_t i = 0; i < world->seen_count[side]; i++) {
        const struct seen *seen = &world->seen[side][i];
        const uint8_t *packet = world->bytes + seen->offset;
        if (making.length > 0 && point->offload && merges(&making, seen, packet))
            merge(&making, seen, packet);
        else {
            if (making.length > 0)
                keep(world, side, &making, first_shown);
            first_shown = (uint32_t)capture->shown_count;
            begin(&making, seen, packet);
        }
        note_crossing(capture, seen->crossing);
    }
    if (making.length > 0)
        keep(world, side, &making, first_shown);
}

nstime pair_stamp(const struct pair_point *point, nstime true_time)
{
    nstime stamp = true_time + point->ahead + (nstime)(point->drift_ppm * 1e-6 * (double)true_time);
    if (point->step_by != 0 && true_time >= point->step_at)
        stamp += point->step_by;
    return stamp;
}

static void number_frames(struct world *world, enum pair_side side)
{
    const struct pair_point *point = &world->plan->points[side];
    struct pair_capture *capture = &world->pair->captures[side];
    for (size_t i = 0; i < capture->count; i++) {
        struct pair_frame *frame = &capture->frames[i];
        frame->time = pair_stamp(point, frame->true_time);
        if (point->coarse)
            frame->time -= frame->time % NS_PER_US;
        frame->captured = point->snap_length && frame->length > point->snap_length ? point->snap_length : frame->length;
        for (uint32_t k = 0; k < frame->crossings; k++) {
            struct pair_crossing *crossing = &world->pair->crossings[capture->shown[frame->first_crossing + k]];
            if (crossing->frames[side] == 0)
                crossing->frames[side] = (uint32_t)i + 1;
        }
    }
}

void point_record(struct world *world, enum pair_side side)
{
    struct pair_capture *capture = &world->pair->captures[side];
    if (world->seen_count[side] > 0)
        qsort(world->seen[side], world->seen_count[side], sizeof *world->seen[side], by_time);
    make_frames(world, side);
    if (capture->count > 0)
        qsort(capture->frames, capture->count, sizeof *capture->frames, frame_by_time);
    number_frames(world, side);
}

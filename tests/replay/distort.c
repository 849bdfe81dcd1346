/* SPDX-License-Identifier: BSD-2-Clause */
/* distort: writes captures as other equipment might have recorded them: doubled, reordered, shifted, in two files.
 *
 *   distort HOW FOLDER CAPTURE...       writes FOLDER/NAME for each CAPTURE, as pcapng with nanosecond stamps
 *
 * It first sorts the frames by time and makes equal stamps differ by 1 ns, so that one order alone is right. HOW:
 *   plain                 no more than that
 *   double=NS             each frame again, so much later
 *   interfaces=NS         each frame again, so much later and on another interface
 *   forwarded=NS          as on a router next to the host: what the host sends again so much later, with a TTL that is
 *                         lower by one; what it receives also a little earlier, with a TTL that is higher by one
 *   swap=SEED             some neighbours of one direction, less than 1 ms apart, exchange places; the stamps stay
 *   cross=SEED            some neighbours of opposite directions, less than 1 ms apart, exchange places
 *   shuffle=SEED          the records of the file in random order, each with its own stamp
 *   reverse               the last record first
 *   directions            all that the host sends first, then all that it receives
 *   shift=SECONDS         all stamps later
 *   split=NS              into FOLDER/NAME what the host sends, into FOLDER/NAME.other the rest, so much later
 *   deal=NS               frames in turns into FOLDER/NAME and, so much later, FOLDER/NAME.other
 *   far=NS,SOURCE,TARGET,HOPS
 *                         what a capture at TARGET shows, HOPS away from SOURCE; its clock is so much ahead
 * The host is the address that most packets are from or to. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/rng.h"
#include "capture/file.h"
#include "packet/packet.h"

#define NEIGHBOURS_WITHIN NS_PER_MS
#define FAR_DELAY (2 * NS_PER_US) /* from SOURCE to TARGET and back: less than any round trip in the captures */
#define FORWARDING 500            /* ns, in a router */
#define HOSTS_MOST 256            /* addresses that may be the host: the first ones in the capture */

struct record {
    struct frame frame;   /* `bytes` is owned by the capture that was read */
    struct packet packet; /* points into the frame */
};

struct capture {
    struct record *records;
    size_t count, capacity;
    unsigned interfaces;
    struct addr host;
};

/* What HOW says after its `=`. */
struct choice {
    const char *text;
    int64_t number;
    struct rng rng;
};

static _Noreturn void fail(const char *path, const char *cause)
{
    fprintf(stderr, "distort: %s: %s\n", path, cause);
    exit(3);
}

/* ---- reading ---- */

static struct record *add_record(struct capture *capture, const struct frame *frame)
{
    void *records = capture->records;
    if (!array_reserve(&records, &capture->capacity, capture->count + 1, sizeof *capture->records))
        abort();
    capture->records = records;
    struct record *record = &capture->records[capture->count++];
    record->frame = *frame;
    packet_decode(frame, &record->packet);
    return record;
}

static void read_frame(struct capture *capture, const struct frame *frame)
{
    struct frame own = *frame;
    uint8_t *bytes = malloc(frame->captured + 1U);
    if (!bytes)
        abort();
    memcpy(bytes, frame->bytes, frame->captured);
    own.bytes = bytes;
    if (own.interface >= capture->interfaces)
        capture->interfaces = own.interface + 1;
    add_record(capture, &own);
}

static void read_capture(const char *path, struct capture *capture)
{
    struct wire *wire;
    struct frame frame;
    struct session_claim claim;
    struct err err = {0};
    const struct saved_run *saved;
    enum wire_event event;
    if (file_wire_open(path, &wire, &saved, &err) != STATUS_OK)
        fail(path, err.message);
    while ((event = wire->ops->receive(wire, NSTIME_NEVER, &frame, &claim, &err)) == WIRE_FRAME || event == WIRE_CLAIM)
        if (event == WIRE_FRAME)
            read_frame(capture, &frame);
    wire->ops->close(wire);
}

static int compare_times(const void *a, const void *b)
{
    const struct record *x = a, *y = b;
    if (x->frame.time != y->frame.time)
        return x->frame.time < y->frame.time ? -1 : 1;
    return x->frame.number < y->frame.number ? -1 : x->frame.number > y->frame.number;
}

/* Frames with equal stamps stay in the order of their numbers. */
static void sort_by_time(struct capture *capture)
{
    if (capture->count)
        qsort(capture->records, capture->count, sizeof *capture->records, compare_times);
    for (size_t i = 0; i < capture->count; i++)
        capture->records[i].frame.number = i + 1;
}

static void make_stamps_differ(struct capture *capture)
{
    sort_by_time(capture);
    for (size_t i = 1; i < capture->count; i++)
        if (capture->records[i].frame.time <= capture->records[i - 1].frame.time)
            capture->records[i].frame.time = capture->records[i - 1].frame.time + 1;
}

static bool has_ip(const struct record *record)
{
    return record->packet.kind == PACKET_PLAIN || record->packet.kind == PACKET_ICMP_ERROR;
}

static void find_host(struct capture *capture)
{
    struct addr hosts[HOSTS_MOST];
    size_t seen[HOSTS_MOST] = {0}, count = 0, best = 0;
    for (size_t i = 0; i < 2 * capture->count; i++) {
        const struct record *record = &capture->records[i / 2];
        const struct addr *host = i % 2 ? &record->packet.outer.ip.target : &record->packet.outer.ip.source;
        size_t at = 0;
        if (!has_ip(record))
            continue;
        while (at < count && !addr_equal(&hosts[at], host))
            at++;
        if (at == HOSTS_MOST)
            continue;
        hosts[at] = *host;
        count += at == count;
        best = ++seen[at] > seen[best] ? at : best;
    }
    capture->host = count ? hosts[best] : (struct addr){0};
}

/* ---- writing: pcapng (draft-ietf-opsawg-pcapng) ---- */

static void write_u32s(FILE *file, const uint32_t *values, size_t count)
{
    fwrite(values, sizeof *values, count, file);
}

static void write_section(FILE *file)
{
    write_u32s(file, (const uint32_t[]){0x0a0d0d0a, 28, 0x1a2b3c4d, 1, UINT32_MAX, UINT32_MAX, 28}, 7);
}

/* With nanoseconds (if_tsresol 9). */
static void write_interface(FILE *file, uint16_t linktype)
{
    const uint8_t option[] = {9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0};
    write_u32s(file, (const uint32_t[]){1, 32, linktype, 0}, 4);
    fwrite(option, 1, sizeof option, file);
    write_u32s(file, (const uint32_t[]){32}, 1);
}

static void write_frame(FILE *file, const struct frame *frame)
{
    static const uint8_t padding[4];
    uint32_t padded = (frame->captured + 3) / 4 * 4, flags = frame->direction; /* 1 in, 2 out */
    uint32_t whole = 32 + padded + (flags ? 12 : 0);
    uint64_t time = (uint64_t)frame->time;
    write_u32s(file,
               (const uint32_t[]){6, whole, frame->interface, (uint32_t)(time >> 32), (uint32_t)time, frame->captured,
                                  frame->length},
               7);
    fwrite(frame->bytes, 1, frame->captured, file);
    fwrite(padding, 1, padded - frame->captured, file);
    if (flags)
        write_u32s(file, (const uint32_t[]){4u << 16 | 2, flags, 0}, 3);
    write_u32s(file, &whole, 1);
}

static uint16_t linktype_of(const struct capture *capture, unsigned interface)
{
    for (size_t i = 0; i < capture->count; i++)
        if (capture->records[i].frame.interface == interface)
            return capture->records[i].frame.linktype;
    return LINKTYPE_ETHERNET; /* no frame came from it */
}

static void write_capture(const struct capture *capture, const char *folder, const char *from, const char *suffix)
{
    char path[4096];
    const char *slash = strrchr(from, '/');
    snprintf(path, sizeof path, "%s/%s%s", folder, slash ? slash + 1 : from, suffix);
    FILE *file = fopen(path, "wb");
    if (!file)
        fail(path, "cannot be opened");
    write_section(file);
    for (unsigned i = 0; i < capture->interfaces; i++)
        write_interface(file, linktype_of(capture, i));
    for (size_t i = 0; i < capture->count; i++)
        write_frame(file, &capture->records[i].frame);
    if (fclose(file) != 0)
        fail(path, "cannot be written");
}

/* ---- copies ---- */

static void add_copies(struct capture *capture, nstime delay, unsigned interfaces)
{
    size_t count = capture->count;
    for (size_t i = 0; i < count; i++) {
        struct frame copy = capture->records[i].frame;
        copy.time += delay;
        copy.interface += interfaces;
        add_record(capture, &copy)->frame.number = count + i + 1;
    }
    capture->interfaces += interfaces;
    sort_by_time(capture);
}

static void distort_double(struct capture *capture, struct choice *choice)
{
    add_copies(capture, choice->number, 0);
}

static void distort_interfaces(struct capture *capture, struct choice *choice)
{
    add_copies(capture, choice->number, capture->interfaces);
}

/* Changes the TTL in place, and with it the checksum of an IPv4 header (RFC 1624). */
static void add_to_ttl(uint8_t *ip, int change)
{
    if (ip[0] >> 4 == 6) {
        ip[7] = (uint8_t)(ip[7] + change);
        return;
    }
    uint32_t sum = (~((uint32_t)ip[10] << 8 | ip[11]) & 0xffff) + (~((uint32_t)ip[8] << 8) & 0xffff);
    ip[8] = (uint8_t)(ip[8] + change);
    sum += (uint32_t)ip[8] << 8;
    sum = (sum & 0xffff) + (sum >> 16);
    sum = ~((sum & 0xffff) + (sum >> 16));
    ip[10] = (uint8_t)(sum >> 8);
    ip[11] = (uint8_t)sum;
}

/* The same frame with another TTL, in memory of its own. */
static struct frame with_ttl(const struct record *record, int change)
{
    struct frame frame = record->frame;
    uint8_t *bytes = malloc(frame.captured + 1U);
    if (!bytes)
        abort();
    memcpy(bytes, frame.bytes, frame.captured);
    add_to_ttl(bytes + (record->packet.outer.bytes - frame.bytes), change);
    frame.bytes = bytes;
    return frame;
}

static bool is_sent(const struct capture *capture, const struct record *record)
{
    return has_ip(record) && addr_equal(&record->packet.outer.ip.source, &capture->host);
}

/* A packet with an initial TTL comes from a neighbour, and one to a group stays with the neighbours. */
static bool is_forwarded(const struct capture *capture, const struct record *record)
{
    uint8_t ttl = record->packet.outer.ip.ttl;
    if (!has_ip(record) || addr_is_multicast(&record->packet.outer.ip.target))
        return false;
    return is_sent(capture, record) ? ttl > 1 : ttl != 32 && ttl != 64 && ttl != 128 && ttl != 255;
}

static void distort_forwarded(struct capture *capture, struct choice *choice)
{
    size_t count = capture->count;
    for (size_t i = 0; i < count; i++) {
        bool sent = is_sent(capture, &capture->records[i]);
        if (!is_forwarded(capture, &capture->records[i]))
            continue;
        struct frame copy = with_ttl(&capture->records[i], sent ? -1 : 1);
        copy.time += sent ? choice->number : -FORWARDING;
        add_record(capture, &copy)->frame.number = count + i + 1;
    }
    sort_by_time(capture);
}

/* ---- order ---- */

static void exchange(struct record *a, struct record *b)
{
    struct record between = *a;
    *a = *b;
    *b = between;
}

/* True for two sightings of one packet: a router forwards it after it has arrived. */
static bool is_same_packet(const struct record *a, const struct record *b)
{
    const struct headers *x = &a->packet.outer, *y = &b->packet.outer;
    return addr_equal(&x->ip.source, &y->ip.source) && x->ip.id == y->ip.id &&
           x->transport.captured == y->transport.captured &&
           (!x->transport.captured || memcmp(x->transport.bytes, y->transport.bytes, x->transport.captured) == 0);
}

static void swap_neighbours(struct capture *capture, struct rng *rng, bool opposite)
{
    for (size_t i = 1; i < capture->count; i++) {
        struct record *first = &capture->records[i - 1], *second = &capture->records[i];
        nstime earlier = first->frame.time, later = second->frame.time;
        if (later - earlier >= NEIGHBOURS_WITHIN || rng_below(rng, 2) || !has_ip(first) || !has_ip(second) ||
            is_same_packet(first, second) || (is_sent(capture, first) != is_sent(capture, second)) != opposite)
            continue;
        exchange(first, second);
        first->frame.time = earlier;
        second->frame.time = later;
        i++; /* none moves by more than one place */
    }
}

static void distort_swap(struct capture *capture, struct choice *choice)
{
    swap_neighbours(capture, &choice->rng, false);
}

static void distort_cross(struct capture *capture, struct choice *choice)
{
    swap_neighbours(capture, &choice->rng, true);
}

static void distort_shuffle(struct capture *capture, struct choice *choice)
{
    for (size_t i = capture->count; i > 1; i--)
        exchange(&capture->records[i - 1], &capture->records[rng_below(&choice->rng, (uint32_t)i)]);
}

static void distort_reverse(struct capture *capture, struct choice *choice)
{
    (void)choice;
    for (size_t i = 0; i < capture->count / 2; i++)
        exchange(&capture->records[i], &capture->records[capture->count - 1 - i]);
}

/* Moves the chosen records behind the others; both keep their order. Returns how many were not chosen. */
static size_t part(struct capture *capture, bool (*is_chosen)(const struct capture *, const struct record *, size_t))
{
    struct record *parted = malloc((capture->count + 1) * sizeof *parted);
    size_t kept = 0, at = 0;
    if (!parted)
        abort();
    for (int chosen = 0; chosen < 2; chosen++) {
        for (size_t i = 0; i < capture->count; i++)
            if (is_chosen(capture, &capture->records[i], i) == chosen)
                parted[at++] = capture->records[i];
        kept = chosen ? kept : at;
    }
    memcpy(capture->records, parted, at * sizeof *parted);
    free(parted);
    return kept;
}

static bool is_received(const struct capture *capture, const struct record *record, size_t i)
{
    (void)i;
    return !is_sent(capture, record);
}

static bool is_odd(const struct capture *capture, const struct record *record, size_t i)
{
    (void)capture;
    (void)record;
    return i % 2;
}

static void distort_directions(struct capture *capture, struct choice *choice)
{
    (void)choice;
    part(capture, is_received);
}

/* ---- clocks ---- */

static void shift(struct record *records, size_t count, nstime by)
{
    for (size_t i = 0; i < count; i++)
        records[i].frame.time += by;
}

static void distort_shift(struct capture *capture, struct choice *choice)
{
    shift(capture->records, capture->count, choice->number * NS_PER_S);
}

static void distort_plain(struct capture *capture, struct choice *choice)
{
    (void)capture;
    (void)choice;
}

/* Leaves what a capture at the target shows. */
static void distort_far(struct capture *capture, struct choice *choice)
{
    char source_text[64], target_text[64];
    unsigned hops;
    struct addr source, target;
    size_t count = 0;
    if (sscanf(choice->text, "%*[^,],%63[^,],%63[^,],%u", source_text, target_text, &hops) != 3 ||
        !addr_parse(source_text, &source) || !addr_parse(target_text, &target))
        fail("far", "expected far=NS,SOURCE,TARGET,HOPS");
    for (size_t i = 0; i < capture->count; i++) {
        const struct record *record = &capture->records[i];
        const struct ip_header *ip = &record->packet.outer.ip;
        bool arrives =
            has_ip(record) && addr_equal(&ip->source, &source) && addr_equal(&ip->target, &target) && ip->ttl >= hops;
        bool leaves = has_ip(record) && addr_equal(&ip->source, &target) && addr_equal(&ip->target, &source) &&
                      ip->ttl + hops <= 256;
        if (!arrives && !leaves)
            continue;
        struct frame frame = with_ttl(record, arrives ? 1 - (int)hops : (int)hops - 1);
        frame.time += choice->number + (arrives ? FAR_DELAY : -FAR_DELAY);
        capture->records[count++].frame = frame;
    }
    capture->count = count;
    sort_by_time(capture);
}

/* ---- what it does ---- */

static const struct distortion {
    const char *name;
    void (*distort)(struct capture *capture, struct choice *choice);
    /* With it the chosen records go to a second file; see part(). */
    bool (*is_other)(const struct capture *capture, const struct record *record, size_t i);
} distortions[] = {
    {"plain", distort_plain, NULL},
    {"double", distort_double, NULL},
    {"interfaces", distort_interfaces, NULL},
    {"forwarded", distort_forwarded, NULL},
    {"swap", distort_swap, NULL},
    {"cross", distort_cross, NULL},
    {"shuffle", distort_shuffle, NULL},
    {"reverse", distort_reverse, NULL},
    {"directions", distort_directions, NULL},
    {"shift", distort_shift, NULL},
    {"split", distort_plain, is_received},
    {"deal", distort_plain, is_odd},
    {"far", distort_far, NULL},
};

static const struct distortion *find_distortion(const char *how)
{
    size_t length = strcspn(how, "=");
    for (size_t i = 0; i < sizeof distortions / sizeof *distortions; i++)
        if (strlen(distortions[i].name) == length && strncmp(distortions[i].name, how, length) == 0)
            return &distortions[i];
    fail(how, "unknown");
}

/* The memory of the frames stays until the program ends. */
static void distort(const struct distortion *distortion, struct choice choice, const char *folder, const char *path)
{
    struct capture capture = {0};
    read_capture(path, &capture);
    make_stamps_differ(&capture);
    find_host(&capture);
    distortion->distort(&capture, &choice);
    if (distortion->is_other) {
        struct capture other = capture;
        capture.count = part(&capture, distortion->is_other);
        other.records = capture.records + capture.count;
        other.count -= capture.count;
        shift(other.records, other.count, choice.number);
        write_capture(&other, folder, path, ".other");
    }
    write_capture(&capture, folder, path, "");
    free(capture.records);
}

int main(int argc, char *argv[])
{
    if (argc < 4) {
        fprintf(stderr, "usage: distort HOW FOLDER CAPTURE...\n");
        return 2;
    }
    const struct distortion *distortion = find_distortion(argv[1]);
    const char *text = strchr(argv[1], '=');
    struct choice choice = {.text = text ? text + 1 : ""};
    choice.number = strtoll(choice.text, NULL, 10);
    choice.rng = rng_init((uint64_t)choice.number);
    for (int i = 3; i < argc; i++)
        distort(distortion, choice, argv[2], argv[i]);
    return 0;
}

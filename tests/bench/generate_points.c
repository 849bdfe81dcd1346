/* SPDX-License-Identifier: BSD-2-Clause */
/* generate_points: two large captures of the same TCP connections, for the bench of transit. The far point is three
 * routers away, behind a translator of addresses, and its clock is 5 s ahead. Of 1,000 acknowledgements one is lost. Ethernet,
 * nanoseconds, deterministic.
 *
 *   generate_points CONNECTIONS PACKETS NEAR FAR      PACKETS: of each connection; prints those of both files */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ETHERNET 14
#define TCP_HEADERS 52 /* IPv4, TCP with timestamps */
#define PAYLOAD 96
#define US INT64_C(1000)
#define DELAY (5000 * US)
#define STEP (2 * US)       /* between packets of all connections */
#define BETWEEN (6000 * US) /* at least, between those of one: longer than DELAY */
#define AHEAD INT64_C(5000000000)
#define BEGIN INT64_C(1700000000000000000)
#define LOST_OF 1000

struct packet {
    int64_t time;
    uint32_t connection, number;
};

/* Packets on their way: all take as long, so that the first one in is the first one out. */
struct queue {
    struct packet *packets;
    size_t first, count, room;
};

struct point {
    FILE *file;
    struct queue arriving;
    uint64_t written;
};

static void die(const char *what)
{
    perror(what);
    exit(3);
}

static void push(struct queue *q, struct packet packet)
{
    if (q->count == q->room)
        exit(4); /* room for DELAY / STEP is made */
    q->packets[(q->first + q->count++) % q->room] = packet;
}

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value);
}

static int goes_back(uint32_t number)
{
    return (int)(number & 1);
}

/* Even packets of a connection go toward far: a SYN, then data. Odd ones acknowledge them. */
static size_t build(uint8_t *out, const struct packet *p, int is_far)
{
    int back = goes_back(p->number), arrived = is_far ^ back;
    uint32_t client = 0x0a000000 + p->connection % 60000, port = 1024 + p->connection / 60000;
    uint32_t ends[2] = {is_far ? 0xc6336407 : client, 0xcb007150};
    uint32_t ports[2] = {is_far ? 1024 + p->connection % 60000 : port, is_far ? 443 + p->connection / 60000 : 443};
    size_t data = !back && p->number > 1 ? PAYLOAD : 0;
    uint32_t sent = p->number < 2 ? 0 : 1 + (p->number / 2 - (back ? 0 : 1)) * PAYLOAD;
    uint32_t seed = p->connection * 2654435761u;
    if (!is_far)
        ports[1] = 443 + p->connection / 60000;
    memset(out, 0, TCP_HEADERS);
    out[0] = 0x45;
    put16(out + 2, (uint32_t)(TCP_HEADERS + data));
    put16(out + 4, p->connection * 7 + p->number + 1);
    out[6] = 0x40;
    out[8] = (uint8_t)(arrived ? 61 : 64);
    out[9] = 6;
    put32(out + 12, ends[back]);
    put32(out + 16, ends[!back]);
    put16(out + 20, ports[back]);
    put16(out + 22, ports[!back]);
    put32(out + 24, back ? seed ^ 0x55555555 : seed + sent);
    put32(out + 28, back ? seed + (sent ? sent : 1) : p->number ? (seed ^ 0x55555555) + 1 : 0);
    out[32] = 0x80;
    out[33] = p->number == 0 ? 0x02 : p->number == 1 ? 0x12 : 0x10;
    put16(out + 34, 502);
    put32(out + 40, 0x0101080a);
    put32(out + 44, seed + p->number);
    put32(out + 48, p->number ? seed + p->number - 1 : 0);
    for (size_t i = 0; i < data; i++)
        out[TCP_HEADERS + i] = (uint8_t)(i + seed + p->number);
    return TCP_HEADERS + data;
}

static void write_packet(struct point *point, const struct packet *p, int64_t time, int is_far)
{
    static const uint8_t ethernet[ETHERNET] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
    uint8_t bytes[TCP_HEADERS + PAYLOAD];
    size_t length = build(bytes, p, is_far);
    int64_t stamp = BEGIN + time + (is_far ? AHEAD : 0);
    uint32_t whole = (uint32_t)(ETHERNET + length);
    uint32_t header[4] = {(uint32_t)(stamp / (1000000 * US)), (uint32_t)(stamp % (1000000 * US)), whole, whole};
    fwrite(header, sizeof header, 1, point->file);
    fwrite(ethernet, sizeof ethernet, 1, point->file);
    fwrite(bytes, length, 1, point->file);
    point->written++;
}

static void arrive(struct point *point, int64_t until, int is_far)
{
    struct queue *q = &point->arriving;
    for (; q->count && q->packets[q->first].time <= until; q->count--) {
        const struct packet *p = &q->packets[q->first];
        write_packet(point, p, p->time, is_far);
        q->first = (q->first + 1) % q->room;
    }
}

static void send_packet(struct point points[2], uint32_t connection, uint32_t number, int64_t now)
{
    struct packet p = {now, connection, number};
    int from = goes_back(number);
    arrive(&points[0], now, 0);
    arrive(&points[1], now, 1);
    write_packet(&points[from], &p, now, from);
    p.time = now + DELAY;
    if (!goes_back(number) || number < 2 || (connection * 31 + number * 7) % LOST_OF)
        push(&points[!from].arriving, p);
}

static void open_point(struct point *point, const char *path)
{
    static const uint32_t header[] = {0xa1b23c4d, 4u << 16 | 2, 0, 0, 262144, 1};
    uint32_t little[6];
    memcpy(little, header, sizeof little);
    little[1] = 2 | 4u << 16; /* version 2.4 as two halves */
    point->file = fopen(path, "wb");
    if (!point->file)
        die(path);
    fwrite(little, sizeof little, 1, point->file);
    point->arriving.room = DELAY / STEP + 16;
    point->arriving.packets = calloc(point->arriving.room, sizeof *point->arriving.packets);
    if (!point->arriving.packets)
        die("memory");
}

int main(int argc, char *argv[])
{
    struct point points[2] = {{0}};
    if (argc != 5) {
        fprintf(stderr, "usage: generate_points CONNECTIONS PACKETS NEAR FAR\n");
        return 2;
    }
    uint32_t connections = (uint32_t)strtoul(argv[1], NULL, 10), packets = (uint32_t)strtoul(argv[2], NULL, 10);
    uint32_t at_once = BETWEEN / STEP;
    int64_t now = 0;
    open_point(&points[0], argv[3]);
    open_point(&points[1], argv[4]);
    for (uint32_t first = 0; first < connections; first += at_once)
        for (uint32_t number = 0; number < packets; number++)
            for (uint32_t c = first; c < connections && c < first + at_once; c++, now += STEP)
                send_packet(points, c, number, now);
    arrive(&points[0], INT64_MAX, 0);
    arrive(&points[1], INT64_MAX, 1);
    for (int i = 0; i < 2; i++) {
        free(points[i].arriving.packets);
        if (fclose(points[i].file) != 0)
            die(argv[3 + i]);
    }
    printf("%" PRIu64 " %" PRIu64 "\n", points[0].written, points[1].written);
    return 0;
}

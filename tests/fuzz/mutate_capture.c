/* SPDX-License-Identifier: BSD-2-Clause */
/* Mutations that keep a capture a capture: a classic file's packets are doubled, moved, aged, and their fields changed
 * so that they look like other probes, answers or errors. Once in four times, and for any other input, bytes are
 * mutated as usual. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "packet/packet.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

#define FILE_HEADER 24
#define RECORD_HEADER 16
#define RECORDS_MOST 512
#define FRAME_MOST 2048

/* A classic capture at hand. */
struct capture {
    uint8_t *bytes;
    size_t size, most;
    bool big_endian;
    size_t link_header; /* before the IP header */
    size_t at[RECORDS_MOST + 1];
    unsigned count;
    uint32_t random;
};

static uint32_t draw(struct capture *c, uint32_t below)
{
    c->random = c->random * 1664525 + 1013904223;
    return below ? (uint32_t)(((uint64_t)(c->random >> 8) * below) >> 24) : 0;
}

static uint32_t get32(const struct capture *c, size_t at)
{
    const uint8_t *b = c->bytes + at;
    return c->big_endian ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]
                         : (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
}

static void set32(struct capture *c, size_t at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        c->bytes[at + (c->big_endian ? 3 - i : i)] = (uint8_t)(value >> 8 * i);
}

static bool find_records(struct capture *c)
{
    size_t at = FILE_HEADER;
    c->count = 0;
    while (at + RECORD_HEADER <= c->size && c->count < RECORDS_MOST) {
        size_t length = get32(c, at + 8);
        if (length > FRAME_MOST || at + RECORD_HEADER + length > c->size)
            break;
        c->at[c->count++] = at;
        at += RECORD_HEADER + length;
    }
    c->at[c->count] = at;
    return c->count > 0;
}

static bool is_classic(struct capture *c)
{
    static const uint8_t little[] = {0xd4, 0xc3, 0xb2, 0xa1}, little_ns[] = {0x4d, 0x3c, 0xb2, 0xa1};
    static const uint8_t big[] = {0xa1, 0xb2, 0xc3, 0xd4};
    if (c->size < FILE_HEADER)
        return false;
    c->big_endian = memcmp(c->bytes, big, sizeof big) == 0;
    if (!c->big_endian && memcmp(c->bytes, little, sizeof little) != 0 &&
        memcmp(c->bytes, little_ns, sizeof little_ns) != 0)
        return false;
    switch (get32(c, 20) & 0xffff) {
    case LINKTYPE_ETHERNET:
        c->link_header = 14;
        break;
    case LINKTYPE_LINUX_SLL:
        c->link_header = 16;
        break;
    case LINKTYPE_LINUX_SLL2:
        c->link_header = 20;
        break;
    default:
        c->link_header = 0;
        break;
    }
    return find_records(c);
}

/* --- whole packets --- */

/* Makes room for a record before record `i`. False: there is none. */
static bool make_room(struct capture *c, size_t at, size_t length)
{
    if (c->size + length > c->most)
        return false;
    memmove(c->bytes + at + length, c->bytes + at, c->size - at);
    c->size += length;
    return true;
}

static void copy_record(struct capture *c, unsigned from, unsigned to)
{
    uint8_t copy[RECORD_HEADER + FRAME_MOST];
    size_t length = c->at[from + 1] - c->at[from];
    memcpy(copy, c->bytes + c->at[from], length);
    if (!make_room(c, c->at[to], length))
        return;
    memcpy(c->bytes + c->at[to], copy, length);
    find_records(c);
}

static void remove_record(struct capture *c, unsigned i)
{
    if (c->count < 2)
        return;
    size_t next = c->at[i + 1];
    memmove(c->bytes + c->at[i], c->bytes + next, c->size - next);
    c->size -= next - c->at[i];
    find_records(c);
}

static void age(struct capture *c, unsigned i)
{
    static const int32_t steps[] = {-1, 1, 3, 9, 11, 60, 119, 121, 100000, INT32_MIN};
    uint32_t step = (uint32_t)steps[draw(c, sizeof steps / sizeof *steps)];
    unsigned last = draw(c, 2) ? c->count : i + 1; /* all that follow, or this one alone */
    if (draw(c, 3) == 0) {
        set32(c, c->at[i] + 4, draw(c, 1000000));
        return;
    }
    for (; i < last; i++)
        set32(c, c->at[i], get32(c, c->at[i]) + step);
}

/* --- fields --- */

/* The IP header of a packet, outer or quoted, and what is there of it. */
struct place {
    uint8_t *ip;
    size_t size;
    size_t header; /* bytes */
    uint8_t *inside;
    size_t inside_size;
    uint8_t protocol;
    size_t address; /* bytes of one */
};

static bool find_ip(uint8_t *at, size_t size, struct place *p)
{
    *p = (struct place){.ip = at, .size = size};
    bool is_4 = size >= 20 && at[0] >> 4 == 4, is_6 = size >= 40 && at[0] >> 4 == 6;
    if (!is_4 && !is_6)
        return false;
    p->header = is_4 ? 4U * (at[0] & 15) : 40;
    p->protocol = is_4 ? at[9] : at[6];
    p->address = is_4 ? 4 : 16;
    if (p->header < 20 || p->header > size)
        return false;
    p->inside = at + p->header;
    p->inside_size = size - p->header;
    return true;
}

static bool find_packet(struct capture *c, unsigned i, struct place *p)
{
    size_t start = c->at[i] + RECORD_HEADER + c->link_header;
    if (start >= c->at[i + 1])
        return false;
    if (!find_ip(c->bytes + start, c->at[i + 1] - start, p))
        return false;
    struct place quote;
    bool is_icmp = p->protocol == IP_ICMP || p->protocol == IP_ICMP6;
    if (is_icmp && p->inside_size > 8 && draw(c, 2) && find_ip(p->inside + 8, p->inside_size - 8, &quote))
        *p = quote;
    return true;
}

static uint8_t *addresses_of(const struct place *p)
{
    return p->ip + (p->address == 4 ? 12 : 8);
}

static void nudge16(struct capture *c, uint8_t *at)
{
    static const uint16_t steps[] = {1, 0xffff, 2, 64, 256, 0x8000};
    uint32_t value = (uint32_t)at[0] << 8 | at[1];
    value = draw(c, 4) ? value + steps[draw(c, sizeof steps / sizeof *steps)] : draw(c, 0x10000);
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void change_ttl(struct capture *c, const struct place *p)
{
    static const uint8_t usual[] = {0, 1, 2, 3, 16, 17, 37, 38, 39, 40, 41, 64, 128, 255};
    uint8_t *ttl = p->ip + (p->address == 4 ? 8 : 7);
    *ttl = draw(c, 3) ? (uint8_t)(*ttl + draw(c, 3) - 1) : usual[draw(c, sizeof usual)];
}

static void change_addresses(struct capture *c, const struct place *p)
{
    uint8_t *both = addresses_of(p), swap[16];
    if (draw(c, 2)) {
        both[p->address * (1 + draw(c, 2)) - 1] = (uint8_t)draw(c, 256);
        return;
    }
    memcpy(swap, both, p->address);
    memmove(both, both + p->address, p->address);
    memcpy(both + p->address, swap, p->address);
}

static void change_ports(struct capture *c, const struct place *p)
{
    if (p->inside_size < 8)
        return;
    if (draw(c, 5) == 0) { /* an answer has them the other way round */
        uint8_t swap[2] = {p->inside[0], p->inside[1]};
        memcpy(p->inside, p->inside + 2, 2);
        memcpy(p->inside + 2, swap, 2);
        return;
    }
    nudge16(c, p->inside + 2 * draw(c, 4));
}

static void change_kind(struct capture *c, const struct place *p)
{
    static const uint8_t protocols[] = {IP_ICMP, IP_TCP, IP_UDP, IP_DCCP, IP_ICMP6, IP_SCTP, IP_UDPLITE, 50};
    static const uint8_t types[] = {0, 3, 8, 11, 5, 12, 128, 129, 1, 2, 4};
    if (p->protocol == IP_TCP && p->inside_size > 13)
        p->inside[13] = (uint8_t)draw(c, 64);
    else if ((p->protocol == IP_ICMP || p->protocol == IP_ICMP6) && p->inside_size > 1 && draw(c, 3))
        p->inside[draw(c, 2)] = types[draw(c, sizeof types)];
    else
        p->ip[p->address == 4 ? 9 : 6] = protocols[draw(c, sizeof protocols)];
}

static void change_lengths(struct capture *c, unsigned i, const struct place *p)
{
    switch (draw(c, 4)) {
    case 0:
        nudge16(c, p->ip + (p->address == 4 ? 2 : 4));
        break;
    case 1: /* fragments, and DF */
        nudge16(c, p->ip + (p->address == 4 ? 6 : 2));
        break;
    case 2:
        set32(c, c->at[i] + 12, get32(c, c->at[i] + 8) + draw(c, 100));
        break;
    default:
        if (p->inside_size > 8)
            nudge16(c, p->inside + draw(c, (uint32_t)p->inside_size - 1));
        break;
    }
}

static void change_fields(struct capture *c, unsigned i)
{
    struct place p;
    if (!find_packet(c, i, &p))
        return;
    switch (draw(c, 6)) {
    case 0:
        change_ttl(c, &p);
        break;
    case 1:
        nudge16(c, p.ip + 4); /* IPv4 id, or an IPv6 length */
        break;
    case 2:
        change_addresses(c, &p);
        break;
    case 3:
        change_ports(c, &p);
        break;
    case 4:
        change_kind(c, &p);
        break;
    default:
        change_lengths(c, i, &p);
        break;
    }
}

/* The next probe of a ladder: a copy, later, with its TTL and a counter raised. */
static void go_on(struct capture *c, unsigned i)
{
    unsigned count = c->count;
    copy_record(c, i, i + 1);
    struct place p;
    if (c->count == count || !find_packet(c, i + 1, &p))
        return;
    p.ip[p.address == 4 ? 8 : 7]++;
    if (p.address == 4)
        p.ip[5]++;
    if (p.inside_size >= 4)
        p.inside[3]++;
    set32(c, c->at[i + 1] + 4, get32(c, c->at[i + 1] + 4) + 1000);
}

/* An ICMPv4 error about a packet, from a router near it, behind it. */
static void let_expire(struct capture *c, unsigned i)
{
    struct place p;
    size_t start = c->at[i] + RECORD_HEADER, quoted = start + c->link_header;
    if (quoted >= c->at[i + 1] || !find_ip(c->bytes + quoted, c->at[i + 1] - quoted, &p) || p.address != 4)
        return;
    size_t quote = p.size < 28 ? p.size : 28, length = c->link_header + 28 + quote;
    uint8_t made[RECORD_HEADER + 128] = {0};
    memcpy(made, c->bytes + c->at[i], RECORD_HEADER + c->link_header);
    uint8_t *ip = made + RECORD_HEADER + c->link_header;
    memcpy(ip + 28, p.ip, quote);
    ip[0] = 0x45;
    ip[3] = (uint8_t)(28 + quote);
    ip[8] = (uint8_t)(64 - p.ip[8]);
    ip[9] = IP_ICMP;
    ip[12] = 10;
    ip[14] = p.ip[8];
    memcpy(ip + 16, p.ip + 12, 4);
    ip[20] = draw(c, 4) ? 11 : 3;
    ip[28 + 8] = 1;
    size_t at = c->at[i + 1];
    if (!make_room(c, at, RECORD_HEADER + length))
        return;
    memcpy(c->bytes + at, made, RECORD_HEADER + length);
    set32(c, at + 4, get32(c, at + 4) + 300);
    set32(c, at + 8, (uint32_t)length);
    set32(c, at + 12, (uint32_t)length);
    find_records(c);
}

static void mutate(struct capture *c)
{
    unsigned i = draw(c, c->count);
    switch (draw(c, 12)) {
    case 0:
        copy_record(c, i, draw(c, c->count + 1));
        break;
    case 1:
        remove_record(c, i);
        break;
    case 2:
        copy_record(c, i, draw(c, c->count + 1));
        remove_record(c, draw(c, c->count));
        break;
    case 3:
        age(c, i);
        break;
    case 4:
    case 5:
        go_on(c, i);
        break;
    case 6:
        let_expire(c, i);
        break;
    default:
        change_fields(c, i);
        break;
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    struct capture c = {.bytes = data, .size = size, .most = most, .random = seed};
    if (draw(&c, 4) == 0 || !is_classic(&c))
        return LLVMFuzzerMutate(data, size, most);
    for (unsigned left = 1 + draw(&c, 6); left > 0; left--)
        mutate(&c);
    return c.size;
}

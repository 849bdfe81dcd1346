/* SPDX-License-Identifier: BSD-2-Clause */
/* Captures of a pair as files: pcap and pcapng (draft-ietf-opsawg-pcapng), with a link layer. */
#include <stdio.h>
#include <string.h>

#include "packet/checksum.h"
#include "pairs/pair.h"
#include "sim/pkt.h"

struct link_row {
    uint32_t linktype;
    size_t (*add)(uint8_t *at, bool six, size_t length);
};

static size_t add_type(uint8_t *at, bool six)
{
    pkt_put16(at, six ? 0x86dd : 0x0800);
    return 2;
}

static size_t add_ethernet(uint8_t *at, bool six, size_t length)
{
    (void)length;
    memcpy(at, "\x02\0\0\0\0\1\x02\0\0\0\0\2", 12);
    return 12 + add_type(at + 12, six);
}

static size_t add_vlan(uint8_t *at, bool six, size_t length)
{
    size_t ethernet = add_ethernet(at, six, length);
    pkt_put16(at + 12, 0x8100);
    pkt_put16(at + 14, 42);
    return ethernet + 2 + add_type(at + 16, six);
}

static size_t add_sll(uint8_t *at, bool six, size_t length)
{
    (void)length;
    memset(at, 0, 16);
    pkt_put16(at + 2, 1);
    pkt_put16(at + 4, 6);
    return 14 + add_type(at + 14, six);
}

static size_t add_sll2(uint8_t *at, bool six, size_t length)
{
    (void)length;
    memset(at, 0, 20);
    add_type(at, six);
    pkt_put32(at + 4, 2);
    pkt_put16(at + 8, 1);
    at[11] = 6;
    return 20;
}

static size_t add_nothing(uint8_t *at, bool six, size_t length)
{
    (void)at;
    (void)six;
    (void)length;
    return 0;
}

static size_t add_vxlan(uint8_t *at, bool six, size_t length)
{
    static const uint8_t outer[] = {0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 77, 0, 1, 10, 77, 0, 2};
    size_t begin = add_ethernet(at, false, 0), inner = 14 + length;
    uint8_t *ip = at + begin, *udp = ip + 20;
    memcpy(ip, outer, sizeof outer);
    pkt_put16(ip + 2, (uint16_t)(20 + 8 + 8 + inner));
    pkt_put16(ip + 10, checksum_finish(checksum_add(0, ip, 20)));
    pkt_put16(udp, 49999);
    pkt_put16(udp + 2, 4789);
    pkt_put16(udp + 4, (uint16_t)(8 + 8 + inner));
    pkt_put16(udp + 6, 0);
    memcpy(udp + 8, "\x08\0\0\0\0\0\x2a\0", 8);
    return begin + 20 + 16 + add_ethernet(udp + 16, six, length);
}

static const struct link_row links[PAIR_LINKS] = {
    [PAIR_ETHERNET] = {1, add_ethernet}, [PAIR_VLAN] = {1, add_vlan},     [PAIR_SLL] = {113, add_sll},
    [PAIR_SLL2] = {276, add_sll2},       [PAIR_RAW] = {101, add_nothing}, [PAIR_VXLAN] = {1, add_vxlan},
};

/* In the byte order of this machine, as both formats allow. */
static void write_u32s(FILE *file, const uint32_t *values, size_t count)
{
    fwrite(values, 4, count, file);
}

static void begin_classic(FILE *file, const struct pair_point *point)
{
    write_u32s(file,
               (const uint32_t[]){point->coarse ? 0xa1b2c3d4 : 0xa1b23c4d, 4U << 16 | 2, 0, 0, 262144,
                                  links[point->link].linktype},
               6);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#error "the version is written for little-endian machines"
#endif
}

static void begin_pcapng(FILE *file, const struct pair_point *point)
{
    const uint32_t resolution = point->coarse ? 6 : 9;
    write_u32s(file, (const uint32_t[]){0x0a0d0d0a, 28, 0x1a2b3c4d, 1, UINT32_MAX, UINT32_MAX, 28}, 7);
    write_u32s(file, (const uint32_t[]){1, 32, links[point->link].linktype, 0, 1U << 16 | 9, resolution, 0, 32}, 8);
}

void pair_frame(const struct pair *pair, enum pair_side side, size_t i, uint8_t room[PAIR_FRAME_MOST],
                struct frame *out)
{
    const struct pair_point *point = &pair->plan.points[side];
    const struct pair_capture *capture = &pair->captures[side];
    const struct pair_frame *frame = &capture->frames[i];
    const uint8_t *packet = capture->bytes + frame->offset;
    size_t link = links[point->link].add(room, packet[0] >> 4 == 6, frame->length);
    memcpy(room + link, packet, frame->captured);
    *out = (struct frame){.bytes = room,
                          .captured = (uint32_t)link + frame->captured,
                          .length = (uint32_t)link + frame->length,
                          .linktype = (uint16_t)links[point->link].linktype,
                          .number = i + 1,
                          .time = frame->time};
}

static void write_classic(FILE *file, const struct pair_point *point, const struct frame *frame)
{
    nstime unit = point->coarse ? NS_PER_US : 1;
    write_u32s(file,
               (const uint32_t[]){(uint32_t)(frame->time / NS_PER_S), (uint32_t)(frame->time % NS_PER_S / unit),
                                  frame->captured, frame->length},
               4);
    fwrite(frame->bytes, 1, frame->captured, file);
}

static void write_pcapng(FILE *file, const struct pair_point *point, const struct frame *frame)
{
    uint64_t units = (uint64_t)(point->coarse ? frame->time / NS_PER_US : frame->time);
    uint32_t padding = (4 - frame->captured % 4) % 4, size = 32 + frame->captured + padding;
    write_u32s(file,
               (const uint32_t[]){6, size, 0, (uint32_t)(units >> 32), (uint32_t)units, frame->captured, frame->length},
               7);
    fwrite(frame->bytes, 1, frame->captured, file);
    fwrite("\0\0\0", 1, padding, file);
    write_u32s(file, &size, 1);
}

bool pair_write(const struct pair *pair, enum pair_side side, const char *path)
{
    static uint8_t room[PAIR_FRAME_MOST]; /* too large for the stack */
    const struct pair_point *point = &pair->plan.points[side];
    struct frame frame;
    FILE *file = fopen(path, "wb");
    if (!file)
        return false;
    if (point->classic)
        begin_classic(file, point);
    else
        begin_pcapng(file, point);
    for (size_t i = 0; i < pair->captures[side].count; i++) {
        pair_frame(pair, side, i, room, &frame);
        if (point->classic)
            write_classic(file, point, &frame);
        else
            write_pcapng(file, point, &frame);
    }
    bool failed = ferror(file);
    return fclose(file) == 0 && !failed;
}

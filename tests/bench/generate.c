/* SPDX-License-Identifier: BSD-2-Clause */
/* generate: large captures for the bench of replay. Ethernet, nanoseconds, deterministic.
 *
 *   generate SCENE PACKETS SEED OUTPUT        prints what is in it: packets, bytes, traces or flows
 *
 * SCENE: tools, mass or ordinary; see scene.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bench/scene.h"

#define ETHERNET_BYTES 14

static void write_u32s(struct output *o, const uint32_t *values, size_t count)
{
    fwrite(values, sizeof *values, count, o->file);
    o->bytes += count * sizeof *values;
}

static void write_header(struct output *o)
{
    static const uint32_t header[] = {0xa1b23c4d, 4u << 16 | 2, 0, 0, 262144, 1};
    write_u32s(o, header, sizeof header / sizeof *header);
}

void output_packet(struct output *o, nstime time, bool leaves, const uint8_t *packet, size_t length)
{
    static const uint8_t addresses[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
    uint8_t ethernet[ETHERNET_BYTES];
    bool v6 = packet[0] >> 4 == 6;
    uint32_t whole = (uint32_t)(ETHERNET_BYTES + length);
    uint32_t header[] = {(uint32_t)(time / NS_PER_S), (uint32_t)(time % NS_PER_S), whole, whole};
    memcpy(ethernet, addresses + (leaves ? 0 : 6), 12);
    ethernet[12] = v6 ? 0x86 : 0x08;
    ethernet[13] = v6 ? 0xdd : 0x00;
    write_u32s(o, header, 4);
    fwrite(ethernet, 1, sizeof ethernet, o->file);
    fwrite(packet, 1, length, o->file);
    o->bytes += whole;
    o->packets++;
}

struct craft_address scene_address(bool v6, uint32_t net, uint32_t host)
{
    struct craft_address a = {.v6 = v6};
    size_t at = 0;
    if (v6) {
        static const uint8_t prefix[] = {0x20, 0x01, 0x0d, 0xb8};
        memcpy(a.bytes, prefix, sizeof prefix);
        a.bytes[7] = (uint8_t)net;
        at = 12;
    }
    for (unsigned i = 0; i < 4; i++)
        a.bytes[at + i] = (uint8_t)((v6 ? host : net << 24 | (host & 0xffffff)) >> (24 - 8 * i));
    return a;
}

size_t scene_fill(uint8_t *out, size_t length, uint8_t first)
{
    for (size_t i = 0; i < length; i++)
        out[i] = (uint8_t)(first + i);
    return length;
}

static const struct {
    const char *name;
    uint64_t (*play)(struct output *o, struct rng rng);
} scenes[] = {{"tools", scene_tools}, {"mass", scene_mass}, {"ordinary", scene_ordinary}};

static uint64_t (*find_scene(const char *name))(struct output *, struct rng)
{
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++)
        if (strcmp(name, scenes[i].name) == 0)
            return scenes[i].play;
    return NULL;
}

int main(int argc, char *argv[])
{
    uint64_t (*play)(struct output *, struct rng) = argc == 5 ? find_scene(argv[1]) : NULL;
    if (!play) {
        fprintf(stderr, "usage: generate SCENE PACKETS SEED OUTPUT\n");
        return 2;
    }
    struct output output = {.file = fopen(argv[4], "wb"), .packets_most = strtoull(argv[2], NULL, 10)};
    if (!output.file) {
        fprintf(stderr, "generate: %s: %s\n", argv[4], strerror(errno));
        return 3;
    }
    setvbuf(output.file, NULL, _IOFBF, 1 << 20);
    write_header(&output);
    uint64_t begun = play(&output, rng_init(strtoull(argv[3], NULL, 10)));
    bool failed = ferror(output.file);
    if (fclose(output.file) != 0 || failed) {
        fprintf(stderr, "generate: %s: cannot write: %s\n", argv[4], strerror(errno));
        return 3;
    }
    printf("%" PRIu64 " packets, %" PRIu64 " bytes, %" PRIu64 " traces or flows\n", output.packets, output.bytes,
           begun);
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* make_pair: `make_pair SEED FOLDER` writes the pair of a seed: near.pcap, far.pcap, and truth.txt, a line a packet.
 * `make_pair SEED FOLDER fuzz` writes seed-SEED instead, an input of fuzz_transit (tests/fuzz/fuzz_transit.c). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pairs/pair.h"

#define FUZZ_FRAME_MOST 160 /* bytes of a frame; more only slow a fuzzer down */
#define FUZZ_TIME_FROM (INT64_C(1700000000) * NS_PER_S)
#define FUZZ_TIME_LATER (7200 * NS_PER_S) /* a clock may be behind */

static uint8_t room[PAIR_FRAME_MOST];

static FILE *create(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file) {
        perror(path);
        exit(3);
    }
    return file;
}

/* True time; -1: it never passed the point. */
static int64_t microseconds(nstime at)
{
    return at == NSTIME_NONE ? -1 : at / NS_PER_US;
}

static void write_truth(const struct pair *pair, FILE *file)
{
    static const char *const origins[] = {"host", "forged", "router", "elsewhere"};
    char text[1024];
    pair_describe(&pair->plan, text, sizeof text);
    fprintf(file, "# %s\n# offset of the far clock at 0 s: %" PRId64 " ns\n", text, pair_offset(&pair->plan, 0));
    fprintf(file, "# way flow kind sequence bytes near-frame far-frame origin fate near-us far-us\n");
    for (size_t i = 0; i < pair->count; i++) {
        const struct pair_crossing *c = &pair->crossings[i];
        fprintf(file, "%s %u %s %" PRIu32 " %u %" PRIu32 " %" PRIu32 " %s %s %" PRId64 " %" PRId64 "%s\n",
                c->way ? "toward-near" : "toward-far", c->flow, c->kind, c->sequence, c->payload, c->frames[0],
                c->frames[1], origins[c->origin], c->lost ? "lost" : "arrived", microseconds(c->at[0]),
                microseconds(c->at[1]), c->copies[!c->way] ? " doubled" : "");
    }
}

static uint8_t link_code(uint16_t linktype)
{
    return linktype == 1 ? 1 : linktype == 113 ? 3 : linktype == 276 ? 4 : 0;
}

static void write_fuzz_frame(const struct pair *pair, enum pair_side side, size_t i, FILE *file)
{
    struct frame frame;
    pair_frame(pair, side, i, room, &frame);
    uint32_t captured = frame.captured < FUZZ_FRAME_MOST ? frame.captured : FUZZ_FRAME_MOST;
    uint32_t cut = (frame.length - captured) / 100;
    uint64_t time = (uint64_t)((frame.time - FUZZ_TIME_FROM + FUZZ_TIME_LATER) / NS_PER_US);
    uint8_t head[9] = {
        (uint8_t)((unsigned)side | (unsigned)link_code(frame.linktype) << 1 | (unsigned)(cut < 15 ? cut : 15) << 4)};
    memcpy(head + 1, &time, 6); /* little-endian, as write.c asks for */
    head[7] = (uint8_t)captured;
    head[8] = (uint8_t)(captured >> 8);
    fwrite(head, 1, sizeof head, file);
    fwrite(frame.bytes, 1, captured, file);
}

/* Frames of both points in the order of true time. */
static void write_fuzz_input(const struct pair *pair, FILE *file)
{
    size_t at[2] = {0, 0};
    const struct pair_capture *near = &pair->captures[PAIR_NEAR], *far = &pair->captures[PAIR_FAR];
    while (at[0] < near->count || at[1] < far->count) {
        bool is_far = at[0] >= near->count ||
                      (at[1] < far->count && far->frames[at[1]].true_time < near->frames[at[0]].true_time);
        write_fuzz_frame(pair, is_far ? PAIR_FAR : PAIR_NEAR, at[is_far]++, file);
    }
}

static void write_captures(const struct pair *pair, const char *folder)
{
    static const char *const names[] = {"near.pcap", "far.pcap"};
    for (int side = 0; side < 2; side++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, names[side]);
        if (!pair_write(pair, (enum pair_side)side, path)) {
            perror(path);
            exit(3);
        }
    }
    FILE *truth = create(folder, "truth.txt");
    write_truth(pair, truth);
    fclose(truth);
}

int main(int argc, char **argv)
{
    bool fuzz = argc == 4 && strcmp(argv[3], "fuzz") == 0;
    if (argc != 3 && !fuzz) {
        fprintf(stderr, "usage: make_pair SEED FOLDER [fuzz]\n");
        return 2;
    }
    struct pair pair;
    struct pair_plan plan = pair_draw(strtoull(argv[1], NULL, 10));
    pair_run(&pair, &plan);
    if (fuzz) {
        char name[64];
        snprintf(name, sizeof name, "seed-%" PRIu64, plan.seed);
        FILE *file = create(argv[2], name);
        write_fuzz_input(&pair, file);
        fclose(file);
    } else {
        write_captures(&pair, argv[2]);
    }
    pair_free(&pair);
    return 0;
}

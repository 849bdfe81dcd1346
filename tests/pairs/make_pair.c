/* SPDX-License-Identifier: BSD-2-Clause */
/* make_pair: `make_pair SEED FOLDER` writes the pair of a seed: near.pcap, far.pcap, and truth.txt, a line a packet. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "pairs/pair.h"

static const char *const origins[] = {"host", "forged", "router", "elsewhere"};

static void write_truth(const struct pair *pair, FILE *file)
{
    char text[1024];
    pair_describe(&pair->plan, text, sizeof text);
    fprintf(file, "# %s\n# offset of the far clock at 0 s: %" PRId64 " ns\n", text, pair_offset(&pair->plan, 0));
    fprintf(file, "# way flow protocol sequence bytes near-frame far-frame origin fate\n");
    for (size_t i = 0; i < pair->count; i++) {
        const struct pair_crossing *c = &pair->crossings[i];
        fprintf(file, "%s %u %u %" PRIu32 " %u %" PRIu32 " %" PRIu32 " %s %s%s\n",
                c->way ? "toward-near" : "toward-far", c->flow, c->protocol, c->sequence, c->payload, c->frames[0],
                c->frames[1], origins[c->origin], c->lost ? "lost" : "arrived", c->copies[!c->way] ? " doubled" : "");
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: make_pair SEED FOLDER\n");
        return 2;
    }
    char path[4096];
    struct pair pair;
    struct pair_plan plan = pair_draw(strtoull(argv[1], NULL, 10));
    pair_run(&pair, &plan);
    snprintf(path, sizeof path, "%s/near.pcap", argv[2]);
    bool done = pair_write(&pair, PAIR_NEAR, path);
    snprintf(path, sizeof path, "%s/far.pcap", argv[2]);
    done = done && pair_write(&pair, PAIR_FAR, path);
    snprintf(path, sizeof path, "%s/truth.txt", argv[2]);
    FILE *truth = done ? fopen(path, "w") : NULL;
    if (!truth) {
        perror("make_pair");
        return 3;
    }
    write_truth(&pair, truth);
    fclose(truth);
    pair_free(&pair);
    return 0;
}

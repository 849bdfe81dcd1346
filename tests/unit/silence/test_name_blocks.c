/* SPDX-License-Identifier: BSD-2-Clause */
/* Residual blocking, as the samples of a control show it. */
#include <stdio.h>
#include <string.h>

#include "silence/name_blocks.h"
#include "tap.h"

#define MOST 0.01

/* A letter a second: P passed; S is silent; T was stopped by a reply; D is doubtful. `named`: a name was sent so many
 * seconds after the start. `want`: since, last and until of each block, in seconds; - for one that goes on. */
static const struct row {
    const char *name, *samples;
    int named;
    const char *want;
} rows[] = {
    {"nothing is stopped", "PPPPPP", 3, ""},
    {"all is stopped", "SSSSSS", 3, ""},
    {"it goes on", "PPPPSSSS", 3, "4 7 -"},
    {"three silences may be loss", "PPPPSSS", 3, ""},
    {"fewer are needed where more passed", "PPPPPPPPPPSSS", 3, "10 12 -"},
    {"it ends", "PPPPSSSSSP", 3, "4 8 9"},
    {"it begins before a name was sent", "PPPPSSSSSP", 5, ""},
    {"twice", "PPPPSSSSPPSSSSP", 3, "4 7 8, 10 13 14"},
    {"silences before are loss", "PSSPPSSSS", 3, ""},
    {"replies are none, whatever was lost before", "PSSPPTTTTT", 4, "5 9 -"},
    {"replies beside them may be chance", "PTPPTTTT", 3, ""},
    {"it begins and ends with doubtful samples", "PPPPDSSSSDP", 3, "4 8 10"},
    {"doubtful ones before a name was sent", "PPPPDDSSSS", 5, "6 9 -"},
    {"doubtful ones do not count", "PPPPDSSSD", 3, ""},
    {"doubtful ones alone", "PPPPDDDDP", 3, ""},
    {"doubtful ones, and a run behind", "PPPDPSSSSS", 2, "5 9 -"},
    {"every second sample", "PSPSPSPS", 0, ""},
};

static void describe(const struct name_blocks *blocks, char text[256])
{
    size_t at = 0;
    *text = '\0';
    for (unsigned i = 0; i < blocks->count; i++) {
        const struct name_block *block = &blocks->all[i];
        at += (size_t)snprintf(text + at, 256 - at, "%s%d %d ", i ? ", " : "", (int)(block->since / NS_PER_S),
                               (int)(block->last / NS_PER_S));
        if (block->until == NSTIME_NEVER)
            at += (size_t)snprintf(text + at, 256 - at, "-");
        else
            at += (size_t)snprintf(text + at, 256 - at, "%d", (int)(block->until / NS_PER_S));
    }
}

static void test_row(const struct row *row)
{
    struct name_sample samples[32] = {0};
    struct name_blocks blocks;
    char got[256];
    unsigned count = (unsigned)strlen(row->samples);
    for (unsigned i = 0; i < count; i++)
        samples[i] = (struct name_sample){.sent = i * NS_PER_S,
                                          .end = row->samples[i] == 'P'   ? END_PASSED
                                                 : row->samples[i] == 'D' ? END_DOUBTFUL
                                                                          : END_STOPPED,
                                          .is_told = row->samples[i] == 'T'};
    name_blocks_find(samples, count, row->named * NS_PER_S, MOST, &blocks);
    describe(&blocks, got);
    is_text(got, row->want, "%s", row->name);
}

static void test_times(void)
{
    const struct name_blocks blocks = {.count = 2, .all = {{10, 12, 15}, {20, 22, NSTIME_NEVER}}};
    ok(!name_blocks_at(&blocks, 9), "before the first");
    ok(name_blocks_at(&blocks, 10) == &blocks.all[0] && name_blocks_at(&blocks, 14) == &blocks.all[0],
       "from its first sample to the next one that passes");
    ok(!name_blocks_at(&blocks, 15), "between both");
    ok(name_blocks_at(&blocks, 1000) == &blocks.all[1], "one that goes on");
}

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        test_row(&rows[i]);
    test_times();
    return tap_done();
}

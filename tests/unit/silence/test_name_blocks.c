/* SPDX-License-Identifier: BSD-2-Clause */
/* Residual blocking, as the samples of a control show it. */
#include <stdio.h>
#include <string.h>

#include "silence/name_blocks.h"
#include "tap.h"

/* A letter a second: of the control P passed, S is silent, T was stopped by a reply, D is doubtful. N: a named sample
 * was stopped. `named`: the first of these left so many seconds after the start. `want`: since, last and until of each
 * block, in seconds; - for one that goes on. */
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
    {"one sample after each name", "PPPPPPNTPNTPNTP", 6, "7 7 8, 10 10 11, 13 13 14"},
    {"two samples after each name", "PPPPPPNTTPNTPNTTP", 6, "7 8 9, 11 11 12, 14 15 16"},
    {"silences after each name", "PPPPNSPNSPNSPNSP", 4, "5 5 6, 8 8 9, 11 11 12, 14 14 15"},
    {"one sample, after one name", "PPPPNTPP", 4, ""},
    {"after each name, and before", "PPTPNTPNTPTPNTP", 4, ""},
    {"after each name and after none", "PPPPNTPTPNTPTPNTPTP", 4, ""},
    {"doubtful samples before those that are stopped", "PPPPPPDNTPDNTPNDTP", 5, "6 8 9, 10 12 13, 15 16 17"},
    {"not after each name", "PPPPPPPPNTPNPNTPNTPNTPNTP", 8, "9 9 10, 14 14 15, 17 17 18, 20 20 21, 23 23 24"},
    {"the control passed once since the name", "PPPPPPNPTPNPTPNPTP", 6, ""},
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

static void test_row(const struct row *row, const struct name_chances *most)
{
    struct name_samples samples = {0};
    struct name_times named = {.first = row->named * NS_PER_S};
    struct name_blocks blocks;
    char got[256];
    for (int i = 0; row->samples[i]; i++) {
        char letter = row->samples[i];
        if (letter == 'N')
            named.stopped[named.count++] = i * NS_PER_S;
        else
            samples.all[samples.count++] = (struct name_sample){.sent = i * NS_PER_S,
                                                                .end = letter == 'P'   ? END_PASSED
                                                                       : letter == 'D' ? END_DOUBTFUL
                                                                                       : END_STOPPED,
                                                                .is_told = letter == 'T'};
    }
    name_blocks_find(&samples, &named, most, &blocks);
    describe(&blocks, got);
    is_text(got, row->want, "%s", row->name);
}

/* If each exposed run may be a block, one stopped sample is enough. */
static void test_drawn(void)
{
    const struct name_chances most = {0.01, 1};
    const struct row exposed = {"a name draws it, whatever loss explains", "PPPNTP", 3, "4 4 5"},
                     other = {"no name draws it", "PPPNPTP", 3, ""};
    test_row(&exposed, &most);
    test_row(&other, &most);
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
        test_row(&rows[i], &(struct name_chances){0.01, 0.01});
    test_drawn();
    test_times();
    return tap_done();
}

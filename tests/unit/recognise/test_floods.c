/* SPDX-License-Identifier: BSD-2-Clause */
/* The recogniser's bounds: for any capture, it needs no more memory than it says, and it accounts for every frame. How
 * its time grows is measured by `make bench BENCH=hostile`. */
#include <malloc.h>
#include <stdlib.h>

#include "recognise/recognise.h"
#include "tap.h"
#include "unit/support/flood.h"

#define FRAMES 200000 /* of each; FLOOD_FRAMES in the environment: more */
#define MEMORY_MOST (64 << 20)

/* --- every allocation of this program, counted: linked with --wrap --- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *memory);

static size_t in_use, most_in_use;
static unsigned fail_every, asked; /* 0: no allocation fails */

static bool fails(void)
{
    return fail_every && ++asked % fail_every == 0;
}

static void *counted(void *memory)
{
    in_use += memory ? malloc_usable_size(memory) : 0;
    most_in_use = in_use > most_in_use ? in_use : most_in_use;
    return memory;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : counted(__real_calloc(count, size));
}

/* Both are there while one is copied to the other. */
void *__wrap_realloc(void *memory, size_t size)
{
    size_t before = memory ? malloc_usable_size(memory) : 0;
    void *moved = fails() ? NULL : __real_realloc(memory, size);
    if (!moved)
        return NULL;
    counted(moved);
    in_use -= before;
    return moved;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : counted(__real_aligned_alloc(alignment, size));
}

void __wrap_free(void *memory)
{
    in_use -= memory ? malloc_usable_size(memory) : 0;
    __real_free(memory);
}

/* --- a flood --- */

static uint32_t frames = FRAMES;

struct streamed {
    uint64_t probes, replies, errors, traces;
};

static void on_probe(void *context, const struct trace *trace, const struct probe *probe)
{
    struct streamed *streamed = context;
    streamed->probes += !trace->origin.inferred;
    streamed->replies += probe->reply_count;
}

static void on_trace(void *context, const struct trace *trace)
{
    struct streamed *streamed = context;
    (void)trace;
    streamed->traces++;
}

static void on_error(void *context, const struct other_error *error)
{
    struct streamed *streamed = context;
    (void)error;
    streamed->errors++;
}

static uint64_t strays_of(const struct recognition *found)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < found->counters.common.stray_kinds; i++)
        sum += found->counters.common.strays[i].count;
    return sum;
}

static void feed(struct recogniser *r, const struct flood *flood, uint32_t count)
{
    uint8_t bytes[FLOOD_BYTES] = {0};
    for (uint32_t n = 0; n < count; n++) {
        struct frame frame = flood_frame(flood, n, bytes);
        struct packet packet;
        packet_decode(&frame, &packet);
        recogniser_frame(r, 0, &frame, &packet);
    }
}

static void test_flood(const struct flood *flood)
{
    struct streamed streamed = {0};
    const struct recogniser_events events = {
        .context = &streamed, .probe = on_probe, .trace = on_trace, .error = on_error};
    struct err err;
    size_t before = in_use;
    most_in_use = in_use;
    struct recogniser *r = recogniser_new(&(struct recogniser_config){.secret = 0x123456789abcdef}, &events, &err);
    feed(r, flood, frames);
    recogniser_finish(r);
    const struct recognition *found = recogniser_result(r);
    const struct recognition_counters *c = &found->counters;
    bool sums = c->common.frames == frames && c->probes + c->replies + c->errors + strays_of(found) == frames;
    bool same = streamed.probes == c->probes && streamed.replies == c->replies && streamed.errors == c->errors &&
                streamed.traces == found->traces_found;
    if (!ok(sums && same, "%s: every frame is accounted for", flood->name))
        printf(
            "# %llu probes, streamed %llu; %llu replies, streamed %llu; %llu errors, streamed %llu; %llu strays; traces %llu, "
            "streamed %llu\n",
            (unsigned long long)c->probes, (unsigned long long)streamed.probes, (unsigned long long)c->replies,
            (unsigned long long)streamed.replies, (unsigned long long)c->errors, (unsigned long long)streamed.errors,
            (unsigned long long)strays_of(found), (unsigned long long)found->traces_found,
            (unsigned long long)streamed.traces);
    recogniser_free(r);
    ok(most_in_use - before <= MEMORY_MOST, "%s: %.1f MiB at the most", flood->name,
       (double)(most_in_use - before) / (1 << 20));
    is_num(in_use, before, "%s: nothing is left", flood->name);
}

/* One after another, while the recogniser still holds the rest of those before: their stamps go on. */
static void test_all(void)
{
    struct err err;
    size_t before = in_use;
    most_in_use = in_use;
    struct recogniser *r = recogniser_new(&(struct recogniser_config){.secret = 0x123456789abcdef}, NULL, &err);
    uint8_t bytes[FLOOD_BYTES] = {0};
    uint32_t total = 0;
    for (size_t i = 0; floods[i].name; i++)
        for (uint32_t n = 0; n < frames / 2; n++, total++) {
            struct frame frame = flood_frame(&floods[i], n, bytes);
            struct packet packet;
            frame.time = INT64_C(1700000000) * NS_PER_S + total * NS_PER_US;
            packet_decode(&frame, &packet);
            recogniser_frame(r, 0, &frame, &packet);
        }
    recogniser_finish(r);
    const struct recognition *found = recogniser_result(r);
    is_num(found->counters.probes + found->counters.replies + found->counters.errors + strays_of(found), total,
           "all floods after each other: every frame is accounted for");
    recogniser_free(r);
    ok(most_in_use - before <= MEMORY_MOST, "%.1f MiB at the most", (double)(most_in_use - before) / (1 << 20));
}

/* Memory that comes and goes: nothing breaks, and nothing is left. */
static void test_short_of_memory(void)
{
    static const unsigned often[] = {1, 2, 3, 5, 11, 29, 101, 499};
    size_t before = in_use;
    for (size_t k = 0; k < sizeof often / sizeof *often; k++)
        for (size_t i = 0; floods[i].name; i++)
            for (unsigned keep = 0; keep < 2; keep++) {
                struct err err;
                struct recogniser *r =
                    recogniser_new(&(struct recogniser_config){.keep = keep, .secret = 5}, NULL, &err);
                fail_every = often[k];
                asked = 0;
                feed(r, &floods[i], 3000);
                recogniser_finish(r);
                fail_every = 0;
                recogniser_free(r);
                fail_every = often[k];
                recogniser_free(recogniser_new(&(struct recogniser_config){.secret = 5}, NULL, &err));
                fail_every = 0;
            }
    is_num(in_use, before, "where memory is short, nothing is left");
}

int main(void)
{
    test_short_of_memory();
    const char *more = getenv("FLOOD_FRAMES");
    if (more)
        frames = (uint32_t)strtoul(more, NULL, 10);
    for (size_t i = 0; floods[i].name; i++)
        test_flood(&floods[i]);
    test_all();
    return tap_done();
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Traces grouped by source and target. */
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "tap.h"
#include "verdict/trace_groups.h"

#define MANY 100000

static struct addr address(uint8_t family, unsigned number)
{
    return (struct addr){.family = family,
                         .bytes = {10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number}};
}

static void is_grouped(const char *pairs, const char *want, const char *name)
{
    struct trace traces[16];
    const struct trace *order[16];
    size_t count = 0, some;
    memset(traces, 0, sizeof traces);
    for (const char *pair = pairs; *pair; pair += 2, count++) {
        bool upper = *pair >= 'A' && *pair <= 'Z';
        traces[count].number = (uint32_t)count;
        traces[count].flow.source = address(upper ? 6 : 4, (unsigned)*pair);
        traces[count].flow.target = address(upper ? 6 : 4, (unsigned)pair[1]);
        order[count] = &traces[count];
    }
    struct trace_groups groups;
    struct strbuf text;
    strbuf_init(&text);
    ok(trace_groups_gather(order, count, &groups), "%s", name);
    for (const struct trace *const *set; (set = trace_groups_next(&groups, &some));) {
        for (size_t i = 0; i < some; i++)
            strbuf_addf(&text, "%s%u", i ? " " : "", set[i]->number);
        strbuf_add(&text, ";");
    }
    is_text(text.text, want, "  in order");
    is_num(some, 0, "  and no more");
    strbuf_free(&text);
    trace_groups_free(&groups);
}

/* As many traces as in a busy host's capture; every second one has the same target. A quadratic sort would time out. */
static void check_many(void)
{
    struct trace *traces = calloc(MANY, sizeof *traces);
    const struct trace **order = calloc(MANY, sizeof(struct trace *));
    size_t largest = 0, count = 0, some;
    struct trace_groups groups;
    for (unsigned i = 0; i < MANY; i++) {
        traces[i].flow.target = address(4, i % 2 ? 1 : MANY - i);
        order[i] = &traces[i];
    }
    trace_groups_gather(order, MANY, &groups);
    for (; trace_groups_next(&groups, &some); count++)
        largest = some > largest ? some : largest;
    is_num(count, MANY / 2 + 1, "%d traces", MANY);
    is_num(largest, MANY / 2, "  half of them to one target");
    trace_groups_free(&groups);
    free(order);
    free(traces);
}

int main(void)
{
    is_grouped("", "", "none");
    is_grouped("ax", "0;", "one");
    is_grouped("axaxax", "0 1 2;", "of one source and target");
    is_grouped("azayaz", "0 2;1;", "two targets that alternate, in the order of the first");
    is_grouped("axbxax", "0 2;1;", "two sources");
    is_grouped("axxa", "0;1;", "there and back");
    is_grouped("azAZazayAZbz", "0 2;1 4;3;5;", "two families");
    check_many();
    return tap_done();
}

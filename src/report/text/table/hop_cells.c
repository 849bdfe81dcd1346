/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/table/hop_cells.h"

/* The first cell without an answer; `count`: there is none. */
static unsigned first_star(const struct hop_cells *cells)
{
    unsigned i = 0;
    while (i < cells->count && probe_answer(cells->probes[i]))
        i++;
    return i;
}

static void add_retry(struct hop_cells *out, const struct probe *probe)
{
    bool answered = probe_answer(probe) != NULL;
    out->retries++;
    out->retries_answered += answered;
    unsigned star = answered ? first_star(out) : out->count;
    if (star < out->count)
        out->probes[star] = probe;
}

void hop_cells_of_trace(const struct trace *trace, uint8_t ttl, unsigned most, struct hop_cells *out)
{
    *out = (struct hop_cells){0};
    unsigned limit = most && most < HOP_CELLS_MOST ? most : HOP_CELLS_MOST;
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe)) {
        if (out->count < limit)
            out->probes[out->count++] = probe;
        else if (most)
            add_retry(out, probe);
    }
}

static unsigned count_silent(const struct trace *trace, uint8_t ttl)
{
    unsigned count = 0;
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe))
        count += !probe_answer(probe);
    return count;
}

void hop_cells_of_run(const struct trace_set *specs, const struct trace *trace, uint8_t ttl, unsigned most,
                      struct hop_cells *out)
{
    hop_cells_of_trace(trace, ttl, most, out);
    for (unsigned i = 0; i < specs->count; i++)
        if (specs->traces[i] != trace)
            out->stars += count_silent(specs->traces[i], ttl);
    unsigned room = out->count < most ? most - out->count : 0;
    out->stars = out->stars < room ? out->stars : room;
}

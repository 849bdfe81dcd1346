/* SPDX-License-Identifier: BSD-2-Clause */
#include "monitor/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void rows_free(struct spec_rows *rows)
{
    for (unsigned ttl = 0; ttl < 256; ttl++)
        free(rows->hops[ttl].rows);
}

static int find_row(const struct hop_rows *hop, const struct addr *address)
{
    for (unsigned i = 0; i < hop->count; i++)
        if (addr_equal(&hop->rows[i].address, address))
            return (int)i;
    return -1;
}

/* A row for the address; NULL: memory is short. A row without an address takes the first one. */
static struct router_row *row_for(struct hop_rows *hop, const struct addr *address)
{
    int found = find_row(hop, address);
    if (found < 0 && hop->count == 1 && addr_is_none(&hop->rows[0].address)) {
        hop->rows[0].address = *address;
        found = 0;
    }
    if (found >= 0)
        return &hop->rows[found];
    if (hop->count == ROWS_OF_HOP_MOST)
        return &hop->rows[hop->count - 1];
    struct router_row *grown = realloc(hop->rows, (hop->count + 1) * sizeof *grown);
    if (!grown)
        return NULL;
    hop->rows = grown;
    grown[hop->count] = (struct router_row){.address = *address};
    return &grown[hop->count++];
}

/* The row that the probe counts for, as far as it exists; `current` of its flow is up to date. */
static int row_of(const struct hop_rows *hop, const struct probe *probe)
{
    const struct reply *reply = probe_answer(probe);
    int found = reply ? find_row(hop, &reply->from) : -1;
    if (found >= 0)
        return found;
    if (reply && hop->count == ROWS_OF_HOP_MOST)
        return ROWS_OF_HOP_MOST - 1;
    unsigned current = hop->current[probe->flow];
    return current ? (int)current - 1 : 0;
}

static void add_time(struct running *running, double ms)
{
    running->timed++;
    running->best_ms = running->timed == 1 || ms < running->best_ms ? ms : running->best_ms;
    running->worst_ms = ms > running->worst_ms ? ms : running->worst_ms;
    running->swings += running->timed > 1 ? fabs(ms - running->last_ms) : 0;
    running->last_ms = ms;
    double step = ms - running->mean_ms;
    running->mean_ms += step / (double)running->timed;
    running->squares += step * (ms - running->mean_ms);
}

/* The round-trip time in ms; negative: there is none. */
static double time_of(const struct probe *probe)
{
    const struct reply *reply = probe_answer(probe);
    nstime rtt = reply ? reply_rtt(probe, reply) : NSTIME_NONE;
    return rtt == NSTIME_NONE ? -1 : nstime_ms(rtt);
}

static void count_probe(struct running *running, const struct probe *probe)
{
    double ms = time_of(probe);
    running->sent++;
    running->received += probe->reply_count > 0;
    if (ms >= 0)
        add_time(running, ms);
}

/* Our own host did not send it, or its reply may still come. */
static bool is_open(const struct probe *probe)
{
    return probe->state == PROBE_REFUSED || probe->state == PROBE_OUTSTANDING;
}

void rows_add(struct spec_rows *rows, const struct probe *probe)
{
    struct hop_rows *hop = &rows->hops[probe->ttl];
    const struct reply *reply = probe_answer(probe);
    const struct addr none = {0};
    if (is_open(probe) || probe->flow >= FLOWS_COMPARED_MOST)
        return;
    struct router_row *row =
        reply || !hop->count ? row_for(hop, reply ? &reply->from : &none) : &hop->rows[row_of(hop, probe)];
    if (!row)
        return;
    if (reply)
        hop->current[probe->flow] = (uint8_t)(row - hop->rows + 1);
    count_probe(&row->running, probe);
    double ms = time_of(probe);
    row->times[row->time_count++ % ROW_TIMES_MOST] = (float)ms;
    if (ms >= 0)
        sketch_add(&row->sketch, ms);
}

static void end_stats(const struct running *running, struct row_stats *out)
{
    double n = (double)running->timed;
    *out = (struct row_stats){
        .sent = running->sent,
        .received = running->received,
        .timed = running->timed,
        .loss = running->sent ? 1.0 - (double)running->received / (double)running->sent : 0,
        .last_ms = running->last_ms,
        .avg_ms = running->mean_ms,
        .best_ms = running->best_ms,
        .worst_ms = running->worst_ms,
        .stdev_ms = running->timed > 1 ? sqrt(running->squares / (n - 1)) : 0,
        .jitter_ms = running->timed > 1 ? running->swings / (n - 1) : 0,
    };
}

void rows_stats(const struct spec_rows *rows, uint8_t ttl, unsigned row, const struct trace *trace, size_t settled,
                struct row_stats *out)
{
    const struct hop_rows *hop = &rows->hops[ttl];
    struct running running = hop->rows[row].running;
    for (size_t i = settled; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        if (probe->ttl == ttl && !is_open(probe) && row_of(hop, probe) == (int)row)
            count_probe(&running, probe);
    }
    end_stats(&running, out);
}

unsigned rows_times(const struct spec_rows *rows, uint8_t ttl, unsigned row, const struct trace *trace, size_t settled,
                    float out[ROW_TIMES_MOST])
{
    const struct hop_rows *hop = &rows->hops[ttl];
    float ring[ROW_TIMES_MOST];
    uint32_t next = hop->rows[row].time_count;
    memcpy(ring, hop->rows[row].times, sizeof ring);
    for (size_t i = settled; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        if (probe->ttl == ttl && !is_open(probe) && row_of(hop, probe) == (int)row)
            ring[next++ % ROW_TIMES_MOST] = (float)time_of(probe);
    }
    uint32_t count = next < ROW_TIMES_MOST ? next : ROW_TIMES_MOST;
    for (uint32_t i = 0; i < count; i++)
        out[i] = ring[(next - count + i) % ROW_TIMES_MOST];
    return count;
}

/* Adds the sums of another row (Chan, Golub, LeVeque 1983). Jitter is of each row's own probes. */
static void merge(struct running *sum, const struct running *other)
{
    double n = (double)sum->timed, m = (double)other->timed, step = other->mean_ms - sum->mean_ms;
    sum->sent += other->sent;
    sum->received += other->received;
    if (!other->timed)
        return;
    sum->best_ms = !sum->timed || other->best_ms < sum->best_ms ? other->best_ms : sum->best_ms;
    sum->worst_ms = other->worst_ms > sum->worst_ms ? other->worst_ms : sum->worst_ms;
    sum->last_ms = other->last_ms;
    sum->mean_ms += step * m / (n + m);
    sum->squares += other->squares + step * step * n * m / (n + m);
    sum->swings += other->swings;
    sum->timed += other->timed;
}

void rows_hop_stats(const struct spec_rows *rows, uint8_t ttl, const struct trace *trace, size_t settled,
                    struct row_stats *out)
{
    const struct hop_rows *hop = &rows->hops[ttl];
    struct running sum = {0};
    for (unsigned i = 0; i < hop->count; i++)
        merge(&sum, &hop->rows[i].running);
    if (hop->current[0])
        sum.last_ms = hop->rows[hop->current[0] - 1].running.last_ms;
    for (size_t i = settled; i < trace->probe_count; i++)
        if (trace->probes[i].ttl == ttl && !is_open(&trace->probes[i]))
            count_probe(&sum, &trace->probes[i]);
    end_stats(&sum, out);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "portmap/limited_senders.h"

#include <stdlib.h>
#include <string.h>

#include "silence/rate_limit.h"

/* Errors that a sender without a limit may leave out: of so many, one.
 * Unit: 1. Source: chosen; hardly any path loses as much. Effect: with a larger number, lists on paths with losses take
 * longer; with a smaller one, a limit looks like loss. */
#define ERRORS_MISSED 10

static bool is_by(const struct limited_sender *one, const struct reply *reply)
{
    return one->is_icmp == reply->is_icmp && addr_equal(&one->address, &reply->from);
}

static struct limited_sender *find(struct limited_senders *all, const struct reply *reply)
{
    for (unsigned i = 0; i < all->count; i++)
        if (is_by(&all->of[i], reply))
            return &all->of[i];
    if (all->count == LIMITED_SENDERS_MOST) {
        all->overflowed = true;
        return NULL;
    }
    struct limited_sender *made = &all->of[all->count++];
    *made = (struct limited_sender){.address = reply->from, .is_icmp = reply->is_icmp};
    return made;
}

/* An open port's own answer is not limited. */
static bool is_limited(const struct reply *reply)
{
    return reply_is_limited(reply) || reply->kind == REPLY_RST;
}

/* Counts the answer, or notes it once there is room for all that were counted. */
static void note(struct limited_senders *all, const struct probe *probe, const struct reply *reply, bool counts)
{
    struct limited_sender *one = is_limited(reply) ? find(all, reply) : NULL;
    if (!one)
        return;
    if (counts) {
        one->capacity++;
        return;
    }
    one->times[one->count++] = probe->sent;
    uint32_t *ttls = reply->kind == REPLY_TIME_EXCEEDED ? one->expired : one->refused;
    ttls[probe->ttl >> 5] |= UINT32_C(1) << (probe->ttl & 31);
}

static void gather_trace(struct limited_senders *out, const struct trace *trace, bool counts)
{
    for (size_t i = 0; i < trace->probe_count; i++)
        for (unsigned k = 0; k < trace->probes[i].reply_count; k++)
            if (!trace->probes[i].replies[k].duplicate)
                note(out, &trace->probes[i], &trace->probes[i].replies[k], counts);
}

static void gather(struct limited_senders *out, const struct trace_set *path, const struct trace_set *lists,
                   bool counts)
{
    for (unsigned i = 0; i < path->count; i++)
        gather_trace(out, path->traces[i], counts);
    for (unsigned i = 0; i < lists->count; i++)
        gather_trace(out, lists->traces[i], counts);
}

static int compare_times(const void *a, const void *b)
{
    nstime x = *(const nstime *)a, y = *(const nstime *)b;
    return (x > y) - (x < y);
}

static void sort_times(struct limited_sender *one)
{
    qsort(one->times, one->count, sizeof *one->times, compare_times);
    for (size_t i = RATE_LIMIT_UNLIMITED - 1; i < one->count && !one->sent_many; i++)
        one->sent_many = one->times[i] - one->times[i - (RATE_LIMIT_UNLIMITED - 1)] < RATE_LIMIT_REFILL;
}

bool limited_senders_gather(const struct trace_set *path, const struct trace_set *lists, struct limited_senders *out)
{
    memset(out, 0, sizeof *out);
    out->span = rate_limit_span(path);
    gather(out, path, lists, true);
    for (unsigned i = 0; i < out->count; i++) {
        out->of[i].times = malloc(out->of[i].capacity * sizeof *out->of[i].times);
        if (!out->of[i].times)
            return false;
    }
    gather(out, path, lists, false);
    for (unsigned i = 0; i < out->count; i++)
        sort_times(&out->of[i]);
    return true;
}

bool limited_senders_pace(struct limited_senders *senders, const struct trace_set *lists, unsigned end_ttl,
                          nstime reset_gap)
{
    size_t most = 0;
    senders->reset_gap = reset_gap;
    for (unsigned i = 0; i < lists->count; i++)
        most += lists->traces[i]->probe_count;
    if (!reset_gap)
        return true;
    senders->asked = malloc((most + 1) * sizeof *senders->asked);
    for (unsigned i = 0; senders->asked && i < lists->count; i++)
        for (size_t k = 0; k < lists->traces[i]->probe_count; k++)
            if (lists->traces[i]->probes[k].ttl >= end_ttl)
                senders->asked[senders->asked_count++] = lists->traces[i]->probes[k].sent;
    if (senders->asked)
        qsort(senders->asked, senders->asked_count, sizeof *senders->asked, compare_times);
    return senders->asked != NULL;
}

void limited_senders_free(struct limited_senders *senders)
{
    for (unsigned i = 0; i < senders->count; i++)
        free(senders->of[i].times);
    senders->count = 0;
    free(senders->asked);
    senders->asked = NULL;
}

/* The number of times up to this one. */
static size_t count_until(const nstime *times, size_t count, nstime time)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (times[middle] <= time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Whether no other probe to the end of the path was sent for so long before that the target could reset it. A quarter
 * is left for delays of our sends. */
static bool is_paced(const struct limited_senders *all, nstime sent)
{
    size_t before = count_until(all->asked, all->asked_count, sent - 1);
    return before == 0 || sent - all->asked[before - 1] >= all->reset_gap - all->reset_gap / 4;
}

/* It sends ICMP errors, had sent none for so long that it had a token again, and answered before it could have got
 * another. `before`: its answers up to then. */
static bool was_rested(const struct limited_sender *one, nstime sent, size_t before)
{
    return one->is_icmp && before && before < one->count && rate_limit_is_refilled(one->times[before - 1], sent) &&
           one->times[before] - sent < RATE_LIMIT_REFILL;
}

/* It answered a probe sent just after, or it had rested. */
static bool was_ready(const struct limited_senders *all, const struct limited_sender *one, nstime sent)
{
    if (!one->is_icmp && all->reset_gap)
        return is_paced(all, sent);
    size_t before = count_until(one->times, one->count, sent);
    if (before == one->count)
        return false;
    return one->times[before] - sent <= all->span || was_rested(one, sent, before);
}

/* A bucket that was empty gets one token in the time in which the sender answered two probes, at most. */
static bool was_surely_ready(const struct limited_senders *all, const struct limited_sender *one, nstime sent)
{
    size_t before = count_until(one->times, one->count, sent);
    return was_rested(one, sent, before) || (before + 1 < one->count && one->times[before + 1] - sent <= 2 * all->span);
}

static bool has_bit(const uint32_t bits[8], unsigned ttl)
{
    return bits[ttl >> 5] >> (ttl & 31) & 1;
}

static bool refuses_from(const struct limited_sender *one, unsigned end_ttl)
{
    bool refuses = false;
    for (unsigned ttl = end_ttl; ttl < 256; ttl++)
        refuses = refuses || has_bit(one->refused, ttl);
    return refuses;
}

bool limited_senders_could_refuse(const struct limited_senders *senders, nstime sent, unsigned end_ttl)
{
    bool ready = !senders->overflowed;
    for (unsigned i = 0; i < senders->count && ready; i++)
        ready = !refuses_from(&senders->of[i], end_ttl) || was_ready(senders, &senders->of[i], sent);
    return ready;
}

void limited_senders_miss(struct limited_senders *senders, const struct addr *router)
{
    for (unsigned i = 0; i < senders->count; i++)
        if (senders->of[i].is_icmp && addr_equal(&senders->of[i].address, router))
            senders->of[i].missed++;
}

static bool is_unlimited(const struct limited_sender *one)
{
    return one->sent_many && one->missed * (size_t)ERRORS_MISSED <= one->count;
}

bool limited_senders_are_unlimited(const struct limited_senders *senders, unsigned end_ttl, bool expires)
{
    bool some = false, all = !senders->overflowed;
    for (unsigned i = 0; i < senders->count && all; i++) {
        const struct limited_sender *one = &senders->of[i];
        if (!one->is_icmp || !(refuses_from(one, end_ttl) || (expires && has_bit(one->expired, end_ttl))))
            continue;
        some = true;
        all = is_unlimited(one);
    }
    return some && all;
}

void limited_senders_find_unlimited(const struct limited_senders *senders, uint32_t ttls[8])
{
    for (unsigned i = 0; i < senders->count; i++)
        for (unsigned k = 0; k < 8 && is_unlimited(&senders->of[i]); k++)
            ttls[k] |= senders->of[i].expired[k];
}

bool limited_senders_could_answer(const struct limited_senders *senders, nstime sent, const struct reply *reply)
{
    if (!is_limited(reply))
        return true;
    for (unsigned i = 0; i < senders->count; i++)
        if (is_by(&senders->of[i], reply))
            return was_ready(senders, &senders->of[i], sent);
    return false;
}

static bool expires(const struct limited_senders *senders, nstime sent, unsigned ttl,
                    bool (*is_ready)(const struct limited_senders *, const struct limited_sender *, nstime))
{
    bool some = false, ready = !senders->overflowed;
    for (unsigned i = 0; i < senders->count && ready; i++) {
        if (!has_bit(senders->of[i].expired, ttl))
            continue;
        some = true;
        ready = is_ready(senders, &senders->of[i], sent);
    }
    return some && ready;
}

bool limited_senders_could_expire(const struct limited_senders *senders, nstime sent, unsigned ttl)
{
    return expires(senders, sent, ttl, was_ready);
}

bool limited_senders_surely_could_expire(const struct limited_senders *senders, nstime sent, unsigned ttl)
{
    return expires(senders, sent, ttl, was_surely_ready);
}

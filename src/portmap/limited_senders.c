/* SPDX-License-Identifier: BSD-2-Clause */
#include "portmap/limited_senders.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "silence/rate_limit.h"

static struct limited_sender *find(struct limited_senders *all, const struct reply *reply)
{
    for (unsigned i = 0; i < all->count; i++)
        if (all->of[i].is_icmp == reply->is_icmp && addr_equal(&all->of[i].address, &reply->from))
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

static bool note(struct limited_senders *all, const struct probe *probe, const struct reply *reply)
{
    struct limited_sender *one = is_limited(reply) ? find(all, reply) : NULL;
    if (!one)
        return true;
    void *array = one->times;
    if (!array_reserve(&array, &one->capacity, one->count + 1, sizeof *one->times))
        return false;
    one->times = array;
    one->times[one->count++] = probe->sent;
    uint32_t *ttls = reply->kind == REPLY_TIME_EXCEEDED ? one->expired : one->refused;
    ttls[probe->ttl >> 5] |= UINT32_C(1) << (probe->ttl & 31);
    return true;
}

static bool gather_trace(struct limited_senders *out, const struct trace *trace)
{
    for (size_t i = 0; i < trace->probe_count; i++)
        for (unsigned k = 0; k < trace->probes[i].reply_count; k++)
            if (!trace->probes[i].replies[k].duplicate && !note(out, &trace->probes[i], &trace->probes[i].replies[k]))
                return false;
    return true;
}

static int compare_times(const void *a, const void *b)
{
    nstime x = *(const nstime *)a, y = *(const nstime *)b;
    return (x > y) - (x < y);
}

bool limited_senders_gather(const struct trace_set *path, const struct trace_set *lists, struct limited_senders *out)
{
    memset(out, 0, sizeof *out);
    out->span = rate_limit_span(path);
    bool good = true;
    for (unsigned i = 0; i < path->count; i++)
        good = good && gather_trace(out, path->traces[i]);
    for (unsigned i = 0; i < lists->count; i++)
        good = good && gather_trace(out, lists->traces[i]);
    for (unsigned i = 0; i < out->count; i++)
        qsort(out->of[i].times, out->of[i].count, sizeof *out->of[i].times, compare_times);
    return good;
}

void limited_senders_free(struct limited_senders *senders)
{
    for (unsigned i = 0; i < senders->count; i++)
        free(senders->of[i].times);
    senders->count = 0;
}

/* The number of its times up to this one. */
static size_t count_until(const struct limited_sender *one, nstime time)
{
    size_t low = 0, high = one->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (one->times[middle] <= time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* It answered a probe sent just after; or it sends ICMP errors, had sent none for so long that it had a token again,
 * and answered before it could have got another. */
static bool was_ready(const struct limited_sender *one, nstime sent, nstime span)
{
    size_t before = count_until(one, sent);
    if (before == one->count)
        return false;
    if (one->times[before] - sent <= span)
        return true;
    return one->is_icmp && before && rate_limit_is_refilled(one->times[before - 1], sent) &&
           one->times[before] - sent < RATE_LIMIT_REFILL;
}

static bool has_bit(const uint32_t bits[8], unsigned ttl)
{
    return bits[ttl >> 5] >> (ttl & 31) & 1;
}

bool limited_senders_could_refuse(const struct limited_senders *senders, nstime sent, unsigned end_ttl)
{
    bool ready = !senders->overflowed;
    for (unsigned i = 0; i < senders->count && ready; i++) {
        bool refuses = false;
        for (unsigned ttl = end_ttl; ttl < 256; ttl++)
            refuses = refuses || has_bit(senders->of[i].refused, ttl);
        ready = !refuses || was_ready(&senders->of[i], sent, senders->span);
    }
    return ready;
}

bool limited_senders_could_expire(const struct limited_senders *senders, nstime sent, unsigned ttl)
{
    bool some = false, ready = !senders->overflowed;
    for (unsigned i = 0; i < senders->count && ready; i++) {
        if (!has_bit(senders->of[i].expired, ttl))
            continue;
        some = true;
        ready = was_ready(&senders->of[i], sent, senders->span);
    }
    return some && ready;
}

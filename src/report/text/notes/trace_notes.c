/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/notes/trace_notes.h"

#include "report/paint.h"
#include "report/summary.h"
#include "report/text/table/ttl_list.h"

struct probe_counts {
    unsigned late, duplicates, translated, weak, doubtful, unseen, beyond;
    unsigned target_expires;       /* the first TTL that drew a time exceeded from the target's address; 0: none */
    unsigned target_expires_again; /* the last such; 0: there is no other */
};

static bool is_translated(const struct reply *reply)
{
    bool translated = reply->match == MATCH_REWRITTEN;
    for (unsigned i = 0; i < reply->rewrite_count; i++) {
        enum rewrite_field field = reply->rewrites[i].field;
        translated = translated || field == REWRITE_IP_SOURCE || field == REWRITE_IP_TARGET ||
                     field == REWRITE_SOURCE_PORT || field == REWRITE_TARGET_PORT;
    }
    return translated;
}

static bool expires_at_target(const struct trace *trace, const struct reply *reply)
{
    return reply->kind == REPLY_TIME_EXCEEDED && addr_equal(&reply->from, &trace->flow.target);
}

static void note_expiry(struct probe_counts *counts, uint8_t ttl)
{
    unsigned first = counts->target_expires;
    if (!first || ttl < first)
        counts->target_expires = ttl;
    if (first && ttl != first)
        counts->target_expires_again = ttl > first ? ttl : first;
}

static struct probe_counts count_replies(const struct trace *trace)
{
    struct probe_counts counts = {0};
    uint8_t shown = trace_shown_ttl(trace);
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        counts.unseen += probe->sent == NSTIME_NONE;
        counts.beyond += probe->ttl > shown;
        for (unsigned k = 0; k < probe->reply_count; k++) {
            counts.late += probe->replies[k].late;
            counts.duplicates += probe->replies[k].duplicate;
            counts.translated += is_translated(&probe->replies[k]);
            counts.doubtful += probe->replies[k].hop_is_doubtful;
            counts.weak += probe->replies[k].match == MATCH_WEAK && !probe->replies[k].hop_is_doubtful;
            if (expires_at_target(trace, &probe->replies[k]))
                note_expiry(&counts, probe->ttl);
        }
    }
    return counts;
}

static void add_count(struct strbuf *text, unsigned count, const char *what)
{
    if (count)
        strbuf_addf(text, ", %u %s", count, what);
}

/* "18 probes in 3 rounds: 16 answered, 2 silent, 1 late". */
static void add_counts(struct strbuf *text, const struct trace *trace, const struct probe_counts *counts)
{
    unsigned sent = summary_probes_sent(trace);
    if (trace->origin.inferred) {
        strbuf_addf(text, "%u answer%s", sent, plural(sent));
    } else {
        strbuf_addf(text, "%u probe%s", sent, plural(sent));
        if (trace->origin.rounds > 1)
            strbuf_addf(text, " in %u rounds", (unsigned)trace->origin.rounds);
        strbuf_addf(text, ": %u answered", (unsigned)trace->answered_count);
    }
    if (sent > trace->answered_count)
        strbuf_addf(text, ", %u silent", sent - (unsigned)trace->answered_count);
    add_count(text, counts->late, "late");
    add_count(text, counts->duplicates, counts->duplicates == 1 ? "duplicate" : "duplicates");
    if (counts->beyond)
        strbuf_addf(text, ", %u sent beyond hop %u", counts->beyond, trace_shown_ttl(trace));
    strbuf_add(text, "\n");
    if (trace->origin.grouped_by)
        strbuf_addf(text, "grouped by %s\n", trace->origin.grouped_by);
}

/* Adds the hops for whose replies `is` is true: "hop 1", "hops 2-5,7". False: there are none. */
static bool add_hops(struct strbuf *text, const struct trace *trace,
                     bool (*is)(const struct probe *probe, const struct reply *reply))
{
    bool ttls[256] = {false};
    struct strbuf list;
    strbuf_init(&list);
    for (size_t i = 0; i < trace->probe_count; i++)
        for (unsigned k = 0; k < trace->probes[i].reply_count; k++)
            ttls[trace->probes[i].ttl] |= is(&trace->probes[i], &trace->probes[i].replies[k]);
    unsigned count = ttl_list_add(&list, ttls, ",");
    if (count)
        strbuf_addf(text, "hop%s %s", plural(count), list.text);
    strbuf_free(&list);
    return count > 0;
}

static bool is_of_other_clock(const struct probe *probe, const struct reply *reply)
{
    (void)probe;
    return reply->other_clock;
}

/* Why the stamps do not show some of the round-trip times. */
static void add_time_caveats(struct strbuf *text, const struct trace *trace)
{
    struct strbuf hops;
    strbuf_init(&hops);
    if (add_hops(&hops, trace, reply_is_early))
        strbuf_addf(text, "the capture stamps replies of %s before their probes: the times of %s are doubtful\n",
                    hops.text, hops.text);
    strbuf_clear(&hops);
    if (add_hops(&hops, trace, is_of_other_clock))
        strbuf_addf(text, "replies of %s are in another file than their probes: their times are unknown\n", hops.text);
    strbuf_free(&hops);
}

/* True: a finding says that the target is behind a NAT. */
static bool has_nat_finding(const struct judgement *judgement, const struct trace *trace)
{
    for (unsigned i = 0; i < judgement->finding_count; i++) {
        const struct finding *finding = &judgement->findings[i];
        if (finding->kind == FINDING_NAT && (!finding->trace || finding->trace == trace) &&
            addr_equal(&finding->at.address, &trace->flow.target))
            return true;
    }
    return false;
}

/* Reservations about the figures. */
static void add_caveats(struct strbuf *text, const struct output *out, const struct trace *trace,
                        const struct probe_counts *counts, const struct judgement *judgement)
{
    if (trace->origin.inferred)
        strbuf_add(text, "inferred from replies: the probes are not in the capture, so there are no times\n");
    else if (counts->unseen)
        strbuf_addf(text, "%u probe%s known only from replies, without times\n", counts->unseen,
                    counts->unseen == 1 ? " is" : "s are");
    add_time_caveats(text, trace);
    if (trace->origin.captured_at_ttl)
        strbuf_addf(text, "captured behind hop %u, not at the source: times count from there\n",
                    trace->origin.captured_at_ttl);
    if (counts->target_expires && !has_nat_finding(judgement, trace))
        strbuf_addf(text, "at hop %u%s, time-exceeded replies have the target's address\n", counts->target_expires,
                    counts->target_expires_again ? " and others" : "");
    if (counts->translated)
        strbuf_addf(text, "%u answer%s translated addresses or ports (NAT)\n", counts->translated,
                    counts->translated == 1 ? " quotes" : "s quote");
    if (counts->doubtful)
        strbuf_addf(text, "%u answer%s probes of several hops: the hop is the likeliest (?)\n", counts->doubtful,
                    counts->doubtful == 1 ? " fits" : "s fit");
    paint_begin(text, out->options.color, counts->weak ? PAINT_YELLOW : NULL);
    if (counts->weak)
        strbuf_addf(text, "%u answer%s matched by little more than an IP ID", counts->weak,
                    counts->weak == 1 ? " is" : "s are");
    paint_end(text, out->options.color, counts->weak ? PAINT_YELLOW : NULL);
    strbuf_add(text, counts->weak ? "\n" : "");
}

void trace_notes_add(struct strbuf *text, const struct output *out, const struct trace *trace,
                     const struct judgement *judgement)
{
    struct probe_counts counts = count_replies(trace);
    add_counts(text, trace, &counts);
    add_caveats(text, out, trace, &counts, judgement);
}

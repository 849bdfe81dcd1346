/* SPDX-License-Identifier: BSD-2-Clause */
/* Rounds of `watch` over simulated networks, in virtual time: what is sent when, how far, and what is kept. */
#include <stdio.h>
#include <stdlib.h>

#include "session/state.h"
#include "sim/watching.h"
#include "tap.h"
#include "watch/watch.h"

#define CHAIN "client client 10.9.0.2\nchain r 5\nhost target 192.0.2.80 open tcp/80,tcp/443\n"
#define PLAIN CHAIN "links 5ms client r1 r2 r3 r4 r5 target\n"

/* What a run told as it went on. */
struct told {
    uint32_t rounds;
    unsigned settled, answered;
    unsigned by_ttl[32];        /* probes of the first trace */
    nstime last_sent[32];       /* of the first trace, by TTL */
    nstime least_gap, most_gap; /* between two probes to one hop */
    size_t memory, most_memory; /* in use after 100 rounds, and the most from there on */
    size_t most_kept;           /* of the first trace */
    unsigned twice;             /* serials that two kept probes have */
    unsigned doubtful;          /* replies that do not fit the time of their probe */
};

static void settled(void *context, const struct session *session, const struct trace *trace, const struct probe *probe)
{
    struct told *told = context;
    if (trace != session_trace(session, 0))
        return;
    told->settled++;
    told->answered += probe->reply_count > 0;
    told->by_ttl[probe->ttl]++;
    nstime gap = probe->sent - told->last_sent[probe->ttl];
    if (told->by_ttl[probe->ttl] > 2) { /* the first round does not know how many hops there are */
        told->least_gap = !told->least_gap || gap < told->least_gap ? gap : told->least_gap;
        told->most_gap = gap > told->most_gap ? gap : told->most_gap;
    }
    told->last_sent[probe->ttl] = probe->sent;
    if (probe->reply_count && reply_rtt(probe, &probe->replies[0]) > NS_PER_S)
        told->doubtful++;
}

static void round_ended(void *context, const struct session *session, uint32_t rounds)
{
    struct told *told = context;
    const struct trace *trace = session_trace(session, 0);
    told->rounds = rounds;
    size_t memory = rounds % 100 ? 0 : watching_memory();
    told->memory = rounds == 100 ? memory : told->memory;
    told->most_memory = memory > told->most_memory ? memory : told->most_memory;
    told->most_kept = trace->probe_count > told->most_kept ? trace->probe_count : told->most_kept;
    for (size_t i = 0; i < trace->probe_count; i++)
        told->twice += trace_probe(trace, trace->probes[i].serial) != &trace->probes[i];
}

static struct session_events events_of(struct told *told)
{
    *told = (struct told){0};
    return (struct session_events){.context = told, .probe_settled = settled, .round_ended = round_ended};
}

static void test_rounds(void)
{
    struct watching w;
    struct told told;
    struct session_events events = events_of(&told);
    watching_init(&w, PLAIN, "tcp/443,icmp", 1);
    w.config.rounds = 100;
    watching_run(&w, &events);
    is_num(told.rounds, 100, "as many rounds as were asked for");
    is_num(told.settled, 600, "each probes each of the six hops once, and none behind the target");
    is_num(told.answered, 600, "all are answered");
    for (unsigned ttl = 1; ttl <= 6; ttl++)
        is_num(told.by_ttl[ttl], 100, "hop %u is probed once a round", ttl);
    ok(told.least_gap > 800 * NS_PER_MS && told.most_gap < 1200 * NS_PER_MS,
       "probes of a hop are a second apart: %.3f to %.3f s", (double)told.least_gap / 1e9, (double)told.most_gap / 1e9);
    ok(told.most_kept >= 64 * 6 && told.most_kept <= 66 * 6, "the trace keeps the last 64 rounds: %zu probes",
       told.most_kept);
    is_num(told.twice, 0, "each serial finds its probe");
    watching_free(&w);
}

/* A serial starts again several times, and the replies fit. */
static void test_wrap(void)
{
    struct watching w;
    struct told told;
    struct session_events events = events_of(&told);
    watching_init(&w, PLAIN, "udp/53", 2);
    w.config.rounds = 25000;
    w.config.interval = INTERVAL_LEAST;
    watching_run(&w, &events);
    ok(told.most_memory <= told.memory + 65536, "memory stays as it is: %zu bytes after 100 rounds, %zu at most",
       told.memory, told.most_memory);
    ok(told.settled >= 150000, "two and a half times as many probes as there are serials");
    is_num(told.answered, told.settled, "each has its reply");
    is_num(told.doubtful, 0, "and none has that of another");
    is_num(told.twice, 0, "each serial finds its probe");
    watching_free(&w);
}

static size_t probes_of(const struct session *session, unsigned trace)
{
    return (size_t)session_trace(session, trace)->forgotten + session_trace(session, trace)->probe_count;
}

/* `auto` sends all its specs in three rounds, then the first one that reaches the target, and icmp. */
static void test_automatic(void)
{
    struct watching w;
    struct told told;
    struct session_events events = events_of(&told);
    watching_init(&w, PLAIN "filter r2 forward udp drop\n", "auto", 1);
    w.config.rounds = 80;
    watching_run(&w, &events);
    ok(!watch_follows(w.session, 0) && watch_follows(w.session, 1) && !watch_follows(w.session, 2) &&
           !watch_follows(w.session, 3),
       "icmp reaches the target first: of udp, icmp, tcp/443 and tcp/80 it goes on alone");
    is_num(probes_of(w.session, 2), 18, "tcp/443 was sent in three rounds");
    is_num(probes_of(w.session, 1), 480, "icmp in all");
    watching_free(&w);
}

/* How a run waits. */
struct waits {
    struct session *const *session;
    nstime last;
    unsigned count, late;
};

static nstime note_wait(void *context, nstime now, nstime until)
{
    struct waits *waits = context;
    (void)now;
    waits->count += until != waits->last;
    waits->last = until;
    waits->late += until > session_next_deadline(*waits->session) + 20 * NS_PER_MS;
    return until;
}

/* A probe that settles wakes nobody by itself, and soon enough for the next question. */
static void test_waits(void)
{
    struct watching w;
    watching_init(&w, PLAIN, "icmp,udp,udp/53,udp/443,tcp/80,tcp/443,tcp/443:ack", 1);
    struct waits waits = {.session = &w.session};
    const struct companion companion = {.context = &waits, .serve = note_wait};
    w.companion = &companion;
    w.config.rounds = 100;
    watching_run(&w, NULL);
    unsigned sent = 0;
    for (unsigned i = 0; i < w.session->trace_count; i++)
        sent += w.session->next_serial[i];
    printf("# %u waits for %u probes\n", waits.count, sent);
    ok(waits.count <= sent + 100 * 13, "besides its sends, a run of six hops waits twice a hop and once a round");
    is_num(waits.late, 0, "a deadline is served within 20 ms");
    watching_free(&w);
}

/* The target falls silent for four rounds: then probes look for it further on as well. */
static void test_lookahead(void)
{
    struct watching w;
    struct told told;
    struct session_events events = events_of(&told);
    watching_init(&w, PLAIN, "icmp", 1);
    watching_change(&w, 40, PLAIN "filter r5 forward drop\n");
    watching_change(&w, 44, PLAIN);
    w.config.rounds = 60;
    watching_run(&w, &events);
    ok(told.by_ttl[7] > 0 && told.by_ttl[7] <= 4, "a hop behind the silent target is probed: %u times", told.by_ttl[7]);
    is_num(told.by_ttl[5], 60, "the hops before once a round");
    watching_free(&w);
}

/* The target falls silent for good: probes follow its first silence, and then it has one a round. */
static void test_down(void)
{
    struct watching w;
    struct told told;
    struct session_events events = events_of(&told);
    watching_init(&w, PLAIN, "icmp", 1);
    watching_change(&w, 40, PLAIN "filter r5 forward drop\n");
    w.config.rounds = 100;
    watching_run(&w, &events);
    ok(told.by_ttl[6] >= 110 && told.by_ttl[6] <= 112,
       "a target that is down for 60 rounds has a dozen probes more: %u", told.by_ttl[6] - 100);
    watching_free(&w);
}

int main(void)
{
    test_down();
    test_waits();
    test_automatic();
    test_lookahead();
    test_rounds();
    test_wrap();
    return tap_done();
}

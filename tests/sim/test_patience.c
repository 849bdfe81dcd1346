/* SPDX-License-Identifier: BSD-2-Clause */
/* test_patience: paths with a slow link, and hosts that are down. A run must not take a slow reply for silence, nor end
 * before a router says that its neighbour does not resolve. All is virtual time. */
#include <limits.h>
#include <stdlib.h>

#include "diagnose/diagnose.h"
#include "ladder/ladder.h"
#include "paths/paths.h"
#include "sim/drive.h"
#include "tap.h"
#include "verdict/verdict.h"

#define TARGET_TTL 5

static const unsigned delays_ms[] = {20, 180, 400, 800, 1400}; /* of a round trip */

/* Which links are slow: behind the first hop, behind the second, or both with half of the delay each. */
enum slow_link { BEHIND_FIRST, BEHIND_SECOND, BEHIND_BOTH, PLACES };

static const char *const place_names[PLACES] = {"hop 1", "hop 2", "hops 1 and 2"};

static const struct run {
    const char *specs;
    const struct strategy *strategy;
    uint16_t interface_mtu; /* the run also measures sizes; 0: it does not */
} runs[] = {
    {"udp", &strategy_trace, 0},     {"icmp", &strategy_trace, 0},
    {"tcp/443", &strategy_trace, 0}, {"auto", &strategy_trace, 0},
    {"tcp/22", &strategy_trace, 0},  {"udp", &strategy_trace, 1500},
    {"auto", &strategy_trace, 1500}, {"icmp,udp,tcp/443,tcp/80:ack", &strategy_diagnose, 0},
    {"udp", &strategy_paths, 0},
};

static void describe_network(enum slow_link place, unsigned delay_ms, unsigned jitter_ms, const char *more,
                             struct strbuf *out)
{
    double slow = place == BEHIND_BOTH ? delay_ms / 4.0 : delay_ms / 2.0;
    strbuf_init(out);
    strbuf_addf(out,
                "client client 10.9.0.2 2001:db8:99::2\nchain r 4\n"
                "host target 192.0.2.80 2001:db8:80::80 open tcp/80,tcp/443\n"
                "link client r1 delay 20us jitter %ums\nlink r1 r2 delay %gms\nlink r2 r3 delay %gms\nlinks 1ms r3 r4\n"
                "link r4 target delay 1ms %s\n",
                jitter_ms, place == BEHIND_SECOND ? 0.02 : slow, place == BEHIND_FIRST ? 0.02 : slow, more);
}

static bool start_run(struct drive *d, const struct net *net, const struct run *run, uint8_t family, uint64_t seed)
{
    struct session_config config;
    struct err err = {0};
    if (drive_config(net, family, run->specs, seed, &config, &err))
        return false;
    config.strategy = run->strategy;
    config.interface_mtu = run->interface_mtu;
    if (run->strategy == &strategy_diagnose) {
        config.queries = 1;
        config.flows = FLOWS_COMPARED_MOST;
        config.confidence = 990000;
        config.budget = 2000;
    }
    if (run->strategy == &strategy_paths) {
        config.queries = 1;
        config.flows = 4096;
        config.confidence = 950000;
        config.budget = 50000;
    }
    return drive_live(d, net, &config, NSTIME_NEVER);
}

/* The link behind hop 1 is slow; `more` has the links behind hop 2. */
static void describe_far_network(unsigned delay_ms, const char *more, struct strbuf *out)
{
    strbuf_init(out);
    strbuf_addf(out,
                "client client 10.9.0.2 2001:db8:99::2\nchain r 4\n"
                "host target 192.0.2.80 2001:db8:80::80 open tcp/80,tcp/443\n"
                "link client r1 delay 20us\nlink r1 r2 delay %gms\n%s",
                delay_ms / 2.0, more);
}

/* The state of each verdict, as "udp closed, icmp open". */
static void describe_verdicts(const struct session *session, struct strbuf *out)
{
    struct judgement *judgement = malloc(sizeof *judgement);
    if (!judgement)
        abort();
    verdict_judge(session, judgement);
    for (unsigned i = 0; i < judgement->verdict_count; i++) {
        const struct verdict *v = &judgement->verdicts[i];
        char spec[PROBE_SPEC_TEXT_BYTES];
        probe_spec_format(&v->trace->flow.spec, spec);
        strbuf_addf(out, "%s%s %s at %u", i ? ", " : "", spec, verdict_state_name(v->state),
                    v->at.known ? v->at.ttl : 0);
    }
    free(judgement);
}

static unsigned hops_shown(const struct session *session)
{
    unsigned shown = 0;
    for (unsigned ttl = 1; ttl <= TARGET_TTL; ttl++)
        shown += session_hop_trace(session, (uint8_t)ttl) &&
                 trace_shows_hop(session_hop_trace(session, (uint8_t)ttl), (uint8_t)ttl);
    return shown;
}

static void check_slow_path(const char *network, const char *place, unsigned delay_ms, const struct run *run,
                            uint8_t family)
{
    struct net *net = NULL;
    struct err err = {0};
    struct drive d = {0};
    bool ran = net_parse("slow", network, &net, &err) == STATUS_OK && start_run(&d, net, run, family, 1);
    if (ok(ran, "%s %s, IPv%u, %u ms behind %s: ran", run->strategy->name, run->specs, family, delay_ms, place)) {
        ok(session_target_ttl(d.session) == TARGET_TTL && hops_shown(d.session) == TARGET_TTL,
           "%s %s, IPv%u, %u ms behind %s: all %u hops, and the target at %u", run->strategy->name, run->specs, family,
           delay_ms, place, hops_shown(d.session), session_target_ttl(d.session));
        struct strbuf verdicts;
        strbuf_init(&verdicts);
        describe_verdicts(d.session, &verdicts);
        ok(!strstr(verdicts.text, "unanswered") && !strstr(verdicts.text, "dropped") &&
               !strstr(verdicts.text, "inconclusive"),
           "%s %s, IPv%u, %u ms behind %s: %s, %.0f ms, %u probes", run->strategy->name, run->specs, family, delay_ms,
           place, verdicts.text, nstime_ms(d.done - d.first_send), d.sent_count);
        strbuf_free(&verdicts);
    }
    drive_free(&d);
    free(net);
}

static void check_slow(enum slow_link place, unsigned delay_ms, const struct run *run, uint8_t family)
{
    struct strbuf text;
    describe_network(place, delay_ms, 0, "", &text);
    check_slow_path(text.text, place_names[place], delay_ms, run, family);
    strbuf_free(&text);
}

/* The second link is slower than the first by 100 ms. */
static void check_far(unsigned first_ms, const struct run *run, uint8_t family)
{
    struct strbuf text;
    describe_far_network(first_ms, "", &text);
    strbuf_addf(&text, "link r2 r3 delay %gms\nlinks 1ms r3 r4 target\n", (first_ms + 100) / 2.0);
    check_slow_path(text.text, "hop 1, and 100 ms more behind hop 2", first_ms, run, family);
    strbuf_free(&text);
}

/* A silent target behind a slow link: how long a trace waits for it, and not longer. */
static void check_silent_far(unsigned delay_ms, double most_ms, uint8_t family)
{
    static const struct run run = {"udp", &strategy_trace, 0};
    struct strbuf text;
    struct net *net = NULL;
    struct err err = {0};
    struct drive d = {0};
    describe_far_network(delay_ms, "links 1ms r2 r3 r4 target\nset target silent\n", &text);
    bool ran = net_parse("silent", text.text, &net, &err) == STATUS_OK && start_run(&d, net, &run, family, 1);
    if (ok(ran, "IPv%u, a silent target, %u ms: ran %s", family, delay_ms, ran ? "" : err.message)) {
        double ms = nstime_ms(d.done - d.first_send);
        ok(!session_target_ttl(d.session) && ms <= most_ms, "IPv%u, a silent target, %u ms: %.0f ms, at most %.0f",
           family, delay_ms, ms, most_ms);
    }
    drive_free(&d);
    strbuf_free(&text);
    free(net);
}

/* With such jitter udp's replies come after icmp has started, and icmp's reply from the target may be the slowest of
 * all.
 */
static void check_jitter(const struct run *run, uint8_t family, uint64_t seed)
{
    struct strbuf text;
    struct net *net = NULL;
    struct err err = {0};
    struct drive d = {0};
    describe_far_network(180, "link r2 r3 delay 1ms\nlinks 1ms r3 r4\nlink r4 target delay 1ms jitter 60ms\n", &text);
    bool ran = net_parse("jitter", text.text, &net, &err) == STATUS_OK && start_run(&d, net, run, family, seed);
    if (ok(ran, "%s, IPv%u, a slow link and jitter, seed %u: ran %s", run->strategy->name, family, (unsigned)seed,
           ran ? "" : err.message)) {
        struct strbuf verdicts;
        strbuf_init(&verdicts);
        describe_verdicts(d.session, &verdicts);
        ok(!strstr(verdicts.text, "unanswered"), "%s, IPv%u, a slow link and jitter, seed %u: %s", run->strategy->name,
           family, (unsigned)seed, verdicts.text);
        strbuf_free(&verdicts);
    }
    drive_free(&d);
    strbuf_free(&text);
    free(net);
}

/* Replies that come up to 30 ms after each other: each spec waits for its own. */
static void check_dead(const struct run *run, uint8_t family)
{
    struct strbuf text;
    struct net *net = NULL;
    struct err err = {0};
    struct drive d = {0};
    describe_network(BEHIND_FIRST, 20, 30, "dead", &text);
    bool ran = net_parse("dead", text.text, &net, &err) == STATUS_OK && start_run(&d, net, run, family, 1);
    if (ok(ran, "%s %s, IPv%u, a dead host: ran", run->strategy->name, run->specs, family)) {
        struct strbuf verdicts;
        strbuf_init(&verdicts);
        describe_verdicts(d.session, &verdicts);
        ok(strstr(verdicts.text, "unreachable at 4") && !strstr(verdicts.text, "unanswered") &&
               !strstr(verdicts.text, "dropped"),
           "%s %s, IPv%u, a dead host: %s, %.0f ms, %u probes", run->strategy->name, run->specs, family, verdicts.text,
           nstime_ms(d.done - d.first_send), d.sent_count);
        unsigned refused = 0;
        for (unsigned i = 0; i < session_trace_count(d.session); i++)
            refused += session_trace(d.session, i)->refused_ttl != 0;
        is_num(refused, session_trace_count(d.session), "%s %s, IPv%u, a dead host: each spec has its own refusal",
               run->strategy->name, run->specs, family);
        ok(nstime_ms(d.done - d.first_send) <= 3600, "%s %s, IPv%u, a dead host: at most 3600 ms", run->strategy->name,
           run->specs, family);
        strbuf_free(&verdicts);
    }
    drive_free(&d);
    strbuf_free(&text);
    free(net);
}

/* --- limits --- */

#define SEVEN_SPECS "icmp,udp,udp/53,udp/443,tcp/443,tcp/80,tcp/80:ack"
#define LIMIT_ALL(limit)                                                                                               \
    "\nset r1 " limit "\nset r2 " limit "\nset r3 " limit "\nset r4 " limit "\nset target " limit "\n"

/* Routers that answer six probes at once, and then so many a second. */
static const struct limits {
    const char *text;
    bool has_more; /* tokens that come in time */
    double most_ms;
} limits[] = {{LIMIT_ALL("limit 6 1"), true, 3000},
              {LIMIT_ALL("limit 6 1 spent"), true, 12000},
              {LIMIT_ALL("limit 6 0.01"), false, 6500}};

static unsigned replies_at(const struct trace *trace, uint8_t ttl)
{
    unsigned count = 0;
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe))
        count += probe->reply_count > 0;
    return count;
}

/* The third trace in a row finds no router with a token, and prints the lines of the first one. */
static void check_full_lines(uint8_t family, uint64_t seed)
{
    static const struct run run = {"udp", &strategy_trace, 0};
    struct strbuf text;
    struct net *net = NULL;
    struct err err = {0};
    struct drive d = {0};
    describe_network(BEHIND_FIRST, 2, 0, LIMIT_ALL("limit 6 1 spent"), &text);
    bool ran = net_parse("spent", text.text, &net, &err) == STATUS_OK && start_run(&d, net, &run, family, seed);
    if (ok(ran, "no token at first, IPv%u, seed %u: ran", family, (unsigned)seed)) {
        unsigned least = UINT_MAX;
        for (uint8_t ttl = 1; ttl <= TARGET_TTL; ttl++) {
            unsigned replies = replies_at(session_trace(d.session, 0), ttl);
            least = replies < least ? replies : least;
        }
        is_num(least, 3, "no token at first, IPv%u, seed %u: three replies of each hop", family, (unsigned)seed);
    }
    drive_free(&d);
    strbuf_free(&text);
    free(net);
}

static unsigned cells_answered(const struct session *session)
{
    unsigned answered = 0;
    for (unsigned i = 0; i < session_trace_count(session); i++)
        for (unsigned ttl = 1; ttl < TARGET_TTL; ttl++)
            answered += trace_answered_at(session_trace(session, i), (uint8_t)ttl) != NULL;
    return answered;
}

/* Seven specs want an answer of each. */
static void check_limits(const struct limits *limit, uint8_t family, uint64_t seed)
{
    static const struct run run = {SEVEN_SPECS, &strategy_diagnose, 0};
    struct strbuf text;
    struct net *net = NULL;
    struct err err = {0};
    struct drive d = {0};
    describe_network(BEHIND_FIRST, 2, 0, limit->text, &text);
    bool ran = net_parse("limits", text.text, &net, &err) == STATUS_OK && start_run(&d, net, &run, family, seed);
    if (ok(ran, "limits, IPv%u, seed %u: ran%s", family, (unsigned)seed, ran ? "" : err.message)) {
        if (limit->has_more)
            is_num(cells_answered(d.session), 7 * (TARGET_TTL - 1),
                   "limits, IPv%u, seed %u: every hop answers every spec", family, (unsigned)seed);
        double ms = nstime_ms(d.done - d.first_send);
        ok(ms <= limit->most_ms, "limits, IPv%u, seed %u: %.0f ms, at most %.0f", family, (unsigned)seed, ms,
           limit->most_ms);
    }
    drive_free(&d);
    strbuf_free(&text);
    free(net);
}

/* The routers had one token left when a trace to a dead host began, as after others. The last one keeps its new tokens
 * for its report. */
static void check_spent_dead(const struct run *run, uint8_t family, uint64_t seed)
{
    struct strbuf text;
    struct net *net = NULL;
    struct err err = {0};
    struct drive d = {0};
    describe_network(BEHIND_FIRST, 2, 0, "dead" LIMIT_ALL("limit 1 1"), &text);
    bool ran = net_parse("spent", text.text, &net, &err) == STATUS_OK && start_run(&d, net, run, family, seed);
    if (ok(ran, "%s, IPv%u, seed %u, a dead host behind spent routers: ran", run->specs, family, (unsigned)seed)) {
        struct strbuf verdicts;
        strbuf_init(&verdicts);
        describe_verdicts(d.session, &verdicts);
        double ms = nstime_ms(d.done - d.first_send);
        ok(!strstr(verdicts.text, "unanswered") && ms <= (run->interface_mtu ? 5000 : 3600),
           "%s, IPv%u, seed %u, a dead host behind spent routers: %s, %.0f ms", run->specs, family, (unsigned)seed,
           verdicts.text, ms);
        strbuf_free(&verdicts);
    }
    drive_free(&d);
    strbuf_free(&text);
    free(net);
}

/* Traces in a row to a silent target find their routers with few tokens. Each ends in time and finds the last router.
 * If a spec had no reply from there, its verdict says why nothing is claimed. */
static void check_spent_silent(const char *limit, uint8_t family, uint64_t seed)
{
    static const struct run run = {"auto", &strategy_trace, 0};
    struct strbuf text;
    struct net *net = NULL;
    struct err err = {0};
    struct drive d = {0};
    describe_network(BEHIND_FIRST, 2, 0, limit, &text);
    bool ran = net_parse("spent", text.text, &net, &err) == STATUS_OK && start_run(&d, net, &run, family, seed);
    if (ok(ran, "a silent target, IPv%u, seed %u: ran", family, (unsigned)seed)) {
        struct judgement *judgement = malloc(sizeof *judgement);
        unsigned unsure = 0, plain = 0;
        if (!judgement)
            abort();
        verdict_judge(d.session, judgement);
        for (unsigned i = 0; i < judgement->verdict_count; i++) {
            const struct verdict *v = &judgement->verdicts[i];
            unsure += v->state != VERDICT_UNANSWERED;
            plain += v->state == VERDICT_INCONCLUSIVE && strstr(v->text, "retry in 10 s");
        }
        double ms = nstime_ms(d.done - d.first_send);
        ok(ms <= 3500, "a silent target, IPv%u, seed %u: %.0f ms", family, (unsigned)seed, ms);
        is_num(session_last_router_ttl(d.session), TARGET_TTL - 1, "a silent target, IPv%u, seed %u: the last router",
               family, (unsigned)seed);
        ok(judgement->verdicts[0].state == VERDICT_UNANSWERED && unsure == plain,
           "a silent target, IPv%u, seed %u: %u specs are left open, and %u of them say why", family, (unsigned)seed,
           unsure, plain);
        free(judgement);
    }
    drive_free(&d);
    strbuf_free(&text);
    free(net);
}

/* The target had no token left when a traceroute came, as after another one. */
static void check_spent_target(uint8_t family)
{
    static const struct run run = {"auto", &strategy_trace, 0};
    struct strbuf text;
    struct net *net = NULL;
    struct err err = {0};
    struct drive d = {0};
    describe_network(BEHIND_FIRST, 2, 0, "\nset target limit 6 1 spent\n", &text);
    bool ran = net_parse("spent", text.text, &net, &err) == STATUS_OK && start_run(&d, net, &run, family, 1);
    if (ok(ran, "a target without a token, IPv%u: ran", family)) {
        struct strbuf verdicts;
        strbuf_init(&verdicts);
        describe_verdicts(d.session, &verdicts);
        is_text(verdicts.text, "udp closed at 5, icmp open at 5", "a target without a token, IPv%u: it is asked again",
                family);
        strbuf_free(&verdicts);
    }
    drive_free(&d);
    strbuf_free(&text);
    free(net);
}

int main(void)
{
    for (unsigned family = 4; family <= 6; family += 2) {
        for (uint64_t seed = 1; seed <= 3; seed++)
            for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
                check_limits(&limits[i], (uint8_t)family, seed);
        check_spent_target((uint8_t)family);
        for (uint64_t seed = 1; seed <= 5; seed++) {
            check_spent_silent("\nset target silent" LIMIT_ALL("limit 6 1"), (uint8_t)family, seed);
            check_spent_silent("\nset target silent" LIMIT_ALL("limit 6 1 spent"), (uint8_t)family, seed);
            check_spent_silent("\nset target silent" LIMIT_ALL("limit 3 1"), (uint8_t)family, seed);
            check_spent_silent("\nset target silent" LIMIT_ALL("limit 1 1"), (uint8_t)family, seed);
        }
        for (uint64_t seed = 1; seed <= 3; seed++)
            check_full_lines((uint8_t)family, seed);
        for (size_t r = 0; r < sizeof runs / sizeof *runs; r++)
            for (uint64_t seed = 1; seed <= 5 && runs[r].strategy->spares_tokens; seed++)
                check_spent_dead(&runs[r], (uint8_t)family, seed);
    }
    for (size_t r = 0; r < sizeof runs / sizeof *runs; r++)
        for (unsigned family = 4; family <= 6; family += 2) {
            for (int place = 0; place < PLACES; place++)
                for (size_t i = 0; i < sizeof delays_ms / sizeof *delays_ms; i++)
                    check_slow((enum slow_link)place, delays_ms[i], &runs[r], (uint8_t)family);
            check_far(1600, &runs[r], (uint8_t)family);
            check_far(2200, &runs[r], (uint8_t)family);
            check_dead(&runs[r], (uint8_t)family);
        }
    for (unsigned family = 4; family <= 6; family += 2) {
        for (uint64_t seed = 1; seed <= 40; seed++) {
            check_jitter(&(struct run){"auto", &strategy_trace, 0}, (uint8_t)family, seed);
            check_jitter(&(struct run){SEVEN_SPECS, &strategy_diagnose, 0}, (uint8_t)family, seed);
        }
        check_silent_far(20, 3300, (uint8_t)family);
        check_silent_far(1600, 3600, (uint8_t)family);
        check_silent_far(2800, 5100, (uint8_t)family);
    }
    return tap_done();
}

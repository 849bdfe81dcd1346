/* SPDX-License-Identifier: BSD-2-Clause */
/* test_forger: a host that sees none of our packets floods us with forged replies. A verdict is right or inconclusive,
 * no forged hop counts, and the report says that replies are forged. All is virtual time. */
#include <stdlib.h>

#include "diagnose/diagnose.h"
#include "ladder/ladder.h"
#include "sim/drive.h"
#include "tap.h"
#include "verdict/verdict.h"

#define FLOOD_GAP (10 * NS_PER_US) /* 100,000 packets a second */
#define TARGET_TTL 6

/* The same path, and what becomes of the probes on it. */
static const struct {
    const char *name, *rule;
    enum verdict_state state; /* of every spec */
} paths[] = {
    {"a silent target", "set target silent", VERDICT_UNANSWERED},
    {"a target that answers", "", VERDICT_OPEN},
};

static const char *const specs[] = {"udp",     "udp/53",     "udp/443", "udp/123", "udp/53:empty", "icmp",
                                    "tcp/443", "tcp/80:ack", "udplite", "dccp",    "sctp",         "ip/50"};

static struct net *network(const char *rule)
{
    struct strbuf text;
    struct net *net = NULL;
    struct err err = {0};
    strbuf_init(&text);
    strbuf_addf(&text,
                "client client 10.9.0.2 2001:db8:99::2\nchain r 5\n"
                "host target 192.0.2.80 2001:db8:80::80 open tcp/80,tcp/443,udp/53,udp/123,udp/443,sctp,dccp\n"
                "links 2ms client r1 r2 r3 r4 r5 target\n%s\n",
                rule);
    if (net_parse("forged", text.text, &net, &err) != STATUS_OK)
        printf("Bail out! %s\n", err.message);
    strbuf_free(&text);
    return net;
}

static struct forger make_forger(const struct session_config *config, enum forge_kind kind, uint64_t seed)
{
    struct forger forger = {.kind = kind,
                            .spec = config->specs[0],
                            .source = config->source,
                            .target = config->target,
                            .rng = rng_init(seed)};
    addr_parse(config->target.family == 6 ? "2001:db8:666::6" : "6.6.6.6", &forger.sender);
    return forger;
}

/* Replies of the forger that count. */
static unsigned forged_that_count(const struct session *session, const struct addr *forger)
{
    unsigned count = 0;
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        const struct trace *trace = session_trace(session, i);
        for (size_t n = 0; n < trace->probe_count; n++)
            for (unsigned k = 0; k < trace->probes[n].reply_count; k++)
                count += addr_equal(&trace->probes[n].replies[k].from, forger);
    }
    return count;
}

static bool has_finding(const struct judgement *judgement)
{
    for (unsigned i = 0; i < judgement->finding_count; i++)
        if (judgement->findings[i].kind == FINDING_FORGED_REPLIES)
            return true;
    return false;
}

/* What the same run says without a forger. */
static enum verdict_state state_in_peace(const struct net *net, const struct session_config *config,
                                         struct judgement *judgement)
{
    struct drive d;
    bool ran = drive_live(&d, net, config, NSTIME_NEVER);
    if (ran)
        verdict_judge(d.session, judgement);
    enum verdict_state state = ran ? judgement->verdicts[0].state : VERDICT_INCONCLUSIVE;
    verdict_release(judgement);
    drive_free(&d);
    return state;
}

static void check_flood(const struct net *net, const char *name, const char *spec, uint8_t family, enum forge_kind kind,
                        nstime gap)
{
    static struct judgement judgement;
    struct session_config config;
    struct drive d;
    struct err err = {0};
    if (drive_config(net, family, spec, 7, &config, &err) != STATUS_OK)
        return;
    enum verdict_state want = state_in_peace(net, &config, &judgement);
    struct forger forger = make_forger(&config, kind, 1);
    if (ok(drive_live_forged(&d, net, &config, &forger, gap), "%s IPv%u, %s, flood %d: ran", spec, family, name,
           (int)kind)) {
        verdict_judge(d.session, &judgement);
        enum verdict_state state = judgement.verdicts[0].state;
        ok(state == want || state == VERDICT_INCONCLUSIVE, "%s IPv%u, %s, flood %d: %s, %s in peace", spec, family,
           name, (int)kind, verdict_state_name(state), verdict_state_name(want));
        is_num(forged_that_count(d.session, &forger.sender), 0, "... no forged hop counts");
        is_num(has_finding(&judgement), gap < 10 * NS_PER_MS, "... and a finding says so");
        verdict_release(&judgement);
    }
    drive_free(&d);
}

/* Slower than the finding: the unproven replies are in the report, and make no claim. */
static void check_slow_sweep(const struct net *net)
{
    static struct judgement judgement;
    struct session_config config;
    struct drive d;
    struct err err = {0};
    unsigned unproven = 0;
    if (drive_config(net, 4, "udp", 7, &config, &err) != STATUS_OK)
        return;
    /* It has guessed the ids of the first probes behind the last router. */
    struct session *peek = session_new(&config, false, NULL, &err);
    uint8_t bytes[FORGE_BYTES];
    struct forger forger = make_forger(&config, FORGE_IDS, 1);
    flow_stamp(&session_trace(peek, 0)->flow, 15, 1, bytes);
    forger.count = (uint64_t)bytes[4] << 8 | bytes[5];
    session_free(peek);
    if (ok(drive_live_forged(&d, net, &config, &forger, 12 * NS_PER_MS), "a slow sweep from a known id: ran")) {
        for (size_t n = 0; n < session_trace(d.session, 0)->probe_count; n++)
            unproven += session_trace(d.session, 0)->probes[n].unproven_count;
        verdict_judge(d.session, &judgement);
        ok(unproven > 0, "... %u replies fit an id", unproven);
        is_num(forged_that_count(d.session, &forger.sender), 0, "... none counts");
        enum verdict_state state = judgement.verdicts[0].state;
        ok(state == VERDICT_UNANSWERED || state == VERDICT_INCONCLUSIVE, "... %s", judgement.verdicts[0].text);
        is_num(has_finding(&judgement), false, "... and they are too few for a finding");
        verdict_release(&judgement);
    }
    drive_free(&d);
}

int main(void)
{
    for (unsigned p = 0; p < sizeof paths / sizeof *paths; p++) {
        struct net *net = network(paths[p].rule);
        for (unsigned s = 0; net && s < sizeof specs / sizeof *specs; s++)
            for (uint8_t family = 4; family <= 6; family = (uint8_t)(family + 2))
                check_flood(net, paths[p].name, specs[s], family, FORGE_ALL, FLOOD_GAP);
        check_flood(net, paths[p].name, "udp", 4, FORGE_IDS, FLOOD_GAP);
        check_flood(net, paths[p].name, "udp", 4, FORGE_PORTS, FLOOD_GAP);
        check_flood(net, paths[p].name, "udp/53", 4, FORGE_ANSWERS, FLOOD_GAP);
        if (p == 0)
            check_slow_sweep(net);
        free(net);
    }
    return tap_done();
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The session over simulated networks: every scenario, probe type and family, with several seeds: the path found is the
 * truth, no router is pressed, the same seed sends the same bytes, and what was captured replays to the same state.
 * SIM_SEEDS: how many seeds (3). */
#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "sim/drive.h"
#include "tap.h"
#include "verdict/verdict.h"

#define SEEDS_USUAL 3
#define MOST_OF_SPEC 3
#define MOST_OF_ALL 6
#define SIZES_UP_TO 1500

static unsigned seeds = SEEDS_USUAL;

static const char *const spec_lists[] = {
    "udp",     "icmp",  "tcp/443", "tcp/80", "tcp/80:ack", "tcp/81:fin", "udp/53", "udp/123",
    "udp/443", "udp/7", "udplite", "dccp",   "sctp",       "ip/50",      "auto",
};

static void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("#   ");
    vprintf(format, args);
    printf("\n");
    va_end(args);
}

/* --- the path against what the scenario's author wrote --- */

static bool lists(const char *specs, const char *spec)
{
    size_t length = strlen(spec);
    if (strcmp(specs, "*") == 0)
        return true;
    for (const char *at = strstr(specs, spec); at; at = strstr(at + 1, spec))
        if ((at == specs || at[-1] == ',') && (at[length] == '\0' || at[length] == ','))
            return true;
    return false;
}

static const struct expect *expectation(const struct net *net, const char *spec, uint8_t family)
{
    for (unsigned i = 0; i < net->expect_count; i++)
        if (lists(net->expects[i].specs, spec) && (!net->expects[i].family || net->expects[i].family == family))
            return &net->expects[i];
    return NULL;
}

static bool is_node(const struct net *net, unsigned node, const struct addr *address)
{
    return addr_equal(net_address(net, node, address->family), address) || net_owner(net, address) == (int)node;
}

static bool hop_fits(const struct net *net, const struct expect_hop *hop, const struct addr *address)
{
    if (hop->open || (hop->node_count == 0 && addr_is_none(address)))
        return true;
    for (unsigned i = 0; i < hop->node_count; i++)
        if (!addr_is_none(address) && is_node(net, hop->nodes[i], address))
            return true;
    return false;
}

static void complain_of_hop(const char *spec, uint64_t seed, unsigned ttl, const struct addr *address)
{
    char text[ADDR_TEXT_BYTES];
    addr_format(address, text);
    complain("%s, seed %" PRIu64 ": hop %u is %s", spec, seed, ttl, addr_is_none(address) ? "silent" : text);
}

/* `trace` NULL: the merged path of all traces. */
static bool path_fits(const struct drive *d, const struct expect *want, const struct trace *trace, const char *spec)
{
    bool good = true;
    unsigned last = trace ? trace_last_ttl(trace) : session_last_ttl(d->session);
    for (unsigned ttl = 1; ttl <= want->hop_count || ttl <= last; ttl++) {
        static const struct expect_hop silence;
        const struct expect_hop *hop = ttl <= want->hop_count ? &want->hops[ttl - 1] : &silence;
        const struct trace *asked = trace ? trace : session_hop_trace(d->session, (uint8_t)ttl);
        struct addr address = asked && ttl <= last ? trace_hop_address(asked, (uint8_t)ttl) : (struct addr){0};
        bool open_end = want->hop_count > 0 && ttl > want->hop_count && want->hops[want->hop_count - 1].open;
        if (!open_end && !hop_fits(d->net, hop, &address)) {
            complain_of_hop(spec, d->config.seed, ttl, &address);
            good = false;
        }
        if (trace && hop->refuses && trace->refused_ttl != ttl) {
            complain("%s, seed %" PRIu64 ": refused at %u, not at %u", spec, d->config.seed, trace->refused_ttl, ttl);
            good = false;
        }
    }
    if (trace && want->end[0] && strcmp(trace_end_name(trace->end), want->end) != 0) {
        complain("%s, seed %" PRIu64 ": ended %s", spec, d->config.seed, trace_end_name(trace->end));
        good = false;
    }
    return good;
}

/* Each reply that came to a probe of a flow is from whom the network says, where chance plays no part in the way. */
static bool replies_are_true(const struct drive *d, const struct trace *trace)
{
    uint8_t bytes[65535];
    for (unsigned ttl = 1; ttl <= trace_last_ttl(trace); ttl++) {
        const struct probe *probe = trace_first_at(trace, (uint8_t)ttl);
        const struct reply *reply = probe ? probe_answer(probe) : NULL;
        if (!reply)
            continue;
        flow_stamp(trace_flow(trace, probe->flow), probe->serial, probe->ttl, bytes);
        struct sim_answer truth = sim_ask(d->sim, bytes, trace->flow.size);
        if (!truth.answered || !addr_equal(&truth.from, &reply->from)) {
            complain_of_hop("not the truth", d->config.seed, ttl, &reply->from);
            return false;
        }
    }
    return true;
}

static bool is_by_chance(const struct net *net)
{
    for (unsigned i = 0; i < net->node_count; i++)
        if (net->nodes[i].balance == BALANCE_PER_PACKET)
            return true;
    return false;
}

static bool check_path(const struct drive *d, const char *spec, uint8_t family)
{
    const struct expect *want = expectation(d->net, spec, family);
    if (d->config.spec_count > 1)
        return !want || path_fits(d, want, NULL, spec);
    const struct trace *trace = session_trace(d->session, 0);
    bool good = !want || path_fits(d, want, trace, spec);
    return (is_by_chance(d->net) || replies_are_true(d, trace)) && good;
}

/* --- the verdicts against those that the scenario's author wrote --- */

static const struct expect_verdict *expected_verdict(const struct net *net, const char *spec, uint8_t family,
                                                     bool chain)
{
    for (unsigned i = 0; i < net->verdict_count; i++) {
        const struct expect_verdict *v = &net->verdicts[i];
        if (v->chain == chain && lists(v->specs, spec) && (!v->family || v->family == family))
            return v;
    }
    return chain ? expected_verdict(net, spec, family, false) : NULL;
}

static bool states_list(const char *states, const char *state)
{
    size_t length = strlen(state);
    for (const char *at = strstr(states, state); at; at = strstr(at + 1, state))
        if ((at == states || at[-1] == '|') && (at[length] == '\0' || at[length] == '|'))
            return true;
    return false;
}

static bool place_fits(int want, const struct place *place)
{
    return want < 0 || (place->known ? place->ttl : 0) == want;
}

static bool verdict_fits(const struct expect_verdict *want, const struct verdict *verdict)
{
    if (!want || strcmp(want->states, "?") == 0)
        return want != NULL;
    const char *how = verdict->how ? verdict_how_name(verdict->how) : "";
    return states_list(want->states, verdict_state_name(verdict->state)) &&
           (strcmp(want->how, "?") == 0 || strcmp(want->how, how) == 0) && place_fits(want->at, &verdict->at) &&
           place_fits(want->after, &verdict->after) && place_fits(want->before, &verdict->before);
}

static bool check_verdicts(const struct drive *d, const char *list, uint8_t family)
{
    struct judgement *judgement = malloc(sizeof *judgement);
    bool good = judgement != NULL, chain = d->config.spec_count > 1;
    if (judgement)
        verdict_judge(d->session, judgement);
    for (unsigned i = 0; judgement && i < judgement->verdict_count; i++) {
        const struct verdict *v = &judgement->verdicts[i];
        char spec[PROBE_SPEC_TEXT_BYTES];
        probe_spec_format(&v->trace->flow.spec, spec);
        if (verdict_fits(expected_verdict(d->net, spec, family, chain), v))
            continue;
        complain("%s, seed %" PRIu64 ": %s is %s %s at %u after %u before %u (%.4f): %s", list, d->config.seed, spec,
                 verdict_state_name(v->state), v->how ? verdict_how_name(v->how) : "", v->at.ttl, v->after.ttl,
                 v->before.ttl, v->confidence, v->text);
        good = false;
    }
    free(judgement);
    return good;
}

/* --- the rest --- */

static bool check_pressure(const struct drive *d, const char *spec)
{
    if (d->most_of_spec <= MOST_OF_SPEC && d->most_of_all <= MOST_OF_ALL)
        return true;
    complain("%s, seed %" PRIu64 ": %u of a spec, %u of all unanswered at one hop", spec, d->config.seed,
             d->most_of_spec, d->most_of_all);
    return false;
}

static void complain_of_difference(const char *a, const char *b)
{
    size_t i = 0, line = 0;
    for (; a[i] && a[i] == b[i]; i++)
        if (a[i] == '\n')
            line = i + 1;
    complain("live:   %.*s", (int)strcspn(a + line, "\n"), a + line);
    complain("replay: %.*s", (int)strcspn(b + line, "\n"), b + line);
}

static bool same_text(const char *what, const char *spec, uint64_t seed, const struct strbuf *a, const struct strbuf *b)
{
    if (strcmp(a->text, b->text) == 0)
        return true;
    complain("%s, seed %" PRIu64 ": %s differ", spec, seed, what);
    complain_of_difference(a->text, b->text);
    return false;
}

static bool check_replay(const struct drive *d, const char *spec)
{
    struct strbuf live, replayed;
    struct err err = {0};
    strbuf_init(&live);
    strbuf_init(&replayed);
    strbuf_add(&live, d->settled.text);
    drive_describe(d->session, &live);
    bool good = drive_replay(d, &replayed, &err);
    if (!good)
        complain("%s: %s", spec, err.message);
    good = good && same_text("live and replay", spec, d->config.seed, &live, &replayed);
    strbuf_free(&live);
    strbuf_free(&replayed);
    return good;
}

/* Through the real loop, dump and file; only for one seed. */
static bool check_saved(const struct drive *d, const char *spec)
{
    char path[] = "sim-XXXXXX";
    struct strbuf taped, live, replayed;
    struct err err = {0};
    if (d->config.seed != 1)
        return true;
    int fd = mkstemp(path);
    if (fd >= 0)
        close(fd);
    strbuf_init(&taped);
    strbuf_init(&live);
    strbuf_init(&replayed);
    strbuf_add(&taped, d->settled.text);
    drive_describe(d->session, &taped);
    bool good = drive_saved(d, path, &live, &replayed, &err);
    if (!good)
        complain("%s: %s", spec, err.message);
    good = good && same_text("tape and loop", spec, 1, &taped, &live);
    good = good && same_text("loop and file", spec, 1, &live, &replayed);
    unlink(path);
    strbuf_free(&taped);
    strbuf_free(&live);
    strbuf_free(&replayed);
    return good;
}

static bool check_repeat(const struct drive *d, const char *spec)
{
    struct drive again;
    bool good = drive_live(&again, d->net, &d->config, NSTIME_NEVER) && again.sends == d->sends &&
                again.done == d->done && strcmp(again.settled.text, d->settled.text) == 0;
    if (!good)
        complain("%s, seed %" PRIu64 ": the second run is another", spec, d->config.seed);
    drive_free(&again);
    return good;
}

/* Ctrl-C at some moment: what was captured until then replays to the same state. */
static bool check_interrupted(const struct drive *whole, const char *spec)
{
    bool good = true;
    nstime length = whole->done - SIM_START;
    for (unsigned i = 1; i < 4; i++) {
        struct drive d;
        nstime most = length * i / 4;
        bool same = drive_live(&d, whole->net, &whole->config, most) && check_replay(&d, spec);
        if (!same)
            complain("%s, seed %" PRIu64 ": interrupted after %g ms", spec, d.config.seed, nstime_ms(most));
        good = good && same;
        drive_free(&d);
    }
    return good;
}

/* What one scenario and family must show over all specs and seeds. */
struct score {
    bool runs, paths, verdicts, pressure, repeats, replays, saved, interrupted, sizes;
};

/* Probes of other sizes change neither the path nor the verdicts. The seeds are others than those of plain runs: where
 * a tenth of all packets is lost, one run in forty leaves a spec of auto undecided, with sizes or without. */
static bool check_with_sizes(const struct net *net, uint8_t family, const char *spec,
                             const struct session_config *plain)
{
    struct session_config config = *plain;
    struct drive d;
    config.interface_mtu = SIZES_UP_TO;
    config.seed += SEEDS_USUAL;
    bool ran = drive_live(&d, net, &config, NSTIME_NEVER), cannot = d.err.status == STATUS_USAGE;
    if (!ran && !cannot)
        complain("%s, seed %" PRIu64 ", with sizes: %s", spec, config.seed, d.err.message);
    bool good = cannot || (ran && check_path(&d, spec, family));
    good = (cannot || (ran && check_verdicts(&d, spec, family))) && good;
    good = (cannot || (ran && check_replay(&d, spec))) && good;
    drive_free(&d);
    return good;
}

static void run_one(const struct net *net, uint8_t family, const char *spec, uint64_t seed, struct score *score)
{
    struct session_config config;
    struct drive d;
    struct err err = {0};
    if (drive_config(net, family, spec, seed, &config, &err)) {
        complain("%s: %s", spec, err.message);
        score->runs = false;
        return;
    }
    if (drive_live(&d, net, &config, NSTIME_NEVER)) {
        score->paths = check_path(&d, spec, family) && score->paths;
        score->verdicts = check_verdicts(&d, spec, family) && score->verdicts;
        score->pressure = check_pressure(&d, spec) && score->pressure;
        score->repeats = (seed > 1 || check_repeat(&d, spec)) && score->repeats;
        score->replays = check_replay(&d, spec) && score->replays;
        score->interrupted = (seed > 1 || check_interrupted(&d, spec)) && score->interrupted;
        score->saved = check_saved(&d, spec) && score->saved;
        score->sizes = check_with_sizes(net, family, spec, &config) && score->sizes;
    } else {
        complain("%s, seed %" PRIu64 ": %s", spec, seed, d.err.message);
        score->runs = false;
    }
    drive_free(&d);
}

static void run_scenario(const struct net *net, const char *name, uint8_t family)
{
    struct score score = {true, true, true, true, true, true, true, true, true};
    const char *only = getenv("SIM_SPEC");
    if (addr_is_none(&net->target[family == 6]))
        return;
    for (size_t i = 0; i < sizeof spec_lists / sizeof spec_lists[0]; i++)
        for (uint64_t seed = 1; seed <= seeds; seed++)
            if (!only || strcmp(only, spec_lists[i]) == 0)
                run_one(net, family, spec_lists[i], seed, &score);
    ok(score.runs, "%s, IPv%u: every run comes to its end", name, family);
    ok(score.paths, "%s, IPv%u: the path found is the path there is", name, family);
    ok(score.verdicts, "%s, IPv%u: the verdicts are those that it shows", name, family);
    ok(score.pressure, "%s, IPv%u: at most %d probes of a spec unanswered at a hop", name, family, MOST_OF_SPEC);
    ok(score.repeats, "%s, IPv%u: the same seed, the same run", name, family);
    ok(score.replays, "%s, IPv%u: live equals replay", name, family);
    ok(score.interrupted, "%s, IPv%u: interrupted live equals replay", name, family);
    ok(score.saved, "%s, IPv%u: live equals its saved file", name, family);
    ok(score.sizes, "%s, IPv%u: path, verdicts and replay while sizes are measured", name, family);
}

static struct net *read_scenario(const char *name)
{
    char path[512];
    struct err err;
    struct net *net = NULL;
    const char *top = getenv("top_srcdir");
    snprintf(path, sizeof path, "%s/tests/sim/scenarios/%s", top ? top : ".", name);
    if (net_read(path, &net, &err)) {
        printf("Bail out! %s\n", err.message);
        exit(1);
    }
    return net;
}

static int is_network(const struct dirent *entry)
{
    const char *only = getenv("SIM_SCENARIO");
    size_t length = strlen(entry->d_name);
    return length > 4 && strcmp(entry->d_name + length - 4, ".net") == 0 && (!only || strcmp(only, entry->d_name) == 0);
}

static void test_scenarios(void)
{
    struct dirent **entries = NULL;
    char path[512];
    const char *top = getenv("top_srcdir");
    snprintf(path, sizeof path, "%s/tests/sim/scenarios", top ? top : ".");
    int count = scandir(path, &entries, is_network, alphasort);
    ok(count > 0, "%d scenarios", count);
    for (int i = 0; i < count; i++) {
        struct net *net = read_scenario(entries[i]->d_name);
        for (uint8_t family = 4; family <= 6; family += 2)
            run_scenario(net, entries[i]->d_name, family);
        free(net);
        free(entries[i]);
    }
    free(entries);
}

/* --- how long it takes, in virtual time --- */

struct bound {
    const char *scenario, *spec;
    uint8_t queries;
    double most; /* times the target's RTT of 100 ms */
};

static const struct bound bounds[] = {
    {"ten.net", "udp", 3, 1.3},
    {"ten.net", "icmp", 3, 1.3},
    {"ten.net", "tcp/443", 3, 1.3},
    {"ten.net", "auto", 3, 1.3},
    {"ten.net", "udp", 1, 1.05},
    {"ten.net", "tcp/443", 1, 1.05},
    {"ten.net", "auto", 1, 1.05},
    {"ten-two-silent.net", "udp", 3, 3},
    {"ten-two-silent.net", "icmp", 3, 3},
    {"ten-two-silent.net", "auto", 3, 3},
    {"ten-silent-target.net", "udp", 3, 33},
    {"ten-silent-target.net", "tcp/443", 3, 33},
    {"ten-silent-target.net", "auto", 3, 33},
    {"ten-udp-dropped.net", "auto", 3, 4},
};

static void test_durations(void)
{
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        const struct bound *b = &bounds[i];
        struct net *net = read_scenario(b->scenario);
        double worst = 0;
        for (uint64_t seed = 1; seed <= seeds; seed++) {
            struct session_config config;
            struct drive d;
            struct err err;
            drive_config(net, 4, b->spec, seed, &config, &err);
            config.queries = b->queries;
            if (drive_live(&d, net, &config, NSTIME_NEVER) && nstime_ms(d.done - d.first_send) > worst)
                worst = nstime_ms(d.done - d.first_send);
            drive_free(&d);
        }
        ok(worst > 0 && worst <= b->most * 100, "%s, %s, -q %u: %.2f times the target's RTT, at most %.2f", b->scenario,
           b->spec, b->queries, worst / 100, b->most);
        free(net);
    }
}

/* With more probes a hop than a router may be asked at once. */
static void test_pressure(void)
{
    static const struct {
        const char *scenario, *specs;
    } rows[] = {{"silent-target.net", "auto"}, {"reset-silent.net", "udp,tcp/443,icmp"}, {"everything.net", "auto"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct net *net = read_scenario(rows[i].scenario);
        struct session_config config;
        struct drive d;
        struct err err;
        drive_config(net, 4, rows[i].specs, 1, &config, &err);
        config.queries = 10;
        ok(drive_live(&d, net, &config, NSTIME_NEVER) && check_pressure(&d, rows[i].specs),
           "%s, %s, -q 10: at most %d probes of a spec unanswered at a hop", rows[i].scenario, rows[i].specs,
           MOST_OF_SPEC);
        drive_free(&d);
        free(net);
    }
}

int main(void)
{
    const char *value = getenv("SIM_SEEDS");
    seeds = value ? (unsigned)strtoul(value, NULL, 10) : seeds;
    test_durations();
    test_pressure();
    test_scenarios();
    return tap_done();
}

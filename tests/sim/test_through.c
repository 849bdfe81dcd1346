/* SPDX-License-Identifier: BSD-2-Clause */
/* test_through: what a run with --through says of a gateway whose rules are known, and how far its probes go. All is
 * virtual time. */
#include <stdlib.h>

#include "base/rng.h"
#include "sim/port_run.h"
#include "tap.h"
#include "verdict/port_verdicts.h"

#define ROUTERS 6
#define TARGET_TTL (ROUTERS + 1)

static void describe_net(const char *const options[ROUTERS], const char *link, const char *statements,
                         struct strbuf *out)
{
    strbuf_init(out);
    strbuf_add(out, "client client 10.9.0.2 2001:db8:99::2\n");
    for (unsigned k = 1; k <= ROUTERS; k++)
        strbuf_addf(out, "router r%u 10.0.%u.1 2001:db8:%u::1 %s\n", k, k, k, options[k - 1] ? options[k - 1] : "");
    strbuf_add(out, "host target 192.0.2.80 2001:db8:80::80 open tcp/150,udp/150\n");
    port_run_add_links(out, ROUTERS, link);
    strbuf_add(out, statements);
}

/* The largest TTL of any probe of the lists, or of the specs. */
static unsigned most_ttl(const struct session *session, bool of_lists)
{
    unsigned most = 0;
    for (unsigned i = 0; i < session_all_count(session); i++) {
        const struct trace *trace = session_trace(session, i);
        if ((trace->ports != NULL) == of_lists && trace->most_ttl > most)
            most = trace->most_ttl;
    }
    return most;
}

static struct judgement *judge(const struct session *session)
{
    struct judgement *judgement = malloc(sizeof *judgement);
    if (!judgement)
        abort();
    verdict_judge(session, judgement);
    return judgement;
}

static void forget(struct judgement *judgement)
{
    verdict_release(judgement);
    free(judgement);
}

/* --- one gateway after the other --- */

static const struct {
    const char *name;
    const char *options[ROUTERS]; /* of r1 to r6; NULL: none */
    const char *statements, *list, *through;
    const char *lines; /* the sentence about the gateway, then each group of ports, then each spec */
    unsigned list_ttl; /* the largest TTL of the list's probes; 0: none was sent */
    unsigned spec_ttl; /* the same of the specs */
    unsigned sent;     /* packets; 0: any number */
    unsigned sureness; /* confidence of the first spec's verdict, in thousandths; 0: any */
} gateways[] = {
    {.name = "a gateway that drops",
     .statements = "filter r3 forward tcp port 100-140 to target drop\n",
     .list = "tcp/100-160",
     .through = "3",
     .lines = "tcp forwarded at hop 3 (10.0.3.1): 141-160\n"
              "tcp dropped after hop 3 (10.0.3.1): 100-140\n"
              "icmp forwarded at hop 3 (10.0.3.1): it expired at hop 4 (10.0.4.1).\n",
     .list_ttl = 4,
     .spec_ttl = 4},
    {.name = "a few ports are dropped before a gateway that drops all of their neighbours",
     .statements =
         "filter r2 forward tcp port 131-137 to target drop\nfilter r3 forward tcp port 101-200 to target drop\n",
     .list = "tcp/100-200",
     .through = "3",
     .lines = "tcp forwarded at hop 3 (10.0.3.1): 100\n"
              "tcp dropped after hop 2 (10.0.2.1): 131-137\n"
              "tcp dropped after hop 3 (10.0.3.1): 101-130,138-200\n"
              "icmp forwarded at hop 3 (10.0.3.1): it expired at hop 4 (10.0.4.1).\n",
     .list_ttl = 4,
     .spec_ttl = 4},
    {.name = "a gateway by its address, which rejects and resets",
     .statements = "filter r3 forward tcp port 100-110 to target reject admin-prohibited\n"
                   "filter r3 forward tcp port 120-130 to target reset\n",
     .list = "tcp/100-160",
     .through = "10.0.3.1",
     .lines = "tcp rejected at hop 3 (10.0.3.1), admin-prohibited: 100-110\n"
              "tcp rejected after hop 3 (10.0.3.1), tcp-reset: 120-130\n"
              "tcp forwarded at hop 3 (10.0.3.1): 111-119,131-160\n"
              "icmp forwarded at hop 3 (10.0.3.1): it expired at hop 4 (10.0.4.1).\n",
     .list_ttl = 4,
     .spec_ttl = 4},
    {.name = "a router before the gateway drops",
     .statements = "filter r2 forward udp port 100-105 to target drop\n"
                   "filter r4 forward udp port 106-110 to target drop\n",
     .list = "udp/100-120",
     .through = "3",
     .lines = "udp dropped after hop 2 (10.0.2.1): 100-105\n"
              "udp forwarded at hop 3 (10.0.3.1): 106-120\n"
              "icmp forwarded at hop 3 (10.0.3.1): it expired at hop 4 (10.0.4.1).\n",
     .list_ttl = 4,
     .spec_ttl = 4},
    {.name = "a silent router behind the gateway",
     .options = {NULL, NULL, NULL, "silent"},
     .statements = "filter r3 forward tcp port 100-110 to target drop\n",
     .list = "tcp/100-120",
     .through = "3",
     .lines = "tcp forwarded at hop 3 (10.0.3.1): 111-120\n"
              "tcp dropped after hop 3 (10.0.3.1): 100-110\n"
              "icmp forwarded at hop 3 (10.0.3.1): it expired at hop 5 (10.0.5.1).\n",
     .list_ttl = 5,
     .spec_ttl = 5},
    {.name = "two silent routers behind the gateway",
     .options = {NULL, NULL, NULL, "silent", "silent"},
     .statements = "filter r3 forward tcp port 100-110 to target drop\n",
     .list = "tcp/100-120",
     .through = "3",
     .lines = "tcp forwarded at hop 3 (10.0.3.1): 111-120\n"
              "tcp dropped after hop 3 (10.0.3.1): 100-110\n"
              "icmp forwarded at hop 3 (10.0.3.1): it expired at hop 6 (10.0.6.1).\n",
     .list_ttl = 6,
     .spec_ttl = 6},
    {.name = "a silent gateway",
     .options = {NULL, NULL, "silent"},
     .statements = "filter r3 forward tcp port 100-110 to target drop\n",
     .list = "tcp/100-120",
     .through = "3",
     .lines = "tcp forwarded at hop 3: 111-120\n"
              "tcp dropped after hop 2 (10.0.2.1): 100-110\n"
              "icmp forwarded at hop 3: it expired at hop 4 (10.0.4.1).\n",
     .list_ttl = 4,
     .spec_ttl = 4},
    {.name = "a gateway that drops icmp",
     .statements = "filter r3 forward echo drop\nfilter r3 forward tcp port 100-110 to target drop\n",
     .list = "tcp/100-120",
     .through = "3",
     .lines = "tcp forwarded at hop 3 (10.0.3.1): 111-120\n"
              "tcp dropped after hop 3 (10.0.3.1): 100-110\n"
              "icmp dropped after hop 3 (10.0.3.1): tcp/118 got to hop 4 (10.0.4.1).\n",
     .list_ttl = 4,
     .spec_ttl = 6},
    {.name = "no gateway is given, and a router drops icmp",
     .statements = "filter r3 forward echo drop\nfilter r3 forward tcp port 100-110 to target drop\n",
     .list = "tcp/100-120",
     .lines = "tcp closed, tcp-reset: 111-120\n"
              "tcp dropped after hop 3 (10.0.3.1): 100-110\n"
              "icmp dropped after hop 3 (10.0.3.1): tcp/111 got to hop 4 (10.0.4.1).\n",
     .list_ttl = 30,
     .spec_ttl = 16,
     .sureness = 950},
    {.name = "a gateway that drops all",
     .statements = "filter r3 forward to target drop\n",
     .list = "tcp/100-120",
     .through = "3",
     .lines = "No router behind hop 3 (10.0.3.1) replied, so nothing shows what it forwards.\n"
              "tcp inconclusive: 100-120\n"
              "icmp unanswered after hop 3 (10.0.3.1), the last router that any probe found: no reply to 13 "
              "probes.\n",
     .list_ttl = 4,
     .spec_ttl = 6,
     .sent = 65},
    {.name = "an address that is not on the path",
     .statements = "",
     .list = "tcp/100-120",
     .through = "10.0.99.1",
     .lines = "No hop of this path replied from 10.0.99.1, so nothing was probed behind it.\n",
     .spec_ttl = TARGET_TTL},
    {.name = "the last router",
     .statements = "",
     .list = "tcp/100-120",
     .through = "10.0.6.1",
     .lines = "The target is the next hop behind hop 6 (10.0.6.1), so no router there shows what it forwards (leave "
              "--through out).\n",
     .spec_ttl = TARGET_TTL},
    {.name = "a silent router between gateway and target",
     .options = {NULL, NULL, NULL, NULL, NULL, "silent"},
     .statements = "",
     .list = "tcp/100-120",
     .through = "5",
     .lines = "No router between hop 5 (10.0.5.1) and the target replied, so nothing shows what it forwards (leave "
              "--through out).\n",
     .spec_ttl = TARGET_TTL},
    {.name = "a hop behind the target",
     .statements = "",
     .list = "tcp/100-120",
     .through = "9",
     .lines = "The target is hop 7, so no gateway at hop 9 is before it.\n",
     .spec_ttl = TARGET_TTL},
};

static void add_lines(const struct judgement *judgement, struct strbuf *out)
{
    struct port_groups *groups = malloc(sizeof *groups);
    if (!groups)
        abort();
    if (judgement->gateway[0])
        strbuf_addf(out, "%s\n", judgement->gateway);
    groups->count = 0;
    if (judgement->ports && ports_group(judgement->ports, groups))
        for (unsigned i = 0; i < groups->count; i++) {
            ports_add_line(&groups->of[i], true, out);
            strbuf_add(out, "\n");
        }
    for (unsigned i = 0; i < judgement->verdict_count; i++)
        strbuf_addf(out, "%s\n", judgement->verdicts[i].text);
    ports_free_groups(groups);
    free(groups);
}

static void check_gateway(unsigned row)
{
    struct strbuf text, lines;
    struct net *net = NULL;
    struct err err = {0};
    struct drive d = {0};
    const char *name = gateways[row].name;
    strbuf_init(&lines);
    describe_net(gateways[row].options, "", gateways[row].statements, &text);
    bool ran = net_parse("through", text.text, &net, &err) == STATUS_OK &&
               port_run_through(&d, net, gateways[row].list, gateways[row].through, 4, 1);
    if (ok(ran, "%s: ran %s", name, ran ? "" : err.message)) {
        struct judgement *judgement = judge(d.session);
        add_lines(judgement, &lines);
        is_text(lines.text ? lines.text : "", gateways[row].lines, "%s: the report", name);
        is_num(most_ttl(d.session, true), gateways[row].list_ttl, "%s: no port is probed further", name);
        is_num(most_ttl(d.session, false), gateways[row].spec_ttl, "%s: nor are the specs", name);
        if (gateways[row].sureness && ok(judgement->verdict_count > 0, "%s: a spec is judged", name))
            is_num(judgement->verdicts[0].confidence * 1000 + 0.5, gateways[row].sureness, "%s: confidence", name);
        if (gateways[row].sent)
            is_num(d.sent_count, gateways[row].sent, "%s: packets", name);
        ok(drive_replays_alike(&d), "%s: the replay knows the same", name);
        forget(judgement);
    }
    drive_free(&d);
    strbuf_free(&text);
    strbuf_free(&lines);
    free(net);
}

/* --- random rules --- */

#define FIRST_PORT 100
#define LAST_PORT 220
#define GATEWAY 3

enum truth { IS_FORWARDED, IS_DROPPED, IS_REFUSED };

struct world {
    uint8_t truth[LAST_PORT + 1], by[LAST_PORT + 1];
    struct strbuf statements;
};

static void make_world(struct rng *rng, const char *protocol, struct world *out)
{
    static const char *const verbs[] = {[IS_DROPPED] = "drop", [IS_REFUSED] = "reject admin-prohibited"};
    *out = (struct world){.truth = {IS_FORWARDED}};
    strbuf_init(&out->statements);
    for (unsigned port = FIRST_PORT; port <= LAST_PORT;) {
        unsigned last = port + rng_below(rng, 25), by = GATEWAY - rng_below(rng, 2);
        enum truth truth = rng_below(rng, 4) ? IS_DROPPED : IS_REFUSED;
        last = truth == IS_REFUSED && last > port + 3 ? port + 3 : last;
        last = last > LAST_PORT ? LAST_PORT : last;
        strbuf_addf(&out->statements, "filter r%u forward %s port %u-%u to target %s\n", by, protocol, port, last,
                    verbs[truth]);
        for (; port <= last; port++) {
            out->truth[port] = (uint8_t)truth;
            out->by[port] = (uint8_t)by;
        }
        port += rng_below(rng, 6); /* these pass */
    }
}

static bool is_right(const struct world *world, const struct verdict *verdict)
{
    unsigned by = world->by[verdict->spec.port];
    switch ((enum truth)world->truth[verdict->spec.port]) {
    case IS_FORWARDED:
        return verdict->state == VERDICT_FORWARDED && verdict->at.ttl == GATEWAY;
    case IS_DROPPED:
        return verdict->state == VERDICT_DROPPED && verdict->after.ttl == by && verdict->before.ttl == by + 1;
    case IS_REFUSED:
        return verdict->state == VERDICT_REJECTED && verdict->at.ttl == by;
    }
    return false;
}

static void check_verdicts(const struct drive *d, const struct world *world, unsigned undecided_most, const char *name)
{
    struct judgement *judgement = judge(d->session);
    unsigned right = 0, wrong = 0, undecided = 0;
    char first_wrong[SENTENCE_BYTES] = "";
    for (uint32_t i = 0; judgement->ports && i < judgement->ports->count; i++) {
        struct verdict verdict;
        if (!ports_judge(judgement->ports, &judgement->ports->entries[i], &verdict) ||
            verdict.state == VERDICT_INCONCLUSIVE)
            undecided++;
        else if (is_right(world, &verdict))
            right++;
        else if (wrong++ == 0)
            memcpy(first_wrong, verdict.text, sizeof first_wrong);
    }
    is_num(wrong, 0, "%s: no port is wrong: %s", name, first_wrong);
    ok(right && undecided <= undecided_most, "%s: %u right, %u undecided, %u packets, %.1f s", name, right, undecided,
       d->sent_count, (double)(d->done - d->first_send) / 1e9);
    forget(judgement);
}

/* `limit`: that of every router's errors; NULL: none. */
static void check_world(uint64_t seed, const char *protocol, const char *limit, unsigned loss, unsigned undecided_most)
{
    const char *const options[ROUTERS] = {limit, limit, limit, limit, limit, limit};
    struct rng rng = rng_init(seed);
    struct world world;
    struct strbuf text;
    struct net *net = NULL;
    struct err err = {0};
    struct drive d = {0};
    char name[96], list[32], link[32];
    uint8_t family = seed % 2 ? 4 : 6;
    snprintf(name, sizeof name, "%s, IPv%u, world %u, loss %u %%, %s", protocol, family, (unsigned)seed, loss,
             limit ? limit : "no limit");
    snprintf(list, sizeof list, "%s/%u-%u", protocol, FIRST_PORT, LAST_PORT);
    snprintf(link, sizeof link, "loss %g%%", loss / 2.0 / (GATEWAY + 1));
    make_world(&rng, protocol, &world);
    describe_net(options, link, world.statements.text, &text);
    bool ran =
        net_parse("through", text.text, &net, &err) == STATUS_OK && port_run_through(&d, net, list, "3", family, seed);
    if (ok(ran, "%s: ran %s", name, ran ? "" : err.message)) {
        check_verdicts(&d, &world, undecided_most, name);
        ok(most_ttl(d.session, true) == GATEWAY + 1 && most_ttl(d.session, false) == GATEWAY + 1,
           "%s: no probe goes further than the first router behind", name);
        ok(drive_replays_alike(&d), "%s: the replay knows the same", name);
    }
    drive_free(&d);
    strbuf_free(&text);
    strbuf_free(&world.statements);
    free(net);
}

int main(void)
{
    for (unsigned row = 0; row < sizeof gateways / sizeof *gateways; row++)
        check_gateway(row);
    for (uint64_t seed = 1; seed <= 6; seed++) {
        check_world(seed, "tcp", NULL, 0, 0);
        check_world(seed, "udp", "limit 6 1", 0, 0);
        check_world(seed, "tcp", "limit 6 1", 5, 4);
        check_world(seed, "tcp", "limit 10 1", 0, 0);
        check_world(seed, "udp", "limit 20 5", 0, 0);
        check_world(seed, "tcp", "limit 50 10", 5, 4);
    }
    return tap_done();
}

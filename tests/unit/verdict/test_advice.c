/* SPDX-License-Identifier: BSD-2-Clause */
/* Advice: the probe that gets furthest, and tickets; nothing beyond the verdicts. */
#include <string.h>

#include "tap.h"
#include "unit/support/fake_session.h"
#include "verdict/advice/advice.h"

static struct judgement judgement;

static struct place place(uint8_t ttl, const char *address)
{
    struct place out = {.known = ttl > 0, .ttl = ttl};
    if (address && !addr_parse(address, &out.address))
        printf("Bail out! %s\n", address);
    return out;
}

static struct verdict *judge(struct fake *fake, unsigned index, enum verdict_state state, enum verdict_how how)
{
    struct verdict *verdict = &judgement.verdicts[index];
    *verdict = (struct verdict){.trace = fake_trace(fake, index), .state = state, .how = how};
    judgement.verdict_count = index + 1;
    return verdict;
}

static void begin(struct fake *fake, const char *target_name, const char *specs)
{
    judgement = (struct judgement){0};
    fake_init(fake, target_name, "192.0.2.80", specs);
}

/* Each spec finds the routers of hops 1 to its number. */
static void climb(struct fake *fake, const unsigned tops[])
{
    static const char *const routers[] = {"", "10.0.1.1", "10.0.2.1", "10.0.3.1", "10.0.4.1"};
    for (unsigned i = 0; i < fake->session.trace_count; i++)
        for (unsigned ttl = 1; ttl <= tops[i]; ttl++)
            fake_hop(fake, i, (uint8_t)ttl, routers[ttl], 1);
}

static void add_line(void *context, const struct ticket *ticket)
{
    struct strbuf *lines = context;
    strbuf_addf(lines, "%s\n", ticket->text.text);
}

static void are(const struct fake *fake, const char *furthest, const char *tickets, const char *name)
{
    struct strbuf text;
    struct advice advice;
    const char *target_name = fake->session.config.target_name;
    strbuf_init(&text);
    advice_init(&advice, *target_name ? target_name : NULL, &judgement);
    const struct strbuf *command = advice.compare.length ? &advice.compare : &advice.command;
    strbuf_addf(&text, "%s%s%s", advice.text.text, command->length ? ": " : "", command->text);
    is_text(text.text, furthest, "%s: which gets furthest", name);
    is_num(advice.trace != NULL, advice.command.length > 0, "%s: a command for each trace", name);
    advice_free(&advice);
    strbuf_clear(&text);
    advice_tickets(&judgement, NULL, NULL, add_line, &text);
    is_text(text.text, tickets, "%s: the ticket", name);
    strbuf_free(&text);
}

static void test_nothing_wrong(void)
{
    struct fake fake;
    begin(&fake, "", "icmp tcp/443 tcp/22");
    climb(&fake, (const unsigned[]){2, 2, 2});
    judge(&fake, 0, VERDICT_OPEN, HOW_NONE);
    judge(&fake, 1, VERDICT_OPEN, HOW_NONE);
    judge(&fake, 2, VERDICT_CLOSED, HOW_TCP_RESET);
    are(&fake, "Every probe reaches the target.", "", "nothing is wrong");
    judgement.findings[judgement.finding_count++].kind = FINDING_PATH_DEPENDENT;
    are(&fake, "Every probe reaches the target, but not from every source port.", "", "flows end differently");
    judgement.finding_count--;
    judge(&fake, 2, VERDICT_UNANSWERED, HOW_NONE)->after = place(2, "10.0.2.1");
    are(&fake, "tcp/443 gets to the target: hopsonde -P tcp/443 192.0.2.80", "", "one is silent for an unknown reason");
    judge(&fake, 1, VERDICT_INCONCLUSIVE, HOW_NONE)->after = place(2, "10.0.2.1");
    are(&fake, "icmp gets furthest, to the target: hopsonde -P icmp 192.0.2.80", "", "an echo alone gets through");
    fake_free(&fake);
    begin(&fake, "", "icmp");
    judge(&fake, 0, VERDICT_UNANSWERED, HOW_NONE);
    are(&fake, "Only icmp was probed; diagnose compares it with other protocols: hopsonde diagnose 192.0.2.80", "",
        "one spec, and no hop answered");
    fake_free(&fake);
    begin(&fake, "web.example", "udp/53");
    climb(&fake, (const unsigned[]){2});
    judge(&fake, 0, VERDICT_INCONCLUSIVE, HOW_NONE)->after = place(2, "10.0.2.1");
    are(&fake, "udp/53 gets to 10.0.2.1 (hop 2): hopsonde -P udp/53 web.example", "", "one spec, all of it answered");
    fake_silence(&fake, 0, 3);
    are(&fake, "Only udp/53 was probed; diagnose compares it with icmp: hopsonde diagnose web.example udp/53", "",
        "one spec that ends in silence");
    judge(&fake, 0, VERDICT_OPEN, HOW_NONE);
    are(&fake, "udp/53 gets to the target: hopsonde -P udp/53 web.example", "", "but not if it gets there");
    fake_free(&fake);
    begin(&fake, "", "icmp");
    are(&fake, "", "", "nothing was sent");
    fake_free(&fake);
}

static void test_dropped(void)
{
    struct fake fake;
    begin(&fake, "web\033.example", "udp icmp udp/53 tcp/443");
    climb(&fake, (const unsigned[]){2, 3, 2, 3});
    for (unsigned i = 0; i < 3; i++) {
        struct verdict *verdict = judge(&fake, i, VERDICT_DROPPED, HOW_SILENT);
        verdict->after = place(2, "10.0.2.1");
        verdict->before = place(3, "10.0.3.1");
    }
    judge(&fake, 1, VERDICT_UNANSWERED, HOW_NONE)->after = place(3, "10.0.3.1");
    judgement.verdict_count = 3;
    are(&fake, "icmp gets furthest, to 10.0.3.1 (hop 3): hopsonde -P icmp web\\x1b.example",
        "Please check the filter at 10.0.2.1 (hop 2) or the next device: UDP destination port 33434 (source port 41022) and "
        "UDP destination port 53 (source port 41024) from 10.0.0.2 to 192.0.2.80 are dropped there, while icmp "
        "gets to 10.0.3.1 (hop 3) (2026-01-02 03:04:05 UTC).\n"
        "Please check the filter at 10.0.3.1 (hop 3) or at 192.0.2.80 itself: icmp from 10.0.0.2 to 192.0.2.80 gets no "
        "reply (2026-01-02 03:04:05 UTC).\n",
        "two share a place");
    judge(&fake, 3, VERDICT_OPEN, HOW_NONE);
    fake_trace(&fake, 0)->origin.source_port_varies = true;
    fake_trace(&fake, 0)->probes[0].source_port = 41022;
    fake_trace(&fake, 0)->probes[1].source_port = 41054;
    fake.now += 86400 * NS_PER_S;
    fake_silence(&fake, 2, 3);
    are(&fake, "tcp/443 gets furthest, to the target: hopsonde -P tcp/443 web\\x1b.example",
        "Please check the filter at 10.0.2.1 (hop 2) or the next device: UDP destination port 33434 (source ports "
        "41022-41054) and UDP destination port 53 (source port 41024) from 10.0.0.2 to 192.0.2.80 are dropped "
        "there, while tcp/443 reaches the target (2026-01-02 03:04:05 to 2026-01-03 03:04:05 UTC).\n",
        "several source ports, two days");
    fake_free(&fake);
}

/* No place, or half of one. */
static void test_brackets(void)
{
    struct fake fake;
    begin(&fake, "", "udp");
    struct verdict *verdict = judge(&fake, 0, VERDICT_DROPPED, HOW_SILENT);
    are(&fake, "",
        "Please check the filter of 10.0.0.2 itself: UDP destination port 33434 (source port 41022) from 10.0.0.2 "
        "to 192.0.2.80 is dropped there.\n",
        "our own host's");
    verdict->before = place(3, NULL);
    are(&fake, "",
        "Please check the filter at hop 3 or a device before it: UDP destination port 33434 (source port 41022) from 10.0.0.2 "
        "to 192.0.2.80 is dropped there.\n",
        "before a hop without address");
    fake_free(&fake);
}

static void test_refusals(void)
{
    struct fake fake;
    begin(&fake, "", "tcp/22 ip/50 tcp/25 icmp");
    climb(&fake, (const unsigned[]){1, 2, 1, 3});
    judge(&fake, 0, VERDICT_REJECTED, HOW_ADMIN_PROHIBITED)->at = place(2, "10.0.2.1");
    judge(&fake, 1, VERDICT_REJECTED, HOW_HOST_UNREACHABLE)->at = place(2, "10.0.2.1");
    judge(&fake, 2, VERDICT_REJECTED, HOW_TCP_RESET)->after = place(1, "10.0.1.1");
    judge(&fake, 3, VERDICT_OPEN, HOW_NONE);
    are(&fake, "icmp gets furthest, to the target: hopsonde -P icmp 192.0.2.80",
        "Please check the filter at 10.0.2.1 (hop 2): TCP destination port 22 (source port 41022) from 10.0.0.2 to "
        "192.0.2.80 is rejected there (admin-prohibited), while icmp reaches the target (2026-01-02 03:04:05 "
        "UTC).\n"
        "Please check the route or filter at 10.0.2.1 (hop 2): ip/50 from 10.0.0.2 to 192.0.2.80 is rejected there "
        "(host-unreachable), while icmp reaches the target (2026-01-02 03:04:05 UTC).\n"
        "Please check the filter at 10.0.1.1 (hop 1) or the next device: TCP destination port 25 (source port 41024) from "
        "10.0.0.2 to 192.0.2.80 is rejected there (tcp-reset in the target's name), while icmp reaches the target "
        "(2026-01-02 03:04:05 UTC).\n",
        "one place, two reasons; and a forged reset");
    judge(&fake, 0, VERDICT_REJECTED, HOW_NONE)->at = place(2, "10.0.2.1");
    are(&fake, "tcp/22 gets to 10.0.1.1 (hop 1): hopsonde -P tcp/22 192.0.2.80", "",
        "a packet too big is no filter's doing");
    fake_free(&fake);
}

/* Another spec reaches the target as well, but the control differs in the name alone. */
static void test_name(void)
{
    struct fake fake;
    begin(&fake, "", "icmp udp/123 udp/53:name=blocked.example udp/53:name=www.example.com");
    climb(&fake, (const unsigned[]){3, 3, 2, 3});
    fake_trace(&fake, 2)->flow.spec.name = "blocked.example"; /* a spec borrows its name */
    fake_trace(&fake, 3)->flow.spec.name = "www.example.com";
    fake_trace(&fake, 3)->is_control = true;
    judge(&fake, 0, VERDICT_OPEN, HOW_NONE);
    judge(&fake, 1, VERDICT_OPEN, HOW_NONE);
    struct verdict *verdict = judge(&fake, 2, VERDICT_DROPPED, HOW_SILENT);
    verdict->after = place(2, "10.0.2.1");
    verdict->before = place(3, "10.0.3.1");
    judge(&fake, 3, VERDICT_OPEN, HOW_NONE);
    are(&fake, "udp/123 gets to the target: hopsonde -P udp/123 192.0.2.80",
        "Please check the filter at 10.0.2.1 (hop 2) or the next device: UDP (name=blocked.example) destination port 53 "
        "(source port 41024) from 10.0.0.2 to 192.0.2.80 is dropped there, while udp/53:name=www.example.com reaches the "
        "target (2026-01-02 03:04:05 UTC).\n",
        "a name that is filtered");
    fake_free(&fake);
}

static void test_ways(void)
{
    struct fake fake;
    begin(&fake, "", "udp icmp tcp/443");
    climb(&fake, (const unsigned[]){2, 2, 4});
    judge(&fake, 0, VERDICT_UNREACHABLE, HOW_NET_UNREACHABLE)->at = place(2, "10.0.2.1");
    judge(&fake, 1, VERDICT_UNREACHABLE, HOW_NET_UNREACHABLE)->at = place(2, "10.0.2.1");
    are(&fake, "udp gets as far as any, to 10.0.2.1 (hop 2): hopsonde -P udp 192.0.2.80",
        "Please check the route to 192.0.2.80 at 10.0.2.1 (hop 2): UDP destination port 33434 (source port 41022) "
        "and icmp from 10.0.0.2 to 192.0.2.80 have no route there (net-unreachable) (2026-01-02 03:04:05 UTC).\n",
        "no way");
    judge(&fake, 0, VERDICT_INTERCEPTED, HOW_NONE)->at = place(2, "10.0.2.1");
    judge(&fake, 1, VERDICT_OPEN, HOW_NONE);
    are(&fake, "icmp gets furthest, to the target: hopsonde -P icmp 192.0.2.80",
        "Please check the proxy or filter at 10.0.2.1 (hop 2): UDP destination port 33434 (source port 41022) from "
        "10.0.0.2 to 192.0.2.80 is answered there in the target's name, while icmp reaches the target (2026-01-02 "
        "03:04:05 UTC).\n",
        "a proxy");
    judge(&fake, 0, VERDICT_LOOPING, HOW_NONE)->at = place(2, "10.0.2.1");
    judge(&fake, 1, VERDICT_INCONCLUSIVE, HOW_NONE);
    judge(&fake, 2, VERDICT_INCONCLUSIVE, HOW_NONE);
    fake_trace(&fake, 0)->loop_first = 2;
    are(&fake, "udp gets as far as any, to 10.0.2.1 (hop 2): hopsonde -P udp 192.0.2.80",
        "Please check the route to 192.0.2.80 at 10.0.2.1 (hop 2): UDP destination port 33434 (source port 41022) "
        "from 10.0.0.2 to 192.0.2.80 loops from there on (2026-01-02 03:04:05 UTC).\n",
        "rounds lead nowhere");
    fake_free(&fake);
}

/* A stateful firewall is no fault; one that stops the SYN as well is. */
static void test_out_of_state(void)
{
    struct fake fake;
    begin(&fake, "", "tcp/80:ack tcp/80:fin tcp/80 tcp/443:ack icmp");
    climb(&fake, (const unsigned[]){1, 1, 2, 1, 2});
    for (unsigned i = 0; i < 4; i++)
        judge(&fake, i, VERDICT_DROPPED, HOW_SILENT)->after = place(1, "10.0.1.1");
    judge(&fake, 2, VERDICT_OPEN, HOW_NONE);
    judge(&fake, 4, VERDICT_OPEN, HOW_NONE);
    are(&fake, "tcp/80 gets to the target: hopsonde -P tcp/80 192.0.2.80", "", "segments outside a connection");
    judge(&fake, 2, VERDICT_DROPPED, HOW_SILENT)->after = place(1, "10.0.1.1");
    judgement.verdict_count = 5;
    are(&fake, "icmp gets furthest, to the target: hopsonde -P icmp 192.0.2.80",
        "Please check the filter at 10.0.1.1 (hop 1) or the next device: TCP (ack) destination port 80 (source port 41022), "
        "TCP (fin) destination port 80 (source port 41023) and TCP destination port 80 (source port 41024) from "
        "10.0.0.2 to 192.0.2.80 are dropped there, while icmp reaches the target (2026-01-02 03:04:05 UTC).\n",
        "where the SYN is dropped, too");
    fake_free(&fake);
}

/* The finding path-dependent: so many of 12 source ports are stopped behind hop 1. */
static struct finding *split(struct fake *fake, unsigned index, unsigned stopped, unsigned source_port)
{
    struct finding *finding = &judgement.findings[judgement.finding_count++];
    *finding = (struct finding){.kind = FINDING_PATH_DEPENDENT, .trace = fake_trace(fake, index)};
    finding->after = place(1, "10.0.1.1");
    finding->detail[0].name = "stopped";
    finding->detail[0].number = stopped;
    finding->detail[1].name = "flows";
    finding->detail[1].number = 12;
    finding->detail[2].name = source_port ? "source_port" : NULL;
    finding->detail[2].number = source_port;
    return finding;
}

static void test_splits(void)
{
    struct fake fake;
    begin(&fake, "", "tcp/443 tcp/443:ack udp/53 icmp tcp/80:ack");
    climb(&fake, (const unsigned[]){2, 2, 2, 2, 2});
    for (unsigned i = 0; i < 5; i++)
        judge(&fake, i, VERDICT_OPEN, HOW_NONE);
    split(&fake, 4, 5, 41060);
    are(&fake, "Every probe reaches the target, but not from every source port.", "",
        "a stateful firewall on one of the paths");
    judgement.finding_count = 0;
    split(&fake, 0, 9, 41022);
    split(&fake, 1, 6, 41046);
    split(&fake, 3, 1, 0);
    split(&fake, 4, 5, 41060);
    struct finding *refused = split(&fake, 2, 4, 41033);
    refused->after = (struct place){0};
    refused->at = place(2, NULL);
    refused->detail[3].name = "elsewhere";
    refused->detail[3].number = 1;
    fake_trace(&fake, 0)->probes[0].sent = NSTIME_NONE;
    are(&fake, "Every probe reaches the target, but not from every source port.",
        "Please check the filters at 10.0.1.1 (hop 1) or the next device, on one of several balanced paths: from 10.0.0.2 to "
        "192.0.2.80, TCP destination port 443 is stopped there from 9 of 12 source ports (41022 is one), TCP (ack) "
        "destination port 443 from 6 of 12 (41046), icmp on 1 of 12, while others get through (2026-01-02 03:04:05 "
        "UTC).\n"
        "Please check the filters at hop 2, on one of several balanced paths: from 10.0.0.2 to 192.0.2.80, UDP "
        "destination port 53 is stopped there or elsewhere from 4 of 12 source ports (41033 is one), while others "
        "get through (2026-01-02 03:04:05 UTC).\n",
        "paths that differ");
    fake_free(&fake);
}

int main(void)
{
    test_nothing_wrong();
    test_dropped();
    test_brackets();
    test_refusals();
    test_name();
    test_ways();
    test_out_of_state();
    test_splits();
    return tap_done();
}

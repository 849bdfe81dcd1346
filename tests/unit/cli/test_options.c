/* SPDX-License-Identifier: BSD-2-Clause */
/* The options: what each command line means, what each wrong one is told, and that help, man page and completions know
 * every option of the table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/hints.h"
#include "cli/options/option_table.h"
#include "cli/options/options.h"
#include "cli/values/split_words.h"
#include "cli/values/values.h"
#include "probe/type.h"
#include "strategies/strategies.h"
#include "tap.h"

#define WORDS_MOST 80

static struct options options;
static struct err err;

/* Parses a command line written as a shell takes it. The words outlive the call: `options` points at them. */
static enum status parse(const char *line, const char *environment)
{
    static char storage[8192], surroundings[8192], name[] = "hopsonde";
    char *words[WORDS_MOST] = {name};
    int count;
    struct err split;
    err = (struct err){0};
    snprintf(storage, sizeof storage, "%s", line);
    snprintf(surroundings, sizeof surroundings, "%s", environment ? environment : "");
    if (words_split(storage, words + 1, WORDS_MOST - 1, &count, &split) != STATUS_OK)
        printf("Bail out! %s: %s\n", line, split.message);
    return options_parse(count + 1, words, environment ? surroundings : NULL, &options, &err);
}

static int add_network(char *at, size_t room, const char *what, const struct network *network)
{
    char address[ADDR_TEXT_BYTES];
    addr_format(&network->address, address);
    return addr_is_none(&network->address) ? 0 : snprintf(at, room, " %s=%s/%u", what, address, network->bits);
}

static int add_instant(char *at, size_t room, const char *what, const struct instant *instant)
{
    return instant->kind == INSTANT_NONE
               ? 0
               : snprintf(at, room, " %s=%d:%.3f", what, (int)instant->kind, nstime_ms(instant->time) / 1000);
}

/* What a replay is about. Returns how much was written. */
static int add_choice(char *start, size_t room, const struct replay_filter *choice)
{
    char *at = start, *const end = start + room;
    at += add_network(at, (size_t)(end - at), "to", &choice->target);
    at += add_network(at, (size_t)(end - at), "from", &choice->source);
    if (choice->family)
        at += snprintf(at, (size_t)(end - at), " only=v%u", choice->family);
    for (unsigned i = 0; i < choice->probe_count; i++) {
        const struct replay_filter_probe *probe = &choice->probes[i];
        char spec[PROBE_SPEC_TEXT_BYTES];
        probe_spec_format(&probe->spec, spec);
        at += snprintf(at, (size_t)(end - at), " %s%s",
                       probe->any_port      ? "any:"
                       : probe->any_variant ? "any-variant:"
                                            : "",
                       spec);
    }
    at += add_instant(at, (size_t)(end - at), "since", &choice->since);
    at += add_instant(at, (size_t)(end - at), "until", &choice->until);
    if (choice->bpf)
        at += snprintf(at, (size_t)(end - at), " bpf=%s", choice->bpf);
    return (int)(at - start);
}

/* All that a command line says, in one line: only what differs from the default. */
static int strategy_number(const struct session_config *config)
{
    int number = 0;
    while (strategies[number] != config->strategy)
        number++;
    return number;
}

static const char *summary(void)
{
    static char text[1024];
    const struct session_config *c = &options.session;
    char *at = text;
    char *const end = text + sizeof text;
#define ADD(...) at += snprintf(at, (size_t)(end - at), __VA_ARGS__)
    ADD("%s", options.version ? "version" : command_of(options.command)->name);
    if (*options.host)
        ADD(" %s", options.host);
    if (options.help_topic)
        ADD(" topic=%s", options.help_topic);
    for (unsigned i = 0; i < c->spec_count && !c->automatic; i++) {
        char spec[PROBE_SPEC_TEXT_BYTES];
        probe_spec_format(&c->specs[i], spec);
        ADD(" %s", spec);
    }
    if (options.family)
        ADD(" v%u", options.family);
    if (c->first_ttl != 1)
        ADD(" first=%u", c->first_ttl);
    if (c->max_ttl != 30)
        ADD(" max=%u", c->max_ttl);
    if (c->queries != 3)
        ADD(" queries=%u", c->queries);
    if (c->gap != 8)
        ADD(" gap=%u", c->gap);
    if (c->slow_wait != SLOW_WAIT || c->max_wait != 3200 * NS_PER_MS)
        ADD(" wait=%gms", nstime_ms(c->max_wait));
    if (c->slow_wait && c->slow_wait != SLOW_WAIT)
        ADD(" slowwait=%gms", nstime_ms(c->slow_wait));
    if (c->send_gap != 500 * NS_PER_US)
        ADD(" sendgap=%gms", nstime_ms(c->send_gap));
    if (c->size)
        ADD(" size=%u", c->size);
    if (c->tos)
        ADD(" tos=%u", c->tos);
    if (!c->dont_fragment)
        ADD(" nodf");
    if (c->flow_label != -1)
        ADD(" label=%ld", (long)c->flow_label);
    if (c->source_port)
        ADD(" sport=%u", c->source_port);
    if (options.seed_given)
        ADD(" seed=%llu", (unsigned long long)c->seed);
    if (!addr_is_none(&c->source)) {
        char source[ADDR_TEXT_BYTES];
        addr_format(&c->source, source);
        ADD(" source=%s", source);
    }
    if (options.interface)
        ADD(" interface=%s", options.interface);
    if (options.fwmark)
        ADD(" fwmark=%lu", (unsigned long)options.fwmark);
    for (unsigned i = 0; i < options.output_count; i++) {
        if (options.output_count > 1 || strcmp(options.outputs[i].format->name, "text") != 0 || options.outputs[i].file)
            ADD(" out=%s:%s", options.outputs[i].format->name, options.outputs[i].file ? options.outputs[i].file : "");
    }
    for (unsigned i = 0; i < c->port_list_count; i++) {
        struct strbuf list;
        strbuf_init(&list);
        port_list_add_text(&c->port_lists[i], 1, 65535, &list);
        ADD(" list=%s", list.text);
        strbuf_free(&list);
    }
    if (options.write_file)
        ADD(" write=%s", options.write_file);
    if (options.default_specs)
        ADD(" default");
    if (options.only)
        ADD(" only");
    if (options.expect_file)
        ADD(" expect=%s", options.expect_file);
    if (c->strategy != strategies[0] || c->confidence || c->budget)
        ADD(" diagnosis=%d/%u/%u/%lu", strategy_number(c), c->flows, c->confidence / 1000, (unsigned long)c->budget);
    for (unsigned i = 0; i < options.read_count; i++)
        ADD(" read=%s", options.read_files[i]);
    if (options.graphs)
        ADD(" graphs");
    if (options.no_decap)
        ADD(" no-decap");
    if (c->lite)
        ADD(" lite");
    if (options.color != WHEN_AUTO)
        ADD(" color=%s", options.color == WHEN_ALWAYS ? "always" : "never");
    if (options.verbose)
        ADD(" verbose=%u", options.verbose);
    if (options.quiet)
        ADD(" quiet");
    if (options.one_per_line)
        ADD(" one-per-line");
    if (options.dry_run)
        ADD(" dry");
    if (options.numeric)
        ADD(" numeric");
    const struct lookup_options *l = &options.lookup;
    if (l->networks || l->places || l->whois || l->verify || l->resolve)
        ADD(" lookup=%s%s%s%s%s", l->networks ? "A" : "", l->places ? "G" : "", l->whois ? "W" : "",
            l->verify ? "V" : "", l->resolve ? "R" : "");
    if (l->resolver)
        ADD(" resolver=%s", l->resolver);
    if (l->dns_timeout)
        ADD(" dnstimeout=%gms", nstime_ms(l->dns_timeout));
    if (l->asn_db || l->geo_db)
        ADD(" db=%s,%s", l->asn_db ? l->asn_db : "", l->geo_db ? l->geo_db : "");
    if (l->whois_server)
        ADD(" whois=%s", l->whois_server);
    at += add_choice(at, (size_t)(end - at), &options.replay_filter);
#undef ADD
    return text;
}

/* Correct lines, and their meaning. */
static void test_meanings(void)
{
    static const struct {
        const char *line, *want;
    } rows[] = {
        {"h", "trace h"},
        {"trace h", "trace h"},
        {"trace replay", "trace replay"},
        {"trace -n diagnose", "trace diagnose numeric"},
        {"-- -h", "trace -h"},
        {"h -n 100", "trace h size=100 numeric"},
        {"h 28", "trace h size=28"},
        {"h 65535", "trace h size=65535"},
        {"-nq3 h", "trace h numeric"},
        {"-nq1 h", "trace h queries=1 numeric"},
        {"-vvv h", "trace h verbose=3"},
        {"-AG h", "trace h lookup=AG"},
        {"-o map:x.svg h", "trace h out=text: out=map:x.svg lookup=G"},
        {"replay -o map:x.svg f", "replay out=text: out=map:x.svg read=f"},
        {"--asn-db x h", "trace h lookup=A db=x,"},
        {"--geo-db=y h", "trace h lookup=G db=,y"},
        {"--resolver 192.0.2.53 --dns-timeout .5 --verify-names h",
         "trace h lookup=V resolver=192.0.2.53 dnstimeout=500ms"},
        {"--resolver [2001:db8::53]:5353 h", "trace h resolver=[2001:db8::53]:5353"},
        {"--whois --whois-server whois.example:4343 h", "trace h lookup=W whois=whois.example:4343"},
        {"replay --resolve -n f", "replay read=f numeric lookup=R"},
        {"-f 2 -m 255 -q 100 --gap 255 h", "trace h first=2 max=255 queries=100 gap=255"},
        {"-m 1 -q 1 --gap=1 h", "trace h max=1 queries=1 gap=1"},
        {"-w 0.001 h", "trace h wait=1ms"},
        {"-w 60 h", "trace h wait=60000ms"},
        {"-w 3.2 h", "trace h wait=3200ms"},
        {"-w .25 h", "trace h wait=250ms"},
        {"-z 0 h", "trace h sendgap=0ms"},
        {"-z 12.25 h", "trace h sendgap=12.25ms"},
        {"-z 20 --rate 10 h", "trace h sendgap=100ms"},
        {"-z 200 --rate 10 h", "trace h sendgap=200ms"},
        {"--rate 100000 h", "trace h"},
        {"-q 1 -q 2 h", "trace h queries=2"},
        /* probes */
        {"-P auto h", "trace h"},
        {"-P AUTO h", "trace h"},
        {"-P udp h", "trace h udp"},
        {"-P udp/53:empty -P TCP/443 h", "trace h udp/53:empty tcp/443"},
        {"--probe=tcp h", "trace h tcp/80"},
        {"-P icmp -P auto h", "trace h icmp udp tcp/443 tcp/80"},
        {"-P udp -P udp h", "trace h udp"},
        {"-I h", "trace h icmp"},
        {"-T h", "trace h tcp/80"},
        {"-U h", "trace h udp"},
        {"-IT h", "trace h icmp tcp/80"},
        {"-T -p 443 h", "trace h tcp/443"},
        {"-p 443 -T h", "trace h tcp/443"},
        {"-Tp443 h", "trace h tcp/443"},
        {"-U -p 53 h", "trace h udp/53"},
        {"-I -T -p 22 h", "trace h icmp tcp/22"},
        {"-P tcp:ack -p 22 h", "trace h tcp/22:ack"},
        {"-P tcp -P udp/53 -p 22 h", "trace h tcp/22 udp/53"},
        {"-p 443 h", "trace h udp/443"},
        {"-T -p https h", "trace h tcp/443"},
        {"-P ip/50 h", "trace h ip/50"},
        /* hosts and URLs */
        {"[2001:db8::1]", "trace 2001:db8::1"},
        {"2001:db8::1", "trace 2001:db8::1"},
        {"fe80::1%eth0", "trace fe80::1%eth0"},
        {"http://h", "trace h tcp/80"},
        {"HTTPS://h/path?q#f", "trace h tcp/443"},
        {"https://h:8443", "trace h tcp/8443"},
        {"https://user:pa@ss@h/", "trace h tcp/443"},
        {"https://[2001:db8::1]:8443/x", "trace 2001:db8::1 tcp/8443"},
        {"http://[fe80::1%25eth0]/", "trace fe80::1%eth0 tcp/80"},
        {"dns://h", "trace h udp/53"},
        {"dns://h:5353", "trace h udp/5353"},
        {"foo://h:99", "trace h tcp/99"},
        {"udp://h:53", "trace h udp/53"},
        {"udp://h", "trace h udp"},
        {"quic://h", "trace h udp/443"},
        {"quic://h:8443", "trace h udp/8443"},
        {"tcp://h:22", "trace h tcp/22"},
        {"https://h:/", "trace h tcp/443"},
        {"-P icmp https://h:8443", "trace h icmp"},
        {"-p 8443 https://h", "trace h tcp/8443"},
        {"-P auto https://h", "trace h"},
        /* header fields */
        {"-t 255 h", "trace h tos=255"},
        {"--tos 0x10 h", "trace h tos=16"},
        {"--dscp ef h", "trace h tos=184"},
        {"--dscp AF11 --ecn ect0 h", "trace h tos=42"},
        {"--ecn 1 --dscp 63 h", "trace h tos=253"},
        {"--no-df h", "trace h nodf"},
        {"-6 --flow-label 0xfffff h", "trace h v6 label=1048575"},
        {"--flow-label 0 h", "trace h label=0"},
        /* from where */
        {"-4 h", "trace h v4"},
        {"-6 h", "trace h v6"},
        {"-4 -4 h", "trace h v4"},
        {"-s 192.0.2.1 h", "trace h source=192.0.2.1"},
        {"-i any h", "trace h"},
        {"-6 -s 2001:db8::1 h", "trace h v6 source=2001:db8::1"},
        {"-i eth0 --sport 65535 --fwmark 0xffffffff h", "trace h sport=65535 interface=eth0 fwmark=4294967295"},
        {"--seed 18446744073709551615 h", "trace h seed=18446744073709551615"},
        {"--seed 0 h", "trace h seed=0"},
        /* output */
        {"-o json h", "trace h out=json:"},
        {"-o json:- h", "trace h out=json:"},
        {"-o ndjson h", "trace h out=jsonl:"},
        {"-o json:a.json h", "trace h out=text: out=json:a.json"},
        {"-o json:a:b h", "trace h out=text: out=json:a:b"},
        {"-o json -o csv:x -o text:y h", "trace h out=json: out=csv:x out=text:y"},
        {"-W x.pcapng h", "trace h write=x.pcapng"},
        {"--write=x h", "trace h write=x"},
        {"--color=always h", "trace h color=always"},
        {"--color never h", "trace h color=never"},
        {"--quiet --dry-run h", "trace h quiet dry"},
        {"--one-per-line h", "trace h one-per-line"},
        {"--one-per-line -o json h", "trace h out=json: one-per-line"},
        {"replay --one-per-line x", "replay read=x one-per-line"},
        {"paths --one-per-line --read x", "replay diagnosis=0/0/950/0 read=x graphs one-per-line"},
        {"--dry-run -o text --write x h", "trace h write=x dry"},
        /* replay */
        {"replay x", "replay read=x"},
        {"replay x - y", "replay read=x read=- read=y"},
        {"replay -o json x", "replay out=json: read=x"},
        {"replay -R x y", "replay read=x read=y"},
        {"-R x", "replay read=x"},
        {"trace --read x", "replay read=x"},
        {"trace --read x h", "replay h read=x"},
        {"--read=x https://h:8443/", "replay h read=x"},
        {"replay -q 5 x", "replay queries=5 read=x"},
        {"replay --list x", "replay out=list: read=x"},
        {"replay --no-decap x", "replay read=x no-decap"},
        {"paths --no-decap --read x", "replay diagnosis=0/0/950/0 read=x graphs no-decap"},
        {"replay --list -o csv:y x", "replay out=list: out=csv:y read=x"},
        {"replay --target 192.0.2.80 --source 10.0.0.0/8 x", "replay read=x to=192.0.2.80/32 from=10.0.0.0/8"},
        {"--read x --target 2001:db8::/32 -6", "replay v6 read=x to=2001:db8::/32 only=v6"},
        {"replay -P tcp -P udp/53 -P tcp/80:ack x", "replay read=x any:tcp/80 any-variant:udp/53 tcp/80:ack"},
        {"replay -I -T -U x", "replay read=x any:icmp any:tcp/80 any:udp"},
        {"replay -T -I -p 443 x", "replay read=x any-variant:tcp/443 any:icmp"},
        {"replay -p 53 x", "replay read=x any-variant:udp/53"},
        {"replay -P auto x", "replay read=x"},
        {"replay --since 2026-01-02T03:04:05Z --until +90.5 x", "replay read=x since=1:1767323045.000 until=3:90.500"},
        {"replay --since 03:04 --until @1767323045 x", "replay read=x since=2:11040.000 until=1:1767323045.000"},
        {"replay --bpf 'udp or icmp' x", "replay read=x bpf=udp or icmp"},
        {"--source 192.0.2.1 h", "trace h source=192.0.2.1"},
        {"replay --expect f x", "replay expect=f read=x"},
        {"--read x --expect=f", "replay expect=f read=x"},
        {"replay --only --budget 50 --confidence .9 x", "replay only diagnosis=0/0/900/50 read=x"},
        {"diagnose --read x", "replay read=x"},
        {"diagnose --read x h tcp/443 -P udp", "replay h read=x any:udp any-variant:tcp/443"},
        /* diagnose */
        {"diagnose h", "diagnose h icmp udp udp/53 udp/443 tcp/443 tcp/80 tcp/80:ack queries=1 default "
                       "diagnosis=1/12/990/2000"},
        {"diagnose h tcp/22", "diagnose h icmp tcp/22 queries=1 diagnosis=1/12/990/2000"},
        {"diagnose h TCP/https udp icmp", "diagnose h tcp/443 udp icmp queries=1 diagnosis=1/12/990/2000"},
        {"diagnose --only h tcp/22", "diagnose h tcp/22 queries=1 only diagnosis=1/12/990/2000"},
        /* port lists: up to 16 probes side by side, else lists */
        {"diagnose h tcp/22,80,8000-8002", "diagnose h icmp tcp/22 tcp/80 tcp/8000 tcp/8001 tcp/8002 queries=1 "
                                           "diagnosis=1/12/990/2000"},
        {"diagnose h tcp/22 tcp/20-23,!21", "diagnose h icmp tcp/22 tcp/20 tcp/23 queries=1 diagnosis=1/12/990/2000"},
        {"diagnose h tcp/1-15,20",
         "diagnose h icmp tcp/1 tcp/2 tcp/3 tcp/4 tcp/5 tcp/6 tcp/7 tcp/8 tcp/9 tcp/10 tcp/11 "
         "tcp/12 tcp/13 tcp/14 tcp/15 tcp/20 queries=1 diagnosis=1/12/990/2000"},
        {"diagnose h tcp/1-17", "diagnose h icmp queries=1 sendgap=1ms list=tcp/1-17 diagnosis=3/12/990/2170"},
        {"diagnose h tcp/1-17 tcp/18 tcp/80:ack udp/53",
         "diagnose h icmp tcp/80:ack udp/53 queries=1 sendgap=1ms list=tcp/1-18 diagnosis=3/12/990/2180"},
        {"diagnose h tcp/1-10 udp/53,123,1-9 tcp/5-20",
         "diagnose h icmp queries=1 sendgap=1ms list=tcp/1-20 list=udp/1-9,53,123 diagnosis=3/12/990/2310"},
        {"diagnose h -P tcp/1-1024,!22 --rate 5000 --budget 5000",
         "diagnose h icmp queries=1 sendgap=0.2ms list=tcp/1-21,23-1024 diagnosis=3/12/990/5000"},
        {"diagnose h tcp/1-1024 -z 2",
         "diagnose h icmp queries=1 sendgap=2ms list=tcp/1-1024 diagnosis=3/12/990/12240"},
        {"diagnose h tcp/1-65535", "diagnose h icmp queries=1 sendgap=1ms list=tcp/1-65535 diagnosis=3/12/990/657350"},
        {"diagnose --only h tcp/1-100", "diagnose h tcp/80 queries=1 sendgap=1ms list=tcp/1-79,81-100 only "
                                        "diagnosis=3/12/990/2990"},
        {"diagnose h --write-policy f",
         "diagnose h icmp udp udp/53 udp/443 tcp/443 tcp/80 tcp/80:ack queries=1 out=text: out=policy:f "
         "default diagnosis=1/12/990/2000"},
        {"diagnose h tcp/443 tcp/https tcp/443", "diagnose h icmp tcp/443 queries=1 diagnosis=1/12/990/2000"},
        {"diagnose -P udp/53 h tcp/22", "diagnose h icmp udp/53 tcp/22 queries=1 diagnosis=1/12/990/2000"},
        {"diagnose -P udp/53 h", "diagnose h icmp udp/53 queries=1 diagnosis=1/12/990/2000"},
        {"diagnose -T -p 22 h udp", "diagnose h icmp tcp/22 udp/22 queries=1 diagnosis=1/12/990/2000"},
        {"diagnose -p 53 h", "diagnose h icmp udp/53 queries=1 diagnosis=1/12/990/2000"},
        {"diagnose h auto tcp/22", "diagnose h icmp udp udp/53 udp/443 tcp/443 tcp/80 tcp/80:ack tcp/22 queries=1 "
                                   "diagnosis=1/12/990/2000"},
        {"diagnose https://h/", "diagnose h icmp tcp/443 queries=1 diagnosis=1/12/990/2000"},
        {"diagnose https://h/ udp", "diagnose h icmp udp queries=1 diagnosis=1/12/990/2000"},
        {"diagnose -q 3 --confidence 0.999 --budget 50 h udp", "diagnose h icmp udp diagnosis=1/12/999/50"},
        {"diagnose --confidence .5 --budget 1000000 h udp", "diagnose h icmp udp queries=1 diagnosis=1/12/500/1000000"},
        {"diagnose --expect f h", "diagnose h icmp udp udp/53 udp/443 tcp/443 tcp/80 tcp/80:ack queries=1 default "
                                  "expect=f diagnosis=1/12/990/2000"},
        {"diagnose --only --expect f h", "diagnose h icmp udp udp/53 udp/443 tcp/443 tcp/80 tcp/80:ack queries=1 "
                                         "default only expect=f diagnosis=1/12/990/2000"},
        {"trace diagnose", "trace diagnose"},
        /* paths */
        {"paths h", "paths h udp queries=1 diagnosis=2/4096/950/10000"},
        {"paths -P tcp/443 h", "paths h tcp/443 queries=1 diagnosis=2/4096/950/10000"},
        {"paths -I --confidence 0.9999 --max-probes 60000 h", "paths h icmp queries=1 diagnosis=2/4096/999/60000"},
        {"paths -p 53 h", "paths h udp/53 queries=1 diagnosis=2/4096/950/10000"},
        {"paths https://h/", "paths h tcp/443 queries=1 diagnosis=2/4096/950/10000"},
        {"paths --lite h", "paths h udp queries=1 diagnosis=2/4096/950/10000 lite"},
        {"paths --read x", "replay diagnosis=0/0/950/0 read=x graphs"},
        {"paths --read x --confidence .99 --lite h", "replay h diagnosis=0/0/990/0 read=x graphs lite"},
        {"trace paths", "trace paths"},
        /* help */
        {"--help", "help"},
        {"-h", "help"},
        {"help", "help"},
        {"help trace", "help topic=trace"},
        {"help replay", "help topic=replay"},
        {"help diagnose", "help topic=diagnose"},
        {"diagnose --help", "help topic=diagnose"},
        {"help --help", "help"},
        {"trace --help", "help topic=trace"},
        {"replay -n --help --nonsense", "help topic=replay"},
        {"--version", "version"},
        {"-nV h", "version"},
        /* other tools' spellings */
        {"--max-hops 5 --first=2 --queries=1 --wait 1 h", "trace h first=2 max=5 queries=1 wait=1000ms"},
        {"--icmp h", "trace h icmp"},
        {"--tcp --port=443 h", "trace h tcp/443"},
        {"--udp --port 53 h", "trace h udp/53"},
        {"-M tcp h", "trace h tcp/80"},
        {"-c 1 -r h", "trace h queries=1"},
        {"-N 16 -Fe h", "trace h"},
        {"--json h", "trace h out=json:"},
        {"--no-dns --mpls h", "trace h numeric"},
        {"--aslookup h", "trace h lookup=A"},
        {"--as-path-lookups h", "trace h lookup=A"},
        {"--ipinfo 2 h", "trace h lookup=A"},
        {"-y0 h", "trace h lookup=A"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum status status = parse(rows[i].line, NULL);
        is_text(status == STATUS_OK ? summary() : err.message, rows[i].want, "hopsonde %s", rows[i].line);
    }
}

/* Wrong lines, and their messages. */
static void test_complaints(void)
{
    static const struct {
        const char *line, *want;
    } rows[] = {
        {"", "HOST is missing (hopsonde [OPTIONS] HOST; see `hopsonde --help`)"},
        {"trace -n", "HOST is missing (hopsonde [OPTIONS] HOST; see `hopsonde --help`)"},
        {"diagnose", "diagnose: HOST is missing (hopsonde diagnose [OPTIONS] HOST [PROBE...])"},
        {"diagnose h 60", "60: protocol missing: expected PROTOCOL[/PORT], as tcp/443; for the port alone use -p 60"},
        {"diagnose h tcp/99999", "tcp/99999: unknown port: expected 1 to 65535 or a name of /etc/services"},
        {"diagnose h udp,tcp",
         "udp,tcp: expected one PROTOCOL[/PORT] (for several write several words, as udp tcp/443)"},
        {"diagnose h tcp/22 -p 80", "-p 80: tcp/22 already has a port (leave one of them out)"},
        {"diagnose h tcp/1-", "tcp/1-: 1-: expected FIRST-LAST, each from 1 to 65535"},
        {"diagnose h tcp/80-22", "tcp/80-22: 80-22: the range ends before it begins (exchange the two)"},
        {"diagnose h -P tcp/22,,80", "-P tcp/22,,80: ,: a port is missing here (leave the comma out)"},
        {"diagnose h tcp/1-1024 --budget 500",
         "--budget 500: the port lists name 1024 ports (allow more packets, or name fewer ports)"},
        {"diagnose h tcp/1-9 udp/1-9 sctp/1-9 dccp/1-9 udplite/1-9",
         "udplite/1-9: too many port lists (at most 4 protocols and variants in one run)"},
        {"-P tcp/22,80 h", "-P tcp/22,80: expected one PROTOCOL[/PORT] (for several repeat -P, as -P udp -P tcp/443)"},
        {"diagnose h --write-policy -", "--write-policy -: expected a file name (for standard output: -o policy)"},
        {"diagnose --only h", "--only: name at least one probe (hopsonde diagnose --only HOST tcp/443)"},
        {"diagnose --confidence 1 h", "--confidence 1: expected a confidence, 0.5 to 0.999 (paths: to 0.999999)"},
        {"diagnose --confidence 0.9991 h", "--confidence 0.9991: expected a confidence, 0.5 to 0.999"},
        {"diagnose --confidence 0.4999 h",
         "--confidence 0.4999: expected a confidence, 0.5 to 0.999 (paths: to 0.999999)"},
        {"diagnose --confidence 99% h", "--confidence 99%: expected a confidence, 0.5 to 0.999 (paths: to 0.999999)"},
        {"diagnose --confidence 0.99901 h", "--confidence 0.99901: expected a confidence, 0.5 to 0.999"},
        {"paths --confidence 1 h", "--confidence 1: expected a confidence, 0.5 to 0.999 (paths: to 0.999999)"},
        {"paths --max-probes 49 h", "--max-probes 49: expected a number of probes, 50 to 60000"},
        {"paths --max-probes 60001 h", "--max-probes 60001: expected a number of probes, 50 to 60000"},
        {"paths -q 3 h", "-q: not an option of paths (only of trace and diagnose)"},
        {"paths -P auto h", "-P auto: paths needs one probe (as -P udp or -P tcp/443)"},
        {"paths -P udp -P icmp h", "-P: paths sends one probe type (run it once for each)"},
        {"paths --read x --expect y", "--expect: not an option of paths (only of diagnose, watch and replay)"},
        {"paths --budget 100 h", "--budget: not an option of paths (only of diagnose)"},
        {"paths", "paths: HOST is missing (hopsonde paths [OPTIONS] HOST)"},
        {"--lite h", "--lite: not an option of trace (only of paths)"},
        {"diagnose --max-probes 100 h", "--max-probes: not an option of diagnose (only of paths)"},
        {"-n paths", "paths: the command must come first (for a host of that name: hopsonde trace paths)"},
        {"diagnose --budget 49 h", "--budget 49: expected a number of packets, 50 to 1000000"},
        {"diagnose --budget 1000001 h", "--budget 1000001: expected a number of packets, 50 to 1000000"},
        {"diagnose --expect '' h", "--expect '': expected a file name"},
        {"diagnose --expect f --dry-run h", "--expect: a dry run has no verdicts to compare (leave one of them out)"},
        {"diagnose --list h", "--list: not an option of diagnose (only of replay)"},
        {"diagnose -n diagnose h", "h: unknown protocol: expected PROTOCOL[/PORT], as tcp/443, of udp, icmp, tcp, "
                                   "udplite, dccp, sctp, ip"},
        {"--confidence 0.9 h", "--confidence: not an option of trace (only of diagnose and paths)"},
        {"--only h", "--only: not an option of trace (only of diagnose and watch)"},
        {"--expect f h", "--expect: not an option of trace (only of diagnose, watch and replay)"},
        {"sweep h",
         "sweep: this version does not have this command (it has trace, diagnose, paths, watch, replay and transit)"},
        {"-n replay x", "replay: the command must come first (for a host of that name: hopsonde trace replay)"},
        {"-n diagnose", "diagnose: the command must come first (for a host of that name: hopsonde trace diagnose)"},
        {"replay", "replay: FILE is missing (hopsonde replay FILE...)"},
        {"replay ''", "'': expected a file name"},
        {"--write-max 100 h", "--write-max 100: expected a size of 64k or more, as 500M or 2G"},
        {"--write-max 2T h", "--write-max 2T: expected a size of 64k or more, as 500M or 2G"},
        {"--write-max 1025G h", "--write-max 1025G: expected a size of 64k or more, as 500M or 2G"},
        {"--write-max k h", "--write-max k: expected a size of 64k or more, as 500M or 2G"},
        {"replay --write y x", "--write: a replay reads its frames from a file already (leave --write out)"},
        {"--read x -W y", "-W: a replay reads its frames from a file already (leave --write out)"},
        {"paths --read x -W y", "-W: a replay reads its frames from a file already (leave --write out)"},
        {"replay --dry-run x", "--dry-run: a replay sends nothing anyway (leave --dry-run out)"},
        {"replay -o json:x x", "-o x: this file is being read (name another)"},
        {"replay -o json --list x", "--list: json is on standard output already (write it to a file: -o json:FILE)"},
        {"--list h", "--list: not an option of trace (only of replay)"},
        {"--no-decap h", "--no-decap: not an option of trace (only of replay and transit)"},
        {"--since 03:04 h", "--since: not an option of trace (only of replay)"},
        {"--source x h", "--source x: expected an IPv4 or IPv6 address"},
        {"replay --source x y", "--source x: expected an address or a network, as 192.0.2.80 or 2001:db8::/32"},
        {"replay --target 10.0.0.0/33 y",
         "--target 10.0.0.0/33: expected an address or a network, as 192.0.2.80 or 2001:db8::/32"},
        {"replay --until tomorrow y",
         "--until tomorrow: expected a time: 2026-01-02T03:04:05Z, 03:04:05, @SECONDS since the epoch, or +90s, +5m, +1h after the first frame"},
        {"replay --since +5 --until +5 y", "--until: must be later than --since (exchange the two)"},
        {"replay -P nonsense y", "-P nonsense: unknown protocol: expected PROTOCOL[/PORT], as tcp/443, of udp, icmp, "
                                 "tcp, udplite, dccp, sctp, ip"},
        {"replay --bpf '' y", "--bpf '': expected a filter, as 'icmp or udp portrange 33434-33534'"},
        {"help x", "help x: no such command (trace, diagnose, paths, watch, replay, transit)"},
        {"help sweep",
         "help sweep: this version does not have this command (it has trace, diagnose, paths, watch, replay and transit)"},
        /* options that are none */
        {"--porbe udp h", "--porbe: no such option (did you mean --probe?)"},
        {"--max-hosp 3 h", "--max-hosp: no such option (did you mean -m?)"},
        {"--frobnicate h", "--frobnicate: no such option (`hopsonde help trace` lists all)"},
        {"-nk h", "-k: no such option (`hopsonde help trace` lists all)"},
        {"'--a\033b' h", "--a\\x1bb: no such option (`hopsonde help trace` lists all)"},
        {"-\377 h", "-\\xff: no such option (`hopsonde help trace` lists all)"},
        {"--pro udp h", "--pro: no such option (did you mean --probe?)"},
        {"--resolver ns.example h",
         "--resolver ns.example: expected the address of a DNS server, as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353"},
        {"--resolver 192.0.2.53:0 h",
         "--resolver 192.0.2.53:0: expected the address of a DNS server, as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353"},
        {"--dns-timeout 0 h", "--dns-timeout 0: expected seconds, 0.01 to 60"},
        {"--dns-timeout 61 h", "--dns-timeout 61: expected seconds, 0.01 to 60"},
        {"--asn-db= h", "--asn-db '': expected a file name"},
        {"--whois-server :43 h", "--whois-server :43: expected a WHOIS server: HOST, HOST:PORT or [ADDRESS]:PORT"},
        {"--resolve h", "--resolve: live commands look names up anyway (leave --resolve out)"},
        {"--budget 50 h", "--budget: not an option of trace (only of diagnose)"},
        {"-g 1.2.3.4 h", "-g: source routing is not supported (routers drop such packets)"},
        {"--mtu h 100", "--mtu: it chooses the sizes itself (leave SIZE out)"},
        {"--mtu --no-df h", "--mtu: routers would fragment the packets (leave --no-df out)"},
        {"--mtu --dry-run h", "--mtu: a dry run gets no replies, which decide on the sizes (leave it out)"},
        {"diagnose --mtu h tcp/1-100",
         "--mtu: a list of over 16 ports has no sizes (measure them in a run of its own)"},
        {"--mtu=1400 h", "--mtu: this option takes no value"},
        {"paths --mtu h", "--mtu: not an option of paths (only of trace and diagnose)"},
        {"-q", "-q: the value is missing (-q N)"},
        {"h --probe", "--probe: the value is missing (--probe PROBE)"},
        {"--quiet=1 h", "--quiet: this option takes no value"},
        {"--one-per-line=1 h", "--one-per-line: this option takes no value"},
        {"--json=x h", "--json: this option takes no value"},
        /* numbers */
        {"-m 300 h", "-m 300: expected the largest TTL, 1 to 255"},
        {"-m 0 h", "-m 0: expected the largest TTL, 1 to 255"},
        {"-m 256 h", "-m 256: expected the largest TTL, 1 to 255"},
        {"-m '' h", "-m '': expected the largest TTL, 1 to 255"},
        {"-m 3x h", "-m 3x: expected the largest TTL, 1 to 255"},
        {"-m ' 3' h", "-m  3: expected the largest TTL, 1 to 255"},
        {"-m +3 h", "-m +3: expected the largest TTL, 1 to 255"},
        {"-m 0x3 h", "-m 0x3: expected the largest TTL, 1 to 255"},
        {"-m 18446744073709551617 h", "-m 18446744073709551617: expected the largest TTL, 1 to 255"},
        {"--max-hops 300 h", "--max-hops 300: expected the largest TTL, 1 to 255"},
        {"-f 0 h", "-f 0: expected the first TTL, 1 to 255"},
        {"-f 10 -m 5 h", "-f 10: the first TTL exceeds the largest, -m 5 (raise the largest with -m)"},
        {"-f 40 h", "-f 40: the first TTL exceeds the largest, by default 30 (raise the largest with -m)"},
        {"-q 0 h", "-q 0: expected the number of probes per hop, 1 to 100"},
        {"-q 101 h", "-q 101: expected the number of probes per hop, 1 to 100"},
        {"--gap 0 h", "--gap 0: expected the number of silent hops, 1 to 255"},
        {"-w 5000 h", "-w 5000: expected seconds, 0.001 to 60 (for milliseconds: -w 5)"},
        {"-w 500ms h", "-w 500ms: expected seconds, 0.001 to 60, without a unit (-w 0.5)"},
        {"-w 2s h", "-w 2s: expected seconds, 0.001 to 60, without a unit (-w 2)"},
        {"-w 5,3,10 h",
         "-w 5,3,10: expected one number of seconds, 0.001 to 60 (waits adapt to the RTTs by themselves)"},
        {"-w out.pcap h", "-w out.pcap: expected seconds, 0.001 to 60 (to save the packets: --write FILE)"},
        {"-w 0 h", "-w 0: expected seconds, 0.001 to 60"},
        {"-w 0.0009 h", "-w 0.0009: expected seconds, 0.001 to 60"},
        {"-w -1 h", "-w -1: expected seconds, 0.001 to 60"},
        {"-w 60.1 h", "-w 60.1: expected seconds, 0.001 to 60 (for milliseconds: -w 0.0601)"},
        {"-z 0.5s h", "-z 0.5s: expected milliseconds, 0 to 60000, without a unit (-z 500)"},
        {"-z 5ms h", "-z 5ms: expected milliseconds, 0 to 60000, without a unit (-z 5)"},
        {"-z 60001 h", "-z 60001: expected milliseconds, 0 to 60000"},
        {"-z 5x h", "-z 5x: expected milliseconds, 0 to 60000"},
        {"--rate 0 h", "--rate 0: expected packets per second, 0.01 to 1000000"},
        {"--rate 1e3 h", "--rate 1e3: expected packets per second, 0.01 to 1000000"},
        {"h 27", "27: expected SIZE after HOST, 28 to 65535 bytes (only one HOST is traced)"},
        {"h 65536", "65536: expected SIZE after HOST, 28 to 65535 bytes (only one HOST is traced)"},
        {"h g", "g: expected SIZE after HOST, 28 to 65535 bytes (only one HOST is traced)"},
        {"diagnos h", "diagnos: no such command (did you mean diagnose?)"},
        {"path h", "path: no such command (did you mean paths?)"},
        {"repaly h.pcap", "repaly: no such command (did you mean replay?)"},
        {"trace diagnos h", "h: expected SIZE after HOST, 28 to 65535 bytes (only one HOST is traced)"},
        {"grace 70000", "70000: expected SIZE after HOST, 28 to 65535 bytes (only one HOST is traced)"},
        {"box h", "h: expected SIZE after HOST, 28 to 65535 bytes (only one HOST is traced)"},
        {"h 60 g", "g: unexpected argument after HOST and SIZE"},
        {"--seed -1 h", "--seed -1: expected a number, 0 to 18446744073709551615"},
        {"--seed 18446744073709551616 h", "--seed 18446744073709551616: expected a number, 0 to 18446744073709551615"},
        /* probes */
        {"-P 443 h", "-P 443: protocol missing: expected PROTOCOL[/PORT], as tcp/443; for the port alone use -p 443"},
        {"-P '' h", "-P '': probe missing: expected PROTOCOL[/PORT], as tcp/443"},
        {"-P udp,tcp h", "-P udp,tcp: expected one PROTOCOL[/PORT] (for several repeat -P, as -P udp -P tcp/443)"},
        {"-p 0 h", "-p 0: expected a port, 1 to 65535, or the name of a service"},
        {"-p 65536 h", "-p 65536: expected a port, 1 to 65535, or the name of a service"},
        {"-p 80,443 h", "-p 80,443: expected one port (for several probes repeat -P, as -P tcp/80 -P tcp/443)"},
        {"-p 1-100 h", "-p 1-100: expected one port (for several probes repeat -P, as -P tcp/80 -P tcp/443)"},
        {"-I -p 80 h", "-p 80: icmp has no ports"},
        {"-P tcp/22 -p 80 h", "-p 80: tcp/22 already has a port (leave one of them out)"},
        {"-P auto -p 80 h", "-p 80: auto sets its own ports (use -p with -T or -U)"},
        /* hosts */
        {"''", "'': the host is missing"},
        {"https:///x", "https:///x: the host is missing"},
        {"foo://h", "foo://h: unknown scheme (add a port, or name HOST alone and -P PROBE)"},
        {"http://h:99999", "http://h:99999: expected a port, 1 to 65535"},
        {"http://h:x", "http://h:x: expected a port, 1 to 65535"},
        {"http://[::1", "http://[::1: a bracket is not closed, or text follows it"},
        {"[::1]x", "[::1]x: a bracket is not closed, or text follows it"},
        {"h:443", "h:443: HOST cannot have a port (use -p PORT with -T or -U, or -P tcp/443)"},
        {"[::1]:443", "[::1]:443: HOST cannot have a port (use -p PORT with -T or -U, or -P tcp/443)"},
        {"../a.pcapng", "../a.pcapng: expected a host, not a capture (hopsonde replay FILE reads one)"},
        {"10.0.0.0/8", "10.0.0.0/8: expected one host, not a network (a URL starts with a scheme, as https://)"},
        {"'a b'", "a b: a host name cannot have blanks or control characters"},
        /* header fields */
        {"-t 256 h", "-t 256: expected a TOS byte or traffic class, 0 to 255 (--dscp takes names, as ef or af11)"},
        {"--dscp 64 h", "--dscp 64: expected a DSCP, 0 to 63 or a name (ef, va, le, cs0 to cs7, af11 to af43)"},
        {"--ecn 4 h", "--ecn 4: expected an ECN codepoint, 0 to 3 or a name (not-ect, ect1, ect0, ce)"},
        {"-t 0 --dscp ef h", "--dscp: conflicts with -t, which sets DSCP and ECN (leave one of them out)"},
        {"--ecn 1 -t 0 h", "--ecn: conflicts with -t, which sets DSCP and ECN (leave one of them out)"},
        {"--flow-label 0x100000 h", "--flow-label 0x100000: expected an IPv6 flow label, 0 to 1048575 (0xfffff)"},
        {"-4 --flow-label 1 h", "--flow-label: IPv4 has no flow label (leave it out, or use -6)"},
        /* from where */
        {"-4 -6 h", "-4 -6: a path has one address family (leave one of them out)"},
        {"-64 h", "-4 -6: a path has one address family (leave one of them out)"},
        {"-6 -s 192.0.2.1 h", "-s: the source address is IPv4, but -6 requires IPv6"},
        {"-s eth0 h", "-s eth0: expected an IPv4 or IPv6 address"},
        {"-s 1400 h", "-s 1400: expected a source address (the packet size is the argument after HOST)"},
        {"-s 224.0.0.1 h", "-s 224.0.0.1: a multicast address cannot be a source"},
        {"-i '' h", "-i '': expected the name of a network interface, 1 to 15 characters (`ip link` lists them)"},
        {"-i abcdefghijklmnop h",
         "-i abcdefghijklmnop: expected the name of a network interface, 1 to 15 characters (`ip link` lists them)"},
        {"--sport 0 h", "--sport 0: expected a source port, 1 to 65535"},
        {"--fwmark 4294967296 h", "--fwmark 4294967296: expected a firewall mark, 0 to 4294967295"},
        /* output */
        {"-o xml h", "-o xml: no such format (text, json, jsonl, csv, dot, svg, map, policy, prom)"},
        {"-o '' h", "-o '': no such format (text, json, jsonl, csv, dot, svg, map, policy, prom)"},
        {"-o svg:x h", "-o svg: this format draws graphs, which only paths makes (hopsonde paths HOST)"},
        {"-o html:x h", "-o html:x: this version does not have this format"},
        {"-o json: h", "-o json:: expected a file name after the colon"},
        {"-o json -o csv h", "-o csv: json is on standard output already (write one of them to a file: -o csv:FILE)"},
        {"-o json:a -o csv:a h", "-o a: two reports cannot share a file (name another)"},
        {"-o json:a --write a h", "-o a: --write saves the packets to this file (name another)"},
        {"--write - h", "--write -: expected a file name (standard output is for the report)"},
        {"--color sometimes h", "--color sometimes: expected auto, always or never"},
        {"--dry-run -o json h", "-o json: a dry run prints only text, to standard output (leave -o out)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum status status = parse(rows[i].line, NULL);
        is_text(status == STATUS_USAGE && err.status == STATUS_USAGE ? err.message : summary(), rows[i].want,
                "hopsonde %.40s is refused", rows[i].line);
    }
}

static void test_environment(void)
{
    static const struct {
        const char *environment, *line, *want;
    } rows[] = {
        {"", "h", "trace h"},
        {"-q 1", "h", "trace h queries=1"},
        {"-q 1", "-q 2 h", "trace h queries=2"},
        {" -q\t'1'\n\"-n\" ", "h", "trace h queries=1 numeric"},
        {"-o 'json:a b'", "h", "trace h out=text: out=json:a b"},
        {"-o json:a\\ \\\"b", "h", "trace h out=text: out=json:a \"b"},
        {"-o \"json:a\\\"\\\\b\\c\"", "h", "trace h out=text: out=json:a\"\\b\\c"},
        {"-P icmp", "-P tcp h", "trace h icmp tcp/80"},
        {"-4", "-6 h", "trace h v6"},
        {"-o json", "-o csv h", "trace h out=csv:"},
        {"-A --asn-db x --whois -nG --expect=y", "h", "trace h numeric lookup=AGW db=x,"},
        {"--confidence .9 --budget 50 --only --expect=y", "h", "trace h"},
        {"--only --expect f", "diagnose --dry-run -P icmp h",
         "diagnose h icmp queries=1 only diagnosis=1/12/990/2000 dry"},
        {"--confidence .9 -q 2", "diagnose h udp", "diagnose h icmp udp queries=2 diagnosis=1/12/900/2000"},
        {"-q 5 --budget 60 --only --expect=y", "paths h", "paths h udp queries=1 diagnosis=2/4096/950/10000"},
        {"-P icmp -P tcp", "paths h", "paths h icmp queries=1 diagnosis=2/4096/950/10000"},
        {"-P auto -P icmp", "paths -T h", "paths h tcp/80 queries=1 diagnosis=2/4096/950/10000"},
        {"-P auto", "paths h", "paths h udp queries=1 diagnosis=2/4096/950/10000"},
        {"--confidence .9999 --lite --max-probes 60", "h", "trace h"},
        {"--confidence .9999 --lite --max-probes 60", "diagnose h icmp",
         "diagnose h icmp queries=1 diagnosis=1/12/999/2000"},
        {"--expect=y", "paths --read x", "replay diagnosis=0/0/950/0 read=x graphs"},
        {"--nonsense -kq5 stray -n", "h", "trace h numeric"},
        {"--xml -g x -n", "h", "trace h numeric"},
        {"-q 7 --write x -P nonsense -n", "replay f", "replay read=f numeric"},
        {"--write x", "--read f", "replay read=f"},
        {"-P tcp -4 -p 80 --source 192.0.2.1", "replay f", "replay v4 read=f"},
        {"-P tcp -4 -p 80", "--read f", "replay v4 read=f"},
        {"-o json --list", "replay f", "replay out=list: read=f"},
        {"--list --target 192.0.2.1", "h", "trace h"},
        {"--help", "h", "trace h"},
        {"-m 300", "h", "HOPSONDE_OPTIONS: -m 300: expected the largest TTL, 1 to 255"},
        {"-m", "h", "HOPSONDE_OPTIONS: -m: the value is missing (-m N)"},
        {"-m '3", "h", "HOPSONDE_OPTIONS: a quote (') is not closed"},
        {"-n\\", "h", "HOPSONDE_OPTIONS: a backslash at the end has nothing to escape"},
        {"-P 443", "h",
         "HOPSONDE_OPTIONS: -P 443: protocol missing: expected PROTOCOL[/PORT], as tcp/443; for the port alone use -p 443"},
        {"-m 300", "--help", "help"},
        {"-m 300", "help trace", "help topic=trace"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum status status = parse(rows[i].line, rows[i].environment);
        is_text(status == STATUS_OK ? summary() : err.message, rows[i].want, "environment %zu, hopsonde %s", i,
                rows[i].line);
    }
    char long_one[ENVIRONMENT_BYTES_MOST + 10];
    memset(long_one, ' ', sizeof long_one - 1);
    long_one[sizeof long_one - 1] = 0;
    parse("h", long_one);
    is_text(err.message, "HOPSONDE_OPTIONS: too long (at most 4095 bytes)", "an environment that is too long");
}

#define MTR_W "hopsonde: -w: a report is always printed, and never cuts names (to wait up to N seconds: -w N)\n"
#define MTR_Z "hopsonde: -z: taken as -A (a gap of N milliseconds between two probes is -z N)\n"
#define MTR_L "hopsonde: -l: taken as -o jsonl (a flow label is --flow-label N)\n"

static void test_hints(void)
{
    static const struct {
        const char *line, *want;
    } rows[] = {
        {"-q 3 h", ""},
        {"--max-hops 5 h", "hopsonde: --max-hops: taken as -m\n"},
        {"-c 1 -c 2 h", "hopsonde: -c: taken as -q\n"},
        {"--json h", "hopsonde: --json: taken as -o json\n"},
        {"-N 16 --icmp h", "hopsonde: -N: the number of probes in flight adapts by itself (--rate PPS limits it)\n"
                           "hopsonde: --icmp: taken as -I\n"},
        {"--quiet --icmp h", ""},
        {"-z 2 h", "hopsonde: -z: 2 milliseconds (traceroute reads numbers up to 10 as seconds)\n"},
        {"-z 0.5 -z 0.5 h", "hopsonde: -z: 0.5 milliseconds (traceroute reads numbers up to 10 as seconds)\n"},
        {"-z 0 h", ""},
        {"-z 20 h", ""},
        {"-i 0.1 h", "hopsonde: -i: taken as the name of an interface (the gap between two probes is -z MS)\n"},
        {"replay -q 3 x", "hopsonde: -q: ignored, because a replay sends nothing\n"},
        {"-P udp -q 3 --read x", "hopsonde: -q: ignored, because a replay sends nothing\n"},
        {"replay -T -p 443 -4 --list x", ""},
        {"--source 192.0.2.1 h", "hopsonde: --source: taken as -s\n"},
        {"--ipinfo 0 h", "hopsonde: --ipinfo: taken as -A\n"},
        {"-w h", MTR_W},
        {"h -w", MTR_W},
        {"-w -c 3 h", MTR_W "hopsonde: -c: taken as -q\n"},
        {"-rwc 3 h", MTR_W "hopsonde: -r: a report is always printed (to read a capture: --read FILE)\n"
                           "hopsonde: -c: taken as -q\n"},
        {"watch -c 3 -r --interval 0.5 h", ""},
        {"-w w.example", MTR_W},
        {"-w 2 h", ""},
        {"-w2 h", ""},
        {"-z h", MTR_Z},
        {"-zn h", MTR_Z},
        {"h -z", MTR_Z},
        {"replay -z x", MTR_Z},
        {"-l h", MTR_L},
        {"-l -n h", MTR_L},
        {"-6 -l 0xfffff h", "hopsonde: -l: taken as --flow-label\n"},
        {"--raw h", "hopsonde: --raw: taken as -o jsonl\n"},
        {"paths --read x --max-probes 50 -q 3", "hopsonde: --max-probes: ignored, because a replay sends nothing\n"},
        {"paths --read x --confidence .9 --lite", ""},
        {"replay --source 192.0.2.1 x", ""},
        {"replay -n -o json x", ""},
        {"diagnose -n h tcp/22", ""},
        {"diagnose --read x --budget 50", "hopsonde: --budget: ignored, because a replay sends nothing\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        is_num(parse(rows[i].line, "--max-hops 7"), STATUS_OK, "hopsonde %s works", rows[i].line);
        is_text(options.hints, rows[i].want, "hopsonde %s says so", rows[i].line);
    }
}

/* More than fits: an error, never an overflow. */
static void test_limits(void)
{
    char line[4096] = "h";
    for (unsigned i = 0; i < OUTPUTS_MOST; i++)
        sprintf(line + strlen(line), " -o csv:%u", i);
    parse(line, NULL);
    is_text(err.message, "-o csv:8: too many formats (at most 8)", "too many formats");

    strcpy(line, "h");
    for (unsigned i = 0; i <= SPECS_MOST; i++)
        sprintf(line + strlen(line), " -Ptcp/%u", i + 1);
    parse(line, NULL);
    is_text(err.message, "-P tcp/33: too many probes (at most 32)", "too many probes");

    strcpy(line, "h");
    for (unsigned i = 0; i < SPECS_MOST - 1; i++)
        sprintf(line + strlen(line), " -Ptcp/%u", i + 1);
    strcat(line, " -Pauto");
    parse(line, NULL);
    is_text(err.message, "-P: too many probes (at most 32)", "too many probes with auto's");

    strcpy(line, "diagnose h");
    for (unsigned i = 0; i < SPECS_MOST; i++)
        sprintf(line + strlen(line), " tcp/%u", i + 1);
    parse(line, NULL);
    is_text(err.message, "too many probes besides icmp (at most 31; --only leaves icmp out)", "no room for icmp");
    strcat(line, " --only");
    is_num(parse(line, NULL), STATUS_OK, "without it there is");
    strcat(line, " tcp/99");
    parse(line, NULL);
    is_text(err.message, "tcp/99: too many probes (at most 32)", "too many operands");

    strcpy(line, "replay");
    for (unsigned i = 0; i <= FILES_MOST; i++)
        sprintf(line + strlen(line), " f%u", i);
    parse(line, NULL);
    is_text(err.message, "f64: too many files (at most 64)", "too many files");

    memset(line, 'a', 300);
    line[300] = 0;
    parse(line, NULL);
    ok(strstr(err.message, "a...: the host name is too long (at most 255 bytes)"), "a host name that is too long");

    strcpy(line, "-P ");
    memset(line + 3, 'a', 300);
    strcpy(line + 303, " h");
    is_num(parse(line, NULL), STATUS_USAGE, "a probe that is too long");
    strcpy(line, "--");
    memset(line + 2, 'a', 300);
    strcpy(line + 302, "=3 h");
    is_num(parse(line, NULL), STATUS_USAGE, "an option that is too long");
    is_num(options_parse(0, (char *[]){NULL}, NULL, &options, &err), STATUS_USAGE, "no argument at all");
}

static void test_values(void)
{
    static const struct {
        const char *text;
        nstime want; /* -1: no number */
        const char *rest;
    } rows[] = {
        {"1", NS_PER_S, ""},
        {"0.5", NS_PER_S / 2, ""},
        {"3.2s", 3200 * NS_PER_MS, "s"},
        {"1.", NS_PER_S, "."},
        {".", -1, ""},
        {"", -1, ""},
        {"x", -1, ""},
        {"1000001", -1, ""},
        {"0.0000000019", 1, ""},
        {"-1", -1, ""},
        {"1.5.5", 1500 * NS_PER_MS, ".5"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        nstime span;
        const char *rest = "";
        bool good = value_span(rows[i].text, NS_PER_S, &span, &rest);
        is_num(good ? span : -1, rows[i].want, "span '%s'", rows[i].text);
        is_text(good ? rest : "", rows[i].rest, "what follows in '%s'", rows[i].text);
    }
}

static void test_instants(void)
{
    static const struct {
        const char *text;
        int kind; /* INSTANT_NONE: it is none */
        nstime time;
    } rows[] = {
        {"@0", INSTANT_AT, 0},
        {"@1767323045.5", INSTANT_AT, 1767323045 * NS_PER_S + NS_PER_S / 2},
        {"@9223372035", INSTANT_AT, 9223372035 * NS_PER_S},
        {"@9223372036", INSTANT_NONE, 0},
        {"@", INSTANT_NONE, 0},
        {"@-1", INSTANT_NONE, 0},
        {"@1.", INSTANT_NONE, 0},
        {"+1.5x", INSTANT_NONE, 0},
        {"+86400", INSTANT_AFTER, 86400 * NS_PER_S},
        {"+90s", INSTANT_AFTER, 90 * NS_PER_S},
        {"+1.5m", INSTANT_AFTER, 90 * NS_PER_S},
        {"+1h", INSTANT_AFTER, 3600 * NS_PER_S},
        {"+2d", INSTANT_AFTER, 172800 * NS_PER_S},
        {"+9223372035d", INSTANT_NONE, 0},
        {"+h", INSTANT_NONE, 0},
        {"+1hh", INSTANT_NONE, 0},
        {"+0.0000000000000000000000000000000001h", INSTANT_NONE, 0},
        {"@1h", INSTANT_NONE, 0},
        {"23:59:59.25", INSTANT_CLOCK, 86399 * NS_PER_S + NS_PER_S / 4},
        {"00:00", INSTANT_CLOCK, 0},
        {"24:00", INSTANT_NONE, 0},
        {"3:04", INSTANT_NONE, 0},
        {"03:04Z", INSTANT_NONE, 0},
        {"2026-01-02", INSTANT_AT, 1767312000 * NS_PER_S},
        {"now", INSTANT_NONE, 0},
        {"", INSTANT_NONE, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct instant instant = {.kind = INSTANT_NONE};
        is_num(value_instant(rows[i].text, &instant), rows[i].kind != INSTANT_NONE, "instant '%s'", rows[i].text);
        ok((int)instant.kind == rows[i].kind && instant.time == rows[i].time, "is that one");
    }
}

static void test_networks(void)
{
    static const struct {
        const char *network, *address;
        bool has;
    } rows[] = {
        {"192.0.2.0/24", "192.0.2.255", true},      {"192.0.2.0/24", "192.0.3.0", false},
        {"192.0.2.77/25", "192.0.2.127", true},     {"192.0.2.77/25", "192.0.2.128", false},
        {"192.0.2.80", "192.0.2.80", true},         {"192.0.2.80", "192.0.2.81", false},
        {"0.0.0.0/0", "255.1.2.3", true},           {"0.0.0.0/0", "::1", false},
        {"2001:db8::/33", "2001:db8:7fff::", true}, {"2001:db8::/33", "2001:db8:8000::", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct network network;
        struct addr address;
        bool good = value_network(rows[i].network, &network) && addr_parse(rows[i].address, &address);
        ok(good && network_has(&network, &address) == rows[i].has, "%s: %s", rows[i].network, rows[i].address);
    }
}

static bool wants(const char *line, const char *source, const char *target, const char *name, const char *spec_text)
{
    struct addr from, to;
    struct probe_spec spec;
    bool good = parse(line, NULL) == STATUS_OK && addr_parse(source, &from) && addr_parse(target, &to) &&
                probe_spec_parse(spec_text, &spec, &err) == STATUS_OK;
    if (!good)
        printf("Bail out! %s\n", line);
    return replay_filter_wants(&options.replay_filter, &from, &to, name, &spec);
}

static void test_choices(void)
{
    static const struct {
        const char *line, *spec;
        bool want;
    } rows[] = {
        {"replay x", "udp", true},
        {"replay -P udp x", "udp/53", true},
        {"replay -P udp x", "tcp/80", false},
        {"replay -P udp/53 x", "udp/53:plain", true},
        {"replay -P udp/53 x", "udp", false},
        {"replay -P udp/53:empty x", "udp/53", false},
        {"replay -T x", "tcp/443:ack", true},
        {"replay -T -p 443 x", "tcp/443:ack", true},
        {"replay -T -p 443 x", "tcp/80", false},
        {"replay -I -T x", "icmp", true},
        {"replay -P ip/50 x", "ip/47", false},
        {"replay --target 192.0.2.0/24 x", "udp", true},
        {"replay --target 198.51.100.0/24 x", "udp", false},
        {"replay --source 10.0.0.2 x", "udp", true},
        {"replay --source 10.0.0.3 x", "udp", false},
        {"replay -4 x", "udp", true},
        {"replay -6 x", "udp", false},
        {"--read x 192.0.2.80", "udp", true},
        {"--read x 192.0.2.81", "udp", false},
        {"--read x web.example", "udp", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        is_num(wants(rows[i].line, "10.0.0.2", "192.0.2.80", NULL, rows[i].spec), rows[i].want, "hopsonde %s: %s",
               rows[i].line, rows[i].spec);
    ok(wants("--read x web.example", "10.0.0.2", "192.0.2.80", "Web.Example", "udp"), "a name as it was traced");
    ok(replay_filter_has_name(&options.replay_filter), "which a capture of another tool has not");
}

static void test_windows(void)
{
    const nstime first = 1767323045 * NS_PER_S; /* 2026-01-02T03:04:05Z */
    nstime since, until;
    parse("replay --since 03:04:30 --until +60 x", NULL);
    replay_filter_window(&options.replay_filter, first, &since, &until);
    ok(since == first + 25 * NS_PER_S && until == first + 60 * NS_PER_S, "times that the first frame tells");
    replay_filter_window(&options.replay_filter, NSTIME_NEVER - 1, &since, &until);
    ok(until == NSTIME_NEVER, "no time is beyond the last");
    parse("replay x", NULL);
    replay_filter_window(&options.replay_filter, first, &since, &until);
    ok(since < 0 && until == NSTIME_NEVER && !replay_filter_is_of_parts(&options.replay_filter),
       "all the time that there is");
}

static void test_errors_chosen(void)
{
    struct other_error error = {.protocol = IP_UDP, .has_ports = true, .target_port = 53};
    addr_parse("192.0.2.80", &error.target);
    addr_parse("10.0.0.2", &error.source);
    parse("replay -P udp/53 --target 192.0.2.80 x", NULL);
    ok(replay_filter_wants_error(&options.replay_filter, &error), "an error about what is wanted");
    error.target_port = 54;
    ok(!replay_filter_wants_error(&options.replay_filter, &error), "another port");
    parse("replay -I x", NULL);
    ok(!replay_filter_wants_error(&options.replay_filter, &error), "another protocol");
    error.protocol = IP_ICMP6;
    ok(replay_filter_wants_error(&options.replay_filter, &error), "ICMP of either family");
}

/* --- help, man page, completions --- */

static void test_help(void)
{
    struct strbuf text, all;
    strbuf_init(&text);
    strbuf_init(&all);
    options_help(&text, NULL);
    unsigned lines = 0, widest = 0, column = 0;
    for (const char *c = text.text; *c; c++) {
        column = *c == '\n' ? 0 : column + 1;
        lines += *c == '\n';
        widest = column > widest ? column : widest;
    }
    ok(lines <= 24 && widest <= 80, "the overview fits a terminal: %u lines of up to %u columns", lines, widest);

    options_help(&all, "trace");
    column = widest = 0;
    for (const char *c = all.text; *c; c++) {
        column = *c == '\n' ? 0 : column + 1;
        widest = column > widest ? column : widest;
    }
    ok(widest <= 80, "help trace has up to %u columns", widest);
    const struct option_row *row;
    for (size_t i = 0; (row = option_at(i)) != NULL; i++)
        ok(strstr(all.text, row->name ? row->name : row->letter), "help trace has %s",
           row->name ? row->name : row->letter);
    for (unsigned i = 0; output_formats[i]; i++) {
        char start[32];
        snprintf(start, sizeof start, "\n  %s  ", output_formats[i]->name);
        ok(strstr(all.text, start), "help trace has the format %s", output_formats[i]->name);
    }
    for (unsigned i = 0; probe_types[i]; i++) {
        char start[32];
        snprintf(start, sizeof start, "\n  %s  ", probe_types[i]->name);
        ok(strstr(all.text, start), "help trace has the probe %s", probe_types[i]->name);
    }
    strbuf_clear(&text);
    options_help(&text, "replay");
    ok(strstr(text.text, "--read") && strstr(text.text, "--since") && strstr(text.text, "--probe") &&
           strstr(text.text, "--expect") && !strstr(text.text, "--gap") && !strstr(text.text, "--budget"),
       "help replay has what a replay obeys, only");
    strbuf_clear(&text);
    options_help(&text, "diagnose");
    ok(strstr(text.text, "--budget") && strstr(text.text, "--gap") && strstr(text.text, "\n  tcp  ") &&
           !strstr(text.text, "--since"),
       "help diagnose has what a diagnosis obeys, only");
    strbuf_free(&text);
    strbuf_free(&all);
}

static char *read_source(const char *name)
{
    const char *top = getenv("top_srcdir");
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", top ? top : ".", name);
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 65536);
    if (!file || !text || fread(text, 1, 65535, file) == 0)
        printf("Bail out! %s cannot be read\n", path);
    if (file)
        fclose(file);
    return text;
}

/* Whether `token` stands in a line that starts with `start`, between bytes that are none of a name. */
static bool has_token(const char *text, const char *start, const char *token)
{
    static const char name_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        size_t length = strcspn(line, "\n");
        if (strncmp(line, start, strlen(start)) != 0)
            continue;
        for (const char *at = strstr(line, token); at && at < line + length; at = strstr(at + 1, token)) {
            char after = at[strlen(token)];
            bool begins = at == line || !strchr(name_bytes, at[-1]);
            if (begins && (!after || !strchr(name_bytes, after)))
                return true;
        }
    }
    return false;
}

/* How an option is written in each document: the lines that tell of options, and what stands for its dashes. */
static const struct document {
    const char *file, *start, *letter, *name;
} documents[] = {
    {"src/cli/hopsonde.8", ".It Fl ", "", "-"},
    {"src/cli/completions/hopsonde.bash", "", "-", "--"},
    {"src/cli/completions/_hopsonde", "    ", "-", "--"},
    {"src/cli/completions/hopsonde.fish", "complete -c hopsonde ", "-s ", "-l "},
};

static void check_token(const char *text, const struct document *document, const char *dashes, const char *name)
{
    char token[64];
    snprintf(token, sizeof token, "%s%s", dashes, name);
    ok(has_token(text, document->start, token), "%s has %s", document->file, token);
}

static void test_documents(void)
{
    for (size_t d = 0; d < sizeof documents / sizeof *documents; d++) {
        char *text = read_source(documents[d].file);
        const struct option_row *row;
        for (size_t i = 0; (row = option_at(i)) != NULL; i++) {
            if (row->letter)
                check_token(text, &documents[d], documents[d].letter, row->letter + strlen("-"));
            if (row->name)
                check_token(text, &documents[d], documents[d].name, row->name + strlen("--"));
        }
        free(text);
    }
}

/* Each spelling means one thing, and each synonym something that there is. */
static void test_tables(void)
{
    const struct option_row *row;
    for (size_t i = 0; (row = option_at(i)) != NULL; i++)
        ok(option_find(row->letter ? row->letter : row->name) == row && row->commands && row->help &&
               (row->apply ? !row->flag : row->flag && !row->argument),
           "%s is its own row", row->letter ? row->letter : row->name);
    for (const struct synonym *synonym = synonyms; synonym->theirs; synonym++) {
        const struct option_row *same = option_find(synonym->theirs);
        const struct option_row *ours = synonym->ours ? option_find(synonym->ours) : NULL;
        bool takes = synonym->kind == SYNONYM_SAME && (synonym->argument || synonym->value);
        bool fits = synonym->ours ? ours && !ours->argument == !takes : synonym->why != NULL;
        /* An option of ours may have the same name if no command obeys both: other commands then know the synonym. */
        bool clear = !same || synonym->kind == SYNONYM_IGNORED || (ours && !(same->commands & ours->commands));
        ok(synonym_find(synonym->theirs) == synonym && clear && fits, "%s means one thing", synonym->theirs);
    }
}

int main(void)
{
    test_meanings();
    test_complaints();
    test_environment();
    test_hints();
    test_limits();
    test_values();
    test_instants();
    test_networks();
    test_choices();
    test_windows();
    test_errors_chosen();
    test_help();
    test_documents();
    test_tables();
    return tap_done();
}

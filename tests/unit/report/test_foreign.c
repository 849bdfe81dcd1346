/* SPDX-License-Identifier: BSD-2-Clause */
/* Reports of captures of any origin: text, JSON, JSON lines, CSV and the list, from traces filled by hand. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "report/row_buffer.h"
#include "tap.h"
#include "unit/support/render.h"
#include "verdict/trace_groups.h"

#define START (INT64_C(1767323045) * NS_PER_S + 123456789) /* 2026-01-02T03:04:05.123456789Z */

/* --- traces and errors to report --- */

static struct addr address(const char *text)
{
    struct addr a;
    if (!addr_parse(text, &a))
        printf("Bail out! %s\n", text);
    return a;
}

static void make_trace(struct trace *trace, const char *source, const char *target, const char *spec)
{
    struct err err;
    trace_init(trace);
    if (probe_spec_parse(spec, &trace->flow.spec, &err) != STATUS_OK)
        printf("Bail out! %s\n", err.message);
    trace->flow.source = address(source);
    trace->flow.target = address(target);
    trace->flow.source_port = 40001;
    trace->flow.target_port = trace->flow.spec.port;
    trace->origin = (struct trace_origin){.foreign = true, .grouped_by = "addresses", .rounds = 1};
}

/* Sent `ms` after the start; frames count up. */
static struct probe *send(struct trace *trace, uint8_t ttl, double ms)
{
    struct probe *probe = trace_add_probe(trace, 0, ttl, START + (nstime)(ms * 1e6));
    probe->frame = trace->probe_count * 10;
    probe->source_port = (uint16_t)(40000 + trace->probe_count);
    probe->target_port = (uint16_t)(33433 + trace->probe_count);
    probe->state = PROBE_EXPIRED;
    probe->seen = true;
    trace->sent_count++;
    trace->last_seen = probe->sent > trace->last_seen ? probe->sent : trace->last_seen;
    return probe;
}

static void answer(struct trace *trace, struct probe *probe, const char *from, double ms, int type, int code)
{
    struct reply reply = {
        .from = address(from),
        .time = (probe->sent == NSTIME_NONE ? START : probe->sent) + (nstime)(ms * 1e6),
        .frame = trace->probe_count * 10 + 1 + probe->reply_count,
        .file = probe->file,
        .match = MATCH_EXACT,
        .version = address(from).family,
        .is_icmp = true,
        .icmp_type = (uint8_t)type,
        .icmp_code = (uint8_t)code,
        .reply_ttl = 60,
        .quoted_ttl = 1,
    };
    reply.kind = (uint8_t)reply_kind_of_icmp(reply.version, reply.icmp_type, reply.icmp_code);
    probe->state = PROBE_OUTSTANDING;
    trace_add_reply(trace, probe, &reply);
}

static void hop(struct trace *trace, uint8_t ttl, const char *from, double ms)
{
    answer(trace, send(trace, ttl, ttl), from, ms, 11, 0);
}

/* A traceroute to a target that answers; its ports vary; it sends probes beyond the target. */
static void fill_reached(struct trace *trace)
{
    make_trace(trace, "10.0.0.2", "192.0.2.80", "udp");
    trace->origin.tool = "traceroute (Linux)";
    trace->origin.source_port_varies = trace->origin.target_port_varies = true;
    trace->origin.grouped_by = "rising target ports";
    hop(trace, 1, "10.0.0.1", 0.412);
    hop(trace, 1, "10.0.0.1", 0.391);
    send(trace, 2, 2.5);
    answer(trace, send(trace, 3, 3), "192.0.2.80", 3.002, 3, 3);
    answer(trace, send(trace, 4, 4), "192.0.2.80", 3.1, 3, 3);
    trace->end = END_REACHED;
}

/* Rejected by a router, in the second file; one reply comes twice. */
static void fill_rejected(struct trace *trace)
{
    make_trace(trace, "10.0.0.2", "192.0.2.80", "tcp/443");
    trace->number = 1;
    trace->origin.rounds = 3;
    trace->origin.captured_at_ttl = 1;
    hop(trace, 2, "10.0.1.1", 1);
    answer(trace, &trace->probes[0], "10.0.1.1", 900, 11, 0);
    struct probe *probe = send(trace, 3, 5);
    answer(trace, probe, "10.0.2.1", 2, 3, 13);
    probe->replies[0].file = 1;
    probe->replies[0].match = MATCH_REWRITTEN;
    trace->end = END_REJECTED;
}

/* Only the replies were captured. */
static void fill_inferred(struct trace *trace)
{
    make_trace(trace, "2001:db8::2", "2001:db8::80", "icmp");
    trace->number = 2;
    trace->origin.inferred = true;
    for (uint8_t ttl = 1; ttl <= 2; ttl++) {
        struct probe *probe = send(trace, ttl, 0);
        probe->sent = NSTIME_NONE;
        probe->frame = 0;
        probe->seen = false;
        answer(trace, probe, ttl == 1 ? "2001:db8::1" : "2001:db8::80", 1, ttl == 1 ? 3 : 1, ttl == 1 ? 0 : 4);
    }
    trace->first_sent = NSTIME_NONE;
    trace->end = END_REACHED;
}

static struct other_error errors[4];

static void fill_errors(void)
{
    for (unsigned i = 0; i < 4; i++)
        errors[i] = (struct other_error){.time = START,
                                         .frame = 100 + i,
                                         .from = address("198.51.100.1"),
                                         .source = address("10.0.0.2"),
                                         .target = address("198.51.100.9"),
                                         .source_port = 5353,
                                         .target_port = 53,
                                         .protocol = IP_UDP,
                                         .version = 4,
                                         .icmp_type = 3,
                                         .icmp_code = 3,
                                         .has_ports = true};
    errors[0].icmp_code = 4;
    errors[0].mtu = 1400;
    errors[0].protocol = IP_TCP;
    errors[3].target = errors[3].source = (struct addr){0};
    errors[3].icmp_type = 12;
    errors[3].icmp_code = 7;
}

static struct trace made[3];
static const struct trace *const traces[3] = {&made[0], &made[1], &made[2]};
static const struct source_file files[2] = {{"a.pcap", 120, false, NULL, NULL}, {"b\033.pcap", 7, true, NULL, NULL}};
static const struct result_source source = {.command = "replay", .files = files, .file_count = 2};

static const struct recognition found = {
    .traces = traces,
    .trace_count = 3,
    .errors = errors,
    .error_count = 4,
    .counters = {.common = {.frames = 127, .malformed = 1, .strays = {{"not IP", 3}}, .stray_kinds = 1},
                 .probes = 7,
                 .replies = 9,
                 .errors = 4},
    .traces_found = 3,
};

static void fill(void)
{
    fill_reached(&made[0]);
    fill_rejected(&made[1]);
    fill_inferred(&made[2]);
    fill_errors();
}

static void clear(void)
{
    for (unsigned i = 0; i < 3; i++)
        trace_free(&made[i]);
}

/* --- reports --- */

static void judge(struct report *report, const struct recognition *what)
{
    static struct judgement judgement;
    static const nstime ends[2] = {START + 60 * NS_PER_S, START + 60 * NS_PER_S};
    struct judged_group group = {.judgement = &judgement, .several = true};
    struct trace_groups groups;
    trace_groups_gather(what->traces, what->trace_count, &groups);
    while ((group.traces = trace_groups_next(&groups, &group.count))) {
        verdict_judge_traces(group.traces, group.count, ends, &judgement);
        report_judged(report, &group);
    }
    trace_groups_free(&groups);
}

/* The whole report, which the caller frees. */
static char *report(const struct output_format *format, const struct output_options *options,
                    const struct recognition *what, const struct result_source *from)
{
    struct render r;
    render_open(&r, format, options);
    report_begin(&r.report, from, NULL);
    report_take_recognition(&r.report, what);
    judge(&r.report, what);
    report_end(&r.report);
    render_close(&r);
    return r.text;
}

static void is_report(const char *format, const struct output_options *options, const char *want, const char *name)
{
    fill();
    char *text =
        report(strcmp(format, "list") == 0 ? &output_list : output_format_find(format), options, &found, &source);
    is_text(text, want, "%s", name);
    free(text);
    clear();
}

static const struct output_options plain = {.width = 80};

#define TRACES                                                                                                         \
    "\ntrace 0: 10.0.0.2 to 192.0.2.80, udp to ports 33434-33438, by traceroute (Linux)\n"                             \
    "2026-01-02T03:04:05.124Z, took 6.1 ms, from ports 40001-40005, in a.pcap\n"                                       \
    " 1  10.0.0.1  0.412 ms  0.391 ms\n"                                                                               \
    " 2  *\n"                                                                                                          \
    " 3  192.0.2.80  3.002 ms\n"                                                                                       \
    "reached at hop 3: 192.0.2.80 answered port unreachable\n"                                                         \
    "5 probes: 4 answered, 1 silent, 1 sent beyond hop 3\n"                                                            \
    "grouped by rising target ports\n"                                                                                 \
    "\ntrace 1: 10.0.0.2 to 192.0.2.80, tcp/443\n"                                                                     \
    "2026-01-02T03:04:05.125Z, took 900.0 ms, from port 40001, in a.pcap\n"                                            \
    " 2  10.0.1.1  1.000 ms\n"                                                                                         \
    " 3  10.0.2.1  2.000 ms !X\n"                                                                                      \
    "stopped at hop 3: 10.0.2.1 says administratively prohibited (!X)\n"                                               \
    "2 probes in 3 rounds: 2 answered, 1 duplicate\n"                                                                  \
    "grouped by addresses\n"                                                                                           \
    "captured behind hop 1, not at the source: times count from there\n"                                               \
    "1 answer quotes translated addresses or ports (NAT)\n\n"                                                          \
    "udp      closed at the target (hop 3): path complete; it replies port-unreachable, as usual for a traceroute.\n"  \
    "tcp/443  rejected at hop 3 (10.0.2.1): admin-prohibited.\n"                                                       \
    "\nPlease check the filter at 10.0.2.1 (hop 3): TCP destination port 443 (source port 40001) from 10.0.0.2 to "    \
    "192.0.2.80 is rejected there (admin-prohibited), while udp reaches the target (2026-01-02 03:04:05 UTC).\n"       \
    "\ntrace 2: 2001:db8::2 to 2001:db8::80, icmp\n"                                                                   \
    "first answer at 2026-01-02T03:04:05.124Z, in a.pcap\n"                                                            \
    " 1  2001:db8::1\n"                                                                                                \
    " 2  2001:db8::80\n"                                                                                               \
    "2 answers\n"                                                                                                      \
    "grouped by addresses\n"                                                                                           \
    "inferred from replies: the probes are not in the capture, so there are no times\n\n"                              \
    "icmp  closed at the target (hop 2): it replies port-unreachable.\n"

static void test_text(void)
{
    is_report("text", &plain,
              "hopsonde replay of a.pcap, b\\x1b.pcap\n" TRACES "\n"
              "ICMP errors about other traffic:\n"
              "      2  198.51.100.1: port unreachable, about udp to 198.51.100.9 port 53\n"
              "      1  198.51.100.1: fragmentation needed (MTU 1400), about tcp to 198.51.100.9 port 53\n"
              "      1  198.51.100.1: parameter problem, about a packet that is not quoted\n\n"
              "127 frames read: 7 probes, 9 replies, 4 errors about other traffic, 3 others, 1 malformed\n"
              "other: 3 frames: not IP\n"
              "b\\x1b.pcap is cut short: the report covers only what came before the cut\n",
              "the text report");
}

static void test_quiet(void)
{
    is_report(
        "text", &(struct output_options){.width = 80, .quiet = true},
        "\ntrace 0: 10.0.0.2 to 192.0.2.80, udp to ports 33434-33438, by traceroute (Linux)\n"
        " 1  10.0.0.1  0.412 ms  0.391 ms\n 2  *\n 3  192.0.2.80  3.002 ms\n"
        "reached at hop 3: 192.0.2.80 answered port unreachable\n"
        "\ntrace 1: 10.0.0.2 to 192.0.2.80, tcp/443\n"
        " 2  10.0.1.1  1.000 ms\n 3  10.0.2.1  2.000 ms !X\n"
        "stopped at hop 3: 10.0.2.1 says administratively prohibited (!X)\n"
        "\nudp      closed at the target (hop 3): path complete; it replies port-unreachable, as usual for a traceroute.\n"
        "tcp/443  rejected at hop 3 (10.0.2.1): admin-prohibited.\n"
        "\ntrace 2: 2001:db8::2 to 2001:db8::80, icmp\n"
        " 1  2001:db8::1\n 2  2001:db8::80\n"
        "\nicmp  closed at the target (hop 2): it replies port-unreachable.\n",
        "quiet: traces and verdicts only");
    is_report("text", &(struct output_options){.width = 80, .quiet = true, .verdicts_only = true},
              "10.0.0.2 to 192.0.2.80\n"
              "udp      closed at the target (hop 3): path complete; it replies port-unreachable, as usual for a "
              "traceroute.\n"
              "tcp/443  rejected at hop 3 (10.0.2.1): admin-prohibited.\n"
              "2001:db8::2 to 2001:db8::80\n"
              "icmp  closed at the target (hop 2): it replies port-unreachable.\n",
              "--quiet: verdicts alone, and whom they are about");
}

/* Frame 20 of the first file belongs to both traces. */
#define EVIDENCE                                                                                                       \
    "udp      closed at the target (hop 3): path complete; it replies port-unreachable, as usual for a traceroute.\n"  \
    "    frame 40   of a.pcap  +2.000 ms  10.0.0.2:40004 > 192.0.2.80:33437  udp, TTL 3, attempt 1\n"                  \
    "    frame 41   of a.pcap  +5.002 ms  192.0.2.80 > 10.0.0.2  port unreachable with TTL 60, to the probe of TTL "   \
    "3\n"                                                                                                              \
    "tcp/443  rejected at hop 3 (10.0.2.1): admin-prohibited.\n"                                                       \
    "    frame 20   of a.pcap  +0.000 ms  10.0.0.2:40002 > 192.0.2.80:33435  udp, TTL 1, attempt 2\n"                  \
    "    frame 20   of a.pcap  +4.000 ms  10.0.0.2:40001 > 192.0.2.80:443  tcp/443, TTL 3, attempt 1\n"                \
    "    frame 21   of b\\x1b.pcap  +6.000 ms  10.0.2.1 > 10.0.0.2  administratively prohibited with TTL 60, to the "  \
    "probe of TTL 3\n"

/* Each probe has its own ports, and each frame names its file. */
static void test_evidence(void)
{
    fill();
    char *text =
        report(&output_text, &(struct output_options){.width = 80, .quiet = true, .verbose = 1}, &found, &source);
    char *from = strstr(text, "udp      closed"), *to = from ? strstr(from, "\ntrace 2") : NULL;
    if (to)
        *to = '\0';
    is_text(from ? from : "", EVIDENCE, "-v: the frames behind each verdict");
    free(text);
    clear();
}

/* The second reply of hop 1 fits probes of other hops as well. */
static void test_doubt(void)
{
    fill();
    made[0].probes[1].replies[0].match = MATCH_WEAK;
    made[0].probes[1].replies[0].hop_is_doubtful = true;
    char *text = report(&output_text, &plain, &found, &source);
    ok(strstr(text, "\n 1  10.0.0.1  0.412 ms  10.0.0.1?  0.391 ms\n") != NULL, "a question mark behind the address");
    ok(strstr(text, "\n1 answer fits probes of several hops: the hop is the likeliest (?)\n") != NULL,
       "and what it means");
    free(text);
    clear();
}

static void test_nothing(void)
{
    static const struct recognition nothing = {.counters = {.common = {.frames = 1}}};
    static const struct source_file one = {"-", 1, false, NULL, NULL};
    const struct result_source from = {.command = "replay", .files = &one, .file_count = 1, .interrupted = true};
    char *text = report(&output_text, &plain, &nothing, &from);
    is_text(text,
            "hopsonde replay of standard input\n\nno trace found\n"
            "1 frame read: 0 probes, 0 replies, 0 errors about other traffic, 0 others\n"
            "interrupted: the report covers only what was read by then\n",
            "a capture without traces, interrupted");
    free(text);
}

/* A line for each corrected clock, with the file's name escaped. */
static void test_clocks(void)
{
    static const struct recognition nothing = {.counters = {.common = {.frames = 1}}};
    static const struct clock_estimate both = {
        .count = 1,
        .segments = {{.has_least = true, .least = -55900 * NS_PER_US, .has_most = true, .most = -44 * NS_PER_MS}}};
    static const struct clock_estimate stepped = {
        .count = 2,
        .segments = {{.has_most = true, .most = -90 * NS_PER_MS},
                     {.has_least = true, .least = NS_PER_MS, .has_most = true, .most = 3 * NS_PER_MS}}};
    const struct source_file clocks[] = {
        {"a.pcap", 1, false, NULL, NULL}, {"b\033.pcap", 1, false, &both, NULL}, {"-", 1, false, &stepped, &both}};
    const struct result_source from = {.command = "replay", .files = clocks, .file_count = 3};
    char *text = report(&output_text, &plain, &nothing, &from);
    is_text(
        text,
        "hopsonde replay of a.pcap, b\\x1b.pcap, standard input\n"
        "clock of b\\x1b.pcap 44.0 to 55.9 ms behind: corrected\n"
        "clock of standard input at least 90.0 ms behind, from 1970-01-01T00:00:00Z on 1.0 to 3.0 ms ahead: corrected\n"
        "clock of the second machine in standard input 44.0 to 55.9 ms behind: corrected\n"
        "\nno trace found\n1 frame read: 0 probes, 0 replies, 0 errors about other traffic, 0 others\n",
        "clocks that were corrected");
    free(text);
    text = report(&output_json, &plain, &nothing, &from);
    ok(strstr(text, "\"truncated\": false, \"clock_ms\": {\"least\": -55.9, \"most\": -44.0}}") != NULL,
       "the same in JSON");
    ok(strstr(
           text,
           "\"clock_ms\": {\"least\": null, \"most\": 3.0}, \"second_clock_ms\": {\"least\": -55.9, \"most\": -44.0}}"),
       "of all segments together, and of a second machine");
    ok(strstr(text, "\"a.pcap\", \"frames\": 1, \"truncated\": false}") != NULL, "absent where nothing was corrected");
    free(text);
}

/* Reports one trace. The test checks only the sentence on its end. */
static void is_ending(struct trace *trace, const char *want)
{
    static const struct judgement nothing;
    const struct trace *const one[1] = {trace};
    char *text = NULL;
    size_t length;
    const struct result result = {.source = source};
    struct output out = {
        .result = &result, .options = {.width = 80, .quiet = true}, .file = open_memstream(&text, &length)};
    output_text.judged(&out, &(struct judged_group){one, 1, &nothing, false});
    fclose(out.file);
    char *line = strchr(text + 1, '\n');
    is_text(line ? line + 1 : "", want, "ended: %s", trace_end_name(trace->end));
    free(text);
    trace_free(trace);
}

static void test_ends(void)
{
    struct trace trace;
    make_trace(&trace, "10.0.0.2", "192.0.2.80", "udp/53");
    hop(&trace, 1, "10.0.0.1", 1);
    for (uint8_t ttl = 2; ttl <= 9; ttl++)
        send(&trace, ttl, ttl);
    trace.end = END_SILENT;
    is_ending(&trace, " 1  10.0.0.1  1.000 ms\n 2  *\n3-9 silent as well\n"
                      "silent from hop 2 on: no answer to 8 probes\n");
    make_trace(&trace, "10.0.0.2", "192.0.2.80", "udp/53");
    send(&trace, 1, 1);
    trace.end = END_SILENT;
    is_ending(&trace, " 1  *\nsilent: no answer to any of 1 probe\n");
    make_trace(&trace, "10.0.0.2", "192.0.2.80", "udp/53");
    for (uint8_t ttl = 1; ttl <= 5; ttl++)
        hop(&trace, ttl, ttl % 2 ? "10.0.0.1" : "10.0.1.1", 1);
    trace.end = END_LOOPING;
    is_ending(&trace, " 1  10.0.0.1  1.000 ms\n 2  10.0.1.1  1.000 ms\n 3  10.0.0.1  1.000 ms\n"
                      " 4  10.0.1.1  1.000 ms\n 5  10.0.0.1  1.000 ms\n"
                      "routing loop from hop 1 on: 10.0.0.1, 10.0.1.1, 10.0.0.1 ...\n");
    make_trace(&trace, "10.0.0.2", "192.0.2.80", "udp/53");
    hop(&trace, 3, "10.0.0.1", 1);
    hop(&trace, 5, "10.0.1.1", 1);
    trace.end = END_MAX_TTL;
    is_ending(&trace, " 3  10.0.0.1  1.000 ms\n 4  -\n 5  10.0.1.1  1.000 ms\n"
                      "not probed beyond hop 5, and the target has not answered\n");
    make_trace(&trace, "10.0.0.2", "192.0.2.80", "udp/53");
    for (unsigned i = 0; i < 11; i++)
        hop(&trace, 1, "10.0.0.1", 1);
    trace.end = END_INTERRUPTED;
    is_ending(&trace, "                                  Loss%   Snt   Best    Avg   Wrst  StDev   Jttr\n"
                      " 1  10.0.0.1                       0.0%    11   1.00   1.00   1.00   0.00   0.00\n"
                      "the capture ends before the trace does, at hop 1\n");
}

#define REACHED_HEAD                                                                                                   \
    "\"target\": {\"name\": null, \"address\": \"192.0.2.80\"}, \"source_address\": \"10.0.0.2\", \"probe\": \"udp\""  \
    ", \"protocol\": \"udp\", \"source_port\": null, \"destination_port\": null, "                                     \
    "\"started\": \"2026-01-02T03:04:05.124456789Z\", \"duration_ms\": 6.1, \"probes_sent\": 5, \"replies\": 4, "      \
    "\"tool\": \"traceroute (Linux)\", \"grouped_by\": \"rising target ports\", \"inferred\": false, "                 \
    "\"captured_at_ttl\": null, \"rounds\": 1, \"ended\": \"reached\", \"reached_ttl\": 3"

static json_t *at(json_t *array, size_t index, const char *key)
{
    return json_object_get(json_array_get(array, index), key);
}

static json_t *probe_of(json_t *document, size_t trace, size_t hop_index)
{
    json_t *hops = at(json_object_get(document, "traces"), trace, "hops");
    return json_array_get(at(hops, hop_index, "probes"), 0);
}

static void test_json(void)
{
    fill();
    char *text = report(&output_json, &plain, &found, &source);
    json_t *document = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    ok(document != NULL && strstr(text, "{" REACHED_HEAD ",\n") != NULL, "a trace's head");
    json_t *port = json_object_get(probe_of(document, 0, 1), "destination_port");
    is_num(json_integer_value(port), 33436, "each probe has its own varying port");
    ok(!json_object_get(probe_of(document, 1, 0), "destination_port"), "no probe has the constant port");
    json_t *reply = json_array_get(json_object_get(probe_of(document, 1, 1), "replies"), 0);
    is_num(json_integer_value(json_object_get(reply, "file")), 1, "the answer is in another file");
    reply = json_array_get(json_object_get(probe_of(document, 1, 0), "replies"), 0);
    ok(!json_object_get(reply, "file"), "it is not");
    json_t *probe = probe_of(document, 2, 0);
    reply = json_array_get(json_object_get(probe, "replies"), 0);
    ok(json_is_null(json_object_get(probe, "sent")) && json_is_null(json_object_get(probe, "frame")) &&
           json_is_null(json_object_get(reply, "rtt_ms")),
       "an inferred probe has no time");
    json_t *stats = at(at(json_object_get(document, "traces"), 2, "hops"), 0, "stats");
    ok(json_is_null(json_object_get(stats, "loss")) && json_is_null(json_object_get(stats, "best_ms")) &&
           json_integer_value(json_object_get(stats, "received")) == 1,
       "nor have its statistics");
    ok(!json_object_get(json_array_get(json_object_get(document, "traces"), 2), "source_port"), "ICMP has no ports");
    ok(strstr(text, "\"errors\": [\n"
                    "  {\"from\": \"198.51.100.1\", \"about\": {\"protocol\": \"tcp\", \"source\": \"10.0.0.2\", "
                    "\"target\": \"198.51.100.9\", \"source_port\": 5353, \"destination_port\": 53}, "
                    "\"icmp\": {\"type\": 3, \"code\": 4}, \"mtu\": 1400, "
                    "\"time\": \"2026-01-02T03:04:05.123456789Z\", \"file\": 0, \"frame\": 100},\n"),
       "an error about other traffic");
    ok(json_is_null(at(json_object_get(document, "errors"), 3, "about")), "and one whose quote is unreadable");
    ok(strstr(text, "\"capture\": {\"frames\": 127, \"probes\": 7, \"replies\": 9, \"errors\": 4, \"given_up\": 0, "
                    "\"dropped_by_kernel\": 0, \"strays\": {\"not IP\": 3}, \"malformed\": 1}}\n"),
       "the counters");
    json_t *verdicts = json_object_get(document, "verdicts");
    is_num(json_array_size(verdicts), 3, "a verdict for each spec of each target");
    ok(strstr(text, "\n  {\"target\": \"192.0.2.80\", \"source_address\": \"10.0.0.2\", \"probe\": \"tcp/443\", "
                    "\"state\": \"rejected\", "),
       "its target and source");
    ok(strstr(text, "\"frames\": [20, 21], \"files\": [0, 1]}"), "frames in two files");
    ok(!json_object_get(json_array_get(verdicts, 0), "files"), "frames in the first file only");
    json_decref(document);
    free(text);
    clear();
}

static void test_jsonl(void)
{
    fill();
    char *text = report(&output_jsonl, &plain, &found, &source), types[64] = "";
    size_t count = 0;
    ok(strstr(text, "\n{\"type\": \"trace\", \"trace\": 0, " REACHED_HEAD "}\n") != NULL, "a trace's line");
    for (char *rest = text, *line; (line = strtok_r(rest, "\n", &rest));) {
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        const char *type = json_string_value(json_object_get(object, "type"));
        if (count < sizeof types - 1)
            types[count++] = type ? *type : '?';
        json_decref(object);
    }
    is_text(types, "ppppptpptppteeeevvtvr", "lines in the order in which traces end");
    free(text);
    clear();
}

#define CSV_HEAD                                                                                                       \
    "file,trace,target,probe,ttl,attempt,frame,sent,from,reply_frame,rtt_ms,kind,icmp_type,icmp_code,reply_ttl,"       \
    "matched,late,duplicate\n"

static void test_csv(void)
{
    is_report("csv", &plain,
              CSV_HEAD
              "0,0,192.0.2.80,udp,1,1,10,2026-01-02T03:04:05.124456789Z,10.0.0.1,11,0.412,time-exceeded,11,0,60,exact,"
              "false,false\n"
              "0,0,192.0.2.80,udp,1,2,20,2026-01-02T03:04:05.124456789Z,10.0.0.1,21,0.391,time-exceeded,11,0,60,exact,"
              "false,false\n"
              "0,0,192.0.2.80,udp,2,1,30,2026-01-02T03:04:05.125956789Z,,,,,,,,,,\n"
              "0,0,192.0.2.80,udp,3,1,40,2026-01-02T03:04:05.126456789Z,192.0.2.80,41,3.002,unreachable,3,3,60,exact,"
              "false,false\n"
              "0,0,192.0.2.80,udp,4,1,50,2026-01-02T03:04:05.127456789Z,192.0.2.80,51,3.1,unreachable,3,3,60,exact,"
              "false,false\n"
              "0,1,192.0.2.80,tcp/443,2,1,10,2026-01-02T03:04:05.125456789Z,10.0.1.1,11,1.0,time-exceeded,11,0,60,"
              "exact,false,false\n"
              "0,1,192.0.2.80,tcp/443,2,1,10,2026-01-02T03:04:05.125456789Z,10.0.1.1,12,900.0,time-exceeded,11,0,60,"
              "exact,false,true\n"
              "0,1,192.0.2.80,tcp/443,3,1,20,2026-01-02T03:04:05.128456789Z,10.0.2.1,21,2.0,unreachable,3,13,60,"
              "rewritten,false,false\n"
              "0,2,2001:db8::80,icmp,1,1,,,2001:db8::1,11,,time-exceeded,3,0,60,exact,false,false\n"
              "0,2,2001:db8::80,icmp,2,1,,,2001:db8::80,21,,unreachable,1,4,60,exact,false,false\n",
              "the rows");
}

static void test_list(void)
{
    is_report("list", &plain,
              "    # started (UTC)        source > target                 probe   tool             TTLs   sent  ansd"
              " ended\n"
              "    0 2026-01-02T03:04:05Z 10.0.0.2 > 192.0.2.80           udp     traceroute-Linux 1-4       5     4"
              " reached 3\n"
              "    1 2026-01-02T03:04:05Z 10.0.0.2 > 192.0.2.80           tcp/443 -                2-3       2     2"
              " rejected 3\n"
              "    2 -                    2001:db8::2 > 2001:db8::80      icmp    -                1-2       2     2"
              " reached 2\n",
              "a line a trace");
}

/* --- rows by hand --- */

static const nstime times[] = {
    0, -1, 1, NS_PER_S, -NS_PER_S, START, START + 1, START + NS_PER_S, NSTIME_NEVER, NSTIME_NONE, INT64_MIN + 1, START};
static const char *const addresses[] = {"0.0.0.0",     "9.10.99.100",      "255.255.255.255", "::",
                                        "2001:db8::1", "::ffff:192.0.2.1", "fe80::1:2:3:4",   "2001:db8::1"};
static const uint64_t numbers[] = {0, 9, 10, 99, 100, 101, 65535, 1234567, UINT64_MAX};

static void is_row(struct row_buffer *rows, const char *end, const char *want)
{
    is_text((rows->bytes[end - rows->bytes] = '\0', rows->bytes), want, "by hand: %s", want);
}

static void test_rows(void)
{
    char want[64];
    struct row_buffer *rows = row_buffer_new(NULL);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        nstime_format(times[i], want);
        is_row(rows, put_time(rows, row_buffer_begin(rows), times[i]), want);
    }
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        struct addr a = address(addresses[i]);
        is_row(rows, put_address(rows, row_buffer_begin(rows), &a), addresses[i]);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        snprintf(want, sizeof want, "%llu", (unsigned long long)numbers[i]);
        is_row(rows, put_number(row_buffer_begin(rows), numbers[i]), want);
        snprintf(want, sizeof want, "%7llu", (unsigned long long)numbers[i]);
        is_row(rows, put_number_right(row_buffer_begin(rows), numbers[i], 7), want);
    }
    is_row(rows, put_ms(row_buffer_begin(rows), 0), "0.0");
    is_row(rows, put_ms(row_buffer_begin(rows), 1), "0.000001");
    is_row(rows, put_ms(row_buffer_begin(rows), 12345600000), "12345.6");
    row_buffer_free(rows);
}

/* More rows than the buffer holds. */
static void test_many_rows(void)
{
    char *text = NULL;
    size_t length;
    FILE *file = open_memstream(&text, &length);
    struct row_buffer *rows = row_buffer_new(file);
    for (unsigned i = 0; i < 100000; i++)
        row_buffer_end(rows, put_char(put_number(row_buffer_begin(rows), i % 10), '\n'));
    row_buffer_flush(rows);
    fclose(file);
    row_buffer_free(rows);
    bool same = length == 200000;
    for (unsigned i = 0; same && i < 100000; i++)
        same = text[2 * i] == (char)('0' + i % 10) && text[2 * i + 1] == '\n';
    ok(same, "all rows, in order");
    free(text);
}

int main(void)
{
    test_text();
    test_quiet();
    test_evidence();
    test_doubt();
    test_nothing();
    test_clocks();
    test_ends();
    test_json();
    test_jsonl();
    test_csv();
    test_list();
    test_rows();
    test_many_rows();
    return tap_done();
}

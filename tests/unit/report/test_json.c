/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON, JSON lines and CSV: golden documents, read back with jansson. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "config.h"
#include "tap.h"
#include "unit/support/render.h"

#define UDP_TRACE                                                                                                      \
    "\"target\": {\"name\": \"web.example\", \"address\": \"192.0.2.80\"}, \"source_address\": \"10.0.0.2\", "         \
    "\"probe\": \"udp\", \"protocol\": \"udp\", \"source_port\": 41022, \"destination_port\": 33434, "                 \
    "\"started\": \"2026-01-02T03:04:05.123456789Z\", \"duration_ms\": 3.5, \"probes_sent\": 3, \"replies\": 2, "      \
    "\"tool\": \"hopsonde\", \"grouped_by\": \"flow\", \"inferred\": false, \"captured_at_ttl\": null, "               \
    "\"rounds\": 1, \"ended\": \"silent\", \"reached_ttl\": null"
#define TCP_TRACE                                                                                                      \
    "\"target\": {\"name\": \"web.example\", \"address\": \"192.0.2.80\"}, \"source_address\": \"10.0.0.2\", "         \
    "\"probe\": \"tcp/443\", \"protocol\": \"tcp\", \"source_port\": 41023, \"destination_port\": 443, "               \
    "\"started\": \"2026-01-02T03:04:05.126456789Z\", \"duration_ms\": 3.1, \"probes_sent\": 1, \"replies\": 1, "      \
    "\"tool\": \"hopsonde\", \"grouped_by\": \"flow\", \"inferred\": false, \"captured_at_ttl\": null, "               \
    "\"rounds\": 1, \"ended\": \"reached\", \"reached_ttl\": 2"

#define UDP_PROBE_1                                                                                                    \
    "\"attempt\": 1, \"file\": 0, \"frame\": 1, \"sent\": \"2026-01-02T03:04:05.123456789Z\", \"replies\": ["          \
    "{\"from\": \"10.0.0.1\", \"frame\": 2, \"rtt_ms\": 0.412, \"kind\": \"time-exceeded\", "                          \
    "\"icmp\": {\"type\": 11, \"code\": 0}, \"reply_ttl\": 64, \"quoted_ttl\": 1, "                                    \
    "\"mpls\": [{\"label\": 24001, \"tc\": 0, \"bottom\": true, \"ttl\": 1}], "                                        \
    "\"rewritten\": [{\"field\": \"ip.dscp\", \"sent\": 0, \"quoted\": 8}], "                                          \
    "\"matched\": \"rewritten\", \"late\": false, \"duplicate\": false}, "                                             \
    "{\"from\": \"10.0.0.1\", \"frame\": 3, \"rtt_ms\": 3.5, \"kind\": \"time-exceeded\", "                            \
    "\"icmp\": {\"type\": 11, \"code\": 0}, \"reply_ttl\": 64, \"quoted_ttl\": 1, \"rewritten\": [], "                 \
    "\"matched\": \"exact\", \"late\": false, \"duplicate\": true}]"
#define UDP_PROBE_2                                                                                                    \
    "\"attempt\": 2, \"file\": 0, \"frame\": 4, \"sent\": \"2026-01-02T03:04:05.124456789Z\", \"replies\": []"
#define UDP_PROBE_3                                                                                                    \
    "\"attempt\": 1, \"file\": 0, \"frame\": 5, \"sent\": \"2026-01-02T03:04:05.125456789Z\", \"replies\": []"
#define TCP_PROBE_1                                                                                                    \
    "\"attempt\": 1, \"file\": 0, \"frame\": 6, \"sent\": \"2026-01-02T03:04:05.126456789Z\", \"replies\": ["          \
    "{\"from\": \"192.0.2.80\", \"frame\": 7, \"rtt_ms\": 3.1, \"kind\": \"syn-ack\", \"reply_ttl\": 64, "             \
    "\"matched\": \"exact\", \"late\": false, \"duplicate\": false}]"

#define UDP_HOP_1                                                                                                      \
    "{\"ttl\": 1, \"stats\": {\"sent\": 2, \"received\": 1, \"loss\": 0.5, \"best_ms\": 0.412, \"avg_ms\": 0.412, "    \
    "\"worst_ms\": 0.412, \"stdev_ms\": 0.0, \"jitter_ms\": 0.0}, \"probes\": [{" UDP_PROBE_1 "}, {" UDP_PROBE_2 "}]}"
#define UDP_HOP_2                                                                                                      \
    "{\"ttl\": 2, \"stats\": {\"sent\": 1, \"received\": 0, \"loss\": 1.0, \"best_ms\": null, \"avg_ms\": null, "      \
    "\"worst_ms\": null, \"stdev_ms\": null, \"jitter_ms\": null}, \"probes\": [{" UDP_PROBE_3 "}]}"
#define TCP_HOP_2                                                                                                      \
    "{\"ttl\": 2, \"stats\": {\"sent\": 1, \"received\": 1, \"loss\": 0.0, \"best_ms\": 3.1, \"avg_ms\": 3.1, "        \
    "\"worst_ms\": 3.1, \"stdev_ms\": 0.0, \"jitter_ms\": 0.0}, \"probes\": [{" TCP_PROBE_1 "}]}"

#define RUN_HEAD                                                                                                       \
    "\"format\": \"hopsonde\", \"format_version\": 1, \"hopsonde_version\": \"" PACKAGE_VERSION "\", "                 \
    "\"command\": \"trace\", \"source\": {\"kind\": \"live\", \"interface\": \"any\"}"
#define VERDICT                                                                                                        \
    "\"target\": \"192.0.2.80\", \"probe\": \"tcp/443\", \"state\": \"rejected\", \"how\": \"admin-prohibited\", "     \
    "\"at\": {\"ttl\": 5, \"address\": \"10.0.3.1\"}, \"after\": {\"ttl\": 4, \"address\": null}, "                    \
    "\"before\": null, \"confidence\": 0.972222, \"text\": \"One sentence.\", \"frames\": [12, 13]"
#define FINDING                                                                                                        \
    "\"kind\": \"dscp-rewrite\", \"probe\": null, \"after\": null, \"at\": {\"ttl\": null, \"address\": "              \
    "\"10.0.3.1\"}, \"detail\": {\"field\": \"ip.dscp\", \"sent\": 0, \"quoted\": 8, \"share\": 0.25}, "               \
    "\"text\": \"Another.\", \"frames\": []"
#define TICKET                                                                                                         \
    "\"target\": \"192.0.2.80\", \"probes\": [\"tcp/443\"], \"at\": {\"ttl\": 5, \"address\": \"10.0.3.1\"}, "         \
    "\"after\": {\"ttl\": 4, \"address\": null}, \"text\": \"Please check the filter at 10.0.3.1 (hop 5): TCP "        \
    "destination port 443 (source port 41023) from 10.0.0.2 to 192.0.2.80 is rejected there (admin-prohibited) "       \
    "(2026-01-02 03:04:05 UTC).\""
#define CAPTURE "{\"frames\": 120, \"dropped_by_kernel\": 1, \"strays\": {\"not IP\": 3}, \"malformed\": 2}"

static const char golden_json[] = "{" RUN_HEAD ",\n"
                                  " \"traces\": [\n"
                                  "  {" UDP_TRACE ",\n"
                                  "   \"hops\": [\n"
                                  "    " UDP_HOP_1 ",\n"
                                  "    " UDP_HOP_2 "]},\n"
                                  "  {" TCP_TRACE ",\n"
                                  "   \"hops\": [\n"
                                  "    " TCP_HOP_2 "]}],\n"
                                  " \"verdicts\": [\n"
                                  "  {" VERDICT "}],\n"
                                  " \"findings\": [\n"
                                  "  {" FINDING "}],\n"
                                  " \"tickets\": [\n"
                                  "  {" TICKET "}],\n"
                                  " \"advice\": null,\n"
                                  " \"errors\": [],\n"
                                  " \"capture\": " CAPTURE "}\n";

static const char golden_jsonl[] =
    "{\"type\": \"probe\", \"trace\": 0, \"probe\": \"udp\", \"ttl\": 1, " UDP_PROBE_1 "}\n"
    "{\"type\": \"probe\", \"trace\": 1, \"probe\": \"tcp/443\", \"ttl\": 2, " TCP_PROBE_1 "}\n"
    "{\"type\": \"trace\", \"trace\": 0, " UDP_TRACE "}\n"
    "{\"type\": \"trace\", \"trace\": 1, " TCP_TRACE "}\n"
    "{\"type\": \"verdict\", " VERDICT "}\n"
    "{\"type\": \"finding\", " FINDING "}\n"
    "{\"type\": \"ticket\", " TICKET "}\n"
    "{\"type\": \"run\", " RUN_HEAD ", \"errors\": [], \"capture\": " CAPTURE "}\n";

static const char golden_csv[] =
    "file,trace,target,probe,ttl,attempt,frame,sent,from,reply_frame,rtt_ms,kind,icmp_type,icmp_code,reply_ttl,matched,"
    "late,duplicate\n"
    "0,0,192.0.2.80,udp,1,1,1,2026-01-02T03:04:05.123456789Z,10.0.0.1,2,0.412,time-exceeded,11,0,64,rewritten,false,"
    "false\n"
    "0,0,192.0.2.80,udp,1,1,1,2026-01-02T03:04:05.123456789Z,10.0.0.1,3,3.5,time-exceeded,11,0,64,exact,false,true\n"
    "0,0,192.0.2.80,udp,1,2,4,2026-01-02T03:04:05.124456789Z,,,,,,,,,,\n"
    "0,0,192.0.2.80,udp,2,1,5,2026-01-02T03:04:05.125456789Z,,,,,,,,,,\n"
    "0,1,192.0.2.80,tcp/443,2,1,6,2026-01-02T03:04:05.126456789Z,192.0.2.80,7,3.1,syn-ack,,,64,exact,false,false\n";

/* udp: a reply that comes twice, and silence; icmp: not sent; tcp/443: reaches the target at 2. */
static void fill(struct fake *fake)
{
    static const struct icmp_extension extension = {.present = true, .mpls_count = 1, .mpls = {{24001, 0, true, 1}}};
    static const struct rewrite rewrite = {.field = REWRITE_IP_DSCP, .sent = 0, .quoted = 8};
    fake_init(fake, "web.example", "192.0.2.80", "udp icmp tcp/443");
    fake_trace(fake, 2)->flow.source_port = 41023;
    uint16_t first = fake_send(fake, 0, 1);
    fake_answer(fake, 0, first,
                &(struct fake_reply){.from = "10.0.0.1",
                                     .ms = 0.412,
                                     .match = MATCH_REWRITTEN,
                                     .extension = &extension,
                                     .rewrites = &rewrite,
                                     .rewrite_count = 1});
    fake_answer(fake, 0, first, &(struct fake_reply){.from = "10.0.0.1", .ms = 3.5});
    fake_silence(fake, 0, 1);
    fake_silence(fake, 0, 2);
    fake_answer(fake, 2, fake_send(fake, 2, 2),
                &(struct fake_reply){.from = "192.0.2.80", .ms = 3.1, .kind = REPLY_SYN_ACK});
    fake_trace(fake, 0)->end = END_SILENT;
    fake_trace(fake, 2)->end = END_REACHED;
    fake->session.counters = (struct frame_counters){
        .frames = 120, .malformed = 2, .strays = {{"not IP", 3}}, .stray_kinds = 1, .dropped_by_kernel = 1};
}

static void fill_judgement(const struct fake *fake, struct judgement *judgement)
{
    struct addr router = {.family = 4, .bytes = {10, 0, 3, 1}};
    *judgement = (struct judgement){.verdict_count = 1, .finding_count = 1};
    judgement->verdicts[0] = (struct verdict){.trace = &fake->session.traces[2],
                                              .state = VERDICT_REJECTED,
                                              .how = HOW_ADMIN_PROHIBITED,
                                              .at = {true, 5, router},
                                              .after = {.known = true, .ttl = 4},
                                              .confidence = 35.0 / 36,
                                              .text = "One sentence.",
                                              .frames = {{12, 0}, {13, 0}},
                                              .frame_count = 2};
    judgement->findings[0] = (struct finding){.kind = FINDING_DSCP_REWRITE,
                                              .at = {true, 0, router},
                                              .detail = {{"field", .text = "ip.dscp"},
                                                         {"sent", .number = 0},
                                                         {"quoted", .number = 8},
                                                         {"share", .number = 0.25}},
                                              .text = "Another."};
}

static void test_json(void)
{
    static struct judgement judgement;
    struct fake fake;
    struct render r;
    fill(&fake);
    fill_judgement(&fake, &judgement);
    render_begin(&r, "json", &fake, NULL);
    render_hops(&r, &fake, 1, 2);
    const char *text = render_end(&r, &fake, &judgement, NULL);
    is_text(text, golden_json, "the document");
    json_t *document = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    json_t *trace = json_array_get(json_object_get(document, "traces"), 1);
    json_t *hop = json_array_get(json_object_get(trace, "hops"), 0);
    ok(json_real_value(json_object_get(json_object_get(hop, "stats"), "best_ms")) == 3.1, "it reads back");
    json_decref(document);
    render_free(&r);
    fake_free(&fake);
}

static void settle(struct render *r, const struct fake *fake, unsigned trace, uint16_t serial)
{
    const struct trace *of = session_trace(&fake->session, trace);
    render_probe(r, fake, of, trace_probe(of, serial));
}

static void test_jsonl(void)
{
    static struct judgement judgement;
    struct fake fake;
    struct render r;
    fill(&fake);
    fill_judgement(&fake, &judgement);
    render_begin(&r, "ndjson", &fake, NULL);
    settle(&r, &fake, 0, 1);
    const char *newline = strchr(render_so_far(&r), '\n');
    ok(newline && !newline[1], "a settled probe is written at once");
    settle(&r, &fake, 2, 1);
    uint16_t beyond = fake_send(&fake, 2, 3);
    settle(&r, &fake, 2, beyond);
    fake_trace(&fake, 2)->probe_count--; /* the golden text does not count it */
    is_text(render_end(&r, &fake, &judgement, NULL), golden_jsonl, "the lines; none for a probe beyond the target");
    unsigned lines = 0;
    for (char *rest = r.text, *line; (line = strtok_r(rest, "\n", &rest)); lines++) {
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        ok(json_is_string(json_object_get(object, "type")), "line %u reads back", lines);
        json_decref(object);
    }
    is_num(lines, 8, "eight lines");
    render_free(&r);
    fake_free(&fake);
}

static void test_csv(void)
{
    struct fake fake;
    struct render r;
    fill(&fake);
    uint16_t beyond = fake_send(&fake, 2, 3);
    fake_expire(&fake, 2, beyond);
    render_begin(&r, "csv", &fake, NULL);
    is_text(render_end(&r, &fake, NULL, NULL), golden_csv, "the rows; none for a probe beyond the target");
    render_free(&r);
    fake_free(&fake);
}

/* A run without a capture file, over IPv6, with a failed send. */
static void test_nothing_kept(void)
{
    struct fake fake;
    struct render r;
    fake_init(&fake, "2001:db8::80", "2001:db8::80", "icmp ip/50");
    fake.frame = 0;
    fake_hop(&fake, 1, 1, "2001:db8:1::1", 0.00005);
    uint16_t refused = fake_send(&fake, 0, 1);
    trace_find(fake_trace(&fake, 0), refused)->state = PROBE_REFUSED;
    trace_find(fake_trace(&fake, 0), refused)->send_errno = EPERM;
    fake_hop(&fake, 1, 3, "2001:db8:3::1", 1);
    render_begin(&r, "json", &fake, NULL);
    json_t *document = json_loads(render_end(&r, &fake, NULL, NULL), JSON_REJECT_DUPLICATES, NULL);
    json_t *traces = json_object_get(document, "traces");
    const char *probe[2], *protocol[2], *address, *error, *from;
    int sent[2], quoted_ttl;
    json_t *name, *file, *frame;
    double rtt;
    int fits = json_unpack(traces, "[{s{so ss} ss ss si s[{s[{so so}]}]} {ss ss si s[{s[{ss}]}]}]", "target", "name",
                           &name, "address", &address, "probe", &probe[0], "protocol", &protocol[0], "probes_sent",
                           &sent[0], "hops", "probes", "file", &file, "frame", &frame, "probe", &probe[1], "protocol",
                           &protocol[1], "probes_sent", &sent[1], "hops", "probes", "send_error", &error);
    is_num(fits, 0, "the document has the keys");
    ok(json_is_null(name) && json_is_null(file) && json_is_null(frame),
       "an address is no name; without frames there is no file");
    is_text(probe[0], "ip/50", "traces are in the order of their first probes");
    is_text(protocol[0], "50", "a protocol without a name is a number");
    is_text(protocol[1], "icmp6", "icmp over IPv6");
    is_num(sent[0] * 10 + sent[1], 20, "a failed send does not count");
    is_text(error, "Operation not permitted", "and has its cause");
    json_t *first = json_array_get(traces, 0), *loss;
    fits = json_unpack(json_array_get(json_object_get(first, "hops"), 1), "{s{si so}}", "stats", "sent", &sent[0],
                       "loss", &loss);
    ok(fits == 0 && sent[0] == 0 && json_is_null(loss), "a hop between that was not probed");
    ok(!json_object_get(first, "source_port"), "a protocol without ports has none");
    fits = json_unpack(first, "{s[{s[{s[{ss sf si}]}]}]}", "hops", "probes", "replies", "from", &from, "rtt_ms", &rtt,
                       "quoted_ttl", &quoted_ttl);
    ok(fits == 0 && rtt == 0.00005, "nanoseconds are kept");
    json_decref(document);
    render_free(&r);
    render_begin(&r, "csv", &fake, NULL);
    ok(strstr(render_end(&r, &fake, NULL, NULL),
              "\n,0,2001:db8::80,ip/50,1,1,,2026-01-02T03:04:05.123456789Z,"
              "2001:db8:1::1,,0.00005,time-exceeded,3,0,64,exact,false,false\n"
              ",0,2001:db8::80,ip/50,3,1,,2026-01-02T03:04:05.125456789Z,2001:db8:3::1,,1.0,"
              "time-exceeded,3,0,64,exact,false,false\n"
              ",1,2001:db8::80,icmp,1,1,,2026-01-02T03:04:05.124456789Z,,") != NULL,
       "the same in CSV");
    render_free(&r);
    fake_free(&fake);
}

static const struct hostile_row {
    const char *name, *want;
} hostile_rows[] = {
    {"a\033[2Jb", "a\033[2Jb"},
    {"\"quote\\", "\"quote\\"},
    {"m\xc3\xbcnchen", "m\xc3\xbcnchen"},
    {"\xc2\x9b"
     "2J",
     "\xc2\x9b"
     "2J"},
    {"bad\xff\xc3utf8", "bad\\xff\\xc3utf8"},
};

static bool is_printable_ascii(const char *text)
{
    for (; *text; text++)
        if (*text != '\n' && (*text < 0x20 || *text >= 0x7f))
            return false;
    return true;
}

/* Names read back unchanged, or escaped if they are not UTF-8; the document contains no control bytes. */
/* A trace of our own with probes from a second source port. A line of jsonl is written before all its probes are known.
 */
static void test_source_ports(void)
{
    struct fake fake;
    struct render r;
    int ports[2], fits;
    json_t *port;
    fake_init(&fake, "", "192.0.2.80", "udp/53");
    fake_silence(&fake, 0, 1);
    fake_silence(&fake, 0, 1);
    struct trace *trace = fake_trace(&fake, 0);
    trace->flow_count = 2;
    trace->probes[0].source_port = 41022;
    trace->probes[1].source_port = 41030;
    render_begin(&r, "jsonl", &fake, NULL);
    render_probe(&r, &fake, trace, &trace->probes[0]);
    trace->origin.source_port_varies = true;
    ok(strstr(render_end(&r, &fake, NULL, NULL), "\"source_port\": 41022"), "jsonl: each probe has its source port");
    render_free(&r);
    render_begin(&r, "json", &fake, NULL);
    json_t *document = json_loads(render_end(&r, &fake, NULL, NULL), JSON_REJECT_DUPLICATES, NULL);
    fits = json_unpack(json_object_get(document, "traces"), "[{so s[{s[{si} {si}]}]}]", "source_port", &port, "hops",
                       "probes", "source_port", &ports[0], "source_port", &ports[1]);
    ok(fits == 0 && json_is_null(port) && ports[0] == 41022 && ports[1] == 41030,
       "a trace with two source ports has none, but each probe has its own");
    json_decref(document);
    render_free(&r);
    trace->flow_count = 1;
    fake_free(&fake);
}

static void test_hostile_names(void)
{
    for (size_t i = 0; i < sizeof hostile_rows / sizeof *hostile_rows; i++) {
        const char *name = hostile_rows[i].name, *want = hostile_rows[i].want, *target = NULL, *kept = NULL;
        const struct source_file file = {name, 7, true, NULL, NULL};
        const struct result_source live = {.command = "trace", .live = true, .interface = name};
        const struct result_source capture = {.command = "trace", .files = &file, .file_count = 1};
        struct fake fake;
        struct render r;
        fake_init(&fake, name, "192.0.2.80", "udp");
        fake_silence(&fake, 0, 1);
        render_begin(&r, "json", &fake, NULL);
        ok(is_printable_ascii(render_end(&r, &fake, NULL, &live)), "name %zu: printable ASCII only", i);
        json_t *document = json_loads(r.text, 0, NULL);
        json_unpack(document, "{s[{s{ss}}] s{ss}}", "traces", "target", "name", &target, "source", "interface", &kept);
        is_text(target, want, "name %zu as the target's", i);
        is_text(kept, want, "name %zu as the interface's", i);
        json_decref(document);
        render_free(&r);
        render_begin(&r, "json", &fake, NULL);
        document = json_loads(render_end(&r, &fake, NULL, &capture), 0, NULL);
        json_unpack(document, "{s{s[{ss}]}}", "source", "files", "file", &kept);
        is_text(kept, want, "name %zu as the file's", i);
        json_decref(document);
        render_free(&r);
        fake_free(&fake);
    }
}

static void test_formats(void)
{
    is_text(output_format_find("ndjson")->name, "jsonl", "ndjson is jsonl");
    ok(!output_format_find("xml") && !output_format_find("") && !output_format_find("jso"), "no others");
    for (const struct output_format *const *format = output_formats; *format; format++)
        ok(output_format_find((*format)->name) == *format && (*format)->help[0], "%s", (*format)->name);
}

int main(void)
{
    test_json();
    test_jsonl();
    test_csv();
    test_nothing_kept();
    test_source_ports();
    test_hostile_names();
    test_formats();
    return tap_done();
}

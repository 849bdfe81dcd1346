/* SPDX-License-Identifier: BSD-2-Clause */
/* The filter's text, and what it lets pass, tried on hand-made frames through libpcap's own interpreter. */
#include "live/filter.h"

#include <pcap.h>
#include <stdlib.h>

#include "tap.h"

#define FLOWS_MOST 8
#define FRAME_MOST 2048

/* In place of the session's own: the filter reads no more of it than this. */
struct session {
    struct session_config config;
    struct trace traces[FLOWS_MOST];
    unsigned count, all; /* traces of specs; with those of port lists */
};

const struct session_config *session_config(const struct session *session)
{
    return &session->config;
}

unsigned session_trace_count(const struct session *session)
{
    return session->count;
}

unsigned session_all_count(const struct session *session)
{
    return session->all;
}

const struct trace *session_trace(const struct session *session, unsigned index)
{
    return &session->traces[index];
}

static const char *const specs[FLOWS_MOST] = {"icmp",          "udp",        "udp/53",    "tcp/443",
                                              "udplite/33434", "dccp/33434", "sctp/9899", "ip/50"};

static const struct {
    uint8_t family;
    const char *source, *target, *other, *errors, *between;
} families[] = {
    {4, "192.0.2.1", "198.51.100.9", "203.0.113.5",
     "(ip and dst host 192.0.2.1 and icmp and (icmp[0] = 3 or icmp[0] = 4 or icmp[0] = 5 or icmp[0] = 11 or icmp[0] = "
     "12))",
     "(ip and host 192.0.2.1 and host 198.51.100.9)"},
    {6, "2001:db8::1", "2001:db8:9::9", "2001:db8:5::5",
     "(ip6 and dst host 2001:db8::1 and ((icmp6 and (icmp6[0] < 128 or icmp6[0] = 137)) or ip6[6] = 0 or ip6[6] = 43 "
     "or ip6[6] = 44 or ip6[6] = 60))",
     "(ip6 and host 2001:db8::1 and host 2001:db8:9::9)"},
};

/* The headers that stand before an IP packet. */
static const struct link {
    const char *name;
    int dlt;
    size_t length, protocol_at;
} links[] = {{"Ethernet", DLT_EN10MB, 14, 12}, {"raw", DLT_RAW, 0, 0}, {"SLL2", DLT_LINUX_SLL2, 20, 0}};

static void session_make(struct session *session, size_t family)
{
    struct err err = {0};
    *session = (struct session){.count = FLOWS_MOST};
    addr_parse(families[family].source, &session->config.source);
    addr_parse(families[family].target, &session->config.target);
    for (unsigned i = 0; i < FLOWS_MOST; i++) {
        session->traces[i].flow_count = 1;
        struct flow *flow = &session->traces[i].flow;
        *flow = (struct flow){.source = session->config.source,
                              .target = session->config.target,
                              .source_port = (uint16_t)(40001 + i),
                              .dont_fragment = true,
                              .nonce = 7};
        bool built = probe_spec_parse(specs[i], &flow->spec, &err) == STATUS_OK;
        flow->target_port = flow->spec.port;
        ok(built && flow_build(flow, &err) == STATUS_OK, "%s: flow %s", specs[i], err.message);
    }
}

static void session_clear(struct session *session)
{
    for (unsigned i = 0; i < session->count; i++)
        flow_free(&session->traces[i].flow);
}

static void test_text(const struct session *session, size_t family, struct strbuf *narrow, struct strbuf *shorter)
{
    struct strbuf want;
    strbuf_init(&want);
    strbuf_add(&want, families[family].errors);
    for (unsigned i = 0; i < session->count; i++) {
        strbuf_add(&want, " or ");
        flow_filter(&session->traces[i].flow, &want);
    }
    filter_of_session(session, narrow);
    is_text(narrow->text, want.text, "IPv%d: the narrow filter", families[family].family);
    strbuf_clear(&want);
    strbuf_addf(&want, "%s or %s", families[family].errors, families[family].between);
    filter_short(session, shorter);
    is_text(shorter->text, want.text, "IPv%d: the short filter", families[family].family);
    strbuf_free(&want);
}

/* An IP packet under test. */
struct sample {
    uint8_t bytes[FRAME_MOST];
    size_t length;
};

static bool passes(const struct bpf_program *program, const struct link *link, const struct sample *sample)
{
    uint8_t frame[FRAME_MOST + 20] = {0};
    bool six = sample->bytes[0] >> 4 == 6;
    if (link->length) {
        frame[link->protocol_at] = six ? 0x86 : 0x08;
        frame[link->protocol_at + 1] = six ? 0xdd : 0x00;
    }
    memcpy(frame + link->length, sample->bytes, sample->length);
    struct pcap_pkthdr header = {.caplen = (bpf_u_int32)(link->length + sample->length)};
    header.len = header.caplen;
    return pcap_offline_filter(program, &header, frame) != 0;
}

static size_t header_length(const struct sample *sample)
{
    return sample->bytes[0] >> 4 == 4 ? 20 : 40;
}

static struct sample sample_probe(const struct flow *flow)
{
    struct sample sample = {.length = flow->size};
    flow_stamp(flow, 5, 3, sample.bytes);
    return sample;
}

static void swap_bytes(uint8_t *a, uint8_t *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

/* The target's own answer, as far as a filter looks. */
static struct sample sample_answer(const struct flow *flow)
{
    struct sample sample = sample_probe(flow);
    uint8_t *ip = sample.bytes, *transport = ip + header_length(&sample);
    if (ip[0] >> 4 == 4)
        swap_bytes(ip + 12, ip + 16, 4);
    else
        swap_bytes(ip + 8, ip + 24, 16);
    if (flow->spec.protocol == IP_ICMP)
        transport[0] = ip[0] >> 4 == 4 ? 0 : 129;
    else if (flow->spec.port)
        swap_bytes(transport, transport + 2, 2);
    return sample;
}

static struct sample sample_ip(uint8_t protocol, const char *from, const char *to, const uint8_t *payload,
                               size_t length)
{
    struct addr source, target;
    struct sample sample = {0};
    addr_parse(from, &source);
    addr_parse(to, &target);
    bool six = source.family == 6;
    size_t header = six ? 40 : 20, at = six ? 8 : 12;
    sample.bytes[0] = six ? 0x60 : 0x45;
    sample.bytes[six ? 5 : 3] = (uint8_t)(length + (six ? 0 : 20));
    sample.bytes[six ? 6 : 9] = protocol;
    sample.bytes[six ? 7 : 8] = 60;
    memcpy(sample.bytes + at, source.bytes, addr_length(&source));
    memcpy(sample.bytes + at + addr_length(&source), target.bytes, addr_length(&target));
    memcpy(sample.bytes + header, payload, length);
    sample.length = header + length;
    return sample;
}

static void test_errors(const struct bpf_program *program, const struct link *link, size_t family, const char *filter)
{
    const uint8_t exceeded4[36] = {11, 0, 0, 0, 0, 0, 0, 0, 0x45}, exceeded6[56] = {3, 0, 0, 0, 0, 0, 0, 0, 0x60};
    const uint8_t extended[64] = {IP_ICMP6, 0, 0, 0, 0, 0, 0, 0, 3}; /* hop-by-hop, then time exceeded */
    bool six = families[family].family == 6;
    uint8_t icmp = six ? IP_ICMP6 : IP_ICMP;
    struct sample error =
        six ? sample_ip(icmp, families[family].other, families[family].source, exceeded6, sizeof exceeded6)
            : sample_ip(icmp, families[family].other, families[family].source, exceeded4, sizeof exceeded4);
    ok(passes(program, link, &error), "IPv%d %s %s: a time exceeded from anyone", families[family].family, link->name,
       filter);
    error = six ? sample_ip(icmp, families[family].other, families[family].target, exceeded6, sizeof exceeded6)
                : sample_ip(icmp, families[family].other, families[family].target, exceeded4, sizeof exceeded4);
    ok(!passes(program, link, &error), "IPv%d %s %s: not one to another host", families[family].family, link->name,
       filter);
    if (!six)
        return;
    error = sample_ip(0, families[family].other, families[family].source, extended, sizeof extended);
    ok(passes(program, link, &error), "IPv6 %s %s: one behind an extension header", link->name, filter);
}

static void test_strangers(const struct bpf_program *program, const struct link *link, size_t family, bool narrow)
{
    const uint8_t dns[20] = {0x9c, 0x40, 0, 53, 0, 20}, web[20] = {0xc0, 0, 1, 0xbb},
                  ping[8] = {8, 0, 0, 0, 1, 2, 0, 1};
    const uint8_t solicitation[24] = {135};
    const char *us = families[family].source, *them = families[family].target, *other = families[family].other;
    bool six = families[family].family == 6;
    struct sample rows[] = {
        sample_ip(IP_UDP, us, other, dns, sizeof dns), sample_ip(IP_TCP, other, us, web, sizeof web),
        sample_ip(six ? IP_ICMP6 : IP_ICMP, other, us, six ? solicitation : ping,
                  six ? sizeof solicitation : sizeof ping),
        sample_ip(IP_TCP, us, them, web, sizeof web), /* another connection to the target */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows - (narrow ? 0 : 1); i++)
        ok(!passes(program, link, &rows[i]), "IPv%d %s %s: not stranger %zu", families[family].family, link->name,
           narrow ? "narrow" : "short", i);
}

static void test_program(const struct session *session, const struct link *link, size_t family, const char *text,
                         bool narrow)
{
    struct bpf_program program;
    const char *name = narrow ? "narrow" : "short";
    pcap_t *dead = pcap_open_dead(link->dlt, 65535);
    int compiled = pcap_compile(dead, &program, text, 1, PCAP_NETMASK_UNKNOWN);
    if (!ok(compiled == 0, "IPv%d %s %s: compiles %s", families[family].family, link->name, name, pcap_geterr(dead))) {
        pcap_close(dead);
        return;
    }
    for (unsigned i = 0; i < session->count; i++) {
        struct sample probe = sample_probe(&session->traces[i].flow), answer = sample_answer(&session->traces[i].flow);
        ok(passes(&program, link, &probe), "IPv%d %s %s: our %s", families[family].family, link->name, name, specs[i]);
        ok(passes(&program, link, &answer), "IPv%d %s %s: the answer to %s", families[family].family, link->name, name,
           specs[i]);
    }
    test_errors(&program, link, family, name);
    test_strangers(&program, link, family, narrow);
    pcap_freecode(&program);
    pcap_close(dead);
}

/* Gives the packet another address at this place of its header. */
static struct sample moved(struct sample sample, size_t at, const char *address)
{
    struct addr to;
    addr_parse(address, &to);
    memcpy(sample.bytes + at, to.bytes, addr_length(&to));
    return sample;
}

/* The filter of a run whose target may move: probes to another address, and the answers from there. */
static void test_any_target(const struct session *session, const struct link *link, size_t family)
{
    struct bpf_program program;
    struct strbuf text;
    bool six = families[family].family == 6;
    const char *other = families[family].other;
    pcap_t *dead = pcap_open_dead(link->dlt, 65535);
    strbuf_init(&text);
    filter_any_target(session, &text);
    if (!ok(pcap_compile(dead, &program, text.text, 1, PCAP_NETMASK_UNKNOWN) == 0, "IPv%d %s any target: compiles %s",
            families[family].family, link->name, pcap_geterr(dead)))
        abort();
    for (unsigned i = 0; i < session->count; i++) {
        struct sample probe = moved(sample_probe(&session->traces[i].flow), six ? 24 : 16, other);
        struct sample answer = moved(sample_answer(&session->traces[i].flow), six ? 8 : 12, other);
        ok(passes(&program, link, &probe), "IPv%d %s any target: our %s", families[family].family, link->name,
           specs[i]);
        ok(passes(&program, link, &answer), "IPv%d %s any target: the answer to %s", families[family].family,
           link->name, specs[i]);
    }
    test_errors(&program, link, family, "any target");
    test_strangers(&program, link, family, true);
    pcap_freecode(&program);
    pcap_close(dead);
    strbuf_free(&text);
}

int main(void)
{
    for (size_t family = 0; family < sizeof families / sizeof *families; family++) {
        struct session session;
        struct strbuf narrow, shorter;
        strbuf_init(&narrow);
        strbuf_init(&shorter);
        session_make(&session, family);
        test_text(&session, family, &narrow, &shorter);
        for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
            test_program(&session, &links[i], family, narrow.text, true);
            test_program(&session, &links[i], family, shorter.text, false);
            test_any_target(&session, &links[i], family);
        }
        session_clear(&session);
        strbuf_free(&narrow);
        strbuf_free(&shorter);
    }
    return tap_done();
}

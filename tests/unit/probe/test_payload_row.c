/* SPDX-License-Identifier: BSD-2-Clause */
/* A UDP payload is one row: with this one, a query for port 7 that no other file knows, specs are parsed and printed,
 * probes built and matched, and other programs' queries recognised. This program links its own udp_variants[]. */
#include <stdlib.h>

#include "base/strbuf.h"
#include "probe/types/udp_payload.h"
#include "tap.h"
#include "unit/support/ladder.h"
#include "unit/support/probe_flows.h"

/* --- the row --- */

#define MAGIC UINT32_C(0x4543484f) /* "ECHO" */
#define ID 4
#define SERIAL 8
#define STEER 10
#define BYTES 12

static enum status fill(const struct flow *flow, uint8_t *payload, size_t length, struct err *err)
{
    (void)length, (void)err;
    put32(payload, MAGIC);
    put32(payload + ID, flow_tag(flow, TAG_MARK));
    return STATUS_OK;
}

static void stamp(const struct flow *flow, uint16_t serial, uint8_t *datagram, size_t length)
{
    (void)flow, (void)length;
    identity_patch16(datagram, UDP_CHECKSUM, UDP_HEADER + SERIAL, serial);
}

static struct mark read_mark(const struct flow *flow, struct cursor payload)
{
    cursor_skip(&payload, ID);
    uint32_t tag = cursor_u32(&payload);
    uint16_t serial = cursor_u16(&payload);
    return payload.failed ? (struct mark){0} : identity_read(serial, tag, flow_tag(flow, TAG_MARK));
}

static uint16_t answer(const struct flow *flow, struct cursor payload)
{
    return read_mark(flow, payload).serial;
}

static struct cursor id_of(struct cursor payload)
{
    cursor_skip(&payload, ID);
    return payload_bytes(&payload, BYTES - ID);
}

static bool is_echo_query(struct cursor payload, size_t size)
{
    return size >= BYTES && cursor_u32(&payload) == MAGIC;
}

static const struct udp_payload echo_query = {
    .steered = true,
    .steer_offset = STEER,
    .fill = fill,
    .stamp = stamp,
    .read = read_mark,
    .answer = answer,
    .query_id = id_of,
    .answered_id = id_of,
};

static const struct probe_variant_row udp_echo = {
    .variant = 200,
    .name = "echo",
    .help = "udp/7 an echo",
    .port = 7,
    .least = UDP_HEADER + BYTES,
    .is_carried = is_echo_query,
    .payload = &echo_query,
};

const struct probe_variant_row *const udp_variants[] = {&udp_dns, &udp_echo, &udp_plain, &udp_empty, NULL};

/* --- what it does --- */

static void test_specs(void)
{
    static const char *const spellings[][2] = {
        {"udp/7", "udp/7"},
        {"udp:echo", "udp/7"},
        {"udp/7007:echo", "udp/7007:echo"},
        {"udp/7:plain", "udp/7:plain"},
        {"udp/7:empty", "udp/7:empty"},
        {"udp", "udp"},
    };
    struct probe_spec spec;
    struct err err = {.message = ""};
    char text[PROBE_SPEC_TEXT_BYTES] = "";
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        bool is_parsed = probe_spec_parse(spellings[i][0], &spec, &err) == STATUS_OK;
        if (is_parsed)
            probe_spec_format(&spec, text);
        is_text(is_parsed ? text : err.message, spellings[i][1], "%s is parsed and printed", spellings[i][0]);
    }
    ok(probe_spec_parse("udp/7:quic", &spec, &err) != STATUS_OK && strstr(err.message, "dns, echo, plain, empty"),
       "a message lists it");
    struct strbuf help;
    strbuf_init(&help);
    probe_type_help(probe_type_of_protocol(IP_UDP), &help);
    ok(strstr(help.text, "; udp/7 an echo; "), "the help has its line");
    strbuf_free(&help);
}

static void test_own(uint8_t family)
{
    struct flow flow = built_flow("udp/7", family);
    uint8_t *probe = stamped(&flow, 777, 5);
    size_t header = ip_header_size(&flow), size = 0;
    is_num(get16(probe + header + UDP_CHECKSUM), right_checksum(probe, flow.size), "IPv%u: the checksum is right",
           family);
    is_num(recognise_leaving(&flow, probe, flow.size).serial, 777, "IPv%u: its probe is recognised", family);
    struct flow_match quoted = recognise_quote(&flow, probe, header + 8);
    is_num(quoted.serial, 777, "IPv%u: so is the smallest quote", family);
    is_num(quoted.match, MATCH_EXACT, "IPv%u: exactly", family);

    uint8_t *reply = malloc(flow.size - header);
    memcpy(reply, probe + header, flow.size - header);
    put16(reply, flow.target_port);
    put16(reply + 2, flow.source_port);
    uint8_t *packet = answer_packet(&flow, IP_UDP, reply, flow.size - header, &size);
    is_num(answer_of(&flow, packet, size).serial, 777, "IPv%u: the answer belongs to its probe", family);
    free(packet);
    free(reply);
    free(probe);
    flow_free(&flow);
}

/* Probes of another program; the answers come in the reverse order. */
static void test_others(const char *const payloads[5], const char *spelling, const char *want)
{
    char text[PROBE_SPEC_TEXT_BYTES] = "";
    scene_begin(NULL);
    for (uint8_t n = 0; n < 2; n++) {
        struct made m = {.source = 5000, .target = 7, .ttl = (uint8_t)(n + 1), .id = n, .payload = payloads[n + 3]};
        hop(n, &m);
    }
    for (uint8_t n = 0; n < 3; n++)
        see(10 + n, .source = 5000, .target = 7, .ttl = (uint8_t)(n + 3), .id = n, .payload = payloads[n]);
    for (uint8_t n = 3; n-- > 0;)
        see(20 - n, .from = T4, .to = S4, .source = 7, .target = 5000, .ttl = (uint8_t)(60 + n),
            .payload = payloads[n]);
    const struct recognition *found = scene_result();
    is_text(scene_text(), want, "%s: found", spelling);
    if (found->trace_count)
        probe_spec_format(&found->traces[0]->flow.spec, text);
    is_text(text, spelling, "%s: printed", spelling);
    for (uint8_t n = 0; n < 3 && found->trace_count && text[5] == '\0'; n++) {
        const struct probe *probe = trace_first_at(found->traces[0], (uint8_t)(n + 3));
        is_num(probe && probe->reply_count ? probe->replies[0].reply_ttl : 0, 60 + n, "answer of query %u", n);
    }
    scene_end();
}

int main(void)
{
    static const char *const echoes[5] = {"ECHO-one-001", "ECHO-two-002", "ECHO-three-3", "ECHO-four-04",
                                          "ECHO-five-05"};
    static const char *const others[5] = {"echo-one-001", "echo-two-002", "echo-three-3", "echo-four-04",
                                          "echo-five-05"};
    test_specs();
    test_own(4);
    test_own(6);
    test_others(echoes, "udp/7", "udp reached: 1 r1; 2 r2; 3 T=udp; 4 T=udp; 5 T=udp;");
    test_others(others, "udp/7:plain", "udp reached: 1 r1; 2 r2; 3 T=udp; 4 T=udp; 5 T=udp;");
    return tap_done();
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Replies that a forger might guess, handed in one by one: what they count for, and what makes them count. */
#include <stdlib.h>

#include "packet/checksum.h"
#include "report/json/json_probe.h"
#include "report/row_buffer.h"
#include "report/text/table/hop_line.h"
#include "report/text/table/matrix_cells.h"
#include "tap.h"
#include "unit/support/handmade.h"
#include "unit/support/probe_flows.h"
#include "verdict/verdict.h"

static const char *const two_specs[] = {"udp", "tcp/443", NULL};
static const char *const one_spec[] = {"udp", NULL};

static struct session *start(const char *const *specs)
{
    struct err err = {0};
    struct session_config config = handmade_config(specs);
    struct session *session = session_new(&config, true, NULL, &err);
    if (!session)
        printf("Bail out! %s\n", err.message);
    return session;
}

/* An ICMP error that quotes so many bytes of the probe; `id` other than 0 replaces the quoted IPv4 id. */
static struct frame_note see_quote(struct session *session, const char *from, uint8_t type, uint8_t code,
                                   unsigned trace, uint16_t serial, size_t quoted, uint16_t id, nstime at)
{
    const struct flow *flow = &session_trace(session, trace)->flow;
    uint8_t *probe = stamped(flow, serial, 1), bytes[28 + 1500] = {0x45, 0, 0, 0, 0, 1, 0, 0, 64, 1};
    struct addr source = handmade_address(from);
    set_word(bytes + 2, (uint16_t)(28 + quoted));
    memcpy(bytes + 12, source.bytes, 4);
    memcpy(bytes + 16, flow->source.bytes, 4);
    bytes[20] = type;
    bytes[21] = code;
    memcpy(bytes + 28, probe, quoted);
    if (id)
        set_word(bytes + 32, id);
    free(probe);
    return see_bytes(session, bytes, 28 + quoted, at);
}

static struct frame_note see_header(struct session *session, const char *from, uint8_t type, uint8_t code,
                                    unsigned trace, uint16_t serial, nstime at)
{
    return see_quote(session, from, type, code, trace, serial, 20, 0, at);
}

/* A UDP packet of the target to our port that repeats nothing of the probe. */
static struct frame_note see_datagram(struct session *session, unsigned trace, uint16_t ahead, nstime at)
{
    const struct flow *flow = &session_trace(session, trace)->flow;
    uint8_t bytes[40] = {0x45, 0, 0, 40, 0, 1, 0, 0, 60, 17};
    memcpy(bytes + 12, flow->target.bytes, 4);
    memcpy(bytes + 16, flow->source.bytes, 4);
    set_word(bytes + 20, flow->target_port);
    set_word(bytes + 22, (uint16_t)(flow->source_port + ahead));
    set_word(bytes + 24, 20);
    return see_bytes(session, bytes, sizeof bytes, at);
}

static const struct probe *probe_of(const struct session *session, unsigned trace, uint16_t serial)
{
    return trace_probe(session_trace(session, trace), serial);
}

static void test_alone(void)
{
    struct session *session = start(one_spec);
    see_probe(session, 0, 1, 1, 0);
    is_num(see_header(session, "6.6.6.6", 11, 0, 0, 1, MS).role, FRAME_REPLY, "a quote of the header alone is a reply");
    const struct probe *probe = probe_of(session, 0, 1);
    is_num(probe->reply_count, 0, "... but does not count");
    is_num(probe->unproven_count, 1, "... and is kept");
    is_num(probe->replies[0].match, MATCH_WEAK, "... as a weak match");
    is_num(probe->state, PROBE_OUTSTANDING, "the probe waits");
    is_num(session_trace(session, 0)->last_router_ttl, 0, "no hop is known");
    ok(!probe_answer(probe) && probe_shown(probe) == &probe->replies[0], "a table shows it all the same");
    is_num(see_header(session, "6.6.6.6", 11, 0, 0, 1, 2 * MS).role, FRAME_STRAY, "again: a stray");
    is_num(see_header(session, "6.6.6.7", 11, 0, 0, 1, 3 * MS).role, FRAME_REPLY, "of another sender: kept");
    is_num(see_header(session, "6.6.6.8", 11, 0, 0, 1, 4 * MS).role, FRAME_STRAY, "of a third: a stray");
    see_error(session, "10.0.0.1", 11, 0, 0, 1, NULL, 5 * MS);
    is_num(probe->reply_count, 1, "the genuine reply comes later");
    const struct addr router = handmade_address("10.0.0.1");
    ok(probe_answer(probe) && addr_equal(&probe_answer(probe)->from, &router), "... and stands for the probe");
    is_num(probe->unproven_count, 2, "the others stay unproven");
    ok(!probe->replies[0].duplicate, "... and it is no duplicate");
    session_free(session);
}

/* A router that quotes 20 bytes: one reply with more proves it. */
static void test_agreement(void)
{
    struct session *session = start(two_specs);
    for (uint16_t serial = 1; serial <= 3; serial++)
        see_probe(session, 0, serial, 2, serial * MS);
    see_probe(session, 1, 1, 2, 4 * MS);
    see_probe(session, 1, 2, 3, 5 * MS);
    see_header(session, "10.0.2.1", 11, 0, 0, 1, 10 * MS);
    see_header(session, "10.0.2.9", 11, 0, 0, 2, 11 * MS);
    is_num(session_trace(session, 0)->last_router_ttl, 0, "unproven");
    see_error(session, "10.0.2.1", 11, 0, 1, 2, NULL, 12 * MS);
    is_num(session_trace(session, 0)->last_router_ttl, 0, "a reply for another TTL proves nothing");
    see_error(session, "10.0.2.1", 11, 0, 1, 1, NULL, 13 * MS);
    is_num(session_trace(session, 0)->last_router_ttl, 2, "the same router there, by another spec, proves it");
    is_num(probe_of(session, 0, 1)->state, PROBE_ANSWERED, "... and answers the probe");
    is_num(reply_rtt(probe_of(session, 0, 1), probe_answer(probe_of(session, 0, 1))), 9 * MS, "... with its own time");
    is_num(probe_of(session, 0, 2)->reply_count, 0, "another sender stays unproven");
    see_header(session, "10.0.2.1", 11, 0, 0, 3, 20 * MS);
    is_num(probe_of(session, 0, 3)->reply_count, 1, "from then on such replies count at once");
    session_free(session);
}

/* A refusal of another spec does not prove one of this spec. */
static void test_refusals(void)
{
    struct session *session = start(two_specs);
    see_probe(session, 0, 1, 3, 0);
    see_probe(session, 0, 2, 3, MS);
    see_probe(session, 1, 1, 3, 2 * MS);
    see_header(session, "10.0.2.1", 3, 13, 0, 1, 10 * MS);
    see_error(session, "10.0.2.1", 3, 13, 1, 1, NULL, 11 * MS);
    is_num(session_trace(session, 0)->refused_ttl, 0, "tcp is refused; that says nothing of udp");
    see_error(session, "10.0.2.1", 3, 10, 0, 2, NULL, 12 * MS);
    is_num(probe_of(session, 0, 1)->reply_count, 0, "nor does a refusal with another code");
    see_error(session, "10.0.2.1", 3, 13, 0, 2, NULL, 13 * MS);
    is_num(probe_of(session, 0, 1)->reply_count, 1, "the same refusal of the same spec proves it");
    session_free(session);
}

static void test_answer_without_identity(void)
{
    struct session *session = start(one_spec);
    see_probe(session, 0, 1, 4, 0);
    see_probe(session, 0, 2, 4, MS);
    is_num(see_datagram(session, 0, 0, 10 * MS).role, FRAME_REPLY, "a datagram to our port is a reply");
    is_num(session_trace(session, 0)->reached_ttl, 0, "... but does not reach the target");
    see_datagram(session, 0, 0, 11 * MS);
    is_num(probe_of(session, 0, 1)->unproven_count + probe_of(session, 0, 2)->unproven_count, 2,
           "the next one is taken for the next probe's");
    is_num(see_datagram(session, 0, 0, 12 * MS).role, FRAME_STRAY, "a third is a stray");
    session_finish(session, SESSION_COMPLETE, NSTIME_NEVER, 0);
    static struct judgement judgement;
    verdict_judge(session, &judgement);
    is_num(judgement.verdicts[0].state, VERDICT_INCONCLUSIVE, "the verdict is inconclusive: %s",
           judgement.verdicts[0].text);
    verdict_release(&judgement);
    session_free(session);
}

/* So many ICMP errors about a packet like ours within a second. */
static void flood(struct session *session, unsigned count, nstime at)
{
    for (unsigned i = 0; i < count; i++)
        see_quote(session, "6.6.6.6", 11, 0, 0, 1, 20, (uint16_t)(20000 + i), at + (nstime)i * NS_PER_US);
}

static bool sees_forgery(const struct session *session)
{
    return forgery_is_certain(&session_counters(session)->forgeries[FORGERY_ERRORS]);
}

static void test_rate(void)
{
    struct session *session = start(one_spec);
    see_probe(session, 0, 1, 1, 0);
    see_probe(session, 0, 2, 1, 0);
    flood(session, 99, MS);
    ok(!sees_forgery(session), "99 strays in a second may come from another tracer");
    flood(session, 99, 1100 * MS);
    ok(!sees_forgery(session), "nor do 99 in the next second");
    flood(session, 1, 1200 * MS);
    ok(sees_forgery(session), "the hundredth is one too many");
    is_num(see_header(session, "10.0.0.1", 11, 0, 0, 1, 1300 * MS).role, FRAME_STRAY,
           "from now on a quote of the header alone is worth nothing");
    see_error(session, "10.0.0.1", 11, 0, 0, 2, NULL, 1301 * MS);
    is_num(probe_of(session, 0, 2)->reply_count, 1, "a quote with id, port and checksum counts");
    session_free(session);
}

/* Two fields, 30 bits: they count in peace, and not under a flood. */
static void test_fair(void)
{
    static const char *const empty[] = {"udp/53:empty", NULL};
    struct session *session = start(empty);
    for (uint16_t serial = 1; serial <= 3; serial++)
        see_probe(session, 0, serial, (uint8_t)serial, serial * MS);
    see_error(session, "10.0.1.1", 11, 0, 0, 1, NULL, 10 * MS);
    is_num(probe_of(session, 0, 1)->reply_count, 1, "port and id count");
    flood(session, 100, 11 * MS);
    see_error(session, "10.0.2.1", 11, 0, 0, 2, NULL, 20 * MS);
    is_num(probe_of(session, 0, 2)->reply_count, 0, "among forged replies they do not");
    is_num(probe_of(session, 0, 2)->unproven_count, 1, "... but the reply is kept, since it is probably genuine");
    see_error(session, "10.0.2.1", 11, 0, 0, 3, NULL, 21 * MS);
    is_num(probe_of(session, 0, 2)->reply_count, 0, "nothing proves it");
    session_free(session);
}

/* Other programs' packets to the same target are no forged replies to ours. */
static void test_other_traffic(void)
{
    struct session *session = start(two_specs);
    see_probe(session, 0, 1, 1, 0);
    see_datagram(session, 0, 1, MS);
    is_num(session_counters(session)->forgeries[FORGERY_ANSWERS].count, 1, "a datagram of our service to another port");
    uint8_t other[48] = {0x45, 0, 0, 48, 0, 1, 0, 0, 64, 1, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 11};
    const uint8_t quote[20] = {0x45, 0, 0, 60, 9, 9, 0, 0, 1, 47, 0, 0, 10, 0, 0, 2, 10, 0, 9, 9};
    memcpy(other + 28, quote, sizeof quote);
    see_bytes(session, other, sizeof other, 2 * MS);
    is_num(session_counters(session)->forgeries[FORGERY_ERRORS].count, 0, "an error about a protocol we do not send");
    session_free(session);
}

/* The state of a spec without any reply, if the kernel dropped so many frames. */
static enum verdict_state state_with_loss(unsigned silent, unsigned strays, unsigned dropped)
{
    static struct judgement judgement;
    struct session *session = start(one_spec);
    for (uint16_t serial = 1; serial <= silent; serial++)
        see_probe(session, 0, serial, (uint8_t)(1 + serial / 4), serial * MS);
    for (unsigned i = 0; i < strays; i++)
        see_bytes(session, (const uint8_t[20]){0x45, 0, 0, 20, 0, 0, 0, 0, 1, 99}, 20, 100 * MS);
    session_finish(session, SESSION_COMPLETE, NSTIME_NEVER, dropped);
    verdict_judge(session, &judgement);
    enum verdict_state state = judgement.verdicts[0].state;
    verdict_release(&judgement);
    session_free(session);
    return state;
}

static void test_lost_frames(void)
{
    is_num(state_with_loss(12, 988, 0), VERDICT_UNANSWERED, "no frame is lost: silence");
    is_num(state_with_loss(12, 1988, 15), VERDICT_UNANSWERED, "15 of 2015 frames: silence");
    is_num(state_with_loss(12, 988, 15), VERDICT_INCONCLUSIVE, "15 of 1015 frames: replies may be among them");
    is_num(state_with_loss(12, 100, 11), VERDICT_UNANSWERED, "fewer than the probes that were silent");
}

/* The state of a spec without any reply under so many forged ones a second. */
static enum verdict_state state_under_flood(unsigned forged)
{
    static struct judgement judgement;
    struct session *session = start(one_spec);
    for (uint16_t serial = 1; serial <= 12; serial++)
        see_probe(session, 0, serial, (uint8_t)(1 + serial / 4), serial * MS);
    flood(session, forged, 20 * MS);
    session_finish(session, SESSION_COMPLETE, NSTIME_NEVER, 0);
    verdict_judge(session, &judgement);
    enum verdict_state state = judgement.verdicts[0].state;
    is_num(judgement.findings[0].kind, FINDING_FORGED_REPLIES, "%u forged replies are a finding: %s", forged,
           judgement.findings[0].text);
    verdict_release(&judgement);
    session_free(session);
    return state;
}

static void test_flood(void)
{
    is_num(state_under_flood(999), VERDICT_UNANSWERED, "999 forged replies a second displace none");
    is_num(state_under_flood(1000), VERDICT_INCONCLUSIVE, "1000 may use up the ICMP errors of a Linux host");
}

/* "?" behind the address in the table, alone in a cell of the matrix, and a member in JSON. */
static void test_reports(void)
{
    struct session *session = start(one_spec);
    see_probe(session, 0, 1, 1, 0);
    see_probe(session, 0, 2, 1, 0);
    see_header(session, "6.6.6.6", 11, 0, 0, 1, MS);
    const struct trace *trace = session_trace(session, 0);
    const struct trace_set set = session_trace_set(session);
    const struct hop_line hop = {.trace = trace, .ttl = 1};
    const struct matrix_view view = {.specs = &set};
    const struct matrix_owners nobody = {.count = 0};
    struct strbuf text;
    strbuf_init(&text);
    hop_line_add_hop(&text, &hop);
    is_text(text.text, " 1  6.6.6.6?  1.000 ms *", "a line of the table");
    strbuf_clear(&text);
    hop_line_add_row(&text, &hop);
    ok(strstr(text.text, "6.6.6.6 ") && strstr(text.text, "100.0%     2 ?"), "a row of statistics: %s", text.text);
    strbuf_free(&text);
    is_text(matrix_make_cell(&view, trace, 1, &nobody, 0).text, "?", "a cell of the matrix");
    char *json = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&json, &length);
    struct row_buffer *rows = row_buffer_new(file);
    json_probe_put(rows, NULL, trace, probe_of(session, 0, 1));
    row_buffer_flush(rows);
    row_buffer_free(rows);
    fclose(file);
    ok(strstr(json, "\"matched\": \"weak\"") && strstr(json, "\"unproven\": true"), "a reply in JSON: %s", json);
    free(json);
    session_free(session);
}

static void test_many(void)
{
    struct session *session = start(one_spec);
    unsigned kept = 0;
    for (uint16_t serial = 1; serial <= 1100; serial++)
        see_probe(session, 0, serial, (uint8_t)(1 + serial % 30), serial * MS / 100);
    for (uint16_t serial = 1; serial <= 1100; serial++)
        kept += see_header(session, "6.6.6.6", 11, 0, 0, serial, 20 * MS).role == FRAME_REPLY;
    is_num(kept, 1024, "a run keeps 1024 of them");
    session_free(session);
}

int main(void)
{
    test_alone();
    test_agreement();
    test_refusals();
    test_answer_without_identity();
    test_rate();
    test_fair();
    test_other_traffic();
    test_lost_frames();
    test_flood();
    test_reports();
    test_many();
    return tap_done();
}

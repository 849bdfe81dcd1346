/* SPDX-License-Identifier: BSD-2-Clause */
/* Marks after an RTT: every row of reference tables for ICMP errors, and the state of a port by a direct reply. */
#include "report/text/table/marks.h"
#include "tap.h"
#include "unit/support/fake_session.h"

#define ROUTER4 "10.0.3.1"
#define TARGET4 "192.0.2.80"
#define ROUTER6 "2001:db8:3::1"
#define TARGET6 "2001:db8::80"

static const struct mark_row {
    const char *from;
    int type, code;
    uint32_t mtu;
    const char *mark;
} mark_rows[] = {
    {ROUTER4, 11, 0, 0, ""},
    {TARGET4, 11, 0, 0, ""}, /* DNAT */
    {ROUTER4, 3, 0, 0, "!N"},
    {ROUTER4, 3, 1, 0, "!H"},
    {TARGET4, 3, 2, 0, "!P"},
    {ROUTER4, 3, 2, 0, "!P"},
    {TARGET4, 3, 3, 0, ""},
    {ROUTER4, 3, 3, 0, "!<3>"},
    {ROUTER4, 3, 4, 1400, "!F-1400"},
    {ROUTER4, 3, 4, 0, "!F"},
    {ROUTER4, 3, 4, 4294967295, "!F-4294967295"},
    {ROUTER4, 3, 5, 0, "!S"},
    {ROUTER4, 3, 6, 0, "!N"},
    {ROUTER4, 3, 7, 0, "!H"},
    {ROUTER4, 3, 8, 0, "!N"},
    {ROUTER4, 3, 9, 0, "!X"},
    {ROUTER4, 3, 10, 0, "!X"},
    {ROUTER4, 3, 11, 0, "!N"},
    {ROUTER4, 3, 12, 0, "!H"},
    {ROUTER4, 3, 13, 0, "!X"},
    {TARGET4, 3, 13, 0, "!X"},
    {ROUTER4, 3, 14, 0, "!V"},
    {ROUTER4, 3, 15, 0, "!C"},
    {ROUTER4, 3, 16, 0, "!<16>"},
    {ROUTER4, 3, 255, 0, "!<255>"},
    {ROUTER4, 4, 0, 0, ""},
    {ROUTER4, 5, 1, 0, ""},
    {ROUTER4, 11, 1, 0, "!<11-1>"},
    {ROUTER4, 12, 0, 0, "!<12-0>"},
    {ROUTER4, 255, 255, 0, "!<255-255>"},
    {ROUTER6, 3, 0, 0, ""},
    {ROUTER6, 1, 0, 0, "!N"},
    {ROUTER6, 1, 1, 0, "!X"},
    {ROUTER6, 1, 2, 0, "!H"},
    {ROUTER6, 1, 3, 0, "!H"},
    {TARGET6, 1, 4, 0, ""},
    {ROUTER6, 1, 4, 0, "!<4>"},
    {ROUTER6, 1, 5, 0, "!<5>"},
    {ROUTER6, 1, 6, 0, "!<6>"},
    {ROUTER6, 1, 7, 0, "!<7>"},
    {ROUTER6, 2, 0, 1280, "!F-1280"},
    {ROUTER6, 3, 1, 0, "!<3-1>"},
    {TARGET6, 4, 0, 0, "!<4-0>"},
    {TARGET6, 4, 1, 0, "!<4-1>"},
    {ROUTER6, 137, 0, 0, ""},
};

static void test_marks(void)
{
    for (size_t i = 0; i < sizeof mark_rows / sizeof *mark_rows; i++) {
        const struct mark_row *row = &mark_rows[i];
        uint8_t version = strchr(row->from, ':') ? 6 : 4;
        struct fake fake;
        fake_init(&fake, "", version == 4 ? TARGET4 : TARGET6, "udp");
        uint16_t serial = fake_send(&fake, 0, 5);
        struct fake_reply reply = {.from = row->from,
                                   .ms = 1,
                                   .kind = reply_kind_of_icmp(version, (uint8_t)row->type, (uint8_t)row->code),
                                   .type = row->type,
                                   .code = row->code,
                                   .mtu = row->mtu};
        fake_answer(&fake, 0, serial, &reply);
        char mark[MARK_BYTES];
        mark_format(fake_trace(&fake, 0), probe_answer(trace_probe(fake_trace(&fake, 0), serial)), mark);
        is_text(mark, row->mark, "%s %d/%d", row->from, row->type, row->code);
        fake_free(&fake);
    }
}

static const struct state_row {
    const char *spec;
    enum reply_kind kind;
    uint8_t answer_type;
    const char *state;
} state_rows[] = {
    {"icmp", REPLY_ECHO, 0, NULL},           {"udp", REPLY_UNREACHABLE, 0, NULL},
    {"udp/53", REPLY_UDP, 0, "open"},        {"tcp/443", REPLY_SYN_ACK, 0, "open"},
    {"tcp/443", REPLY_RST, 0, "closed"},     {"tcp/80:fin", REPLY_RST, 0, "closed"},
    {"tcp/80:ack", REPLY_RST, 0, NULL},      {"tcp/443", REPLY_TCP, 0, NULL},
    {"sctp/9899", REPLY_SCTP, 2, "open"},    {"sctp/9899", REPLY_SCTP, 6, "closed"},
    {"sctp/9899", REPLY_SCTP, 0, NULL},      {"dccp/33434", REPLY_DCCP, 1, "open"},
    {"dccp/33434", REPLY_DCCP, 7, "closed"}, {"tcp/443", REPLY_TIME_EXCEEDED, 0, NULL},
};

static void test_port_states(void)
{
    for (size_t i = 0; i < sizeof state_rows / sizeof *state_rows; i++) {
        const struct state_row *row = &state_rows[i];
        struct fake fake;
        fake_init(&fake, "", TARGET4, row->spec);
        uint16_t serial = fake_send(&fake, 0, 5);
        struct fake_reply reply = {.from = TARGET4, .ms = 1, .kind = row->kind, .answer_type = row->answer_type};
        fake_answer(&fake, 0, serial, &reply);
        const struct reply *answer = probe_answer(trace_probe(fake_trace(&fake, 0), serial));
        const char *state = mark_port_state(fake_trace(&fake, 0), answer);
        is_text(state ? state : "none", row->state ? row->state : "none", "%s, %s %u", row->spec,
                reply_kind_name(row->kind), row->answer_type);
        fake_free(&fake);
    }
}

int main(void)
{
    test_marks();
    test_port_states();
    return tap_done();
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/table/marks.h"

#include <stdio.h>
#include <string.h>

#define ANY_CODE (-1)

/* The first matching row decides. NULL: the mark is the code in brackets; "": no mark. */
static const struct {
    uint8_t version, type;
    int16_t code;
    const char *mark;
} icmp_marks[] = {
    {4, 3, 0, "!N"},                              /* net unreachable */
    {4, 3, 1, "!H"},                              /* host unreachable */
    {4, 3, 2, "!P"},                              /* protocol unreachable */
    {4, 3, 5, "!S"},                              /* source route failed */
    {4, 3, 6, "!N"},                              /* net unknown */
    {4, 3, 7, "!H"},                              /* host unknown */
    {4, 3, 8, "!N"},                              /* source host isolated */
    {4, 3, 9, "!X"},                              /* net prohibited */
    {4, 3, 10, "!X"},                             /* host prohibited */
    {4, 3, 11, "!N"},                             /* net unreachable for TOS */
    {4, 3, 12, "!H"},                             /* host unreachable for TOS */
    {4, 3, 13, "!X"},                             /* communication prohibited */
    {4, 3, 14, "!V"},                             /* host precedence violation */
    {4, 3, 15, "!C"},                             /* precedence cutoff */
    {4, 3, ANY_CODE, NULL}, {4, 4, ANY_CODE, ""}, /* source quench */
    {4, 5, ANY_CODE, ""},                         /* redirect: the packet went on */
    {4, 11, 0, ""},                               /* time exceeded in transit */
    {6, 1, 0, "!N"},                              /* no route */
    {6, 1, 1, "!X"},                              /* prohibited */
    {6, 1, 2, "!H"},                              /* beyond scope of source */
    {6, 1, 3, "!H"},                              /* address unreachable */
    {6, 1, ANY_CODE, NULL}, {6, 3, 0, ""},        /* hop limit exceeded in transit */
    {6, 137, ANY_CODE, ""},                       /* redirect */
};

/* Types whose mark is the code alone; all others have type and code. */
static bool is_unreachable_type(const struct reply *reply)
{
    return reply->icmp_type == (reply->version == 4 ? 3 : 1);
}

static bool is_port_unreachable(const struct reply *reply)
{
    return is_unreachable_type(reply) && reply->icmp_code == (reply->version == 4 ? 3 : 4);
}

static const char *find_mark(const struct reply *reply)
{
    for (size_t i = 0; i < sizeof icmp_marks / sizeof *icmp_marks; i++) {
        bool code_fits = icmp_marks[i].code == ANY_CODE || icmp_marks[i].code == reply->icmp_code;
        if (icmp_marks[i].version == reply->version && icmp_marks[i].type == reply->icmp_type && code_fits)
            return icmp_marks[i].mark;
    }
    return NULL;
}

void mark_format(const struct trace *trace, const struct reply *reply, char text[MARK_BYTES])
{
    text[0] = '\0';
    if (!reply->is_icmp || reply->kind == REPLY_ECHO)
        return;
    if (is_port_unreachable(reply) && reply_reaches(trace, reply))
        return;
    const char *mark = find_mark(reply);
    if (reply->kind == REPLY_TOO_BIG && reply->mtu > 0)
        snprintf(text, MARK_BYTES, "!F-%u", (unsigned)reply->mtu);
    else if (reply->kind == REPLY_TOO_BIG)
        snprintf(text, MARK_BYTES, "!F");
    else if (mark)
        snprintf(text, MARK_BYTES, "%s", mark);
    else if (is_unreachable_type(reply))
        snprintf(text, MARK_BYTES, "!<%u>", reply->icmp_code);
    else
        snprintf(text, MARK_BYTES, "!<%u-%u>", reply->icmp_type, reply->icmp_code);
}

#define ANY_ANSWER 0

static const struct {
    enum reply_kind kind;
    uint8_t answer_type; /* ANY_ANSWER, enum sctp_chunk or enum dccp_type */
    const char *state;
} port_states[] = {
    {REPLY_SYN_ACK, ANY_ANSWER, "open"}, {REPLY_RST, ANY_ANSWER, "closed"},  {REPLY_UDP, ANY_ANSWER, "open"},
    {REPLY_SCTP, SCTP_INIT_ACK, "open"}, {REPLY_SCTP, SCTP_ABORT, "closed"}, {REPLY_DCCP, DCCP_RESPONSE, "open"},
    {REPLY_DCCP, DCCP_RESET, "closed"},
};

const char *mark_port_state(const struct trace *trace, const struct reply *reply)
{
    if (reply->kind == REPLY_RST && trace->flow.spec.variant == VARIANT_ACK)
        return NULL;
    if (reply->kind == REPLY_TCP && flow_needs_connection(&trace->flow))
        return "open"; /* the target takes the data */
    for (size_t i = 0; i < sizeof port_states / sizeof *port_states; i++) {
        bool type_fits = port_states[i].answer_type == ANY_ANSWER || port_states[i].answer_type == reply->answer_type;
        if (port_states[i].kind == reply->kind && type_fits)
            return port_states[i].state;
    }
    return NULL;
}

const char *mark_hop_port_state(const struct trace *trace, uint8_t ttl)
{
    const char *state = NULL;
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe)) {
        const struct reply *reply = probe_answer(probe);
        const char *says = reply ? mark_port_state(trace, reply) : NULL;
        if (says && (!state || strcmp(says, "open") == 0))
            state = says;
    }
    return state;
}

bool mark_refuses_port(const struct trace *trace, const struct reply *reply)
{
    bool of_protocol = reply->version == 4 ? reply->icmp_type == 3 && reply->icmp_code == 2
                                           : reply->icmp_type == 4 && reply->icmp_code == 1;
    return reply->is_icmp && reply_reaches(trace, reply) && (of_protocol || is_port_unreachable(reply));
}

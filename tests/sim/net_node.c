/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/parser.h"

static enum status parse_silent(struct parser *p, void *object)
{
    struct node *node = object;
    if (p->words[p->at] && parser_protocols(p->words[p->at], node->silent_to))
        p->at++;
    else
        node->silent = true;
    return STATUS_OK;
}

static enum status parse_bucket(struct parser *p, struct net_limit *limit)
{
    unsigned long burst;
    enum status status = parser_number(p, 10000, &burst);
    limit->burst = (unsigned)burst;
    return status ? status : parser_double(p, "", &limit->rate);
}

static enum status parse_limit(struct parser *p, void *object)
{
    return parse_bucket(p, &((struct node *)object)->limit);
}

static enum status parse_reset_limit(struct parser *p, void *object)
{
    return parse_bucket(p, &((struct node *)object)->resets);
}

static enum status parse_quote(struct parser *p, void *object)
{
    unsigned long value;
    enum status status = parser_number(p, 1280, &value);
    ((struct node *)object)->quote_bytes = (int)value;
    return status;
}

static enum status parse_quote_ttl(struct parser *p, void *object)
{
    unsigned long value;
    enum status status = parser_number(p, 255, &value);
    ((struct node *)object)->quote_ttl = (int)value;
    return status;
}

static enum status parse_spent(struct parser *p, void *object)
{
    (void)p;
    ((struct node *)object)->limit.spent = true;
    return STATUS_OK;
}

static enum status parse_zero_ttl(struct parser *p, void *object)
{
    (void)p;
    ((struct node *)object)->zero_ttl = true;
    return STATUS_OK;
}

static enum status parse_hidden(struct parser *p, void *object)
{
    (void)p;
    ((struct node *)object)->hidden = true;
    return STATUS_OK;
}

static enum status parse_no_echo(struct parser *p, void *object)
{
    (void)p;
    ((struct node *)object)->echo = false;
    return STATUS_OK;
}

static enum status parse_ttl_raise(struct parser *p, void *object)
{
    unsigned long value;
    enum status status = parser_number(p, 200, &value);
    ((struct node *)object)->ttl_raise = (uint8_t)value;
    return status;
}

static enum status parse_initial(struct parser *p, void *object)
{
    unsigned long value;
    enum status status = parser_number(p, 255, &value);
    ((struct node *)object)->initial_ttl = (uint8_t)value;
    return status;
}

static enum status parse_answers(struct parser *p, void *object)
{
    static const struct replay_filter choices[] = {{"node", ANSWER_FROM_NODE},  {"in", ANSWER_FROM_IN},
                                                   {"back", ANSWER_FROM_BACK},  {"in-turn", ANSWER_IN_TURN},
                                                   {"by-flow", ANSWER_BY_FLOW}, {NULL, 0}};
    struct node *node = object;
    int value = 0;
    unsigned long count = 0;
    enum status status = parser_choice(p, choices, &value);
    node->answers = (enum answer_from)value;
    if (!status && (node->answers == ANSWER_IN_TURN || node->answers == ANSWER_BY_FLOW))
        status = parser_number(p, SIGNATURES_MOST, &count);
    node->signatures = count ? (unsigned)count : 1;
    return status;
}

static enum status parse_copies(struct parser *p, void *object)
{
    unsigned long value;
    enum status status = parser_number(p, 1000, &value);
    ((struct node *)object)->copies = (unsigned)value;
    return status;
}

static enum status parse_balance(struct parser *p, void *object)
{
    static const struct replay_filter choices[] = {
        {"per-flow", BALANCE_PER_FLOW}, {"per-packet", BALANCE_PER_PACKET}, {NULL, 0}};
    int value = 0;
    enum status status = parser_choice(p, choices, &value);
    ((struct node *)object)->balance = (enum balance)value;
    return status;
}

static enum status parse_mpls(struct parser *p, void *object)
{
    struct node *node = object;
    char *rest = NULL;
    char *words = p->words[p->at] ? p->words[p->at] : (char[]){""};
    for (char *label = strtok_r(words, ",", &rest); label; label = strtok_r(NULL, ",", &rest)) {
        unsigned value, tc, ttl;
        if (sscanf(label, "%u/%u/%u", &value, &tc, &ttl) != 3 || node->mpls_count == MPLS_LABELS_MOST)
            return parser_fail(p, "not a label as 24001/0/1");
        if (node->mpls_count > 0)
            node->mpls[node->mpls_count - 1].bottom = false;
        node->mpls[node->mpls_count++] =
            (struct mpls_label){.label = value, .tc = (uint8_t)tc, .bottom = true, .ttl = (uint8_t)ttl};
    }
    parser_next(p);
    return STATUS_OK;
}

static enum status parse_mpls_style(struct parser *p, void *object)
{
    static const struct replay_filter choices[] = {
        {"compliant", MPLS_COMPLIANT}, {"no-length", MPLS_NO_LENGTH}, {"wrong-length", MPLS_WRONG_LENGTH}, {NULL, 0}};
    int value = 0;
    enum status status = parser_choice(p, choices, &value);
    ((struct node *)object)->mpls_style = (enum mpls_style)value;
    return status;
}

static enum status parse_ports(struct parser *p, struct node *node, enum port_state state)
{
    char *rest = NULL;
    char *words = p->words[p->at] ? p->words[p->at] : (char[]){""};
    for (char *port = strtok_r(words, ",", &rest); port; port = strtok_r(NULL, ",", &rest)) {
        char *slash = strchr(port, '/');
        if (slash)
            *slash = '\0';
        int protocol = parser_protocol(port);
        if (protocol < 0 || node->port_count == NET_PORTS_MOST)
            return parser_fail(p, "not a port as tcp/80");
        node->ports[node->port_count++] =
            (struct net_port){.protocol = (uint8_t)protocol,
                              .port = (uint16_t)(slash ? strtoul(slash + 1, NULL, 10) : 0),
                              .state = state};
    }
    parser_next(p);
    return STATUS_OK;
}

static enum status parse_open(struct parser *p, void *object)
{
    return parse_ports(p, object, PORT_OPEN);
}

static enum status parse_closed(struct parser *p, void *object)
{
    return parse_ports(p, object, PORT_CLOSED);
}

static enum status parse_mute(struct parser *p, void *object)
{
    return parse_ports(p, object, PORT_SILENT);
}

static enum status parse_idle_end(struct parser *p, struct node *node, enum idle_end end)
{
    node->idle_end = end;
    return parser_time(p, &node->idle_most);
}

static enum status parse_idle_fin(struct parser *p, void *object)
{
    return parse_idle_end(p, object, IDLE_FIN);
}

static enum status parse_idle_reset(struct parser *p, void *object)
{
    return parse_idle_end(p, object, IDLE_RESET);
}

static enum status parse_idle_forget(struct parser *p, void *object)
{
    return parse_idle_end(p, object, IDLE_FORGET);
}

static enum status parse_idle_talk(struct parser *p, void *object)
{
    return parse_idle_end(p, object, IDLE_TALK);
}

static enum status parse_service(struct parser *p, void *object)
{
    static const struct replay_filter choices[] = {{"quiet", SERVICE_QUIET}, {"answer", SERVICE_ANSWER},
                                                   {"reset", SERVICE_RESET}, {"close", SERVICE_CLOSE},
                                                   {"abort", SERVICE_ABORT}, {NULL, 0}};
    int value = 0;
    enum status status = parser_choice(p, choices, &value);
    ((struct node *)object)->service = (enum service)value;
    return status;
}

static enum status parse_no_stamps(struct parser *p, void *object)
{
    (void)p;
    ((struct node *)object)->no_stamps = true;
    return STATUS_OK;
}

static enum status parse_unseen(struct parser *p, void *object)
{
    return parser_share(p, &((struct node *)object)->unseen);
}

static enum status parse_refuse(struct parser *p, void *object)
{
    if (!p->words[p->at] || !parser_protocols(p->words[p->at], ((struct node *)object)->refuse))
        return parser_fail(p, "not a list of protocols");
    p->at++;
    return STATUS_OK;
}

static enum status parse_tells_mtu(struct parser *p, void *object)
{
    unsigned long value;
    enum status status = parser_number(p, 65535, &value);
    ((struct node *)object)->told_mtu = (int)value;
    return status;
}

const struct keyword node_options[] = {
    {"silent", parse_silent},
    {"limit", parse_limit},
    {"spent", parse_spent},
    {"reset-limit", parse_reset_limit},
    {"tells-mtu", parse_tells_mtu},
    {"quote", parse_quote},
    {"quote-ttl", parse_quote_ttl},
    {"zero-ttl", parse_zero_ttl},
    {"hidden", parse_hidden},
    {"no-echo", parse_no_echo},
    {"ttl-raise", parse_ttl_raise},
    {"initial", parse_initial},
    {"answers", parse_answers},
    {"copies", parse_copies},
    {"balance", parse_balance},
    {"mpls", parse_mpls},
    {"open", parse_open},
    {"mpls-style", parse_mpls_style},
    {"closed", parse_closed},
    {"mute", parse_mute},
    {"service", parse_service},
    {"idle-fin", parse_idle_fin},
    {"idle-reset", parse_idle_reset},
    {"idle-forget", parse_idle_forget},
    {"idle-talk", parse_idle_talk},
    {"no-stamps", parse_no_stamps},
    {"unseen", parse_unseen},
    {"refuse", parse_refuse},
    {NULL, NULL},
};

/* SPDX-License-Identifier: BSD-2-Clause */
/* The network language: a statement a line, words between blanks, `#` starts a comment.
 *
 *   client NAME ADDRESS... [OPTION...]      the prober; one
 *   router NAME ADDRESS... [OPTION...]      forwards
 *   host   NAME ADDRESS... [OPTION...]      answers, forwards nothing
 *   chain  PREFIX COUNT                     routers PREFIX1.. with addresses 10.0.N.1 and 2001:db8:N::1
 *   set    NODE OPTION...                   options later on
 *   target NODE|ADDRESS...                  where probes go; default: the node called `target`
 *
 * Options of a node:
 *
 *   silent [PROTOCOL,...]                  nothing at all | no ICMP error about the protocols
 *   limit BURST PER_SECOND                 of ICMP errors
 *   reset-limit BURST PER_SECOND           of the resets of closed ports
 *   spent                                  it has no token at first
 *   tells-mtu N                            in place of the true one
 *   quote BYTES                            of the quote past the IP header
 *   quote-ttl N · zero-ttl · hidden · ttl-raise N
 *   mpls LABEL/TC/TTL[,...] · mpls-style compliant|no-length|wrong-length
 *   initial N                              TTL of what it sends
 *   answers node|in|back|in-turn N|by-flow N   source of its errors; of N made-up addresses
 *   copies N                               of each error, beyond the first
 *   balance per-flow|per-packet · no-echo
 *   open|closed|mute PROTOCOL[/PORT],...   ports of a host; it knows these IP protocols, and tcp, udp and udplite
 *   service quiet|answer|reset|close|abort of its open TCP ports: it takes connections
 *   no-stamps                              it has no TCP timestamps
 *   idle-fin|idle-reset|idle-forget|idle-talk T   what it does with connections that are idle for T
 *   unseen PERCENT                         own frames the capture misses
 *   refuse PROTOCOL,...                    local firewall
 *
 * The other statements:
 *
 *   link A B [delay T] [jitter T] [loss P] [dup P] [reorder P T] [mtu N] [hole N] [hole-back N] [dead]
 *            [near ADDRESS...] [far ADDRESS...]
 *       hole: larger packets vanish without an error, from A to B or back
 *   links T A B C ...                      a row of links of delay T
 *   route NODE TO via NODE | unreachable | prohibit | blackhole
 *       TO is a node; all else goes the shortest way
 *   filter NODE prerouting|input|forward|output|postrouting [MATCH...] drop|pass|reset|answer|inject|reject REFUSAL
 *       the first match decides
 *   nat NODE source ADDRESS... [shift N] [inner full|none|no-checksum]
 *       as the client leaves through NODE
 *   nat NODE target ADDRESS... to NODE [inner ...]
 *       ADDRESS stands for the node behind
 *   rewrite NODE dscp|ecn|mss|id|seq VALUE by forwarding, before the next hop
 *   expect [4|6] SPECS HOP... [=END]       HOP: NODE[|NODE...][!] (! refuses), `*` silent, `?` any
 *   verdict [auto] [4|6] SPECS STATE[|STATE...]|? [HOW] [at TTL] [after TTL] [before TTL]
 *       what the run says of each spec, the first line that fits; `auto`: of specs in a run of the whole chain,
 *       before the other lines. A place that is not named must be none; a TTL may be `?`.
 *
 * MATCH: PROTOCOL,... · echo · error · syn · data · port N[-M] · sport N[-M] · from NODE · to NODE · chance P ·
 * name NAME (of a DNS query, a QUIC Initial or TCP data) · idle T (of a flow that was idle for T once, until its next
 * SYN) · hold T (drops the rest for T afterwards) · block T (stops all else between both hosts for T afterwards).
 * REFUSAL: a name as admin-prohibited, or TYPE/CODE,TYPE/CODE (IPv4, IPv6).
 *
 * T is a number with us, ms or s; P a number with %. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/parser.h"

static struct node *add_node(struct parser *p, const char *name, enum node_kind kind)
{
    if (p->net->node_count == NET_NODES_MOST || !*name || net_find(p->net, name) >= 0)
        return NULL;
    struct node *node = &p->net->nodes[p->net->node_count++];
    *node = (struct node){
        .kind = kind, .quote_ttl = -1, .quote_bytes = -1, .told_mtu = -1, .initial_ttl = 64, .echo = true};
    snprintf(node->name, sizeof node->name, "%s", name);
    return node;
}

static enum status parse_any_node(struct parser *p, enum node_kind kind)
{
    struct node *node = add_node(p, parser_next(p), kind);
    if (!node)
        return parser_fail(p, "no name, a name twice, or too many nodes");
    if (kind == NODE_CLIENT)
        p->net->client = p->net->node_count - 1;
    enum status status = parser_addresses(p, true, node->addresses);
    return status ? status : parser_keywords(p, node_options, node);
}

static enum status parse_client(struct parser *p, void *object)
{
    (void)object;
    return parse_any_node(p, NODE_CLIENT);
}

static enum status parse_router(struct parser *p, void *object)
{
    (void)object;
    return parse_any_node(p, NODE_ROUTER);
}

static enum status parse_host(struct parser *p, void *object)
{
    (void)object;
    return parse_any_node(p, NODE_HOST);
}

static enum status parse_chain(struct parser *p, void *object)
{
    (void)object;
    const char *prefix = parser_next(p);
    unsigned long count;
    enum status status = parser_number(p, 40, &count);
    for (unsigned long i = 1; !status && i <= count; i++) {
        char name[NET_NAME_BYTES], text[ADDR_TEXT_BYTES];
        snprintf(name, sizeof name, "%.16s%lu", prefix, i);
        struct node *node = add_node(p, name, NODE_ROUTER);
        if (!node)
            return parser_fail(p, "a name twice, or too many nodes");
        snprintf(text, sizeof text, "10.0.%lu.1", i);
        addr_parse(text, &node->addresses[0]);
        snprintf(text, sizeof text, "2001:db8:%lu::1", i);
        addr_parse(text, &node->addresses[1]);
    }
    return status;
}

static enum status parse_set(struct parser *p, void *object)
{
    (void)object;
    unsigned node;
    enum status status = parser_node(p, &node);
    return status ? status : parser_keywords(p, node_options, &p->net->nodes[node]);
}

static enum status parse_target(struct parser *p, void *object)
{
    (void)object;
    unsigned node;
    if (p->words[p->at] && net_find(p->net, p->words[p->at]) < 0)
        return parser_addresses(p, true, p->net->target);
    enum status status = parser_node(p, &node);
    if (!status)
        memcpy(p->net->target, p->net->nodes[node].addresses, sizeof p->net->target);
    return status;
}

static enum status parse_delay(struct parser *p, void *object)
{
    return parser_time(p, &((struct link *)object)->delay);
}

static enum status parse_jitter(struct parser *p, void *object)
{
    return parser_time(p, &((struct link *)object)->jitter);
}

static enum status parse_loss(struct parser *p, void *object)
{
    return parser_share(p, &((struct link *)object)->loss);
}

static enum status parse_dup(struct parser *p, void *object)
{
    return parser_share(p, &((struct link *)object)->duplicate);
}

static enum status parse_reorder(struct parser *p, void *object)
{
    struct link *link = object;
    enum status status = parser_share(p, &link->reorder);
    return status ? status : parser_time(p, &link->reorder_by);
}

static enum status parse_mtu(struct parser *p, void *object)
{
    unsigned long value;
    enum status status = parser_number(p, 1500, &value);
    ((struct link *)object)->mtu = (unsigned)value;
    return status;
}

static enum status parse_hole(struct parser *p, unsigned *hole)
{
    unsigned long value;
    enum status status = parser_number(p, 1500, &value);
    *hole = (unsigned)value;
    return status;
}

static enum status parse_hole_there(struct parser *p, void *object)
{
    return parse_hole(p, &((struct link *)object)->hole[0]);
}

static enum status parse_hole_back(struct parser *p, void *object)
{
    return parse_hole(p, &((struct link *)object)->hole[1]);
}

static enum status parse_dead(struct parser *p, void *object)
{
    (void)p;
    ((struct link *)object)->dead = true;
    return STATUS_OK;
}

static enum status parse_near(struct parser *p, void *object)
{
    return parser_addresses(p, true, ((struct link *)object)->addresses[0]);
}

static enum status parse_far(struct parser *p, void *object)
{
    return parser_addresses(p, true, ((struct link *)object)->addresses[1]);
}

static const struct keyword link_options[] = {
    {"delay", parse_delay},     {"jitter", parse_jitter},   {"loss", parse_loss},           {"dup", parse_dup},
    {"reorder", parse_reorder}, {"mtu", parse_mtu},         {"dead", parse_dead},           {"near", parse_near},
    {"far", parse_far},         {"hole", parse_hole_there}, {"hole-back", parse_hole_back}, {NULL, NULL},
};

static struct link *add_link(struct parser *p, unsigned near, unsigned far)
{
    if (p->net->link_count == NET_LINKS_MOST)
        return NULL;
    struct link *link = &p->net->links[p->net->link_count++];
    *link = (struct link){.ends = {near, far}, .mtu = 1500};
    return link;
}

static enum status parse_link(struct parser *p, void *object)
{
    (void)object;
    unsigned ends[2];
    for (unsigned i = 0; i < 2; i++) {
        enum status status = parser_node(p, &ends[i]);
        if (status)
            return status;
    }
    struct link *link = add_link(p, ends[0], ends[1]);
    return link ? parser_keywords(p, link_options, link) : parser_fail(p, "too many links");
}

static enum status parse_links(struct parser *p, void *object)
{
    (void)object;
    nstime delay;
    unsigned near, far;
    enum status status = parser_time(p, &delay);
    if (!status)
        status = parser_node(p, &near);
    while (!status && p->words[p->at]) {
        status = parser_node(p, &far);
        if (status)
            break;
        struct link *link = add_link(p, near, far);
        if (!link)
            return parser_fail(p, "too many links");
        link->delay = delay;
        near = far;
    }
    return status;
}

static enum status parse_route(struct parser *p, void *object)
{
    (void)object;
    static const struct replay_filter kinds[] = {{"via", ROUTE_VIA},
                                                 {"unreachable", ROUTE_UNREACHABLE},
                                                 {"prohibit", ROUTE_PROHIBIT},
                                                 {"blackhole", ROUTE_BLACKHOLE},
                                                 {NULL, 0}};
    struct route route = {0};
    int kind = 0;
    enum status status = parser_node(p, &route.node);
    if (!status)
        status = parser_node(p, &route.to);
    if (!status)
        status = parser_choice(p, kinds, &kind);
    route.kind = (enum route_kind)kind;
    if (!status && route.kind == ROUTE_VIA)
        status = parser_node(p, &route.via);
    if (!status && p->net->route_count == NET_RULES_MOST)
        return parser_fail(p, "too many routes");
    if (!status)
        p->net->routes[p->net->route_count++] = route;
    return status;
}

static enum status parse_range(struct parser *p, uint16_t range[2])
{
    unsigned low, high;
    const char *word = parser_next(p);
    int count = sscanf(word, "%u-%u", &low, &high);
    if (count < 1 || low > 65535 || (count == 2 && high > 65535))
        return parser_fail(p, "not a port or a range of ports");
    range[0] = (uint16_t)low;
    range[1] = (uint16_t)(count == 2 ? high : low);
    return STATUS_OK;
}

static enum status parse_refusal(struct parser *p, uint8_t refusal[2][2])
{
    static const struct {
        const char *name;
        uint8_t refusal[2][2];
    } names[] = {
        {"net-unreachable", {{3, 0}, {1, 0}}},   {"host-unreachable", {{3, 1}, {1, 3}}},
        {"port-unreachable", {{3, 3}, {1, 4}}},  {"protocol-unreachable", {{3, 2}, {4, 1}}},
        {"net-prohibited", {{3, 9}, {1, 1}}},    {"host-prohibited", {{3, 10}, {1, 1}}},
        {"admin-prohibited", {{3, 13}, {1, 1}}}, {"policy", {{3, 13}, {1, 5}}},
    };
    const char *word = parser_next(p);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(word, names[i].name) == 0) {
            memcpy(refusal, names[i].refusal, sizeof names[i].refusal);
            return STATUS_OK;
        }
    unsigned n[4];
    if (sscanf(word, "%u/%u,%u/%u", &n[0], &n[1], &n[2], &n[3]) != 4)
        return parser_fail(p, "not a refusal as admin-prohibited or 3/13,1/1");
    for (unsigned i = 0; i < 4; i++)
        refusal[i / 2][i % 2] = (uint8_t)n[i];
    return STATUS_OK;
}

/* One word of a filter that narrows it; `*known` is false where it is none. */
static enum status parse_match(struct parser *p, struct filter *f, bool *narrowed, bool *known)
{
    unsigned node;
    enum status status = STATUS_OK;
    *known = true;
    if (parser_accept(p, "echo"))
        f->echo_only = f->protocols[IP_ICMP] = f->protocols[IP_ICMP6] = *narrowed = true;
    else if (parser_accept(p, "error"))
        f->errors_only = f->protocols[IP_ICMP] = f->protocols[IP_ICMP6] = *narrowed = true;
    else if (parser_accept(p, "syn"))
        f->syn_only = f->protocols[IP_TCP] = *narrowed = true;
    else if (parser_accept(p, "data"))
        f->data_only = f->protocols[IP_TCP] = *narrowed = true;
    else if (parser_accept(p, "port"))
        status = parse_range(p, f->target_ports);
    else if (parser_accept(p, "sport"))
        status = parse_range(p, f->source_ports);
    else if (parser_accept(p, "name"))
        snprintf(f->name, sizeof f->name, "%s", parser_next(p));
    else if (parser_accept(p, "idle"))
        status = parser_time(p, &f->idle);
    else if (parser_accept(p, "hold"))
        status = parser_time(p, &f->hold);
    else if (parser_accept(p, "block"))
        status = parser_time(p, &f->block);
    else if (parser_accept(p, "chance"))
        status = parser_share(p, &f->chance);
    else if (parser_accept(p, "from") || parser_accept(p, "to")) {
        bool to = strcmp(p->words[p->at - 1], "to") == 0;
        status = parser_node(p, &node);
        *(to ? &f->to : &f->from) = (int)node;
    } else if (p->words[p->at] && parser_protocols(p->words[p->at], f->protocols)) {
        *narrowed = true;
        p->at++;
    } else
        *known = false;
    return status;
}

static enum status parse_filter(struct parser *p, void *object)
{
    (void)object;
    static const struct replay_filter hooks[] = {{"prerouting", HOOK_PREROUTING},   {"input", HOOK_INPUT},
                                                 {"forward", HOOK_FORWARD},         {"output", HOOK_OUTPUT},
                                                 {"postrouting", HOOK_POSTROUTING}, {NULL, 0}};
    static const struct replay_filter verbs[] = {{"drop", VERB_DROP},
                                                 {"pass", VERB_PASS},
                                                 {"reject", VERB_REJECT},
                                                 {"reset", VERB_RESET},
                                                 {"answer", VERB_ANSWER},
                                                 {"inject", VERB_INJECT},
                                                 {NULL, 0}};
    struct filter f = {.from = -1, .to = -1, .chance = 1, .target_ports = {0, 65535}, .source_ports = {0, 65535}};
    int hook = 0, verb = 0;
    bool narrowed = false, known = true;
    enum status status = parser_node(p, &f.node);
    if (!status)
        status = parser_choice(p, hooks, &hook);
    while (!status && known)
        status = parse_match(p, &f, &narrowed, &known);
    if (!status)
        status = parser_choice(p, verbs, &verb);
    f.hook = (enum hook)hook;
    f.verb = (enum verb)verb;
    if (!narrowed)
        memset(f.protocols, true, sizeof f.protocols);
    if (!status && f.verb == VERB_REJECT)
        status = parse_refusal(p, f.refusal);
    if (!status && p->net->filter_count == NET_RULES_MOST)
        return parser_fail(p, "too many filters");
    if (!status)
        p->net->filters[p->net->filter_count++] = f;
    return status;
}

static enum status parse_shift(struct parser *p, void *object)
{
    unsigned long value;
    enum status status = parser_number(p, 65535, &value);
    ((struct nat *)object)->shift = (uint16_t)value;
    return status;
}

static enum status parse_inner(struct parser *p, void *object)
{
    static const struct replay_filter choices[] = {
        {"full", INNER_FULL}, {"none", INNER_NONE}, {"no-checksum", INNER_NO_CHECKSUM}, {NULL, 0}};
    int value = 0;
    enum status status = parser_choice(p, choices, &value);
    ((struct nat *)object)->inner = (enum nat_inner)value;
    return status;
}

static enum status parse_to(struct parser *p, void *object)
{
    return parser_node(p, &((struct nat *)object)->to);
}

static enum status parse_nat(struct parser *p, void *object)
{
    (void)object;
    static const struct replay_filter kinds[] = {{"source", NAT_SOURCE}, {"target", NAT_TARGET}, {NULL, 0}};
    static const struct keyword options[] = {
        {"shift", parse_shift}, {"inner", parse_inner}, {"to", parse_to}, {NULL, NULL}};
    struct nat nat = {0};
    int kind = 0;
    enum status status = parser_node(p, &nat.node);
    if (!status)
        status = parser_choice(p, kinds, &kind);
    nat.kind = (enum nat_kind)kind;
    if (!status)
        status = parser_addresses(p, true, nat.addresses);
    if (!status)
        status = parser_keywords(p, options, &nat);
    if (!status && p->net->nat_count == NET_RULES_MOST)
        return parser_fail(p, "too many translations");
    if (!status)
        p->net->nats[p->net->nat_count++] = nat;
    return status;
}

static enum status parse_rewrite(struct parser *p, void *object)
{
    (void)object;
    static const struct replay_filter whats[] = {{"dscp", REWRITE_WHAT_DSCP}, {"ecn", REWRITE_WHAT_ECN},
                                                 {"mss", REWRITE_WHAT_MSS},   {"id", REWRITE_WHAT_ID},
                                                 {"seq", REWRITE_WHAT_SEQ},   {NULL, 0}};
    struct net_rewrite rewrite = {0};
    int what = 0;
    unsigned long value = 0;
    enum status status = parser_node(p, &rewrite.node);
    if (!status)
        status = parser_choice(p, whats, &what);
    if (!status)
        status = parser_number(p, UINT32_MAX, &value);
    rewrite.what = (enum rewrite_what)what;
    rewrite.value = (uint32_t)value;
    if (!status && p->net->rewrite_count == NET_RULES_MOST)
        return parser_fail(p, "too many rewrites");
    if (!status)
        p->net->rewrites[p->net->rewrite_count++] = rewrite;
    return status;
}

static enum status parse_expect_hop(struct parser *p, struct expect *e)
{
    if (e->hop_count == NET_HOPS_MOST)
        return parser_fail(p, "too many hops");
    struct expect_hop *hop = &e->hops[e->hop_count++];
    char *word = p->words[p->at], *rest = NULL;
    size_t length = strlen(word);
    if (strcmp(word, "*") == 0 || strcmp(word, "?") == 0) {
        hop->open = *word == '?';
        return STATUS_OK;
    }
    hop->refuses = word[length - 1] == '!';
    if (hop->refuses)
        word[length - 1] = '\0';
    for (char *name = strtok_r(word, "|", &rest); name; name = strtok_r(NULL, "|", &rest)) {
        int node = net_find(p->net, name);
        if (node < 0 || hop->node_count == 8)
            return parser_fail(p, "no such node");
        hop->nodes[hop->node_count++] = (unsigned)node;
    }
    return STATUS_OK;
}

static enum status parse_expect(struct parser *p, void *object)
{
    (void)object;
    if (p->net->expect_count == NET_RULES_MOST)
        return parser_fail(p, "too many expectations");
    struct expect *e = &p->net->expects[p->net->expect_count++];
    e->family = parser_accept(p, "4") ? 4 : parser_accept(p, "6") ? 6 : 0;
    snprintf(e->specs, sizeof e->specs, "%s", parser_next(p));
    for (; p->words[p->at]; p->at++) {
        if (p->words[p->at][0] == '=') {
            snprintf(e->end, sizeof e->end, "%s", p->words[p->at] + 1);
            continue;
        }
        enum status status = parse_expect_hop(p, e);
        if (status)
            return status;
    }
    return STATUS_OK;
}

static enum status parse_verdict_ttl(struct parser *p, int *ttl)
{
    unsigned long value = 0;
    if (parser_accept(p, "?")) {
        *ttl = -1;
        return STATUS_OK;
    }
    enum status status = parser_number(p, 255, &value);
    *ttl = (int)value;
    return status;
}

static enum status parse_verdict_at(struct parser *p, void *object)
{
    return parse_verdict_ttl(p, &((struct expect_verdict *)object)->at);
}

static enum status parse_verdict_after(struct parser *p, void *object)
{
    return parse_verdict_ttl(p, &((struct expect_verdict *)object)->after);
}

static enum status parse_verdict_before(struct parser *p, void *object)
{
    return parse_verdict_ttl(p, &((struct expect_verdict *)object)->before);
}

static enum status parse_verdict(struct parser *p, void *object)
{
    (void)object;
    static const struct keyword places[] = {
        {"at", parse_verdict_at}, {"after", parse_verdict_after}, {"before", parse_verdict_before}, {NULL, NULL}};
    if (p->net->verdict_count == NET_RULES_MOST)
        return parser_fail(p, "too many verdicts");
    struct expect_verdict *v = &p->net->verdicts[p->net->verdict_count++];
    v->chain = parser_accept(p, "auto");
    v->family = parser_accept(p, "4") ? 4 : parser_accept(p, "6") ? 6 : 0;
    snprintf(v->specs, sizeof v->specs, "%s", parser_next(p));
    snprintf(v->states, sizeof v->states, "%s", parser_next(p));
    if (!*v->states)
        return parser_fail(p, "no state");
    const char *word = p->words[p->at];
    if (word && strcmp(word, "at") != 0 && strcmp(word, "after") != 0 && strcmp(word, "before") != 0)
        snprintf(v->how, sizeof v->how, "%s", parser_next(p));
    return parser_keywords(p, places, v);
}

static const struct keyword statements[] = {
    {"client", parse_client}, {"router", parse_router},   {"host", parse_host}, {"chain", parse_chain},
    {"set", parse_set},       {"target", parse_target},   {"link", parse_link}, {"links", parse_links},
    {"route", parse_route},   {"filter", parse_filter},   {"nat", parse_nat},   {"rewrite", parse_rewrite},
    {"expect", parse_expect}, {"verdict", parse_verdict}, {NULL, NULL},
};

static enum status parse_line(struct parser *p, char *line)
{
    unsigned count = 0;
    char *rest = NULL;
    line[strcspn(line, "#\n")] = '\0';
    for (char *word = strtok_r(line, " \t\r", &rest); word && count < WORDS_MOST; word = strtok_r(NULL, " \t\r", &rest))
        p->words[count++] = word;
    p->words[count] = NULL;
    p->at = 0;
    for (const struct keyword *k = statements; count > 0 && k->word; k++)
        if (parser_accept(p, k->word)) {
            enum status status = k->parse(p, NULL);
            return status ? status : p->words[p->at] ? parser_fail(p, "too many words") : STATUS_OK;
        }
    return count == 0 ? STATUS_OK : parser_fail(p, "unknown statement");
}

/* Floyd and Warshall: links between any two nodes. Only the client and hosts forward nothing. */
static void measure_distances(struct net *net)
{
    memset(net->distance, UINT8_MAX, sizeof net->distance);
    for (unsigned i = 0; i < net->node_count; i++)
        net->distance[i][i] = 0;
    for (unsigned i = 0; i < net->link_count; i++) {
        const unsigned *ends = net->links[i].ends;
        net->distance[ends[0]][ends[1]] = net->distance[ends[1]][ends[0]] = 1;
    }
    for (unsigned via = 0; via < net->node_count; via++)
        for (unsigned a = 0; net->nodes[via].kind == NODE_ROUTER && a < net->node_count; a++)
            for (unsigned b = 0; b < net->node_count; b++) {
                unsigned around = (unsigned)net->distance[a][via] + net->distance[via][b];
                if (around < net->distance[a][b])
                    net->distance[a][b] = (uint8_t)around;
            }
}

static enum status finish(struct parser *p)
{
    struct net *net = p->net;
    p->words[p->at = 0] = NULL;
    int target = net_find(net, "target");
    if (target >= 0 && addr_is_none(&net->target[0]) && addr_is_none(&net->target[1]))
        memcpy(net->target, net->nodes[target].addresses, sizeof net->target);
    if (net->node_count == 0 || net->nodes[net->client].kind != NODE_CLIENT)
        return parser_fail(p, "there is no client");
    if (addr_is_none(&net->target[0]) && addr_is_none(&net->target[1]))
        return parser_fail(p, "there is no target");
    measure_distances(net);
    return STATUS_OK;
}

enum status net_parse(const char *name, const char *text, struct net **out, struct err *err)
{
    struct parser p = {.net = calloc(1, sizeof *p.net), .name = name, .err = err};
    if (!p.net)
        return err_set(err, STATUS_SYSTEM, "%s: cannot be read: out of memory", name);
    enum status status = STATUS_OK;
    while (!status && *text) {
        char line[LINE_BYTES];
        size_t length = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, text);
        p.line++;
        status = length < sizeof line ? parse_line(&p, line) : parser_fail(&p, "the line is too long");
        text += length + (text[length] == '\n');
    }
    if (!status)
        status = finish(&p);
    if (status)
        free(p.net);
    else
        *out = p.net;
    return status;
}

enum status net_read(const char *path, struct net **out, struct err *err)
{
    char text[16384];
    FILE *file = fopen(path, "r");
    if (!file)
        return err_set(err, STATUS_SYSTEM, "%s: cannot be read: %s", path, strerror(errno));
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    return net_parse(path, text, out, err);
}

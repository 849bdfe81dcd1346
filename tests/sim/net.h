/* SPDX-License-Identifier: BSD-2-Clause */
/* net: a simulated network as its text file describes it. For tests only; the language stands atop net_parse.c.
 *
 * Constant once parsed: what moves (packets in flight, tokens, translations) is the simulator's (sim.c). */
#ifndef HOPSONDE_TESTS_SIM_NET_H
#define HOPSONDE_TESTS_SIM_NET_H

#include "base/err.h"
#include "packet/packet.h"

#define NET_NAME_BYTES 24
#define NET_NODES_MOST 80
#define NET_LINKS_MOST 96
#define NET_RULES_MOST 32
#define NET_PORTS_MOST 16
#define NET_HOPS_MOST 40
#define SIGNATURES_MOST 65536 /* addresses that a node signs with */

enum node_kind { NODE_CLIENT, NODE_ROUTER, NODE_HOST };
enum answer_from {
    ANSWER_FROM_NODE,
    ANSWER_FROM_IN,
    ANSWER_FROM_BACK,
    ANSWER_IN_TURN, /* each error from the next of `signatures` made-up addresses */
    ANSWER_BY_FLOW, /* the errors about a flow from one of as many */
};
enum balance { BALANCE_NONE, BALANCE_PER_FLOW, BALANCE_PER_PACKET };
enum mpls_style {
    MPLS_COMPLIANT,    /* RFC 4884: the quote padded to 128 bytes, its length told */
    MPLS_NO_LENGTH,    /* padded likewise, length field 0, as before RFC 4884 */
    MPLS_WRONG_LENGTH, /* padded likewise, but the length is that of the bare quote */
};
/* What a host does in a connection; NONE: it has half-open ones only. QUIET, ANSWER and RESET acknowledge
 * data. CLOSE and ABORT end the connection at once, with a FIN or a RST. */
enum service { SERVICE_NONE, SERVICE_QUIET, SERVICE_ANSWER, SERVICE_RESET, SERVICE_CLOSE, SERVICE_ABORT };
/* What a host does with a connection that was idle for long enough. FORGET: it resets the next packet. TALK: it sends
 * data, each time. */
enum idle_end { IDLE_FIN, IDLE_RESET, IDLE_FORGET, IDLE_TALK };
enum port_state { PORT_CLOSED, PORT_OPEN, PORT_SILENT };

struct net_port {
    uint8_t protocol;
    uint16_t port; /* 0: every one */
    enum port_state state;
};

/* A token bucket. */
struct net_limit {
    unsigned burst; /* 0: no limit */
    double rate;    /* tokens a second */
    bool spent;     /* it has no token at first: another run had them all */
};

struct node {
    char name[NET_NAME_BYTES];
    enum node_kind kind;
    struct addr addresses[2]; /* IPv4, IPv6; none where the family is not spoken */
    bool silent;              /* sends nothing at all */
    bool silent_to[256];      /* sends no ICMP error about packets of the protocol */
    bool echo;                /* answers echo requests */
    bool zero_ttl;            /* forwards what arrives with TTL 1, as TTL 0 */
    bool hidden;              /* forwards without touching the TTL */
    uint8_t ttl_raise;        /* added after the decrement */
    int quote_ttl;            /* TTL that its quotes show; -1: as it was */
    int quote_bytes;          /* bytes of the quote past the IP header; -1: as much as the RFCs allow */
    struct net_limit limit;   /* of ICMP errors */
    struct net_limit resets;  /* of the resets of closed ports */
    int told_mtu;             /* MTU that its errors report; -1: the true one */
    uint8_t initial_ttl;      /* of all that it originates */
    enum answer_from answers; /* source address of its ICMP errors */
    unsigned signatures;      /* addresses that it signs with, up to 65536 */
    unsigned copies;          /* of each ICMP error, beyond the first */
    enum balance balance;
    struct mpls_label mpls[MPLS_LABELS_MOST];
    unsigned mpls_count;
    enum mpls_style mpls_style;
    struct net_port ports[NET_PORTS_MOST]; /* hosts */
    unsigned port_count;
    enum service service; /* hosts: of all open TCP ports */
    bool no_stamps;       /* hosts: it uses no TCP timestamps */
    nstime idle_most;     /* hosts: the time after which it ends idle connections; 0: it keeps them */
    enum idle_end idle_end;
    double unseen;    /* client: share of its own frames that the capture misses */
    bool refuse[256]; /* client: the local firewall refuses the protocol */
};

struct link {
    unsigned ends[2]; /* node indices */
    nstime delay, jitter, reorder_by;
    double loss, duplicate, reorder; /* 0 to 1 */
    unsigned mtu;
    unsigned hole[2];            /* larger packets vanish: from ends[0], from ends[1]; 0: none does */
    bool dead;                   /* the neighbour at ends[1] does not resolve */
    struct addr addresses[2][2]; /* of either end, IPv4 and IPv6; none: the node's */
};

enum route_kind { ROUTE_VIA, ROUTE_UNREACHABLE, ROUTE_PROHIBIT, ROUTE_BLACKHOLE };

/* An exception to the shortest path. */
struct route {
    unsigned node, to;
    enum route_kind kind;
    unsigned via;
};

enum hook { HOOK_PREROUTING, HOOK_INPUT, HOOK_FORWARD, HOOK_OUTPUT, HOOK_POSTROUTING };
enum verb {
    VERB_DROP,
    VERB_PASS,
    VERB_REJECT,
    VERB_RESET,
    VERB_ANSWER, /* replies in the target's name */
    VERB_INJECT, /* TCP: resets both ends; else as ANSWER; and the packet goes on */
};

#define FILTER_NAME_BYTES 64

struct filter {
    unsigned node;
    enum hook hook;
    bool protocols[256];                       /* those it matches */
    bool echo_only, errors_only;               /* of ICMP */
    bool syn_only;                             /* of TCP: SYN without ACK */
    bool data_only;                            /* of TCP: segments with data */
    uint16_t target_ports[2], source_ports[2]; /* lowest and highest */
    int from, to;                              /* node indices; -1: any */
    double chance;                             /* share of the matches it takes */
    char name[FILTER_NAME_BYTES];              /* that the packet carries; "": any or none */
    nstime idle; /* it matches packets of flows that sent none through it for this time, from then on; 0: of any */
    nstime hold; /* after a match it drops matching packets with any name for this time */
    nstime
        block; /* after a match it does the same to all packets of these protocols between both hosts for this time */
    enum verb verb;
    uint8_t refusal[2][2]; /* REJECT: type and code of IPv4 and IPv6 */
};

enum nat_kind { NAT_SOURCE, NAT_TARGET };
enum nat_inner { INNER_FULL, INNER_NONE, INNER_NO_CHECKSUM };

struct nat {
    unsigned node;
    enum nat_kind kind;
    struct addr addresses[2]; /* what others see */
    unsigned to;              /* NAT_TARGET: the node behind */
    uint16_t shift;           /* NAT_SOURCE: added to the source port */
    enum nat_inner inner;     /* how much of a quote is translated back */
};

enum rewrite_what { REWRITE_WHAT_DSCP, REWRITE_WHAT_ECN, REWRITE_WHAT_MSS, REWRITE_WHAT_ID, REWRITE_WHAT_SEQ };

/* A field that forwarding through the node changes. */
struct net_rewrite {
    unsigned node;
    enum rewrite_what what;
    uint32_t value; /* SEQ: added; others: set */
};

/* Who should be seen, hop by hop; the scenario's author says so by hand. */
struct expect_hop {
    unsigned nodes[8];
    unsigned node_count; /* 0: silent */
    bool refuses;
    bool open; /* any of them or silence */
};

struct expect {
    char specs[128]; /* "*" or spellings joined by commas */
    uint8_t family;  /* 0: either */
    struct expect_hop hops[NET_HOPS_MOST];
    unsigned hop_count;
    char end[16]; /* "reached" ... */
};

/* What the verdict on a spec must be; its author says so by hand. */
struct expect_verdict {
    bool chain;            /* of a run of the whole chain; such a line is looked for first there */
    char specs[128];       /* "*" or spellings joined by commas */
    uint8_t family;        /* 0: either */
    char states[64];       /* joined by `|`; "?": any, the rest is not looked at then */
    char how[32];          /* "": none; "?": any */
    int at, after, before; /* TTLs; 0: none; -1: any */
};

struct net {
    struct node nodes[NET_NODES_MOST];
    struct link links[NET_LINKS_MOST];
    struct route routes[NET_RULES_MOST];
    struct filter filters[NET_RULES_MOST];
    struct nat nats[NET_RULES_MOST];
    struct net_rewrite rewrites[NET_RULES_MOST];
    struct expect expects[NET_RULES_MOST];
    struct expect_verdict verdicts[NET_RULES_MOST];
    unsigned node_count, link_count, route_count, filter_count, nat_count, rewrite_count, expect_count;
    unsigned verdict_count;
    unsigned client;
    struct addr target[2];
    uint8_t distance[NET_NODES_MOST][NET_NODES_MOST]; /* links between two nodes; UINT8_MAX: no way */
};

/* Reads a network. The caller frees it with free(). Errors name file and line. */
enum status net_read(const char *path, struct net **out, struct err *err);
enum status net_parse(const char *name, const char *text, struct net **out, struct err *err);

/* Node by name; -1: none. */
int net_find(const struct net *net, const char *name);
/* The node that an address leads to: its own, one of its links' ends, or one it translates; -1: none. */
int net_owner(const struct net *net, const struct addr *address);
/* Address of a node in a family (4 or 6). */
const struct addr *net_address(const struct net *net, unsigned node, uint8_t family);

#endif

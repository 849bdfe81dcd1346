/* SPDX-License-Identifier: BSD-2-Clause */
/* Each finding, from a few probes and their replies; and look-alikes that yield none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "strategies/strategies.h"
#include "tap.h"
#include "unit/support/fake_session.h"
#include "verdict/verdict.h"

#define R1 "10.0.1.1"
#define R2 "10.0.2.1"
#define R3 "10.0.3.1"
#define R4 "10.0.4.1"
#define R5 "10.0.5.1"
#define B2 "10.7.2.1"
#define B3 "10.7.3.1"
#define DUMMY "192.0.0.8" /* RFC 7600 */
#define TARGET "192.0.2.80"

/* One probe and its reply. Fields that are 0 have the usual value: time exceeded, a symmetric reply TTL, quoted TTL 1.
 */
struct event {
    unsigned trace;
    uint8_t ttl;
    const char *from; /* NULL: silent */
    int kind;         /* enum reply_kind, if not time exceeded */
    uint8_t code;
    uint8_t reply_ttl;
    uint8_t flow;
    uint16_t wait_ms;  /* before it is sent, beside the usual millisecond */
    uint8_t quoted;    /* TTL, plus 1 */
    uint32_t label;    /* MPLS */
    int field;         /* enum rewrite_field, plus 1 */
    uint64_t sent, is; /* its values */
    uint32_t shown;    /* by the quote: rewrite_shown() */
    int match;         /* enum match, if not exact */
    uint16_t mtu;
};

#define EVENTS_MOST 64
#define FLOWS 4 /* of each trace */

struct row {
    const char *name;
    const char *specs;
    struct event events[EVENTS_MOST]; /* ends with ttl 0 */
    const char *want;                 /* "KIND@AT>AFTER ..." in any order of the table; TTLs, where known */
    const char *says;                 /* of the first; NULL: any */
    const char *detail;               /* "name=number" of the first; NULL: any */
    const char *verdict;              /* the state of the first spec; NULL: any */
};

#define EXCEEDED(t, hop, who)                                                                                          \
    {                                                                                                                  \
        .trace = (t), .ttl = (hop), .from = (who)                                                                      \
    }
#define SILENT(t, hop)                                                                                                 \
    {                                                                                                                  \
        .trace = (t), .ttl = (hop)                                                                                     \
    }
#define WHOLE (2 * REWRITE_SHOWN_WHOLE - 1)
#define SHORT (REWRITE_SHOWN_WHOLE - 1 - (1U << REWRITE_PAYLOAD))
#define QUOTING(hop, who, what, holds)                                                                                 \
    {                                                                                                                  \
        .ttl = (hop), .from = (who), .field = (what), .sent = 7, .is = 9, .shown = (holds)                             \
    }
#define REACHED(t, hop, what)                                                                                          \
    {                                                                                                                  \
        .trace = (t), .ttl = (hop), .from = TARGET, .kind = (what)                                                     \
    }
#define CHANGED(t, hop, who, what, a, b)                                                                               \
    {                                                                                                                  \
        .trace = (t), .ttl = (hop), .from = (who), .field = (what) + 1, .sent = (a), .is = (b)                         \
    }
#define QUOTED(t, hop, who, n)                                                                                         \
    {                                                                                                                  \
        .trace = (t), .ttl = (hop), .from = (who), .quoted = (n) + 1                                                   \
    }
#define UNDECREMENTED(t, hop, who, n)                                                                                  \
    {                                                                                                                  \
        .trace = (t), .ttl = (hop), .from = (who), .quoted = 1, .reply_ttl = (n)                                       \
    }
#define BACK(t, hop, who, n)                                                                                           \
    {                                                                                                                  \
        .trace = (t), .ttl = (hop), .from = (who), .reply_ttl = (n)                                                    \
    }
#define OF_FLOW(t, hop, who, n)                                                                                        \
    {                                                                                                                  \
        .trace = (t), .ttl = (hop), .from = (who), .flow = (n)                                                         \
    }

/* A clean path of four routers for one spec, and its end. */
#define CLEAN(t) EXCEEDED(t, 1, R1), EXCEEDED(t, 2, R2), EXCEEDED(t, 3, R3), EXCEEDED(t, 4, R4)

/* The rest of the path behind the second router, and its end. */
#define BEHIND(t) EXCEEDED(t, 3, R3), EXCEEDED(t, 4, R4), EXCEEDED(t, 5, R5)

static const struct row rows[] = {
    {"a clean path shows nothing",
     "icmp tcp/443 udp",
     {CLEAN(0),
      CLEAN(1),
      CLEAN(2),
      REACHED(0, 5, REPLY_ECHO),
      REACHED(1, 5, REPLY_SYN_ACK),
      {.trace = 2, .ttl = 5, .from = TARGET, .kind = REPLY_UNREACHABLE, .code = 3}},
     .want = ""},
    {"one lost reply shows nothing",
     "icmp tcp/443",
     {EXCEEDED(0, 1, R1), SILENT(0, 2), EXCEEDED(0, 3, R3), REACHED(0, 4, REPLY_ECHO), EXCEEDED(1, 1, R1),
      EXCEEDED(1, 2, R2), EXCEEDED(1, 3, R3), REACHED(1, 4, REPLY_SYN_ACK)},
     .want = ""},

    /* rewrites */
    {"a DSCP that one quote shows changed",
     "icmp",
     {EXCEEDED(0, 1, R1), EXCEEDED(0, 2, R2), CHANGED(0, 3, R3, REWRITE_IP_DSCP, 46, 0),
      CHANGED(0, 4, R4, REWRITE_IP_DSCP, 46, 0), REACHED(0, 5, REPLY_ECHO)},
     .want = "dscp-rewrite@3>2",
     .says = "ip.dscp is changed between hop 2 (10.0.2.1) and hop 3 (10.0.3.1): sent 46, quoted 0",
     .detail = "quoted=0"},
    {"for all specs it is one finding, in the narrowest range of hops",
     "icmp udp",
     {EXCEEDED(0, 1, R1), SILENT(0, 2), CHANGED(0, 3, R3, REWRITE_IP_DSCP, 46, 0), EXCEEDED(1, 1, R1),
      EXCEEDED(1, 2, R2), SILENT(1, 3), CHANGED(1, 4, R4, REWRITE_IP_DSCP, 46, 0)},
     .want = "dscp-rewrite@3>2",
     .detail = "sent=46"},
    {"two places make two findings",
     "icmp udp",
     {EXCEEDED(0, 1, R1), CHANGED(0, 2, R2, REWRITE_IP_DSCP, 46, 8), EXCEEDED(1, 1, R1), EXCEEDED(1, 2, R2),
      EXCEEDED(1, 3, R3), CHANGED(1, 4, R4, REWRITE_IP_DSCP, 46, 0)},
     .want = "dscp-rewrite@2>1 dscp-rewrite@4>3"},
    {"a later quote as sent is mentioned",
     "icmp",
     {EXCEEDED(0, 1, R1), CHANGED(0, 2, R2, REWRITE_IP_DSCP, 46, 0), EXCEEDED(0, 3, R3)},
     .want = "dscp-rewrite@2>1",
     .says = "later routers quote it as sent"},
    {"a change at the first hop may be before it",
     "icmp",
     {CHANGED(0, 1, R1, REWRITE_IP_DSCP, 46, 0), CHANGED(0, 2, R2, REWRITE_IP_DSCP, 46, 0)},
     .want = "dscp-rewrite@1",
     .says = "at or before hop 1"},
    {"ECN that is cleared",
     "icmp",
     {EXCEEDED(0, 1, R1), CHANGED(0, 2, R2, REWRITE_IP_ECN, 2, 0)},
     .want = "ecn-bleached@2>1"},
    {"but a congestion mark is no rewrite",
     "icmp",
     {EXCEEDED(0, 1, R1), CHANGED(0, 2, R2, REWRITE_IP_ECN, 2, 3)},
     .want = ""},
    {"MSS: earlier quotes are not known to include it",
     "tcp/443",
     {EXCEEDED(0, 1, R1), EXCEEDED(0, 2, R2), CHANGED(0, 3, R3, REWRITE_TCP_MSS, 1460, 1400)},
     .want = "mss-clamp@3",
     .says = "no earlier quote is known to include it",
     .detail = "quoted=1400"},
    {"removed options are named",
     "tcp/443",
     {EXCEEDED(0, 1, R1), CHANGED(0, 2, R2, REWRITE_TCP_OPTIONS, 0x11c, 0x4)},
     .want = "tcp-options-stripped@2",
     .says = "removed: window scale, SACK permitted, timestamps"},
    {"an added option is not stripped",
     "tcp/443",
     {EXCEEDED(0, 1, R1), CHANGED(0, 2, R2, REWRITE_TCP_OPTIONS, 0x4, 0x14)},
     .want = "header-rewrite@2"},
    {"another IP id",
     "udp",
     {EXCEEDED(0, 1, R1), CHANGED(0, 2, R2, REWRITE_IP_ID, 7, 9)},
     .want = "header-rewrite@2>1"},
    {"another payload",
     "udp",
     {EXCEEDED(0, 1, R1), CHANGED(0, 2, R2, REWRITE_PAYLOAD, 7, 9)},
     .want = "payload-rewrite@2"},
    {"another source port shows a NAT",
     "udp",
     {EXCEEDED(0, 1, R1), CHANGED(0, 2, R2, REWRITE_SOURCE_PORT, 7, 9)},
     .want = "nat@2>1"},
    {"a field that a NAT changes back in some quotes has no place between them",
     "udp",
     {EXCEEDED(0, 1, R1), CHANGED(0, 2, R2, REWRITE_SOURCE_PORT, 7, 9), EXCEEDED(0, 3, R3)},
     .want = "nat@2",
     .says = "behind a NAT that changes quotes back"},
    {"a checksum that does not fit the quote: changed, and changed back",
     "udp",
     {EXCEEDED(0, 1, R1), CHANGED(0, 2, R2, REWRITE_CHECKSUM, 0x1234, 0x5678)},
     .want = "nat@2>1",
     .says = "a NAT changed what it covers and changed the quote back"},
    {"the quote holds all that it covers",
     "udp",
     {QUOTING(1, R1, 0, WHOLE), QUOTING(2, R2, REWRITE_CHECKSUM + 1, WHOLE)},
     .want = "nat@2>1"},
    {"if it does not, the change may be beyond the quote",
     "udp",
     {QUOTING(1, R1, 0, SHORT), QUOTING(2, R2, REWRITE_CHECKSUM + 1, SHORT)},
     .want = "header-rewrite@2>1",
     .says = "or the change is beyond the quote"},
    {"another sequence number, known by the id and the ports",
     "tcp/443",
     {QUOTING(1, R1, 0, SHORT),
      {.ttl = 2, .from = R2, .field = REWRITE_TCP_SEQ + 1, .sent = 7, .is = 9, .shown = SHORT, .match = MATCH_WEAK}},
     .want = "header-rewrite@2>1",
     .detail = "quoted=9"},
    {"but by the id alone it may be another packet",
     "tcp/443",
     {QUOTING(1, R1, 0, SHORT),
      {.ttl = 2,
       .from = R2,
       .field = REWRITE_SOURCE_PORT + 1,
       .sent = 7,
       .is = 9,
       .shown = SHORT,
       .match = MATCH_WEAK}},
     .want = ""},
    {"time exceeded in the target's name shows a NAT",
     "udp",
     {EXCEEDED(0, 1, R1), EXCEEDED(0, 2, TARGET), EXCEEDED(0, 3, TARGET)},
     .want = "nat@2",
     .detail = "hops=2"},
    {"at one distance it shows one device",
     "udp",
     {EXCEEDED(0, 1, R1), EXCEEDED(0, 2, TARGET), BACK(0, 3, TARGET, 63)},
     .want = ""},
    {"unless the target replies behind it",
     "udp icmp",
     {EXCEEDED(0, 1, R1),
      EXCEEDED(0, 2, TARGET),
      BACK(0, 3, TARGET, 63),
      BACK(0, 4, TARGET, 63),
      {.trace = 1, .ttl = 5, .from = TARGET, .kind = REPLY_ECHO, .reply_ttl = 63}},
     .want = "nat@2",
     .detail = "hops=3"},
    {"a single hop in the target's name shows none",
     "udp",
     {EXCEEDED(0, 1, R1), EXCEEDED(0, 2, TARGET), SILENT(0, 3)},
     .want = ""},
    {"nor does one before the target",
     "icmp",
     {EXCEEDED(0, 1, R1), EXCEEDED(0, 2, TARGET), REACHED(0, 3, REPLY_ECHO)},
     .want = ""},
    {"nor do hops behind which routers reply in their own name",
     "icmp",
     {EXCEEDED(0, 1, TARGET), EXCEEDED(0, 2, TARGET), EXCEEDED(0, 3, R3), REACHED(0, 4, REPLY_ECHO)},
     .want = ""},

    /* the TTL */
    {"an expired packet with TTL left had its TTL changed",
     "udp",
     {EXCEEDED(0, 1, R1), QUOTED(0, 2, R2, 64), EXCEEDED(0, 3, R3)},
     .want = "ttl-rewrite@2>1",
     .detail = "quoted=64"},
    {"a target that is reached with more TTL than was left",
     "udp",
     {EXCEEDED(0, 1, R1),
      EXCEEDED(0, 2, R2),
      {.ttl = 3, .from = TARGET, .kind = REPLY_UNREACHABLE, .code = 3, .quoted = 63}},
     .want = "ttl-rewrite@3>2"},
    {"but a router that finds it too big has not decremented the TTL yet",
     "udp/443",
     {EXCEEDED(0, 1, R1),
      EXCEEDED(0, 2, R2),
      {.ttl = 3, .from = R2, .kind = REPLY_TOO_BIG, .code = 4, .quoted = 3, .mtu = 1000}},
     .want = "mtu@2"},
    {"an MTU that no link has is none",
     "udp/443",
     {EXCEEDED(0, 1, R1), EXCEEDED(0, 2, R2), {.ttl = 3, .from = R2, .kind = REPLY_TOO_BIG, .code = 4, .mtu = 67}},
     .want = ""},
    {"the least has 68 bytes",
     "udp/443",
     {EXCEEDED(0, 1, R1), EXCEEDED(0, 2, R2), {.ttl = 3, .from = R2, .kind = REPLY_TOO_BIG, .code = 4, .mtu = 68}},
     .want = "mtu@2"},
    {"two links, each smaller than the one before, and one report twice",
     "udp/443",
     {EXCEEDED(0, 1, R1),
      {.ttl = 2, .from = R1, .kind = REPLY_TOO_BIG, .code = 4, .mtu = 1000},
      {.ttl = 3, .from = R2, .kind = REPLY_TOO_BIG, .code = 4, .mtu = 900},
      {.ttl = 3, .from = R2, .kind = REPLY_TOO_BIG, .code = 4, .mtu = 900}},
     .want = "mtu@1 mtu@3"},
    {"of IPv6 1280",
     "udp/443",
     {EXCEEDED(0, 1, R1), {.ttl = 2, .from = "2001:db8::2", .kind = REPLY_TOO_BIG, .mtu = 1279}},
     .want = ""},
    {"and not less",
     "udp/443",
     {EXCEEDED(0, 1, R1), {.ttl = 2, .from = "2001:db8::2", .kind = REPLY_TOO_BIG, .mtu = 1280}},
     .want = "mtu@2"},
    {"one router at three hops, with no TTL left",
     "udp",
     {EXCEEDED(0, 1, R1), EXCEEDED(0, 2, R2), BACK(0, 3, R2, 63), BACK(0, 4, R2, 63)},
     .want = "ttl-rewrite@4>3"},
    {"reply TTLs that fall from hop to hop show routers with one address",
     "udp",
     {EXCEEDED(0, 1, R1), EXCEEDED(0, 2, R2), EXCEEDED(0, 3, R2), EXCEEDED(0, 4, R2)},
     .want = ""},
    {"routers share a dummy address, at any reply TTLs",
     "udp",
     {BACK(0, 1, DUMMY, 62), BACK(0, 2, DUMMY, 62), BACK(0, 3, DUMMY, 62), BACK(0, 4, DUMMY, 62)},
     .want = ""},
    {"one at two hops is a hidden hop, as at the end of a tunnel",
     "udp",
     {EXCEEDED(0, 1, R1), EXCEEDED(0, 2, R2), BACK(0, 3, R2, 63), EXCEEDED(0, 4, R4)},
     .want = "hidden-hop@3>2"},
    {"but two, if their reply TTLs differ",
     "udp",
     {EXCEEDED(0, 1, R1), EXCEEDED(0, 2, R2), EXCEEDED(0, 3, R2), EXCEEDED(0, 4, R4)},
     .want = ""},
    {"or if routers share the address",
     "udp",
     {EXCEEDED(0, 1, R1), EXCEEDED(0, 2, DUMMY), BACK(0, 3, DUMMY, 63), EXCEEDED(0, 4, R4)},
     .want = ""},
    {"a router that forwards TTL 0: the next replies twice, and quotes it",
     "icmp udp",
     {EXCEEDED(0, 1, R1), UNDECREMENTED(0, 2, R3, 62), BACK(0, 3, R3, 62), EXCEEDED(0, 4, R4), EXCEEDED(1, 1, R1),
      UNDECREMENTED(1, 2, R3, 62), BACK(1, 3, R3, 62), EXCEEDED(1, 4, R4)},
     .want = "zero-ttl@2"},
    {"but not if routers share the address",
     "udp",
     {EXCEEDED(0, 1, R1), UNDECREMENTED(0, 2, DUMMY, 62), BACK(0, 3, DUMMY, 62), EXCEEDED(0, 4, R4)},
     .want = ""},
    {"a hop that one spec does not see",
     "icmp udp",
     {EXCEEDED(0, 1, R1), EXCEEDED(0, 2, R2), BACK(0, 3, R3, 62), BACK(0, 4, R4, 61), EXCEEDED(1, 1, R1),
      BACK(1, 2, R3, 62), BACK(1, 3, R4, 61)},
     .want = "hidden-hop@2",
     .says = "udp does not see hop 2 (10.0.2.1) and reaches 10.0.3.1 one hop earlier than icmp"},
    {"a shared address is not a router that one spec reaches earlier",
     "icmp udp",
     {EXCEEDED(0, 1, R1), EXCEEDED(0, 2, R2), BACK(0, 3, DUMMY, 62), EXCEEDED(1, 1, R1), BACK(1, 2, DUMMY, 62)},
     .want = ""},
    {"labels show a tunnel",
     "udp",
     {EXCEEDED(0, 1, R1),
      {.ttl = 2, .from = R2, .label = 24001},
      {.ttl = 3, .from = R3, .label = 24002},
      EXCEEDED(0, 4, R4)},
     .want = "mpls-tunnel@2>1",
     .detail = "hops=2"},
    {"a rising quoted TTL shows one without labels",
     "udp",
     {EXCEEDED(0, 1, R1), EXCEEDED(0, 2, R2), QUOTED(0, 3, R3, 2), QUOTED(0, 4, R4, 3), EXCEEDED(0, 5, R5)},
     .want = "mpls-tunnel@2",
     .detail = "hops=3"},

    /* the return path */
    {"a return path that stays longer",
     "udp",
     {EXCEEDED(0, 1, R1), EXCEEDED(0, 2, R2), BACK(0, 3, R3, 61), BACK(0, 4, R4, 60)},
     .want = "asymmetric-return@3>2",
     .says = "1 hop longer",
     .detail = "return_hops=4"},
    {"with any initial TTL of the routers",
     "udp",
     {EXCEEDED(0, 1, R1), BACK(0, 2, R2, 254), BACK(0, 3, R3, 253), EXCEEDED(0, 4, R4)},
     .want = ""},
    {"one hop is not enough",
     "udp",
     {EXCEEDED(0, 1, R1), EXCEEDED(0, 2, R2), BACK(0, 3, R3, 61), EXCEEDED(0, 4, R4)},
     .want = ""},

    /* load balancing */
    {"flows of one spec by several routers",
     "udp",
     {EXCEEDED(0, 1, R1), OF_FLOW(0, 2, R2, 0), OF_FLOW(0, 2, B2, 1), OF_FLOW(0, 3, R3, 0), OF_FLOW(0, 3, B3, 1),
      EXCEEDED(0, 4, R4)},
     .want = "load-balanced@2>1",
     .says = "load balancing before hop 2: flows reach 10.0.2.1 or 10.7.2.1",
     .detail = "hops=2"},
    {"two specs by two routers",
     "udp icmp",
     {EXCEEDED(0, 1, R1), EXCEEDED(0, 2, R2), EXCEEDED(0, 3, R3), EXCEEDED(1, 1, R1), EXCEEDED(1, 2, B2),
      EXCEEDED(1, 3, R3)},
     .want = "load-balanced@2>1",
     .says =
         "or routing by protocol before hop 2: probes reach 10.0.2.1 or 10.7.2.1, unless the route changed in between"},
    {"and one of them again, by the first router: no route change",
     "udp icmp",
     {EXCEEDED(0, 1, R1), EXCEEDED(0, 2, R2), EXCEEDED(0, 3, R3), EXCEEDED(1, 1, R1), EXCEEDED(1, 2, B2),
      EXCEEDED(1, 3, R3), EXCEEDED(0, 2, R2)},
     .want = "load-balanced@2>1",
     .says = "probes reach 10.0.2.1 or 10.7.2.1."},
    {"one flow by two routers that alternate",
     "udp",
     {EXCEEDED(0, 1, R1), EXCEEDED(0, 2, R2), EXCEEDED(0, 2, B2), EXCEEDED(0, 2, R2), EXCEEDED(0, 3, R3)},
     .want = "per-packet-balanced@2"},
    {"one after the other is a route change",
     "udp",
     {EXCEEDED(0, 1, R1), EXCEEDED(0, 2, R2), EXCEEDED(0, 2, R2), EXCEEDED(0, 2, B2), EXCEEDED(0, 2, B2),
      EXCEEDED(0, 3, R3)},
     .want = "route-change@2>1"},
    {"one reply of each may be either",
     "udp",
     {EXCEEDED(0, 1, R1), EXCEEDED(0, 2, R2), EXCEEDED(0, 2, B2), EXCEEDED(0, 3, R3)},
     .want = ""},

    /* rate limits and firewalls */
    {"a router that replies to a few probes, while later hops reply to all",
     "icmp udp tcp/443 tcp/80",
     {CLEAN(0), CLEAN(1), CLEAN(2), CLEAN(3), EXCEEDED(0, 1, R1), EXCEEDED(1, 1, R1), SILENT(0, 2), SILENT(1, 2),
      SILENT(2, 2), SILENT(3, 2), SILENT(2, 2), SILENT(0, 2), SILENT(1, 2), SILENT(3, 2), BEHIND(0), BEHIND(1),
      BEHIND(2), BEHIND(3)},
     .want = "rate-limit@2",
     .detail = "answered=4"},
    {"a silent router",
     "icmp udp tcp/443 tcp/80",
     {EXCEEDED(0, 1, R1), SILENT(0, 2), EXCEEDED(0, 3, R3), EXCEEDED(0, 4, R4), EXCEEDED(1, 1, R1), SILENT(1, 2),
      EXCEEDED(1, 3, R3), EXCEEDED(1, 4, R4), EXCEEDED(2, 1, R1), SILENT(2, 2), EXCEEDED(2, 3, R3), EXCEEDED(2, 4, R4),
      BEHIND(0), BEHIND(1), BEHIND(2)},
     .want = "silent-hop@2",
     .detail = "silent=3"},
    {"a router that is silent to one spec",
     "icmp udp tcp/443",
     {EXCEEDED(0, 1, R1), EXCEEDED(1, 1, R1), EXCEEDED(2, 1, R1), SILENT(0, 2), EXCEEDED(1, 2, R2), EXCEEDED(2, 2, R2),
      SILENT(0, 2), EXCEEDED(1, 2, R2), EXCEEDED(2, 2, R2), EXCEEDED(0, 3, R3), EXCEEDED(1, 3, R3), EXCEEDED(2, 3, R3),
      BEHIND(0), BEHIND(1), BEHIND(2)},
     .want = "silent-hop@2",
     .says = "forwards icmp but sends no time-exceeded for it: 0 of 2 probes answered, 4 of 4 of other probes"},
    {"a silence without a reply just after it shows nothing, and hides nothing",
     "icmp udp tcp/443",
     {EXCEEDED(0, 1, R1),
      EXCEEDED(1, 1, R1),
      EXCEEDED(2, 1, R1),
      SILENT(0, 2),
      EXCEEDED(1, 2, R2),
      EXCEEDED(2, 2, R2),
      SILENT(0, 2),
      {.trace = 1, .ttl = 2, .from = R2, .wait_ms = 100},
      EXCEEDED(2, 2, R2),
      SILENT(0, 2),
      EXCEEDED(1, 2, R2),
      EXCEEDED(2, 2, R2),
      EXCEEDED(0, 3, R3),
      EXCEEDED(1, 3, R3),
      EXCEEDED(2, 3, R3),
      BEHIND(0),
      BEHIND(1),
      BEHIND(2)},
     .want = "silent-hop@2",
     .says = "forwards icmp but sends no time-exceeded for it: 0 of 3 probes answered, 6 of 6 of other probes"},
    {"a single silence that counts is too few",
     "icmp udp tcp/443",
     {EXCEEDED(0, 1, R1),
      EXCEEDED(1, 1, R1),
      EXCEEDED(2, 1, R1),
      SILENT(0, 2),
      EXCEEDED(1, 2, R2),
      EXCEEDED(2, 2, R2),
      SILENT(0, 2),
      {.trace = 1, .ttl = 2, .from = R2, .wait_ms = 100},
      EXCEEDED(2, 2, R2),
      EXCEEDED(0, 3, R3),
      EXCEEDED(1, 3, R3),
      EXCEEDED(2, 3, R3),
      BEHIND(0),
      BEHIND(1),
      BEHIND(2)},
     .want = ""},
    {"flows that stop while others get through",
     "udp",
     {OF_FLOW(0, 1, R1, 0),
      OF_FLOW(0, 1, R1, 1),
      OF_FLOW(0, 2, R2, 0),
      OF_FLOW(0, 2, R2, 1),
      OF_FLOW(0, 3, R3, 0),
      OF_FLOW(0, 3, NULL, 1),
      OF_FLOW(0, 3, R3, 2),
      OF_FLOW(0, 3, R3, 3),
      OF_FLOW(0, 4, R4, 0),
      OF_FLOW(0, 4, NULL, 1),
      OF_FLOW(0, 4, R4, 2),
      OF_FLOW(0, 4, R4, 3),
      {.ttl = 3, .flow = 1, .wait_ms = 60},
      OF_FLOW(0, 3, R3, 2),
      OF_FLOW(0, 4, NULL, 1),
      OF_FLOW(0, 4, R4, 2)},
     .want = "path-dependent@>2",
     .says = "udp depends on the source port: 1 of 4 is lost after hop 2 (10.0.2.1) and 3 get through"},
    {"a flow that lost one reply has not stopped",
     "udp",
     {OF_FLOW(0, 1, R1, 0), OF_FLOW(0, 1, R1, 1), OF_FLOW(0, 2, R2, 0), OF_FLOW(0, 2, NULL, 1), OF_FLOW(0, 2, R2, 2)},
     .want = ""},
    {"nor has one that stops where all do, and lost the reply just before",
     "udp icmp",
     {EXCEEDED(1, 1, R1), EXCEEDED(1, 2, R2),     EXCEEDED(1, 3, R3),   EXCEEDED(1, 4, R4),
      EXCEEDED(1, 5, R5), OF_FLOW(0, 1, R1, 0),   OF_FLOW(0, 2, R2, 0), OF_FLOW(0, 3, NULL, 0),
      EXCEEDED(1, 3, R3), OF_FLOW(0, 4, NULL, 0), EXCEEDED(1, 4, R4),   OF_FLOW(0, 5, NULL, 0),
      EXCEEDED(1, 5, R5), OF_FLOW(0, 3, R3, 1),   EXCEEDED(1, 3, R3),   OF_FLOW(0, 4, NULL, 1),
      EXCEEDED(1, 4, R4), OF_FLOW(0, 5, NULL, 1), EXCEEDED(1, 5, R5),   OF_FLOW(0, 4, NULL, 2),
      EXCEEDED(1, 4, R4), OF_FLOW(0, 5, NULL, 2), EXCEEDED(1, 5, R5),   OF_FLOW(0, 4, NULL, 3),
      EXCEEDED(1, 4, R4), OF_FLOW(0, 5, NULL, 3), EXCEEDED(1, 5, R5),   REACHED(1, 6, REPLY_ECHO)},
     .want = ""},
    {"a flow that is refused has",
     "udp",
     {OF_FLOW(0, 1, R1, 0),
      OF_FLOW(0, 1, R1, 1),
      OF_FLOW(0, 2, R2, 0),
      {.ttl = 2, .from = R1, .flow = 1, .kind = REPLY_UNREACHABLE, .code = 13}},
     .want = "path-dependent@1",
     .verdict = "inconclusive"},
    {"a proxy on one path is none on the others",
     "tcp/80 icmp",
     {OF_FLOW(0, 1, R1, 0),
      OF_FLOW(0, 1, R1, 1),
      OF_FLOW(0, 2, R2, 0),
      {.ttl = 2, .from = TARGET, .kind = REPLY_SYN_ACK, .flow = 1, .reply_ttl = 63},
      OF_FLOW(0, 3, R3, 0),
      REACHED(0, 4, REPLY_SYN_ACK),
      EXCEEDED(1, 1, R1),
      EXCEEDED(1, 2, R2),
      EXCEEDED(1, 3, R3),
      REACHED(1, 4, REPLY_ECHO)},
     .want = "path-dependent@>1",
     .verdict = "open"},
    {"a SYN/ACK from before the target shows a proxy",
     "icmp tcp/80",
     {CLEAN(0),
      REACHED(0, 5, REPLY_ECHO),
      EXCEEDED(1, 1, R1),
      EXCEEDED(1, 2, R2),
      {.trace = 1, .ttl = 3, .from = TARGET, .kind = REPLY_SYN_ACK, .reply_ttl = 62}},
     .want = "proxy@3",
     .detail = "reply_ttl=62"},
    {"a device short of the target answers larger TTLs with the same reply TTL: then no flow gets through",
     "tcp/443 icmp",
     {EXCEEDED(0, 1, R1),
      CLEAN(1),
      REACHED(1, 5, REPLY_ECHO),
      {.ttl = 2, .from = TARGET, .kind = REPLY_SYN_ACK, .reply_ttl = 63},
      {.ttl = 5, .from = TARGET, .kind = REPLY_SYN_ACK, .flow = 1, .reply_ttl = 63},
      {.ttl = 5, .from = TARGET, .kind = REPLY_SYN_ACK, .flow = 2, .reply_ttl = 63}},
     .want = "proxy@2",
     .verdict = "intercepted"},
    {"but another reply TTL may be the target's",
     "tcp/443 icmp",
     {EXCEEDED(0, 1, R1),
      CLEAN(1),
      REACHED(1, 5, REPLY_ECHO),
      {.ttl = 2, .from = TARGET, .kind = REPLY_SYN_ACK, .reply_ttl = 63},
      {.ttl = 5, .from = TARGET, .kind = REPLY_SYN_ACK, .flow = 1, .reply_ttl = 60}},
     .want = "path-dependent@>1",
     .verdict = "open"},
    {"SYN passes, a lone ACK does not: a stateful firewall",
     "tcp/80 tcp/80:ack icmp tcp/443",
     {CLEAN(0),
      REACHED(0, 5, REPLY_SYN_ACK),
      CLEAN(1),
      REACHED(2, 5, REPLY_ECHO),
      REACHED(3, 5, REPLY_SYN_ACK),
      REACHED(2, 5, REPLY_ECHO),
      REACHED(3, 5, REPLY_SYN_ACK),
      REACHED(0, 5, REPLY_SYN_ACK),
      /* each before the last router shows that it had a token for a refusal */
      SILENT(1, 5),
      EXCEEDED(1, 4, R4),
      {.trace = 1, .ttl = 5, .wait_ms = 60},
      EXCEEDED(1, 4, R4),
      {.trace = 1, .ttl = 5, .wait_ms = 60},
      EXCEEDED(1, 4, R4)},
     .want = "stateful-firewall@>4"},
    {"the last router may have had no token for a refusal",
     "tcp/80 tcp/80:ack icmp tcp/443",
     {CLEAN(0),
      REACHED(0, 5, REPLY_SYN_ACK),
      CLEAN(1),
      REACHED(2, 5, REPLY_ECHO),
      REACHED(3, 5, REPLY_SYN_ACK),
      REACHED(2, 5, REPLY_ECHO),
      REACHED(3, 5, REPLY_SYN_ACK),
      REACHED(0, 5, REPLY_SYN_ACK),
      SILENT(1, 5),
      {.trace = 1, .ttl = 5, .wait_ms = 60},
      {.trace = 1, .ttl = 5, .wait_ms = 60}},
     .want = ""},
    {"one silence is not enough",
     "tcp/80 tcp/80:ack",
     {CLEAN(0), REACHED(0, 5, REPLY_SYN_ACK), CLEAN(1), SILENT(1, 5)},
     .want = ""},
    {"SYN is rejected where a lone ACK passes: a stateless firewall",
     "tcp/80 tcp/80:ack icmp",
     {EXCEEDED(0, 1, R1),
      EXCEEDED(0, 2, R2),
      {.ttl = 3, .from = R2, .kind = REPLY_UNREACHABLE, .code = 13},
      CLEAN(1),
      REACHED(1, 5, REPLY_RST),
      CLEAN(2),
      REACHED(2, 5, REPLY_ECHO)},
     .want = "stateless-firewall@2"},
    {"a lone FIN is dropped on the way where SYN passes",
     "tcp/80 tcp/80:fin",
     {EXCEEDED(0, 1, R1), EXCEEDED(1, 1, R1), EXCEEDED(1, 2, R2),
      EXCEEDED(0, 2, R2), SILENT(1, 3),       EXCEEDED(0, 3, R3),
      SILENT(1, 4),       EXCEEDED(0, 4, R4), {.trace = 1, .ttl = 3, .wait_ms = 60},
      EXCEEDED(0, 3, R3), EXCEEDED(0, 2, R2), SILENT(1, 4),
      EXCEEDED(0, 4, R4), EXCEEDED(0, 2, R2), {.trace = 1, .ttl = 3, .wait_ms = 60},
      EXCEEDED(0, 3, R3), EXCEEDED(0, 2, R2), SILENT(1, 4),
      EXCEEDED(0, 4, R4), EXCEEDED(0, 2, R2), REACHED(0, 5, REPLY_SYN_ACK)},
     .want = "stateful-firewall@>2"},
};

static void play(struct fake *fake, const struct event *event)
{
    struct trace *trace = fake_trace(fake, event->trace);
    fake->now += event->wait_ms * NS_PER_MS;
    uint16_t serial = fake_send(fake, event->trace, event->ttl);
    trace_find(trace, serial)->flow = event->flow;
    if (!event->from) {
        fake_expire(fake, event->trace, serial);
        return;
    }
    struct icmp_extension extension = {.present = true, .mpls_count = 1, .mpls = {{.label = event->label}}};
    struct rewrite rewrite = {
        .field = (enum rewrite_field)(event->field - 1), .sent = event->sent, .quoted = event->is};
    struct fake_reply reply = {
        .from = event->from,
        .ms = 0.5,
        .kind = (enum reply_kind)event->kind,
        .type = event->kind == REPLY_UNREACHABLE ? 3 : 0,
        .code = event->code,
        .reply_ttl = event->reply_ttl ? event->reply_ttl : (uint8_t)(65 - event->ttl),
        .quotes_ttl = event->quoted,
        .quoted_ttl = (uint8_t)(event->quoted - 1),
        .extension = event->label ? &extension : NULL,
        .rewrites = event->field ? &rewrite : NULL,
        .rewrite_count = event->field != 0,
        .quoted_fields = event->shown,
        .mtu = event->mtu,
        .match = (enum match)event->match,
    };
    fake_answer(fake, event->trace, serial, &reply);
}

static void write_findings(const struct judgement *judgement, char *text, size_t room)
{
    *text = '\0';
    for (unsigned i = 0; i < judgement->finding_count; i++) {
        const struct finding *finding = &judgement->findings[i];
        size_t used = strlen(text);
        char at[8] = "", after[8] = "";
        if (finding->at.known)
            snprintf(at, sizeof at, "%u", finding->at.ttl);
        if (finding->after.known)
            snprintf(after, sizeof after, ">%u", finding->after.ttl);
        snprintf(text + used, room - used, "%s%s@%s%s", i ? " " : "", finding_kind_name(finding->kind), at, after);
    }
}

static bool has_detail(const struct finding *finding, const char *want)
{
    char text[64];
    for (unsigned i = 0; i < FINDING_DETAILS_MOST && finding->detail[i].name; i++) {
        snprintf(text, sizeof text, "%s=%.0f", finding->detail[i].name, finding->detail[i].number);
        if (!finding->detail[i].text && addr_is_none(&finding->detail[i].address) && strcmp(text, want) == 0)
            return true;
    }
    return false;
}

static void check_row(const struct row *row)
{
    struct fake fake;
    char text[1024];
    struct judgement *judgement = malloc(sizeof *judgement);
    fake_init(&fake, "", TARGET, row->specs);
    fake.session.config.strategy = &strategy_diagnose;
    for (unsigned i = 0; i < fake.session.trace_count; i++) {
        fake_trace(&fake, i)->flow_count = FLOWS;
        fake_trace(&fake, i)->alternates = calloc(FLOWS - 1, sizeof(struct flow));
    }
    for (unsigned i = 0; i < EVENTS_MOST && row->events[i].ttl; i++)
        play(&fake, &row->events[i]);
    verdict_judge(&fake.session, judgement);
    write_findings(judgement, text, sizeof text);
    const struct finding *first = &judgement->findings[0];
    const char *says = row->says ? row->says : "", *told = judgement->finding_count ? first->text : "";
    is_text(text, row->want, "%s", row->name);
    ok(strstr(told, says), "  says: %s", told);
    ok(!row->detail || (judgement->finding_count && has_detail(first, row->detail)), "  with %s",
       row->detail ? row->detail : "nothing more");
    if (row->verdict)
        is_text(verdict_state_name(judgement->verdicts[0].state), row->verdict, "  and the verdict: %s",
                judgement->verdicts[0].text);
    for (unsigned i = 0; i < judgement->finding_count; i++)
        ok(judgement->findings[i].frame_count >= 2, "  %u frames show it", judgement->findings[i].frame_count);
    free(judgement);
    fake_free(&fake);
}

/* More tunnels than there is room for, and a more important finding. */
static void check_too_many(void)
{
    struct fake fake;
    struct judgement *judgement = malloc(sizeof *judgement);
    fake_init(&fake, "", TARGET, "udp");
    fake.session.config.strategy = &strategy_diagnose;
    fake.session.config.max_ttl = 255;
    for (unsigned ttl = 1; ttl <= 200; ttl++) {
        char router[16];
        snprintf(router, sizeof router, "10.1.%u.1", ttl);
        struct event event = {.ttl = (uint8_t)ttl, .from = router, .reply_ttl = 64, .label = ttl % 2};
        if (ttl == 200)
            event = (struct event){.ttl = 200, .from = router, .field = REWRITE_IP_DSCP + 1, .sent = 46};
        play(&fake, &event);
    }
    verdict_judge(&fake.session, judgement);
    is_num(judgement->finding_count, FINDINGS_MOST, "no more findings than there is room for");
    is_text(finding_kind_name(judgement->findings[0].kind), "dscp-rewrite", "the least important are left out");
    free(judgement);
    fake_free(&fake);
}

int main(void)
{
    check_too_many();
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        check_row(&rows[i]);
    return tap_done();
}

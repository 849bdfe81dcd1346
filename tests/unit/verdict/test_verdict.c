/* SPDX-License-Identifier: BSD-2-Clause */
/* Each rule of the table: the replies of the target, of routers and of devices in the target's name, and the verdict.
 */
#include <stdlib.h>
#include <string.h>

#include "strategies/strategies.h"
#include "tap.h"
#include "unit/support/handmade.h"
#include "verdict/verdict.h"

enum {
    EXCEEDED,
    UNREACHABLE,
    PROHIBITED,
    TOO_BIG,
    REDIRECT,
    SYN_ACK,
    RST,
    RST_OF_ACK,
    RST_OF_ODD_MAKE, /* with a window */
    RST_AND_EXCEEDED,
    SILENT,
    LATER,
    LATER_SILENT
};

#define MTU_UNIT 12 /* bytes */

/* One probe of a spec and its reply. */
struct event {
    unsigned trace;
    uint8_t ttl;
    int what;
    const char *from; /* ICMP */
    /* Of UNREACHABLE; reply TTL of SYN_ACK and RST, 0: 60; TTL that PROHIBITED quotes; MTU of TOO_BIG in MTU_UNIT. */
    uint8_t code;
};

struct row {
    const char *name;
    const char *specs[4];
    struct event events[32]; /* ends with ttl 0 */
    bool interrupted;        /* right after the last event */
    bool is_diagnosis;
    struct {
        enum verdict_state state;
        const char *how;
        uint8_t at, after, before; /* TTLs; 0: none */
        const char *says;          /* part of the sentence; NULL: any */
    } want[4];
};

#define R1 "10.0.0.1"
#define R2 "10.0.1.1"
#define R3 "10.0.2.1"
#define R4 "10.0.3.1"
#define DUMMY "192.0.0.8" /* RFC 7600 */
#define LINK_LOCAL "169.254.0.1"
#define TARGET "10.0.9.9"

static const struct row rows[] = {
    {"a SYN/ACK is open",
     {"tcp/443"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, SYN_ACK, NULL, 0}},
     .want = {{VERDICT_OPEN, NULL, 2, 0, 0, NULL}}},
    {"a RST at the target's own hop is closed",
     {"tcp/443"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, RST, NULL, 0}},
     .want = {{VERDICT_CLOSED, "tcp-reset", 2, 0, 0, NULL}}},
    {"the target's port unreachable is closed",
     {"udp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, UNREACHABLE, TARGET, 3}},
     .want = {{VERDICT_CLOSED, "port-unreachable", 2, 0, 0, NULL}}},
    {"a router's prohibition is a rejection, at the hop where that router answers",
     {"udp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, EXCEEDED, R2, 0}, {0, 3, UNREACHABLE, R2, 13}},
     .want = {{VERDICT_REJECTED, "admin-prohibited", 2, 0, 0, NULL}}},
    {"a port unreachable from an address that let nothing expire may be the target's",
     {"udp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, UNREACHABLE, R2, 3}},
     .want = {{VERDICT_REJECTED, "port-unreachable", 2, 0, 0,
               "udp rejected at hop 2 (10.0.1.1): port-unreachable; this may be the target itself, with another"}}},
    {"but not from a router",
     {"udp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, EXCEEDED, R2, 0}, {0, 3, UNREACHABLE, R2, 3}},
     .want = {{VERDICT_REJECTED, "port-unreachable", 2, 0, 0, "(10.0.1.1): port-unreachable."}}},
    {"nor if another probe gets further",
     {"udp", "icmp"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, UNREACHABLE, R2, 3},
      {1, 1, EXCEEDED, R1, 0},
      {1, 2, EXCEEDED, R3, 0},
      {1, 3, EXCEEDED, R4, 0}},
     .want = {{VERDICT_REJECTED, "port-unreachable", 2, 0, 0, "(10.0.1.1): port-unreachable."},
              {VERDICT_INCONCLUSIVE, NULL, 0, 3, 0, NULL}}},
    {"nearer refusals were lost: the quoted TTL shows the router's hop",
     {"udp"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, SILENT, NULL, 0},
      {0, 3, SILENT, NULL, 0},
      {0, 4, SILENT, NULL, 0},
      {0, 5, PROHIBITED, R4, 3}},
     .want = {{VERDICT_REJECTED, "admin-prohibited", 3, 0, 0, NULL}}},
    {"a quoted TTL that contradicts an expired probe shows nothing",
     {"udp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, EXCEEDED, R2, 0}, {0, 3, SILENT, NULL, 0}, {0, 4, PROHIBITED, R4, 3}},
     .want = {{VERDICT_REJECTED, "admin-prohibited", 3, 0, 0, NULL}}},
    {"a quoted TTL above the probe's shows nothing",
     {"udp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, SILENT, NULL, 0}, {0, 3, PROHIBITED, R4, 4}},
     .want = {{VERDICT_REJECTED, "admin-prohibited", 3, 0, 0, NULL}}},
    {"a RST from a hop where a router answers another spec is forged",
     {"udp", "tcp/443"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, EXCEEDED, R2, 0},
      {0, 3, EXCEEDED, R3, 0},
      {0, 4, UNREACHABLE, TARGET, 3},
      {1, 1, EXCEEDED, R1, 0},
      {1, 2, EXCEEDED, R2, 0},
      {1, 3, RST, NULL, 0}},
     .want = {{VERDICT_CLOSED, "port-unreachable", 4, 0, 0, NULL}, {VERDICT_REJECTED, "tcp-reset", 0, 2, 3, NULL}}},
    {"a SYN/ACK from a hop where a router answers another spec is intercepted",
     {"udp", "tcp/443"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, EXCEEDED, R2, 0},
      {0, 3, UNREACHABLE, TARGET, 3},
      {1, 1, EXCEEDED, R1, 0},
      {1, 2, SYN_ACK, NULL, 0}},
     .want = {{VERDICT_CLOSED, "port-unreachable", 3, 0, 0, NULL}, {VERDICT_INTERCEPTED, NULL, 2, 0, 0, NULL}}},
    {"no route, for every spec, is unreachable",
     {"udp", "tcp/443"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, UNREACHABLE, R2, 0}, {1, 1, EXCEEDED, R1, 0}, {1, 2, UNREACHABLE, R2, 0}},
     .want = {{VERDICT_UNREACHABLE, "net-unreachable", 2, 0, 0, NULL},
              {VERDICT_UNREACHABLE, "net-unreachable", 2, 0, 0, NULL}}},
    {"no route that another spec gets past is a rejection",
     {"udp", "tcp/443"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, UNREACHABLE, R2, 0},
      {1, 1, EXCEEDED, R1, 0},
      {1, 2, EXCEEDED, R2, 0},
      {1, 3, SYN_ACK, NULL, 0}},
     .want = {{VERDICT_REJECTED, "net-unreachable", 2, 0, 0, NULL}, {VERDICT_OPEN, NULL, 3, 0, 0, NULL}}},
    {"a spec that a looping router answers a round later loops as well",
     {"udp", "icmp", "tcp/443"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, EXCEEDED, R2, 0},
      {0, 3, EXCEEDED, R3, 0},
      {0, 4, EXCEEDED, R2, 0},
      {0, 5, EXCEEDED, R3, 0},
      {1, 1, EXCEEDED, R1, 0},
      {1, 2, SILENT, NULL, 0},
      {1, 3, SILENT, NULL, 0},
      {1, 4, EXCEEDED, R2, 0},
      {2, 2, EXCEEDED, R2, 0},
      {2, 3, EXCEEDED, R3, 0},
      {2, 4, SILENT, NULL, 0}},
     .want = {{VERDICT_LOOPING, NULL, 2, 0, 0, NULL},
              {VERDICT_LOOPING, NULL, 2, 0, 0, "from hop 2 (10.0.1.1) on: 2 routers recur, as for udp"},
              {VERDICT_INCONCLUSIVE, NULL, 0, 3, 4, NULL}}},
    {"but not one that another router of the loop answers there",
     {"udp", "icmp"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, EXCEEDED, R2, 0},
      {0, 3, EXCEEDED, R3, 0},
      {0, 4, EXCEEDED, R2, 0},
      {0, 5, EXCEEDED, R3, 0},
      {1, 4, EXCEEDED, R3, 0}},
     .want = {{VERDICT_LOOPING, NULL, 2, 0, 0, NULL}, {VERDICT_INCONCLUSIVE, NULL, 0, 4, 0, NULL}}},
    {"silent hops do not place a forged reset before them",
     {"udp", "tcp/80"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, EXCEEDED, R2, 0},
      {0, 3, EXCEEDED, R3, 0},
      {0, 4, UNREACHABLE, TARGET, 3},
      {1, 1, SILENT, NULL, 0},
      {1, 2, SILENT, NULL, 0},
      {1, 3, RST, NULL, 0}},
     .want = {{VERDICT_CLOSED, "port-unreachable", 4, 0, 0, NULL}, {VERDICT_REJECTED, "tcp-reset", 0, 0, 3, NULL}}},
    {"routers that recur are a loop",
     {"udp"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, EXCEEDED, R2, 0},
      {0, 3, EXCEEDED, R3, 0},
      {0, 4, EXCEEDED, R2, 0},
      {0, 5, EXCEEDED, R3, 0}},
     .want = {{VERDICT_LOOPING, NULL, 2, 0, 0, NULL}}},
    {"routers that share an address do not recur",
     {"udp"},
     {{0, 1, EXCEEDED, DUMMY, 0},
      {0, 2, EXCEEDED, LINK_LOCAL, 0},
      {0, 3, EXCEEDED, DUMMY, 0},
      {0, 4, EXCEEDED, LINK_LOCAL, 0},
      {0, 5, EXCEEDED, DUMMY, 0}},
     .want = {{VERDICT_INCONCLUSIVE, NULL, 0, 5, 0, NULL}}},
    {"but they do the second time",
     {"udp"},
     {{0, 1, EXCEEDED, DUMMY, 0},
      {0, 2, EXCEEDED, LINK_LOCAL, 0},
      {0, 3, EXCEEDED, DUMMY, 0},
      {0, 4, EXCEEDED, LINK_LOCAL, 0},
      {0, 5, EXCEEDED, DUMMY, 0},
      {0, 6, EXCEEDED, LINK_LOCAL, 0}},
     .want = {{VERDICT_LOOPING, NULL, 1, 0, 0, NULL}}},
    {"or together with a router that has an address of its own",
     {"udp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, EXCEEDED, DUMMY, 0}, {0, 3, EXCEEDED, R1, 0}, {0, 4, EXCEEDED, DUMMY, 0}},
     .want = {{VERDICT_LOOPING, NULL, 1, 0, 0, NULL}}},
    {"a shared address does not show at which hop its router refused",
     {"udp"},
     {{0, 1, EXCEEDED, DUMMY, 0}, {0, 2, EXCEEDED, DUMMY, 0}, {0, 3, EXCEEDED, DUMMY, 0}, {0, 4, PROHIBITED, DUMMY, 1}},
     .want = {{VERDICT_REJECTED, "admin-prohibited", 4, 0, 0, NULL}}},
    {"nor that two specs take one path",
     {"udp", "tcp/443"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, EXCEEDED, DUMMY, 0},
      {0, 3, EXCEEDED, R3, 0},
      {0, 4, EXCEEDED, R4, 0},
      {1, 1, EXCEEDED, R2, 0},
      {1, 2, EXCEEDED, DUMMY, 0},
      {1, 3, SYN_ACK, NULL, 0}},
     .want = {{VERDICT_INCONCLUSIVE, NULL, 0, 4, 0, NULL}, {VERDICT_OPEN, NULL, 3, 0, 0, NULL}}},
    {"silence where another spec goes on at three hops is dropped",
     {"udp", "icmp"},
     {{0, 1, EXCEEDED, R1, 0},
      {1, 1, EXCEEDED, R1, 0},
      {1, 2, EXCEEDED, R2, 0},
      {1, 3, EXCEEDED, R3, 0},
      {1, 4, EXCEEDED, R4, 0},
      {0, 2, LATER_SILENT, NULL, 0},
      {1, 2, EXCEEDED, R2, 0},
      {0, 3, SILENT, NULL, 0},
      {1, 3, EXCEEDED, R3, 0},
      {0, 4, SILENT, NULL, 0},
      {1, 4, EXCEEDED, R4, 0},
      {1, 5, SILENT, NULL, 0}},
     .want = {{VERDICT_DROPPED, "silent", 0, 1, 2, NULL}, {VERDICT_UNANSWERED, NULL, 0, 4, 0, NULL}}},
    {"but not without a reply to the other just after it: the routers may have spent their tokens",
     {"udp", "icmp"},
     {{1, 1, EXCEEDED, R1, 0},
      {1, 2, EXCEEDED, R2, 0},
      {1, 3, EXCEEDED, R3, 0},
      {1, 4, EXCEEDED, R4, 0},
      {1, 5, SILENT, NULL, 0},
      {0, 1, EXCEEDED, R1, 0},
      {0, 2, SILENT, NULL, 0},
      {0, 3, SILENT, NULL, 0},
      {0, 4, SILENT, NULL, 0},
      {1, 2, LATER, R2, 0},
      {1, 3, EXCEEDED, R3, 0},
      {1, 4, EXCEEDED, R4, 0}},
     .want = {{VERDICT_INCONCLUSIVE, NULL, 0, 1, 2, NULL}, {VERDICT_UNANSWERED, NULL, 0, 4, 0, NULL}}},
    {"nor if the other spec took another path",
     {"udp", "icmp"},
     {{0, 1, EXCEEDED, R1, 0},
      {1, 1, EXCEEDED, "10.7.0.1", 0},
      {1, 2, EXCEEDED, R2, 0},
      {1, 3, EXCEEDED, R3, 0},
      {1, 4, EXCEEDED, R4, 0},
      {0, 2, LATER_SILENT, NULL, 0},
      {1, 2, EXCEEDED, R2, 0},
      {0, 3, SILENT, NULL, 0},
      {1, 3, EXCEEDED, R3, 0},
      {0, 4, SILENT, NULL, 0},
      {1, 4, EXCEEDED, R4, 0},
      {1, 5, SILENT, NULL, 0}},
     .want = {{VERDICT_INCONCLUSIVE, NULL, 0, 1, 2, "took another path"}, {VERDICT_UNANSWERED, NULL, 0, 4, 0, NULL}}},
    {"a spec that was probed from hop 3 on only is not dropped before it",
     {"udp", "icmp"},
     {{1, 1, EXCEEDED, R1, 0},
      {1, 2, EXCEEDED, R2, 0},
      {1, 3, EXCEEDED, R3, 0},
      {1, 4, EXCEEDED, R4, 0},
      {0, 3, LATER_SILENT, NULL, 0},
      {1, 3, EXCEEDED, R3, 0},
      {0, 4, SILENT, NULL, 0},
      {1, 4, EXCEEDED, R4, 0},
      {0, 3, LATER_SILENT, NULL, 0},
      {1, 3, EXCEEDED, R3, 0},
      {0, 4, SILENT, NULL, 0},
      {1, 4, EXCEEDED, R4, 0}},
     .want = {{VERDICT_DROPPED, "silent", 0, 0, 3, "at or before hop 3"}, {VERDICT_INCONCLUSIVE, NULL, 0, 4, 0, NULL}}},
    {"one probe at one hop is inconclusive",
     {"udp", "icmp"},
     {{0, 1, EXCEEDED, R1, 0},
      {1, 2, EXCEEDED, R2, 0},
      {0, 2, SILENT, NULL, 0},
      {1, 1, EXCEEDED, R1, 0},
      {1, 2, EXCEEDED, R2, 0},
      {1, 3, SILENT, NULL, 0}},
     .want = {{VERDICT_INCONCLUSIVE, NULL, 0, 1, 2, NULL}, {VERDICT_UNANSWERED, NULL, 0, 2, 0, NULL}}},
    {"silence before a router that refused another spec is inconclusive",
     {"udp", "icmp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, UNREACHABLE, R2, 1}, {1, 1, EXCEEDED, R1, 0}, {1, 2, SILENT, NULL, 0}},
     .want = {{VERDICT_UNREACHABLE, "host-unreachable", 2, 0, 0, NULL},
              {VERDICT_INCONCLUSIVE, NULL, 0, 1, 0, "routers rate-limit rejections"}}},
    {"silence behind the last router that any spec found is unanswered, not dropped",
     {"udp", "icmp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, SILENT, NULL, 0}, {1, 1, EXCEEDED, R1, 0}, {1, 2, SILENT, NULL, 0}},
     .want = {{VERDICT_UNANSWERED, NULL, 0, 1, 0, NULL}, {VERDICT_UNANSWERED, NULL, 0, 1, 0, NULL}}},
    {"in a diagnosis it proves nothing if no later reply shows that a refusal was possible",
     {"udp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, SILENT, NULL, 0}},
     .is_diagnosis = true,
     .want = {{VERDICT_INCONCLUSIVE, NULL, 0, 1, 0,
               "udp inconclusive after hop 1 (10.0.0.1): replies there are rate-limited; retry in 10 s."}}},
    {"a time exceeded in the target's name does not reach the target",
     {"udp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, EXCEEDED, TARGET, 0}, {0, 3, EXCEEDED, TARGET, 0}, {0, 4, SILENT, NULL, 0}},
     .want = {{VERDICT_UNANSWERED, NULL, 2, 1, 0,
               "hop 2 (10.0.9.9): the target by its address replies that the TTL expired, but not to 1 probe with"}}},
    {"nor is it a router if that was the last hop probed",
     {"udp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, EXCEEDED, TARGET, 0}},
     .want = {{VERDICT_INCONCLUSIVE, NULL, 0, 1, 0,
               "after hop 2 (10.0.9.9): it replied, and no later hop was probed"}}},
    {"a target that lets one spec expire stands at that hop, and does not intercept another",
     {"udp", "tcp/443"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, EXCEEDED, TARGET, 0},
      {0, 3, UNREACHABLE, TARGET, 3},
      {1, 1, EXCEEDED, R1, 0},
      {1, 2, SYN_ACK, NULL, 64}},
     .want = {{VERDICT_CLOSED, "port-unreachable", 2, 0, 0, "which itself lets probes with no more TTL expire: path"},
              {VERDICT_OPEN, NULL, 2, 0, 0, "tcp/443 open at the target (hop 2): it replies with SYN/ACK"}}},
    {"TCP alone may have met a proxy: it is open, and no other protocol confirms the target",
     {"tcp/443"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, SYN_ACK, NULL, 64}},
     .want = {{VERDICT_OPEN, NULL, 2, 0, 0,
               "(hop 2): it replies with SYN/ACK; no other protocol confirms that this is the target."}}},
    {"nor does another port",
     {"tcp/443", "tcp/80"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, SYN_ACK, NULL, 64}, {1, 1, EXCEEDED, R1, 0}, {1, 2, SYN_ACK, NULL, 64}},
     .want = {{VERDICT_OPEN, NULL, 2, 0, 0, "; no other protocol confirms that this is the target."},
              {VERDICT_OPEN, NULL, 2, 0, 0, "; no other protocol confirms that this is the target."}}},
    {"a port unreachable from there does",
     {"tcp/443", "udp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, SYN_ACK, NULL, 64}, {1, 1, EXCEEDED, R1, 0}, {1, 2, UNREACHABLE, TARGET, 3}},
     .want = {{VERDICT_OPEN, NULL, 2, 0, 0, "tcp/443 open at the target (hop 2): it replies with SYN/ACK."},
              {VERDICT_CLOSED, "port-unreachable", 2, 0, 0, NULL}}},
    {"a spec that was probed only as far as routers answer is not unanswered",
     {"udp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, EXCEEDED, R2, 0}},
     .want = {{VERDICT_INCONCLUSIVE, NULL, 0, 2, 0,
               "udp inconclusive after hop 2 (10.0.1.1): it replied, and no later hop was probed"}}},
    {"nor is one whose later probes have not timed out",
     {"udp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, SILENT, NULL, 0}, {0, 3, SILENT, NULL, 0}},
     .interrupted = true,
     .want = {{VERDICT_INCONCLUSIVE, NULL, 0, 1, 0, "no later probe has timed out"}}},
    {"the target's own prohibition is a rejection by it",
     {"udp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, UNREACHABLE, TARGET, 13}},
     .want = {{VERDICT_REJECTED, "admin-prohibited", 2, 0, 0, NULL}}},
    {"the last router finds no neighbour there",
     {"udp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, EXCEEDED, R2, 0}, {0, 3, UNREACHABLE, R2, 1}},
     .want = {{VERDICT_UNREACHABLE, "host-unreachable", 2, 0, 0,
               "udp unreachable at hop 2 (10.0.1.1): no route from there to the target, or no reply from it ("}}},
    {"a router has no route",
     {"udp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, UNREACHABLE, R2, 0}},
     .want = {{VERDICT_UNREACHABLE, "net-unreachable", 2, 0, 0,
               "udp unreachable at hop 2 (10.0.1.1): no route from there to the target (net-unreachable)."}}},
    {"no route, in the target's name: that device is not the target",
     {"udp", "icmp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 3, UNREACHABLE, TARGET, 1}, {1, 1, EXCEEDED, R1, 0}, {1, 3, UNREACHABLE, TARGET, 1}},
     .want = {{VERDICT_UNREACHABLE, "host-unreachable", 3, 0, 0, NULL},
              {VERDICT_UNREACHABLE, "host-unreachable", 3, 0, 0, NULL}}},
    {"no route in a forward chain, behind which another spec is answered, is a rejection",
     {"udp", "icmp"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, EXCEEDED, R2, 0},
      {0, 3, UNREACHABLE, R2, 0},
      {1, 2, EXCEEDED, R2, 0},
      {1, 3, EXCEEDED, R3, 0},
      {1, 4, SILENT, NULL, 0}},
     .want = {{VERDICT_REJECTED, "net-unreachable", 2, 0, 0, NULL}, {VERDICT_UNANSWERED, NULL, 0, 3, 0, NULL}}},
    {"a proxy before the router without a route passes nothing",
     {"udp", "tcp/80"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, EXCEEDED, R2, 0},
      {0, 3, EXCEEDED, R3, 0},
      {0, 4, UNREACHABLE, R3, 0},
      {1, 1, EXCEEDED, R1, 0},
      {1, 2, SYN_ACK, NULL, 0}},
     .want = {{VERDICT_UNREACHABLE, "net-unreachable", 3, 0, 0, NULL}, {VERDICT_INTERCEPTED, NULL, 2, 0, 0, NULL}}},
    {"a reset at the target's hop with another reply TTL comes from a device just before it",
     {"tcp/443", "tcp/80"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, SYN_ACK, NULL, 61}, {1, 1, EXCEEDED, R1, 0}, {1, 2, RST, NULL, 62}},
     .want = {{VERDICT_OPEN, NULL, 2, 0, 0, NULL}, {VERDICT_REJECTED, "tcp-reset", 0, 1, 0, "TTL 62"}}},
    {"unless the return path is balanced",
     {"tcp/443", "tcp/80"},
     {{0, 2, SYN_ACK, NULL, 61}, {0, 2, SYN_ACK, NULL, 60}, {1, 1, EXCEEDED, R1, 0}, {1, 2, RST, NULL, 62}},
     .want = {{VERDICT_OPEN, NULL, 2, 0, 0, NULL}, {VERDICT_CLOSED, "tcp-reset", 2, 0, 0, NULL}}},
    {"or the initial TTL differs",
     {"tcp/443", "tcp/80"},
     {{0, 2, SYN_ACK, NULL, 61}, {1, 1, EXCEEDED, R1, 0}, {1, 2, RST, NULL, 253}},
     .want = {{VERDICT_OPEN, NULL, 2, 0, 0, NULL}, {VERDICT_CLOSED, "tcp-reset", 2, 0, 0, NULL}}},
    {"a reset behind the target's hop is its own, from there: at that hop one was lost",
     {"tcp/443", "tcp/80"},
     {{0, 2, SYN_ACK, NULL, 0}, {1, 1, EXCEEDED, R1, 0}, {1, 2, SILENT, NULL, 0}, {1, 3, RST, NULL, 0}},
     .want = {{VERDICT_OPEN, NULL, 2, 0, 0, NULL}, {VERDICT_CLOSED, "tcp-reset", 2, 0, 0, NULL}}},
    {"three silences of another spec before the target's hop are not loss",
     {"tcp/443", "tcp/80"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, SILENT, NULL, 0},
      {0, 2, SILENT, NULL, 0},
      {0, 2, SILENT, NULL, 0},
      {0, 3, SYN_ACK, NULL, 0},
      {1, 1, EXCEEDED, R1, 0},
      {1, 2, RST, NULL, 0}},
     .want = {{VERDICT_OPEN, NULL, 3, 0, 0, NULL}, {VERDICT_REJECTED, "tcp-reset", 0, 1, 0, NULL}}},
    {"a lone ACK's reset does not show the port's state",
     {"tcp/80:ack"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, RST_OF_ACK, NULL, 0}},
     .want = {{VERDICT_CLOSED, "tcp-reset", 2, 0, 0, "as open and closed ports both do"}}},
    {"paths of different length do not prove an interception",
     {"udp", "tcp/443"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, EXCEEDED, R2, 0},
      {0, 3, EXCEEDED, R3, 0},
      {0, 4, UNREACHABLE, TARGET, 3},
      {1, 1, EXCEEDED, R1, 0},
      {1, 2, EXCEEDED, R4, 0},
      {1, 3, SYN_ACK, NULL, 0}},
     .want = {{VERDICT_CLOSED, "port-unreachable", 4, 0, 0, NULL}, {VERDICT_OPEN, NULL, 3, 0, 0, NULL}}},
    {"nor a forgery, within one spec",
     {"udp"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, EXCEEDED, R2, 0},
      {0, 2, EXCEEDED, R3, 0},
      {0, 3, EXCEEDED, R4, 0},
      {0, 3, UNREACHABLE, TARGET, 3},
      {0, 4, UNREACHABLE, TARGET, 3}},
     .want = {{VERDICT_CLOSED, "port-unreachable", 3, 0, 0, NULL}}},
    {"but a probe that draws both a reset and its time exceeded was met on the way",
     {"tcp/80"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, RST_AND_EXCEEDED, R2, 0}, {0, 3, RST, NULL, 0}},
     .want = {{VERDICT_REJECTED, "tcp-reset", 0, 1, 0, "before the target"}}},
    {"a reset to an ACK is how any host answers: a nearer device sends it in the target's name",
     {"tcp/80:ack", "icmp"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, RST_OF_ACK, NULL, 0},
      {1, 1, EXCEEDED, R1, 0},
      {1, 2, EXCEEDED, R2, 0},
      {1, 3, EXCEEDED, R3, 0}},
     .want = {{VERDICT_INTERCEPTED, NULL, 2, 0, 0,
               "tcp/80:ack intercepted at hop 2 (10.0.1.1): a device there replies"},
              {VERDICT_INCONCLUSIVE, NULL, 0, 3, 0, NULL}}},
    {"a filter sends it if a SYN to that port passes",
     {"tcp/80:ack", "tcp/80"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, RST_OF_ACK, NULL, 0},
      {1, 1, EXCEEDED, R1, 0},
      {1, 2, EXCEEDED, R2, 0},
      {1, 3, SYN_ACK, NULL, 0}},
     .want = {{VERDICT_REJECTED, "tcp-reset", 0, 1, 2, NULL}, {VERDICT_OPEN, NULL, 3, 0, 0, NULL}}},
    {"or if it resets a SYN to another port",
     {"tcp/80:ack", "icmp", "tcp/443"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, RST_OF_ACK, NULL, 0},
      {1, 1, EXCEEDED, R1, 0},
      {1, 2, EXCEEDED, R2, 0},
      {1, 3, EXCEEDED, R3, 0},
      {2, 1, EXCEEDED, R1, 0},
      {2, 2, RST, NULL, 0}},
     .want = {{VERDICT_REJECTED, "tcp-reset", 0, 1, 2, NULL},
              {VERDICT_INCONCLUSIVE, NULL, 0, 3, 0, NULL},
              {VERDICT_REJECTED, "tcp-reset", 0, 1, 2, NULL}}},
    {"a packet-too-big in the target's name is a refusal, too",
     {"udp/443"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, TOO_BIG, TARGET, 6}},
     .want = {{VERDICT_REJECTED, NULL, 2, 0, 0,
               "at hop 2 (10.0.9.9): packets of 1228 bytes are too big for the next link, whose MTU is 72"}}},
    {"but not if smaller packets go on",
     {"udp/443"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, TOO_BIG, R1, 6}, {0, 2, EXCEEDED, R2, 0}, {0, 3, SILENT, NULL, 0}},
     .want = {{VERDICT_UNANSWERED, NULL, 0, 2, 0, NULL}}},
    {"one with an MTU that the packet fits explains nothing",
     {"udp", "icmp"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, TOO_BIG, R2, 5},
      {0, 3, TOO_BIG, R2, 125},
      {1, 1, EXCEEDED, R1, 0},
      {1, 2, EXCEEDED, R2, 0},
      {1, 3, EXCEEDED, R3, 0}},
     .want = {{VERDICT_INCONCLUSIVE, NULL, 2, 1, 0,
               "udp inconclusive at hop 2 (10.0.1.1): it sends fragmentation-needed with MTU 60 about packets of "
               "60 bytes, which explains nothing"},
              {VERDICT_INCONCLUSIVE, NULL, 0, 3, 0, NULL}}},
    {"nor does one without an MTU",
     {"udp/443"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, TOO_BIG, R2, 0}},
     .want = {{VERDICT_INCONCLUSIVE, NULL, 2, 1, 0, "with MTU 0 about packets of"}}},
    {"nor does one with an MTU below the least of any link",
     {"udp/443"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, TOO_BIG, R2, 5}},
     .want = {{VERDICT_INCONCLUSIVE, NULL, 2, 1, 0, "with MTU 60 about packets of"}}},
    {"and packets that go on are not stopped by it",
     {"udp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, TOO_BIG, R2, 125}, {0, 3, UNREACHABLE, TARGET, 3}},
     .want = {{VERDICT_CLOSED, "port-unreachable", 3, 0, 0, NULL}}},
    {"not even if only a router behind shows that",
     {"udp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, TOO_BIG, R2, 125}, {0, 3, EXCEEDED, R3, 0}, {0, 4, SILENT, NULL, 0}},
     .want = {{VERDICT_UNANSWERED, NULL, 0, 3, 0, NULL}}},
    {"a SYN/ACK at the target's hop from nearer than two other specs' answers is intercepted just before it",
     {"tcp/443", "tcp/80", "tcp/22"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, SYN_ACK, NULL, 61},
      {1, 1, EXCEEDED, R1, 0},
      {1, 2, SYN_ACK, NULL, 61},
      {2, 1, EXCEEDED, R1, 0},
      {2, 2, SYN_ACK, NULL, 62}},
     .want = {{VERDICT_OPEN, NULL, 2, 0, 0, NULL},
              {VERDICT_OPEN, NULL, 2, 0, 0, NULL},
              {VERDICT_INTERCEPTED, NULL, 2, 0, 0, "TTL 62"}}},
    {"one other reply is not enough: the return paths may differ",
     {"tcp/443", "tcp/22"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, SYN_ACK, NULL, 61}, {1, 1, EXCEEDED, R1, 0}, {1, 2, SYN_ACK, NULL, 62}},
     .want = {{VERDICT_OPEN, NULL, 2, 0, 0, NULL}, {VERDICT_OPEN, NULL, 2, 0, 0, NULL}}},
    {"nor from further: a port that is forwarded",
     {"tcp/443", "tcp/80", "tcp/22"},
     {{0, 1, EXCEEDED, R1, 0},
      {0, 2, SYN_ACK, NULL, 61},
      {1, 1, EXCEEDED, R1, 0},
      {1, 2, SYN_ACK, NULL, 61},
      {2, 1, EXCEEDED, R1, 0},
      {2, 2, SYN_ACK, NULL, 60}},
     .want = {{VERDICT_OPEN, NULL, 2, 0, 0, NULL},
              {VERDICT_OPEN, NULL, 2, 0, 0, NULL},
              {VERDICT_OPEN, NULL, 2, 0, 0, NULL}}},
    {"of two resets that differ in id, DF or window one is not the target's",
     {"tcp/443", "tcp/80"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, RST, NULL, 0}, {1, 1, EXCEEDED, R1, 0}, {1, 2, RST_OF_ODD_MAKE, NULL, 0}},
     .want = {{VERDICT_CLOSED, "tcp-reset", 2, 0, 0, "resets to other probes differ in id, DF or window"},
              {VERDICT_CLOSED, "tcp-reset", 2, 0, 0, "resets to other probes differ in id, DF or window"}}},
    {"a redirect is no reply: the next one counts",
     {"udp"},
     {{0, 1, EXCEEDED, R1, 0}, {0, 2, REDIRECT, R1, 1}, {0, 3, UNREACHABLE, TARGET, 3}},
     .want = {{VERDICT_CLOSED, "port-unreachable", 3, 0, 0, NULL}}},
};

/* The reset with our own acknowledgement number; handmade's segments acknowledge seq + 1. */
static void play_reset_of_ack(struct session *session, unsigned trace, uint16_t serial, nstime at)
{
    const struct flow *flow = &session_trace(session, trace)->flow;
    uint8_t probe[128], bytes[40] = {0x45, 0, 0, 40, 0, 0, 0x40, 0, 60, 6};
    flow_stamp(flow, serial, 1, probe);
    memcpy(bytes + 12, flow->target.bytes, 4);
    memcpy(bytes + 16, flow->source.bytes, 4);
    memcpy(bytes + 20, probe + 22, 2);
    memcpy(bytes + 22, probe + 20, 2);
    memcpy(bytes + 24, probe + 28, 4);
    bytes[32] = 0x50;
    bytes[33] = TCP_RST;
    see_bytes(session, bytes, sizeof bytes, at);
}

/* A reset to a SYN that announces a window. */
static void play_odd_reset(struct session *session, unsigned trace, uint16_t serial, nstime at)
{
    const struct flow *flow = &session_trace(session, trace)->flow;
    uint8_t probe[128], bytes[40] = {0x45, 0, 0, 40, 0, 0, 0x40, 0, 60, 6};
    flow_stamp(flow, serial, 1, probe);
    memcpy(bytes + 12, flow->target.bytes, 4);
    memcpy(bytes + 16, flow->source.bytes, 4);
    memcpy(bytes + 20, probe + 22, 2);
    memcpy(bytes + 22, probe + 20, 2);
    memcpy(bytes + 28, probe + 24, 4);
    for (unsigned i = 31; i >= 28 && ++bytes[i] == 0; i--) /* ack = seq + 1 */
        ;
    bytes[32] = 0x50;
    bytes[33] = TCP_RST | TCP_ACK;
    bytes[34] = 0x10;
    see_bytes(session, bytes, sizeof bytes, at);
}

static bool is_later(const struct event *event)
{
    return event->what == LATER || event->what == LATER_SILENT;
}

static void play(struct session *session, const struct event *event, uint16_t serial, nstime at)
{
    see_probe(session, event->trace, serial, event->ttl, at);
    switch (event->what) {
    case EXCEEDED:
    case LATER:
        see_error(session, event->from, 11, 0, event->trace, serial, NULL, at + MS);
        break;
    case UNREACHABLE:
        see_error(session, event->from, 3, event->code, event->trace, serial, NULL, at + MS);
        break;
    case PROHIBITED:
        see_prohibition(session, event->from, event->trace, serial, event->code, at + MS);
        break;
    case TOO_BIG:
        see_too_big(session, event->from, event->trace, serial, event->code * MTU_UNIT, at + MS);
        break;
    case REDIRECT: /* and the router behind */
        see_error(session, event->from, 5, event->code, event->trace, serial, NULL, at + MS / 2);
        see_error(session, R2, 11, 0, event->trace, serial, NULL, at + MS);
        break;
    case RST_AND_EXCEEDED:
        see_tcp(session, TCP_RST | TCP_ACK, 60, event->trace, serial, at + MS / 2);
        see_error(session, event->from, 11, 0, event->trace, serial, NULL, at + MS);
        break;
    case RST_OF_ACK:
        play_reset_of_ack(session, event->trace, serial, at + MS);
        break;
    case RST_OF_ODD_MAKE:
        play_odd_reset(session, event->trace, serial, at + MS);
        break;
    case SYN_ACK:
        see_tcp(session, TCP_SYN | TCP_ACK, event->code ? event->code : 60, event->trace, serial, at + MS);
        break;
    case RST:
        see_tcp(session, TCP_RST | TCP_ACK, event->code ? event->code : 60, event->trace, serial, at + MS);
        break;
    default:
        break;
    }
}

/* "tcp/443 open at ...": reports align the state's word. */
static void is_begin(const struct verdict *verdict)
{
    char want[SENTENCE_BYTES], spec[PROBE_SPEC_TEXT_BYTES];
    probe_spec_format(&verdict->trace->flow.spec, spec);
    size_t length = (size_t)snprintf(want, sizeof want, "%s %s", spec, verdict_state_name(verdict->state));
    ok(strncmp(verdict->text, want, length) == 0 && strchr(" :", verdict->text[length]), "  begins with \"%s\"", want);
}

static void check_row(const struct row *row)
{
    struct err err = {0};
    struct session_config config = handmade_config(row->specs);
    if (row->is_diagnosis) {
        config.strategy = &strategy_diagnose;
        config.confidence = 990000;
        config.budget = 2000;
    }
    struct session *session = session_new(&config, true, NULL, &err);
    struct judgement *judgement = malloc(sizeof *judgement);
    if (!session || !judgement) {
        ok(false, "%s: %s", row->name, err.message);
        return;
    }
    uint16_t serials[4] = {0};
    nstime at = 0;
    for (unsigned i = 0; row->events[i].ttl; i++) {
        at += is_later(&row->events[i]) ? 60 * MS : 5 * MS;
        play(session, &row->events[i], ++serials[row->events[i].trace], at);
    }
    session_finish(session, row->interrupted ? SESSION_INTERRUPTED : SESSION_COMPLETE,
                   row->interrupted ? NSTIME_NONE : NSTIME_NEVER, 0);
    verdict_judge(session, judgement);
    for (unsigned i = 0; row->specs[i]; i++) {
        const struct verdict *verdict = &judgement->verdicts[i];
        is_text(verdict_state_name(verdict->state), verdict_state_name(row->want[i].state), "%s: %s", row->name,
                row->specs[i]);
        is_text(verdict->how ? verdict_how_name(verdict->how) : "", row->want[i].how ? row->want[i].how : "", "  how");
        is_num(verdict->at.ttl, row->want[i].at, "  at: %s", verdict->text);
        is_num(verdict->after.ttl, row->want[i].after, "  after");
        is_num(verdict->before.ttl, row->want[i].before, "  before");
        ok(verdict->confidence > 0 && verdict->confidence <= 0.999, "  confidence %.3f", verdict->confidence);
        const char *says = row->want[i].says ? row->want[i].says : "";
        is_begin(verdict);
        ok(strstr(verdict->text, says), "  says: %s", verdict->text);
        ok(!verdict->frame_count || verdict->frames[0].number, "  frames are numbers");
    }
    free(judgement);
    session_free(session);
}

static void see_flow(struct session *session, unsigned flow, uint16_t serial, uint8_t ttl, nstime at)
{
    uint8_t bytes[1500];
    const struct flow *of = trace_flow(session_trace(session, 0), flow);
    flow_stamp(of, serial, ttl, bytes);
    see_bytes(session, bytes, of->size, at);
}

/* A search for all paths has one verdict, however many flows it has. */
static void check_search(void)
{
    static const char *const specs[] = {"udp", NULL};
    struct err err = {0};
    struct session_config config = handmade_config(specs);
    config.strategy = &strategy_paths;
    config.flows = FLOW_ALTERNATES_MOST + 1;
    config.confidence = 950000;
    config.budget = 10000;
    struct session *session = session_new(&config, true, NULL, &err);
    struct judgement *judgement = malloc(sizeof *judgement);
    if (!session || !judgement) {
        ok(false, "a search: %s", err.message);
        return;
    }
    see_probe(session, 0, 1, 1, 0);
    see_error(session, "10.0.1.1", 11, 0, 0, 1, NULL, MS);
    see_flow(session, FLOW_ALTERNATES_MOST, 2, 1, 2 * MS);
    see_error_of_flow(session, "10.0.1.1", 0, FLOW_ALTERNATES_MOST, 2, 0, 3 * MS);
    see_probe(session, 0, 3, 2, 4 * MS);
    see_error(session, "10.0.1.1", 3, 1, 0, 3, NULL, 3100 * MS);
    session_finish(session, SESSION_COMPLETE, NSTIME_NEVER, 0);
    judgement->verdict_count = judgement->finding_count = 7;
    verdict_judge(session, judgement);
    is_num(judgement->verdict_count, 1, "a search for all paths has one verdict");
    is_num(judgement->finding_count, 0, "its graph shows the rest");
    is_text(verdict_state_name(judgement->verdicts[0].state), "unreachable", "a search: the state");
    is_num(judgement->verdicts[0].at.ttl, 1, "a search: the hop of the router that says so");
    free(judgement);
    session_free(session);
}

/* Every word is there, and none stands twice. */
static void test_names(void)
{
    bool how_is_new = true, kind_is_new = true;
    for (int i = 1; i < HOWS; i++)
        for (int k = 1; k < i; k++)
            how_is_new =
                how_is_new && strcmp(verdict_how_name((enum verdict_how)i), verdict_how_name((enum verdict_how)k));
    for (int i = 1; i < FINDING_KINDS; i++)
        for (int k = 1; k < i; k++)
            kind_is_new =
                kind_is_new && strcmp(finding_kind_name((enum finding_kind)i), finding_kind_name((enum finding_kind)k));
    ok(how_is_new && !verdict_how_name(HOW_NONE), "each way to be stopped has a word of its own");
    ok(kind_is_new && !finding_kind_name(FINDING_NONE), "each kind of finding has a word of its own");
}

int main(void)
{
    test_names();
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        check_row(&rows[i]);
    check_search();
    return tap_done();
}

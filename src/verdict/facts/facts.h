/* SPDX-License-Identifier: BSD-2-Clause */
/* facts: what rules and finders ask of a trace and of the set it belongs to, found once. Floor 4; pure; internal to
 * verdict/. */
#ifndef HOPSONDE_VERDICT_FACTS_FACTS_H
#define HOPSONDE_VERDICT_FACTS_FACTS_H

#include "silence/comparison.h"
#include "silence/loss.h"
#include "silence/name_blocks.h"
#include "verdict/facts/namesakes.h"
#include "verdict/facts/responders.h"
#include "verdict/verdict.h"

/* A reply and the probe that drew it. */
struct evidence {
    const struct probe *probe;
    const struct reply *reply; /* NULL: none such */
};

struct set_facts;

/* "In the target's name": the source address is the target's. "Direct": such a reply accepts the probe, or closes. */
struct facts {
    const struct set_facts *all;
    const struct trace_set *set;
    const struct trace *trace;
    unsigned sent, refused_sends; /* probes that left, and that our own host refused to send */
    uint8_t last_hop;             /* L: last TTL at which a router let this spec expire; 0: none */
    uint8_t others_target; /* T: least TTL, behind every router, at which the target answered any other spec; 0: none */
    const struct trace *target_witness; /* the trace that T is from; NULL: none */
    uint8_t last_router;                /* M: last TTL at which a router answered or refused any spec; 0: none */
    unsigned silent;                    /* probes behind L that timed out */
    struct evidence direct;             /* at the least TTL: a direct reply */
    struct evidence positive;           /* at the least TTL: one that accepts (SYN/ACK, echo, UDP ...) */
    struct evidence refusal;            /* at the least TTL: an ICMP error about the path, not about the port */
    struct evidence outlived;           /* at the least TTL: one of a router that other probes of this trace pass */
    struct evidence unexplained;        /* at the least TTL: a refusal as too big with an impossible MTU */
    bool is_reset;                      /* a device resets its connections, and no flow gets through without */
    struct comparison comparison;
    uint8_t farther[256]; /* by TTL, where a direct reply came from: enum farther */
    /* The times at which residual blocking may have stopped a control or a name. Replies then say nothing about it. */
    struct name_blocks blocks;
    bool from_nearer[256]; /* by reply TTL: a direct reply to a probe that cannot have reached the target */
};

struct set_facts {
    const struct trace_set *set;
    struct responders responders;
    struct passage passage;
    struct namesakes namesakes;
    struct facts of[SPECS_MOST]; /* in the order of the set's traces */
};

void set_facts_gather(const struct trace_set *set, struct set_facts *out);
/* The facts of one of the set's traces. */
const struct facts *set_facts_of(const struct set_facts *all, const struct trace *trace);

/* Whether the target stands behind this TTL: a router answered another spec there or beyond, or the target answered one
 * only beyond. With `diverging` also weaker signs count: traces that are known to take another path, and other probes
 * of this one (paths of different length, balanced per packet). */
bool facts_target_is_farther(const struct facts *facts, uint8_t ttl, bool diverging);
/* Whether the very probe that was answered expired on its way, too: the packet went on, and the reply is forged. */
bool facts_expired_too(const struct evidence *evidence);
/* Least and largest reply TTL of the SYN/ACKs of the trace's connections. False: there were none. */
bool facts_handshake_ttls(const struct trace *trace, uint8_t *least, uint8_t *largest);
/* Whether the reply TTL of a RST is that of the target's other replies, as far as there are any. By its reply TTL alone
 * a device just before the target gives itself away. */
bool facts_reply_ttl_fits(const struct facts *facts, const struct reply *rst);
/* Whether a reply that accepts has crossed fewer hops than the target's replies to at least two other specs, where
 * paths are not seen to differ: then a nearer device sent it. A segment in a connection has crossed fewer hops than the
 * SYN/ACKs. */
bool facts_comes_from_nearer(const struct facts *facts, const struct evidence *evidence);
/* Whether a direct reply is the target's own, as far as its hop and its reply TTL show. A device that answers short of
 * the target answers probes with a larger TTL as well, with the same reply TTL. A reset may be the target's although
 * another probe was accepted: a SYN may meet what an earlier one left half open. */
bool facts_is_genuine(const struct facts *facts, const struct probe *probe, const struct reply *reply);
/* Whether a RST to a SYN differs (id, DF, window) from all resets in the target's name, from its hop, to other specs'
 * SYNs: then one of the two is not the target's, but nothing shows which. */
bool facts_is_made_otherwise(const struct facts *facts, const struct reply *rst);
/* The hop at which this address sent a time exceeded for any spec; 0: at none, or routers share such addresses. */
uint8_t facts_hop_of(const struct trace_set *set, const struct addr *address);
/* The same for many replies in a row, most of them from one address: `lookup` (zeroed at first) keeps the last. After
 * this many different addresses it gives up, and answers 0.
 * Unit: addresses. Source: chosen. Effect: bounds the time for foreign captures with forged refusals. */
#define LOOKUPS_MOST 32
struct hop_lookup {
    struct addr address;
    uint8_t hop;
    unsigned count;
};
uint8_t facts_look_up_hop(const struct trace_set *set, const struct addr *address, struct hop_lookup *lookup);
/* The router that answered at this TTL: `trace`, if it did, else any. */
struct place facts_place(const struct trace_set *set, const struct trace *trace, uint8_t ttl);
/* The next hop behind `ttl` to which the trace sent probes and at which a router answered another spec. */
struct place facts_next_router(const struct facts *facts, uint8_t ttl);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* facts: what the rules ask of a trace and its companions, found once. Floor 4; pure; internal to verdict/. */
#ifndef HOPSONDE_VERDICT_FACTS_H
#define HOPSONDE_VERDICT_FACTS_H

#include "silence/comparison.h"
#include "verdict/responders.h"
#include "verdict/verdict.h"

/* A reply and the probe that drew it. */
struct evidence {
    const struct probe *probe;
    const struct reply *reply; /* NULL: none such */
};

struct facts {
    const struct trace_set *set;
    const struct trace *trace;
    unsigned sent, refused_sends; /* probes that went out, and that our own host kept back */
    uint8_t last_hop;             /* L: last TTL with a time exceeded for this spec; 0: none */
    uint8_t others_target; /* T: least TTL, behind every router, at which the target answered any other spec; 0: none */
    const struct trace *target_witness; /* the spec that T is from; NULL: none */
    uint8_t last_router;                /* M: last TTL at which a router answered or refused any spec; 0: none */
    unsigned silent;                    /* probes behind L that were waited for in vain */
    struct evidence direct;             /* at the least TTL: an answer in the target's name that accepts or closes */
    struct evidence positive;           /* at the least TTL: one that accepts (SYN/ACK, echo, UDP ...) */
    struct evidence refusal; /* at the least TTL: an ICMP refusal that speaks of the way and not of the port */
    struct comparison comparison;
    struct responders responders;
    uint8_t farther[256]; /* by TTL, where something answered in the target's name: enum farther */
};

void facts_gather(const struct trace_set *set, const struct trace *trace, struct facts *out);
/* Whether the target stands behind this TTL: a router answered another spec there or beyond, or the target only beyond.
 * For `parted` also by what proves nothing: specs that are known to go another way, other attempts of this one (ways of
 * different length, packet by packet). */
bool facts_target_is_farther(const struct facts *facts, uint8_t ttl, bool parted);
/* Whether the very probe that was answered expired on its way, too: the packet went on, and the answer is forged. */
bool facts_expired_too(const struct evidence *evidence);
/* Whether the reply TTL of a RST is that of the target's other answers, as far as these have come: a device just before
 * the target gives itself away by it alone. */
bool facts_reply_ttl_fits(const struct facts *facts, const struct reply *rst);
/* Whether an answer that accepts has fewer hops to come than what the target answered to at least two other specs, on
 * ways that are not seen to differ: so something nearer gave it. */
bool facts_comes_from_nearer(const struct facts *facts, const struct evidence *evidence);
/* Whether an answer in the target's name is the target's own, as far as its hop and its reply TTL tell. A reset may be
 * so though another probe was accepted: a SYN meets what one before it left half open. */
bool facts_is_genuine(const struct facts *facts, const struct probe *probe, const struct reply *reply);
/* Whether a RST to a SYN is made otherwise (id, DF, window) than all that came in the target's name, from its hop, to
 * other specs' SYNs: then one of them is not the target's, but which is not told. */
bool facts_is_made_otherwise(const struct facts *facts, const struct reply *rst);
/* Whether the reply, in the target's name, accepts the probe; whether it says that nobody listens there. */
bool reply_accepts(const struct reply *reply);
bool reply_closes(const struct reply *reply);
/* The hop at which this address answers, for any spec, other than the target's own; 0: at none. */
uint8_t facts_hop_of(const struct trace_set *set, const struct addr *address);
/* The same for many answers, most of which are of one address: `lookup` (zeroed at first) keeps the last. Who answers
 * after that many others is not looked for: 0. */
#define LOOKUPS_MOST 32
struct hop_lookup {
    struct addr address;
    uint8_t hop;
    unsigned count;
};
uint8_t facts_look_up_hop(const struct trace_set *set, const struct addr *address, struct hop_lookup *lookup);
/* The router that answered at this TTL for any spec but preferably `trace`. */
struct place facts_place(const struct trace_set *set, const struct trace *trace, uint8_t ttl);
/* The next hop behind `ttl` at which the trace asked and a router answered another spec. */
struct place facts_next_router(const struct facts *facts, uint8_t ttl);

/* "hop 3 (10.0.2.1)", or "hop 3" where nobody there has an address. Returns `text`. */
#define PLACE_TEXT_BYTES (ADDR_TEXT_BYTES + 32)
const char *place_format(const struct place *place, char text[PLACE_TEXT_BYTES]);

/* The usual initial TTL (32, 64, 128, 255) that the seen one is nearest below. */
unsigned initial_ttl(uint8_t seen);

/* The word of reports for a refusal ("admin-prohibited", "tcp-reset" ...); NULL where it has none. */
const char *reason_of_reply(const struct reply *reply);

/* apart.c: of a trace that others made, what was not asked, or when the one that `went_on` further was. */
void caveats_say(const struct facts *facts, const struct trace *went_on, struct verdict *out);
/* Of such, how many probes behind L drew no answer and were not waited for either: the capture ends. */
unsigned caveats_count_unwaited(const struct facts *facts);

/* rules.c: the first rule that holds. */
void rules_judge(const struct facts *facts, struct verdict *out);

/* Adds a frame to a list of at most VERDICT_FRAMES_MOST; number 0 (none is kept) and repetitions are left out. */
void frames_add(struct frame_number *frames, unsigned *count, struct frame_number frame);
struct frame_number frame_of_probe(const struct probe *probe);
struct frame_number frame_of_reply(const struct reply *reply);

#endif

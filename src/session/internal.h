/* SPDX-License-Identifier: BSD-2-Clause */
/* internal: the session's inside, shared by the files of session/ only. Floor 3.
 *
 * session.c begins and ends a run and says what is wished; take.c takes frames, pending.c sends without a frame,
 * deadline.c time; match.c says whose a packet is; plan.c decides what a path still needs and which hops are settled,
 * diagnose.c and the files of diagnose.h what the comparison of all specs still needs; ladder.c turns needs into sends
 * at the right pace; explore.c does both for the search for all paths; view.c reads it all for others. Only ladder.c
 * knows what was commanded but not seen yet, so everything else comes out alike in a replay, where nothing is
 * commanded. */
#ifndef HOPSONDE_SESSION_INTERNAL_H
#define HOPSONDE_SESSION_INTERNAL_H

#include "session/session.h"

/* How long a sent probe may stay away from the capture before its send time stands in for its frame. */
#define UNSEEN_AFTER (100 * NS_PER_MS)

/* What one flow of a trace needs at one TTL. */
struct wanted {
    uint16_t want;      /* probes that it should have in all */
    uint16_t known;     /* that it has */
    uint16_t resolved;  /* of those known: answered, expired or refused */
    uint16_t commanded; /* live: how many were sent; for ladder.c alone */
    nstime not_before;  /* earliest time for the next; 0: at once */
};

/* plan.c's state of one trace. */
struct ladder_plan {
    bool active;          /* climbs hop by hop; a trace that is not may still be asked at single hops */
    uint8_t start;        /* first TTL of the climb */
    uint8_t compared;     /* how often it was asked again beside another spec */
    uint16_t ports;       /* diagnose: and from how many further source ports */
    uint8_t slowly;       /* and where another was refused */
    uint8_t closing;      /* and at the end of the path */
    struct wanted *needs; /* owned; one for each of its flows at each of 256 TTLs: session_wanted() */
};

/* How far plan.c has gone for a hop that is silent although a later one answered. */
enum rescue { RESCUE_NONE, RESCUE_ASKED, RESCUE_ASKED_LATER };

struct plan {
    struct ladder_plan traces[SPECS_MOST];
    uint8_t rescue[256];      /* enum rescue */
    bool repaired[256];       /* single losses of an answering hop were asked again */
    nstime last_sent[256];    /* of any probe known at the TTL */
    uint8_t settled_ttl;      /* the hops up to this one are settled */
    bool asked_silence_again; /* nothing answered anything, and the first hops were asked once more */
    bool complete;            /* nothing more is needed */
    nstime wait_until;        /* diagnose.c: what is still waited for comes before then; NSTIME_NEVER: nothing */
};

/* A send that the capture has not shown yet: live, every send; in a replay, what the file's claims tell. */
struct pending_send {
    struct session_claim claim;
    bool done; /* seen, or turned into a probe without a frame */
};

struct session {
    struct session_config config;
    struct session_events events;
    bool seen_only;
    bool interrupted;
    bool over;                       /* probes expire no more */
    nstime now;                      /* the stamp of the last frame or deadline; NSTIME_NONE before the first */
    struct trace *traces;            /* owned */
    const struct trace **trace_list; /* owned; the same, for a trace_set */
    unsigned trace_count;
    struct frame_counters counters;
    struct plan plan;

    nstime worst_rtt; /* of answers other than refusals, which a router may hold back for seconds; 0: none yet */

    struct pending_send *pending;
    size_t pending_count, pending_capacity, pending_first; /* all before pending_first are done */
    struct session_claim *claims;                          /* made and not taken yet */
    size_t claim_count, claim_capacity, claims_taken;
    unsigned unseen_probes;

    uint16_t last_serial[SPECS_MOST]; /* the highest known of each trace */
    uint16_t next_serial[SPECS_MOST];
    unsigned flows_asked[SPECS_MOST]; /* of each trace: no known probe is of a flow from here on */
    nstime last_send;                 /* NSTIME_NONE before the first */

    struct explorer *explorer; /* owned; of PURPOSE_PATHS where it sends: explore.c */

    uint8_t *stamp;                       /* scratch for one probe as it was sent, to compare quotes with */
    size_t settled_probes[SPECS_MOST];    /* probe_settled was called for those before */
    size_t first_outstanding[SPECS_MOST]; /* all probes before it are resolved */
};

/* match.c: whose packet is it? */
struct packet_match {
    enum frame_role role; /* FRAME_PROBE, FRAME_REPLY or FRAME_STRAY */
    const char *reason;   /* stray */
    unsigned trace;
    uint16_t which;         /* of its flows */
    struct flow_match flow; /* serial 0: the answer tells no probe */
};
struct packet_match match_packet(const struct session *session, const struct packet *packet);

/* plan.c */
/* When the probe is given up, given what is known now. */
nstime plan_deadline(const struct session *session, const struct probe *probe);
/* The next moment at which the plan itself wants to be run, though nothing has come; NSTIME_NEVER: none. */
nstime plan_timer(const struct session *session);
/* Brings needs, completeness and settled hops up to date, after anything has changed. */
void plan_update(struct session *session);
/* Settles whatever is left; after the end. */
void plan_finish(struct session *session);
/* The last TTL that this trace still has business at; 255 where that is open. */
uint8_t plan_limit(const struct session *session, unsigned trace);
/* Where its climb has ended for good: the target, a refusal, the end of a circle; 0: it has not. */
uint8_t plan_climb_end(const struct session *session, unsigned trace);

static inline struct wanted *session_wanted(const struct session *session, unsigned trace, unsigned flow, unsigned ttl)
{
    return &session->plan.traces[trace].needs[(size_t)ttl * session->traces[trace].flow_count + flow];
}
/* Farthest TTL that an answer came from, the target's hop at most; 0: none. */
uint8_t plan_farthest(const struct session *session);
/* Whether an answer shows who is there; a refusal only shows who is before. */
bool plan_trace_shows(const struct trace *trace, uint8_t ttl);
bool plan_hop_shown(const struct session *session, uint8_t ttl);
/* Where a climb has ended for good: the target, a refusal, the end of a circle; 0: it has not. */
uint8_t plan_end_of(const struct trace *trace);
/* Our own host refused for want of a way: a neighbour that does not resolve, a route that is gone. */
bool plan_own_host_has_no_way(const struct session *session);
/* Another spec whose router stands at this TTL; `silent` itself where none does. */
unsigned plan_other_with_router(const struct session *session, unsigned silent, uint8_t ttl);

/* diagnose.c: the same for a run that diagnoses. */
void diagnose_update(struct session *session); /* brings needs and completeness up to date */

/* explore.c: the same for a run that looks for all paths; and its sends, as ladder.c makes them for the others. */
struct explorer *explorer_new(void); /* NULL: memory is short */
void explorer_free(struct explorer *explorer);
void explore_update(struct session *session);
bool explore_next(struct session *session, nstime now, struct wish *wish, nstime *again);
void explore_sent(struct session *session, const struct wish *wish, nstime at);

/* ladder.c: the next probe to send; false: none may go now, and `*again` is when one may (NSTIME_NEVER: not by time).
 */
bool ladder_next(const struct session *session, nstime now, struct wish *wish, nstime *again);

/* pending.c */
/* What the claim says of it: trace, flow, serial, TTL, time. NULL: memory is short. */
struct probe *session_learn_probe(struct session *session, const struct session_claim *claim);
void session_resolve_probe(struct session *session, unsigned trace, struct probe *probe, enum probe_state state);
struct pending_send *pending_find(struct session *session, unsigned trace, uint16_t serial); /* NULL: none */
void pending_push(struct session *session, const struct session_claim *claim);
/* Its frame was seen. */
void pending_settle(struct session *session, struct pending_send *pending);
/* It has no frame: the send call speaks for it. NULL: memory is short. */
struct probe *pending_claim(struct session *session, struct pending_send *pending);
nstime pending_deadline(const struct pending_send *pending);

/* deadline.c */
nstime session_next_deadline(struct session *session);
/* Tells of the trace's next probe as final. */
void session_settle_probe(struct session *session, unsigned trace);

#endif

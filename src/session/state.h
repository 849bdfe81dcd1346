/* SPDX-License-Identifier: BSD-2-Clause */
/* state: the inside of a session, for the files of session/ and for the strategies. Floor 4; pure.
 *
 * session.c starts and ends a run and says what it wishes; receive.c takes frames, sends.c learns of probes, timers.c
 * runs deadlines; match.c says which probe a packet answers; progress.c says how far the run has come; pacing.c turns
 * wants into sends at the right pace; view.c shows it all to others. A strategy (strategy.h) decides what is wanted.
 * Only pacing.c and a strategy's `next` know what was commanded but not seen yet, so a replay, which commands nothing,
 * comes to the same result. */
#ifndef HOPSONDE_SESSION_STATE_H
#define HOPSONDE_SESSION_STATE_H

#include "session/session.h"
#include "session/strategy.h"

/* How long a sent probe may stay away from the capture before its send time stands in for its frame. */
#define UNSEEN_AFTER (100 * NS_PER_MS)

/* What one flow of a trace is wanted to send at one TTL. */
struct wanted {
    uint16_t want;      /* probes that it should have in all */
    uint16_t known;     /* that it has */
    uint16_t resolved;  /* of those known: answered, expired or refused */
    uint16_t commanded; /* live: how many were sent */
    nstime not_before;  /* earliest time for the next; 0: at once */
};

/* The same of a trace. */
struct trace_wants {
    struct wanted *cells; /* owned; one for each of its flows at each of 256 TTLs: session_wanted() */
    bool climbs;          /* its own flow climbs hop by hop, no further than trace_probe_limit() */
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

    void *plan; /* owned; the strategy's own state */
    struct trace_wants wants[SPECS_MOST];
    nstime last_sent[256]; /* of any probe known at the TTL */
    uint8_t settled_ttl;   /* the hops up to this one are settled */
    bool complete;         /* nothing more is wanted */
    nstime wait_until;     /* what the strategy still waits for comes before then; NSTIME_NEVER: nothing */

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

static inline struct wanted *session_wanted(const struct session *session, unsigned trace, unsigned flow, unsigned ttl)
{
    return &session->wants[trace].cells[(size_t)ttl * session->traces[trace].flow_count + flow];
}

/* session.c: has the strategy bring wants, completeness and settled hops up to date, after anything has changed. */
void session_update(struct session *session);
/* Settles hops in order, as far as the path is known and `is_closed` says so; NULL: all of them. */
void session_settle_hops(struct session *session, bool (*is_closed)(const struct session *session, uint8_t ttl));

/* progress.c */
/* Farthest TTL that an answer came from, the target's hop at most; 0: none. */
uint8_t session_farthest_ttl(const struct session *session);
/* Whether an answer of any spec shows who is at this hop. */
bool session_shows_hop(const struct session *session, uint8_t ttl);
/* Whether our own host has no route: a neighbour does not resolve, or a route is gone. */
bool session_lacks_route(const struct session *session);
/* Another spec for which an answer shows this hop; `silent` itself where there is none. */
unsigned session_other_at(const struct session *session, unsigned silent, uint8_t ttl);

/* timers.c */
/* When the probe times out, given what is known now. */
nstime session_probe_deadline(const struct session *session, const struct probe *probe);

/* pacing.c: the next probe of what is wanted; false: none may go now, and `*again` is when one may (NSTIME_NEVER: not
 * by time). */
bool pacing_next(struct session *session, nstime now, struct wish *wish, nstime *again);

/* sends.c */
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

/* timers.c */
nstime session_next_deadline(struct session *session);
/* Tells of the trace's next probe as final. */
void session_settle_probe(struct session *session, unsigned trace);

#endif

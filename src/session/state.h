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

#include "session/connections.h"
#include "session/due.h"
#include "session/session.h"
#include "session/strategy.h"

/* Time after a send. If the probe's frame has not come by then, the send time stands in for it. */
#define UNSEEN_AFTER (100 * NS_PER_MS)

/* The probes that one flow of a trace should send at one TTL. */
struct wanted {
    uint16_t want;      /* probes in all */
    uint16_t known;     /* of these, known so far */
    uint16_t resolved;  /* of those known: answered, expired or refused by our host */
    uint16_t commanded; /* live: sent so far */
    nstime not_before;  /* earliest time of the next one; 0: at once */
};

/* The same for a trace. */
struct trace_wants {
    struct wanted *cells; /* owned; by flow and TTL, for 256 TTLs: session_wanted() */
    unsigned flows_most;  /* flows that the cells have room for */
    bool climbs;          /* its own flow stays within trace_probe_limit() */
    nstime waits_until;   /* the run waits until then for its next probe; 0: it does not */
};

#define SIZE_TRACES_MOST 3 /* one for the way there, one for the way back, and one whose sizes went ahead in vain */
#define TRACES_MOST (SPECS_MOST + SIZE_TRACES_MOST)
#define SIZES_MOST 96 /* different sizes that a run sends */

/* The probes of a trace by TTL, with their send times: all of one TTL wait as long. An entry stands if the probe still
 * has that state and send time. */
struct trace_due {
    struct due_queue in_flight[256]; /* the earliest send first */
    struct due_queue expired[256];   /* the latest send first: times are negative */
    struct due_queue sent[256];      /* in any state; the earliest send first */
};

/* A send that the capture has not shown yet. Live: every send. Replay: the claims of the file. */
struct pending_send {
    struct session_claim claim;
    bool done; /* its frame was seen, or it became a probe without one */
};

/* With at least so many bits, as flow_guess_bits() counts them, a reply counts, whatever else arrives.
 * Unit: bits. Source: 2^32 packets take 12 hours at 100,000 a second. Effect: a smaller one lets a forger who floods us
 * make claims; a larger one makes genuine replies doubtful under a flood. */
#define GUESS_BITS_SURE 32
/* With fewer bits a reply counts only if another agrees. From here to GUESS_BITS_SURE it counts unless replies that fit
 * no probe arrive in numbers: a forger sends many of those before one fits.
 * Unit: bits. Source: more than any one field of 16 bits; two fields, as port and id, have 30. Effect: a smaller one
 * lets a quote without ports count; a larger one makes replies behind translators, and empty UDP probes, doubtful. */
#define GUESS_BITS_FAIR 24

/* A probe with an unproven reply, by its index in its trace. */
struct unproven {
    unsigned trace;
    size_t probe;
};

/* Unproven replies that a run keeps.
 * Unit: replies. Source: chosen. Effect: bounds the comparisons that each reply costs; those beyond it are strays. */
#define UNPROVEN_OF_RUN_MOST 1024

struct session {
    struct session_config config;
    struct session_events events;
    bool seen_only;
    bool interrupted;
    bool over;                       /* the run has ended: probes no longer expire */
    nstime now;                      /* the stamp of the last frame or deadline; NSTIME_NONE before the first */
    struct trace *traces;            /* owned; config.interface_mtu: then the size traces (sized.c) */
    const struct trace **trace_list; /* owned; the same as pointers, for a trace_set */
    unsigned trace_count;            /* of the specs: they come first */
    unsigned all_count;   /* with those of the port lists, to which no strategy but ports sends, and the size traces */
    unsigned sized_first; /* index of the first size trace */
    int sized[SIZE_TRACES_MOST]; /* the trace that each of these measures; -1: none yet */
    bool sizable[SPECS_MOST];    /* by trace: its probes can have other sizes */
    struct port_flow *port_flow; /* owned; the flow of one port of a list: session_port_flow() */
    struct frame_counters counters;

    void *plan; /* owned; state of the strategy */
    struct trace_wants wants[TRACES_MOST];
    struct trace_connections connections[TRACES_MOST];
    unsigned connections_opened; /* live */
    nstime last_connection;      /* live: the call that opened the last one */
    nstime last_sent[256];       /* by TTL: the latest send of any known probe */
    uint8_t settled_ttl;         /* the last hop that is settled */
    uint8_t max_ttl;             /* no probe goes further: config.max_ttl, or the first hop behind a gateway */
    bool complete;               /* the strategy wants nothing more */
    bool rests;                  /* it wants nothing before a session was left alone for long enough */

    nstime
        worst_rtt; /* largest RTT, of replies other than refusals, which a router may delay for seconds; 0: none yet */

    struct pending_send *pending;
    size_t pending_count, pending_capacity, pending_first; /* all before pending_first are done */
    size_t pending_dropped;       /* sends that stood before pending[0]: with its index, the number of a send */
    struct due_queue pending_due; /* by deadline: numbers of sends */
    struct serial_index pending_of[TRACES_MOST]; /* owned; the numbers of those sends that are not done */
    uint64_t flows_tried;                        /* for translated packets: match.c */
    size_t changes;                              /* of a replay: changes since the last update */
    unsigned guesses;                            /* replies whose probe was guessed */
    struct session_claim *claims;                /* made, but not taken yet */
    size_t claim_count, claim_capacity, claims_taken;
    unsigned unseen_probes;

    struct unproven unproven[UNPROVEN_OF_RUN_MOST];
    unsigned unproven_count;

    uint16_t last_serial[TRACES_MOST]; /* by trace: the largest known one */
    uint16_t next_serial[TRACES_MOST];
    unsigned flows_asked[TRACES_MOST]; /* by trace: known probes belong to smaller flow indexes */
    nstime last_send;                  /* NSTIME_NONE before the first */
    nstime next_slot;                  /* earliest time of the next send */

    uint8_t *stamp;                     /* scratch: one probe as it was sent, to compare quotes with */
    size_t settled_probes[TRACES_MOST]; /* by trace: probe_settled was called for the probes before */
    struct trace_due *due;              /* owned; by trace */
    size_t in_flight[TRACES_MOST];      /* by trace: outstanding probes */
};

/* port_flow.c: the flow of one port of a list; valid until the next call. NULL: memory is short. */
struct port_flow;
struct port_flow *port_flow_new(void);
void port_flow_free(struct port_flow *port_flow);
const struct flow *session_port_flow(const struct session *session, unsigned trace, uint16_t port);
static inline bool trace_has_port(const struct trace *trace, unsigned port)
{
    return trace->ports && port >= trace->first_port && port <= trace->last_port && port_list_has(trace->ports, port);
}

/* match.c: finds the probe that the packet is, or answers. */
struct packet_match {
    enum frame_role role; /* FRAME_PROBE, FRAME_REPLY or FRAME_STRAY */
    const char *reason;   /* STRAY: why */
    enum forgery forgery; /* STRAY: what it looks like; FORGERIES: no reply to this run */
    unsigned trace;
    uint16_t which;         /* index of the trace's flow */
    uint16_t size;          /* PROBE of a size trace: its size; `trace` is the one that it measures. 0: of another */
    uint16_t port;          /* target port, if the trace is of a port list; else 0 */
    struct flow_match flow; /* serial 0: the reply does not show which probe */
};
struct packet_match match_packet(struct session *session, const struct packet *packet);

/* The flows of a trace for its strategy. */
static inline unsigned session_rows(const struct session *session, unsigned trace)
{
    unsigned rows = session->connections[trace].rows;
    return rows ? rows : session->traces[trace].flow_count;
}

static inline struct wanted *session_wanted(const struct session *session, unsigned trace, unsigned flow, unsigned ttl)
{
    const struct trace_connections *own = &session->connections[trace];
    unsigned row = own->rows ? connections_row(own, flow) : flow;
    return &session->wants[trace].cells[(size_t)ttl * session->wants[trace].flows_most + row];
}

/* connections.c */
/* Whether no probe of the flow's row can leave any more: each handshake failed, though other rows had connections. */
bool connections_are_spent(const struct session *session, unsigned trace, unsigned flow);
/* idle_sessions.c: sessions that are left alone. */
/* Whether the same spec without an idle time has a session. */
bool connections_may_idle(const struct session *session, unsigned trace);
/* Whether the trace's session was left alone, probed and closed: it takes no more probes. */
bool connections_are_over(const struct session *session, unsigned trace);
/* Whether the trace's session could not be opened. */
bool connections_are_failed(const struct session *session, unsigned trace);

/* unproven.c: replies that a forger might guess. */
/* Keeps such a reply, or counts it at once if another agrees. False: there are too many, or it says nothing new. */
bool unproven_add(struct session *session, unsigned trace, struct probe *probe, const struct reply *reply);
/* A reply came that counts by itself: those that agree count now. */
void unproven_compare(struct session *session, unsigned trace, const struct probe *probe, const struct reply *reply);

static inline bool session_sees_forgery(const struct session *session, enum forgery kind)
{
    return forgery_is_certain(&session->counters.forgeries[kind]);
}

/* Serials of an endless run start again at 1 behind the largest. */
static inline uint16_t session_serial_after(const struct session *session, uint16_t serial)
{
    return session->config.strategy->is_endless ? (uint16_t)(serial % FLOW_SERIALS_MOST + 1) : (uint16_t)(serial + 1);
}
/* How many sends `serial` comes after `last`; negative: before. */
static inline int session_serial_ahead(const struct session *session, uint16_t last, uint16_t serial)
{
    int ahead = (int)serial - last;
    if (!session->config.strategy->is_endless)
        return ahead;
    ahead = (ahead + FLOW_SERIALS_MOST) % FLOW_SERIALS_MOST;
    return ahead < FLOW_SERIALS_MOST / 2 ? ahead : ahead - FLOW_SERIALS_MOST;
}

/* sends.c: forgets the settled probes that were sent before. Of an endless run only. */
void session_forget(struct session *session, nstime before);
/* receive.c: takes the round-trip time of the probe's first reply into account. True: it is the largest so far. */
bool session_note_rtt(struct session *session, const struct probe *probe, const struct reply *reply);

/* session.c: after each change, has the strategy update wants, settled hops and completeness. */
void session_update(struct session *session);
/* Settles hops in order, as far as the path is known and `is_closed` allows it; NULL: all of them. */
void session_settle_hops(struct session *session, bool (*is_closed)(const struct session *session, uint8_t ttl));

/* sized.c: the size traces, behind the others. Their flow 0 is that of the measured trace at its usual size. */
static inline bool session_is_sized(const struct session *session, unsigned index)
{
    return index >= session->sized_first && index < session->all_count;
}
/* STATUS_USAGE: no probe of the run can have another size. */
enum status sized_init(struct session *session, struct err *err);
/* The flow with this size of the size trace that measures trace `of`; the first call makes it. False: a run has no more
 * size traces or sizes, the size is too small, or memory is short. */
bool sized_flow(struct session *session, unsigned of, uint16_t size, unsigned *index, unsigned *which);
/* The index of the trace for people and for the saved capture: of a size trace, the one that it measures. */
unsigned session_shown_trace(const struct session *session, unsigned index);

/* progress.c */
/* Largest TTL with a reply, at most the target TTL; 0: none. */
uint8_t session_farthest_ttl(const struct session *session);
/* Whether a reply to any spec shows which node is at this hop. */
bool session_shows_hop(const struct session *session, uint8_t ttl);
/* Whether no packet of any protocol can reach the target: trace_set_dead_end(). */
bool session_lacks_route(const struct session *session);
/* When the report may say that nothing answers behind the last reply: the longest wait after the first probe to the
 * next hop. Only refusals take so long, as from a router whose neighbour does not resolve (RFC 1122 2.3.2.1, about 3 s
 * on Linux), and paths with one slow link. NSTIME_NEVER: something else ended the path, or no probe went there. */
nstime session_silence_due(const struct session *session);
bool session_silence_is_young(const struct session *session); /* That time has not come yet. */
/* Once the first router behind the gateway is known, no probe goes further. */
void session_stop_behind_gateway(struct session *session);
/* While the last router may be about to report that its neighbour does not answer, no probe to its own TTL leaves: the
 * reply would take the token of that report. False: there is no such time. */
struct token_reserve {
    uint8_t ttl;
    nstime from, until;
};
bool session_reserve(const struct session *session, struct token_reserve *out);
/* pacing.c: when a probe that is due at `not_before` may go to that TTL: behind the reserve, if it would go within it.
 */
nstime token_reserve_after(const struct token_reserve *reserve, nstime not_before, nstime now);
/* Another spec with a reply that shows this hop; `silent` itself if there is none. */
unsigned session_other_at(const struct session *session, unsigned silent, uint8_t ttl);

/* timers.c */
/* The first send of the trace at this TTL; NSTIME_NONE: none. */
nstime session_first_sent(const struct session *session, unsigned trace, uint8_t ttl);
/* The longest wait for a reply: the configured one, or more where the path is slow. It never shrinks. */
nstime session_longest_wait(const struct session *session);
/* From the send of a probe of that TTL until it expires, as known now. */
nstime session_wait(const struct session *session, unsigned trace, uint8_t ttl);
/* When the probe expires, as known now. */
nstime session_probe_deadline(const struct session *session, unsigned trace, const struct probe *probe);
/* A reply took longer than all before it, so deadlines are later now. Probes that expired too early are in flight
 * again. */
void session_reopen_probes(struct session *session, nstime now);

/* pacing.c: the next wanted probe. False: none may go now; `*again` is when one may (NSTIME_NEVER: not before a
 * change). */
bool pacing_next(struct session *session, nstime now, struct wish *wish, nstime *again);
/* Moves `*not_before` to when the row's connection takes the probe, or may be opened. False: only a change shows when.
 */
bool pacing_has_connection(const struct session *session, unsigned trace, unsigned row, unsigned ttl, nstime now,
                           nstime *not_before);

/* sends.c */
/* Adds the probe that the claim describes. NULL: memory is short. */
struct probe *session_learn_probe(struct session *session, const struct session_claim *claim);
/* An outstanding probe is so no more: it has its first reply, or it was resolved otherwise. */
void session_count_resolved(struct session *session, unsigned trace, const struct probe *probe);
void session_resolve_probe(struct session *session, unsigned trace, struct probe *probe, enum probe_state state);
/* The probe is known, or its send time changed. */
void session_resent_probe(struct session *session, unsigned trace, const struct probe *probe);
struct pending_send *pending_find(const struct session *session, unsigned trace, uint16_t serial); /* NULL: none */
void pending_push(struct session *session, const struct session_claim *claim);
/* Its frame was seen. */
void pending_settle(struct session *session, struct pending_send *pending);
/* It has no frame: the send call stands in for it. NULL: memory is short. */
struct probe *pending_claim(struct session *session, struct pending_send *pending);
nstime pending_deadline(const struct pending_send *pending);

/* timers.c */
nstime session_next_deadline(struct session *session);
/* Reports the trace's next probe as final. */
void session_settle_probe(struct session *session, unsigned trace);

#endif

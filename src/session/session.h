/* SPDX-License-Identifier: BSD-2-Clause */
/* session: one run: its traces, its counters, and its next wish. Floor 4; pure.
 *
 * Frames and time go in, wishes and events come out. It holds no descriptor, no clock and no FILE. It learns of its
 * own probes from the capture, so a live run, its replay and a simulated network feed it the same frames and get the
 * same result. It runs every deadline up to a frame's stamp before it takes the frame: results depend on stamps, not
 * on how the system schedules our process.
 *
 * Use: session_new(), then a loop of session_wish() and session_frame()/session_tick(), then session_finish(). */
#ifndef HOPSONDE_SESSION_SESSION_H
#define HOPSONDE_SESSION_SESSION_H

#include "base/err.h"
#include "silence/comparison.h"
#include "silence/end.h"
#include "trace/counters.h"

#define TARGET_NAME_BYTES 256

/* Targets of a run of several, each with a session of its own: targets/.
 * Unit: targets. Source: chosen; a screen of a page. Effect: with fewer, users start several runs; each more takes
 * about a megabyte. */
#define TARGETS_MOST 64

struct strategy;

/* The longest wait grows up to this one on slow paths if the user has not set one.
 * Unit: ns. Source: the wait of traceroute. Effect: a smaller one takes slow links in a row for silence; a larger one
 * delays the report of a silent target behind them. */
#define SLOW_WAIT (5 * NS_PER_S)

/* Limits of session_config.interval.
 * Unit: ns. Source: chosen: ten probes a second at each hop are many; an hour between two rounds shows little. Effect:
 * a smaller least presses routers. */
#define INTERVAL_LEAST (100 * NS_PER_MS)
#define INTERVAL_MOST (3600 * NS_PER_S)

/* All settings of a run. A capture that holds them replays as the same run. */
struct session_config {
    char target_name[TARGET_NAME_BYTES]; /* as the user wrote it; "" or equal to the address: no name */
    struct addr source, target;
    struct probe_spec specs[SPECS_MOST]; /* in the order of escalation */
    unsigned spec_count;
    struct port_list port_lists[PORT_LISTS_MOST]; /* specs that differ by port alone: session_list_parts() */
    unsigned port_list_count;
    bool automatic;                  /* -P auto: the heading says so */
    bool first_compares;             /* diagnose: the user did not name the first spec; it is there for comparison */
    uint32_t controls;               /* bit i: spec i is the control of a spec with a name */
    const struct strategy *strategy; /* strategy.h */
    uint16_t flows;                  /* source ports of a spec at most, where paths differ; 0, 1: only its own */
    uint32_t confidence; /* millionths; diagnose: the confidence that a drop needs; paths: the confidence that no next
                            hop was missed */
    uint32_t budget;     /* diagnose, paths: largest number of packets */
    bool lite;           /* paths: uses MDA-Lite where its assumptions hold */
    nstime interval;     /* watch: from one round to the next */
    uint32_t rounds;     /* watch: ends after so many; 0: the user ends it */
    uint8_t first_ttl, max_ttl;
    struct addr through; /* diagnose: the gateway to test, by an address or by its TTL; none and 0: the target is the */
    uint8_t through_ttl; /* end of the path */
    uint8_t queries;     /* probes a hop */
    uint8_t gap;         /* silent hops in a row after which a climb ends */
    nstime max_wait;     /* the longest wait for a reply */
    nstime slow_wait;    /* it grows to this one where replies are slow: session_longest_wait(); 0: it does not grow */
    nstime send_gap;     /* least time between two sends: from -z and --rate */
    bool gap_is_mean;    /* of port lists and sizes: a send that was late lets the next ones follow sooner */
    uint16_t size;       /* of the whole IP packet in bytes; 0: the default of each type */
    uint16_t interface_mtu; /* the run also measures which sizes the path takes, up to this one; 0: it does not */
    uint8_t tos;
    bool dont_fragment;
    int32_t flow_label;   /* -1: the seed decides */
    uint16_t source_port; /* 0: the seed decides */
    uint64_t seed;
};

/* A probe without a frame of its own in the capture. The session makes claims, the capture file keeps each at its
 * place, and a replay hands them back there. */
enum claim_kind {
    CLAIM_REFUSED, /* the send failed with `send_errno` */
    CLAIM_UNSEEN,  /* it was sent, but its frame was not seen; `at` is the time of the send call */
    /* No probe: what happened to the run at `at`. */
    CLAIM_MOVED,        /* from then on the target has the address `moved_to`, and a session of its own */
    CLAIM_CLOCK_STEP,   /* `note` says how the clock was set, or that the machine slept */
    CLAIM_WRITE_FAILED, /* `note` says which report could not be written, and why */
};

/* Longest note of a claim with its NUL; a longer one is cut. */
#define CLAIM_NOTE_BYTES 256

struct session_claim {
    enum claim_kind kind;
    unsigned trace;
    uint16_t serial;
    uint8_t ttl;
    uint16_t flow;   /* index of the trace's flow */
    uint16_t size;   /* of a probe of the size trace; `trace` is then the trace that it belongs to. 0: it is none */
    uint16_t port;   /* target port of a port list's probe; else 0 */
    unsigned target; /* of a run of several targets: whose session made it, from 0 */
    struct addr moved_to;
    nstime at;
    int send_errno;
    const char *note; /* borrowed; read from a file: valid until its wire's next event; NULL: none */
};

static inline bool claim_is_of_probe(const struct session_claim *claim)
{
    return claim->kind < CLAIM_MOVED;
}

enum wish_kind {
    WISH_SEND,
    WISH_WAIT,
    WISH_CONNECT, /* our kernel opens the connection of the flow, or probe `serial` begins its UDP session:
                     session_connected() */
    WISH_CLOSE,   /* and closes it, with a RST: session_closed() */
    WISH_DONE,
};

struct wish {
    enum wish_kind kind;
    nstime until;   /* WAIT: call again at this time at the latest */
    unsigned trace; /* SEND: the trace, and its flow that stamps the probe; CONNECT, CLOSE: that has the connection */
    uint16_t flow;
    uint16_t port; /* target port, if the trace is of a port list; else 0 */
    uint16_t serial;
    uint8_t ttl;
};

enum frame_role {
    FRAME_STRAY, /* no probe and no reply; counted under `reason` */
    FRAME_PROBE,
    FRAME_REPLY,
    FRAME_MALFORMED,
    FRAME_CONNECTION, /* of a connection that probes are sent in, but neither probe nor reply: `reason` says what */
};

/* What the session made of a frame: for its comment in the saved capture, and for -v. */
struct frame_note {
    enum frame_role role;
    const char *reason; /* STRAY, MALFORMED: constant text. REPLY: the rule it was matched by */
    unsigned trace;
    uint16_t serial;
    uint8_t ttl;
    bool is_excess; /* a reply beyond REPLIES_MOST of its probe: a capture need not keep it */
    uint32_t attempt;
};

struct session;

/* The session calls these as things become final, in capture order; each may be NULL. */
struct session_events {
    void *context;
    /* The probe's fate is final, and no earlier probe of its trace is open. Once for each known probe. */
    void (*probe_settled)(void *context, const struct session *session, const struct trace *trace,
                          const struct probe *probe);
    /* The probe's first reply has come; it is not settled yet. */
    void (*probe_answered)(void *context, const struct session *session, const struct trace *trace,
                           const struct probe *probe);
    /* The hop's line may be printed. Called in order of TTL, once each, never beyond the path's end. */
    void (*hop_settled)(void *context, const struct session *session, uint8_t ttl);
    /* Of an endless run: `rounds` rounds have ended. Its probes of the last rounds are still known. */
    void (*round_ended)(void *context, const struct session *session, uint32_t rounds);
};

enum session_end { SESSION_COMPLETE, SESSION_INTERRUPTED };

/* Builds the flows through libnet. `seen_only` (replay): the session wishes nothing and learns from frames alone. */
struct session *session_new(const struct session_config *config, bool seen_only, const struct session_events *events,
                            struct err *err);
/* The same with the flows of a saved capture, config->spec_count of them. Each field but template_bytes is set; the
 * session copies them. */
struct session *session_new_with_flows(const struct session_config *config, const struct flow *flows, bool seen_only,
                                       const struct session_events *events, struct err *err);
void session_free(struct session *session);

/* A port list has a trace for each PORTS_OF_TRACE port numbers, as a trace can tell FLOW_SERIALS_MOST probes apart. */
#define PORTS_OF_TRACE 16384
struct list_part {
    const struct port_list *list;
    uint16_t first, last; /* the trace has the ports of the list from first to last */
};
#define LIST_PARTS_MOST (PORT_LISTS_MOST * 65536 / PORTS_OF_TRACE)
/* The parts of all port lists, in order. Returns their number; they borrow from `config`. */
unsigned session_list_parts(const struct session_config *config, struct list_part out[LIST_PARTS_MOST]);
/* Whether the run tests a gateway: --through. */
bool session_config_is_through(const struct session_config *config);
/* The number of traces: of the specs, and of the parts of the port lists. */
unsigned session_config_traces(const struct session_config *config);

/* The flow that stamps the wish's probe; valid until the next call that takes the session. NULL: memory is short. */
const struct flow *session_flow(const struct session *session, const struct wish *wish);
struct wish session_wish(struct session *session, nstime now);
/* The result of the send that was wished: 0 or an errno, and the clock around the call. */
void session_sent(struct session *session, const struct wish *wish, int send_errno, nstime at);
/* The result of opening a connection: 0 (it is under way) or an errno. */
void session_connected(struct session *session, const struct wish *wish, int connect_errno, nstime at);
void session_closed(struct session *session, const struct wish *wish);
/* The next connection that is still to be closed, when a run ends in whatever way. False: none. */
bool session_close_wish(const struct session *session, struct wish *wish);
struct frame_note session_frame(struct session *session, const struct frame *frame, const struct packet *packet);
/* Runs the earliest deadline up to `now`. False: there is none. The caller has handed in every frame with an earlier
 * stamp. */
bool session_step(struct session *session, nstime now);
/* Runs them all. */
void session_tick(struct session *session, nstime now);
/* Live: the next claim that the capture keeps, in order; false: none. Take them all before writing the frame just
 * handed in. */
bool session_take_claim(struct session *session, struct session_claim *out);
/* Replay: a claim from the file. */
void session_claim(struct session *session, const struct session_claim *claim);
/* Ends the run: runs the deadlines up to `ended_at`, settles all probes, and decides how each trace ended. A probe
 * in flight at `ended_at` stays outstanding: the run did not wait for its reply, so its silence proves nothing.
 * NSTIME_NEVER: all deadlines run. NSTIME_NONE: none does. */
void session_finish(struct session *session, enum session_end end, nstime ended_at, uint64_t dropped_by_kernel);

/* The stamp of the last frame or deadline; NSTIME_NONE before the first. A live run ends at this time and saves it,
 * so that its replay ends there too. */
nstime session_now(const struct session *session);

/* The state, for verdict/, capture/ and report/; valid until the session changes. */
const struct session_config *session_config(const struct session *session);
const struct frame_counters *session_counters(const struct session *session);
/* The traces of the specs; then those of the port lists, up to session_all_count(). */
unsigned session_trace_count(const struct session *session);
unsigned session_all_count(const struct session *session);
const struct trace *session_trace(const struct session *session, unsigned index);
bool session_was_interrupted(const struct session *session);
/* The probes of other sizes with the flow of trace `of`, as a trace whose flows differ in size alone. NULL: none was
 * sent. session_trace() also finds the size traces that a wish names. */
const struct trace *session_size_trace(const struct session *session, unsigned of);
/* Whether the probes of this trace can have other sizes. */
bool session_can_measure(const struct session *session, unsigned of);
/* The trace that was measured first, if any was. */
bool session_measures(const struct session *session, unsigned *of);
/* When the trace's session was left alone for long enough; NSTIME_NEVER: it is not left alone, not open yet, over, or
 * in use. */
nstime session_idle_until(const struct session *session, unsigned trace);
/* When the trace's next probe is due, if the run waits for that time: with session_idle_until(), or for the end of
 * residual blocking. NSTIME_NEVER: it does not wait. */
nstime session_waits_until(const struct session *session, unsigned trace);
/* Whether a spec of the run needs connections. */
bool session_connects(const struct session *session);
/* The functions of trace_set.h, over the session's traces. */
const struct trace *session_hop_trace(const struct session *session, uint8_t ttl);
uint8_t session_last_router_ttl(const struct session *session);
uint8_t session_target_ttl(const struct session *session);
uint8_t session_last_ttl(const struct session *session);
/* The session's traces as a set that borrows them: those of the specs, and those of the port lists. */
struct trace_set session_trace_set(const struct session *session);
struct trace_set session_list_set(const struct session *session);
/* silence_compare() and silence_compare_end() for one trace among all of the session's. */
void session_compare_silence(const struct session *session, const struct trace *trace, struct comparison *out);
void session_compare_end(const struct session *session, const struct trace *trace, struct end_comparison *out);
/* Probes whose own frame was not seen: their send times come from the send call. */
unsigned session_unseen_probes(const struct session *session);

#endif

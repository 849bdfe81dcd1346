/* SPDX-License-Identifier: BSD-2-Clause */
/* session: one run: its traces, its counters, and what it wishes to be done next. Floor 3; pure.
 *
 * Frames and time go in, wishes and events come out; it holds no descriptor, no clock and no FILE. It learns of its
 * own probes by seeing them in the capture, so a live run, a replay of what it saved and a simulated network all
 * feed it the same frames and get the same report. Before a frame is taken, every deadline up to the frame's stamp is
 * run: results depend on the packets' stamps, not on how our process was scheduled.
 *
 * Use: session_new(), then a loop of session_wish() and session_frame()/session_tick(), then session_finish(). */
#ifndef HOPSONDE_SESSION_SESSION_H
#define HOPSONDE_SESSION_SESSION_H

#include "base/err.h"
#include "silence/comparison.h"
#include "silence/end.h"
#include "trace/counters.h"

#define TARGET_NAME_BYTES 256

struct strategy;

/* Everything that makes a run what it is. Saved in a capture, it makes the replay the same run. */
struct session_config {
    char target_name[TARGET_NAME_BYTES]; /* as the user wrote it; "" or equal to the address: none */
    struct addr source, target;
    struct probe_spec specs[SPECS_MOST]; /* the escalation chain, in order */
    unsigned spec_count;
    bool automatic;                  /* -P auto: printed so in the heading */
    const struct strategy *strategy; /* strategy.h */
    uint16_t flows;      /* from how many source ports a spec may be asked, where paths differ; 0, 1: its own alone */
    uint32_t confidence; /* millionths; diagnose: how sure a silence is to be before it is claimed; paths: how sure it
                            is to be that nothing was missed */
    uint32_t budget;     /* diagnose, paths: packets at most */
    bool lite;           /* paths: by MDA-Lite, where it may be */
    uint8_t first_ttl, max_ttl;
    uint8_t queries; /* probes a hop */
    uint8_t gap;     /* silent hops in a row before a ladder gives up */
    nstime max_wait;
    nstime send_gap; /* least span between two sends: -z and --rate in one */
    uint16_t size;   /* whole IP packet; 0: the default of each type */
    uint8_t tos;
    bool dont_fragment;
    int32_t flow_label;   /* -1: drawn from the seed */
    uint16_t source_port; /* 0: drawn from the seed */
    uint64_t seed;
};

/* A probe that has no frame of its own in the capture. The session makes claims, the capture file keeps them where
 * they were made, and a replay hands them back at the same place. */
enum claim_kind {
    CLAIM_REFUSED, /* the send failed with `send_errno` */
    CLAIM_UNSEEN,  /* it was sent, but its frame was not seen leaving: `at` is the time of the send call */
};

struct session_claim {
    enum claim_kind kind;
    unsigned trace;
    uint16_t serial;
    uint8_t ttl;
    uint16_t flow; /* of the trace */
    nstime at;
    int send_errno;
};

enum wish_kind { WISH_SEND, WISH_WAIT, WISH_DONE };

struct wish {
    enum wish_kind kind;
    nstime until;   /* WAIT: when to come back, at the latest */
    unsigned trace; /* SEND: index of the trace, and of its flow, which stamps the probe */
    uint16_t flow;
    uint16_t serial;
    uint8_t ttl;
};

enum frame_role {
    FRAME_STRAY, /* ours or not, it counts under `reason` */
    FRAME_PROBE,
    FRAME_REPLY,
    FRAME_MALFORMED,
};

/* What the session made of a frame: for the comment on it in the saved capture, and for -v. */
struct frame_note {
    enum frame_role role;
    const char *reason; /* STRAY, MALFORMED: constant text. REPLY: the rule it was matched by */
    unsigned trace;
    uint16_t serial;
    uint8_t ttl;
    uint32_t attempt;
};

struct session;

/* Called as things become final, in capture order; any may be NULL. */
struct session_events {
    void *context;
    /* No further probe of the trace is due at it and its fate is known. Each known probe exactly once. */
    void (*probe_settled)(void *context, const struct session *session, const struct trace *trace,
                          const struct probe *probe);
    /* The hop's line may be printed: in rising TTL order, each once, never beyond the path's end. */
    void (*hop_settled)(void *context, const struct session *session, uint8_t ttl);
};

enum session_end { SESSION_COMPLETE, SESSION_INTERRUPTED };

/* Builds the flows (through libnet). `seen_only` (replay): the session wishes nothing and learns from frames alone. */
struct session *session_new(const struct session_config *config, bool seen_only, const struct session_events *events,
                            struct err *err);
/* The same with the flows of a saved capture: they replace those drawn from the seed; their count is
 * config->spec_count. Each flow's fields but template_bytes are set; copies are taken. */
struct session *session_new_with_flows(const struct session_config *config, const struct flow *flows, bool seen_only,
                                       const struct session_events *events, struct err *err);
void session_free(struct session *session);

struct wish session_wish(struct session *session, nstime now);
/* What became of the send that was wished: 0 or an errno, and the clock around the call. */
void session_sent(struct session *session, const struct wish *wish, int send_errno, nstime at);
struct frame_note session_frame(struct session *session, const struct frame *frame, const struct packet *packet);
/* Runs every deadline up to `now`. The caller has handed in every frame stamped before it. */
void session_tick(struct session *session, nstime now);
/* Live: the next claim to be kept with the capture, in order; false: none. Drain it before writing the frame just
 * handed in. */
bool session_take_claim(struct session *session, struct session_claim *out);
/* Replay: a claim out of the file. */
void session_claim(struct session *session, const struct session_claim *claim);
/* Ends the run: the deadlines up to `ended_at` run, all probes settle, and each trace's end is decided. A probe that is
 * in flight at `ended_at` stays outstanding: the run did not wait for its reply, so its silence proves nothing.
 * NSTIME_NEVER: all deadlines run. NSTIME_NONE: none does. */
void session_finish(struct session *session, enum session_end end, nstime ended_at, uint64_t dropped_by_kernel);

/* The stamp of the last frame or deadline; NSTIME_NONE before the first. A live run ends at this time and saves it with
 * the capture, so that the replay ends there as well. */
nstime session_now(const struct session *session);

/* The state, for verdict/ and out/; valid until the session changes. */
const struct session_config *session_config(const struct session *session);
const struct frame_counters *session_counters(const struct session *session);
unsigned session_trace_count(const struct session *session);
const struct trace *session_trace(const struct session *session, unsigned index);
bool session_was_interrupted(const struct session *session);
/* What trace_set.h says of the session's traces. */
const struct trace *session_hop_trace(const struct session *session, uint8_t ttl);
uint8_t session_last_router_ttl(const struct session *session);
uint8_t session_target_ttl(const struct session *session);
uint8_t session_last_ttl(const struct session *session);
/* The session's traces as a set that borrows them. */
struct trace_set session_trace_set(const struct session *session);
/* silence_compare() and silence_compare_end() of one of the session's traces among all of them. */
void session_compare_silence(const struct session *session, const struct trace *trace, struct comparison *out);
void session_compare_end(const struct session *session, const struct trace *trace, struct end_comparison *out);
/* Times that are in no frame: probes whose own frame was not seen. */
unsigned session_unseen_probes(const struct session *session);

#endif

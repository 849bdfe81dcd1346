/* SPDX-License-Identifier: BSD-2-Clause */
/* trace: what became of every probe of a trace, hop by hop. Floor 3; pure: no clock, no output.
 *
 * The session and the recogniser fill it from frames; verdict/ and report/ read it. A trace owns its probes, a probe
 * owns its replies. Times are capture times. Stamps alone decide whether a probe has expired and a hop is settled,
 * so a replay decides alike. */
#ifndef HOPSONDE_TRACE_TRACE_H
#define HOPSONDE_TRACE_TRACE_H

#include "probe/flow.h"
#include "probe/port_list.h"
#include "trace/reply.h"
#include "trace/serial_index.h"

#define REPLIES_MOST 64        /* of one probe */
#define FLOWS_COMPARED_MOST 32 /* of a trace whose flows are compared one by one; a search for all paths has more */

enum probe_state {
    PROBE_OUTSTANDING,
    PROBE_ANSWERED,
    PROBE_EXPIRED, /* its deadline passed without a reply; a late reply makes it ANSWERED */
    PROBE_REFUSED, /* our own host refused to send it: `send_errno` */
};

/* A capture of another tool may hold millions of these: keep it small. */
struct probe {
    nstime sent;           /* stamp of its own frame, else of the send call; NSTIME_NONE: only replies show the probe */
    uint64_t frame;        /* 0: its own frame was not seen, or no capture is kept */
    struct reply *replies; /* owned; in order of arrival; the unproven ones stand behind the others */
    uint32_t attempt;      /* attempt number at this TTL of this trace, from 1 */
    int32_t next_at_ttl;   /* index of the next probe with this TTL; -1: the last */
    int16_t send_errno;
    uint16_t flow;                     /* index of its flow: trace_flow(); own runs only */
    uint16_t serial;                   /* number within its trace, from 1; 0: the flow is not ours */
    uint16_t source_port, target_port; /* of a flow that is not ours; ICMP: echo id and sequence number */
    uint16_t echo_checksum; /* of a flow that is not ours: the checksum of an echo request, which balancers may hash */
    uint32_t flow_label;    /* of a flow that is not ours; IPv6 */
    uint8_t reply_count, reply_capacity;
    uint8_t unproven_count; /* replies that a forger may have guessed: nothing counts them */
    uint8_t ttl;
    uint8_t state; /* enum probe_state */
    uint8_t file;  /* index of the capture file that holds the frame, from 0 */
    bool seen;     /* its own frame was captured; if not, `sent` stands in for it and the report says so */
};

enum trace_end {
    END_RUNNING, /* not decided yet */
    END_REACHED,
    END_REJECTED,
    END_UNREACHABLE,
    END_LOOPING,
    END_SILENT,
    END_MAX_TTL,
    END_INTERRUPTED,
};

/* The probes of one TTL. */
struct trace_ttl {
    int32_t first, last; /* indexes of the trace's probes; -1: none */
    uint32_t asked;      /* probes sent, as far as the capture shows, without those forgotten */
    uint32_t forgotten;  /* trace_forget() */
};

/* How a trace came about. A trace of our own has only defaults. */
struct trace_origin {
    const char *tool;        /* constant text: the tool that sends such packets; NULL: no tool's pattern fits */
    const char *grouped_by;  /* constant text: what its probes have in common */
    bool foreign;            /* found in a capture: the report shows every TTL that was probed */
    bool inferred;           /* the capture lacks its probes; they were rebuilt from the quotes of replies */
    bool source_port_varies; /* each probe then has its own */
    bool target_port_varies; /* each probe then has its own */
    uint8_t
        captured_at_ttl; /* the hop behind which the capture was taken; 0: at the source, as far as the packets show */
    uint32_t rounds;     /* sweeps over the TTLs */
};

/* The SYN/ACKs of the connections in which the trace sent data: they show how far away the host is that accepted them.
 */
struct trace_handshakes {
    uint32_t count;                          /* 0: its probes are no segments of a connection */
    uint8_t least_reply_ttl, most_reply_ttl; /* as captured; they differ where return paths do */
};

struct trace {
    struct flow flow;        /* owned; constant along the trace, except for ports that `origin` marks as varying */
    struct flow *alternates; /* owned; the same probes from other source ports, which may take other paths */
    unsigned flow_count;     /* 1 + the number of alternates */
    uint8_t gap, max_ttl;    /* limits of the run, which end a silence: session_config */
    struct tunnels *inside;  /* owned; the tunnels that its probes came in; NULL: none */
    struct probe *probes;    /* owned; in the order in which they became known */
    size_t probe_count, probe_capacity;
    uint64_t forgotten;     /* probes that stood before probes[0]: trace_forget() */
    struct trace_ttl *ttls; /* owned; by TTL; ttl_count entries */
    unsigned ttl_count;
    struct serial_index serials; /* owned; indexes into probes */

    struct trace_origin origin;
    struct trace_handshakes handshakes;
    uint32_t number;             /* from 0 in the order of discovery; a trace of our own: result_trace_number() */
    uint32_t sent_count;         /* of a foreign trace: all its probes, also those that are not kept here */
    bool started;                /* at least one probe is known */
    bool is_control;             /* of ours: it is compared with specs that differ in the name alone */
    uint8_t least_ttl, most_ttl; /* of all known probes; least above most: there is none */

    /* Each reply updates these: */
    uint8_t last_router_ttl; /* largest TTL with a time exceeded, whoever signed it (a DNAT signs for all); 0: none */
    uint8_t reached_ttl;     /* smallest TTL at which the target answered, other than by time exceeded; 0: none */
    uint8_t open_ttl;        /* smallest TTL with a SYN/ACK; 0: none */
    uint8_t refused_ttl;     /* smallest TTL that another device refused: reply_rejects(); 0: none */
    uint8_t loop_first, loop_length; /* first hop of a loop, and its length; 0: no loop */
    unsigned reply_count;            /* all replies, duplicates and late ones included, but no unproven ones */
    unsigned unproven_count;
    uint32_t answered_count;      /* probes with at least one reply */
    nstime first_sent, last_seen; /* of the trace's frames; NSTIME_NONE before the first one */
    nstime last_sent;             /* of a foreign trace */
    enum trace_end end;

    /* Borrowed; of a port list: each probe has a target port of its own, which is in the list and from first_port to
     * last_port. NULL: all probes have the flow's port. */
    const struct port_list *ports;
    uint16_t first_port, last_port;
};

/* Statistics of one hop of one trace ("stats" in JSON). Duplicates count once. A late reply counts as received. A
 * send that our host refused does not count as sent. Times are in milliseconds; jitter is the mean of |rtt -
 * previous rtt|. */
struct hop_stats {
    unsigned sent, received;
    unsigned timed;                                        /* of those received: probes with a known RTT */
    double loss;                                           /* 0 to 1 */
    double best_ms, avg_ms, worst_ms, stdev_ms, jitter_ms; /* valid if timed > 0 */
};

/* Flow 0 is the trace's own, the others are its alternates. */
static inline const struct flow *trace_flow(const struct trace *trace, unsigned index)
{
    return index ? &trace->alternates[index - 1] : &trace->flow;
}
/* Whether its session is left alone before it is probed. */
static inline bool trace_is_idle(const struct trace *trace)
{
    return trace->flow.spec.idle_s;
}
/* Whether each probe of a foreign trace is, or may be, a flow of its own. */
static inline bool trace_ports_vary(const struct trace *trace)
{
    return trace->origin.source_port_varies || trace->origin.target_port_varies;
}
/* The spec of one probe: it differs along a port list. */
struct probe_spec trace_probe_spec(const struct trace *trace, const struct probe *probe);
const struct probe *trace_first_at(const struct trace *trace, uint8_t ttl); /* NULL: none */
uint32_t trace_asked(const struct trace *trace, unsigned ttl);              /* number of known probes at this TTL */
const struct probe *trace_next_at(const struct trace *trace, const struct probe *probe); /* same TTL; NULL: the last */
const struct probe *trace_probe(const struct trace *trace, uint16_t serial);             /* NULL: unknown */
/* Whether the trace belongs to a search for all paths: its flows are too many to compare one by one. */
static inline bool trace_is_search(const struct trace *trace)
{
    return trace->flow_count > FLOWS_COMPARED_MOST;
}
/* Whether the probe was answered, or none of its replies came in time. */
static inline bool probe_is_resolved(const struct probe *probe)
{
    return probe->state == PROBE_ANSWERED || probe->state == PROBE_EXPIRED;
}
/* The first reply of the probe, which stands for it. NULL: none. */
const struct reply *probe_answer(const struct probe *probe);
/* What a table shows of the probe: its first reply, else its first unproven one. NULL: none. */
const struct reply *probe_shown(const struct probe *probe);
/* All replies that a report lists; the unproven ones are the last. */
static inline unsigned probe_listed(const struct probe *probe)
{
    return probe->reply_count + (unsigned)probe->unproven_count;
}
static inline bool probe_is_unproven(const struct probe *probe, const struct reply *reply)
{
    return reply >= probe->replies + probe->reply_count;
}
void trace_hop_stats(const struct trace *trace, uint8_t ttl, struct hop_stats *out);
/* The same of some probes of a hop. */
void probes_stats(const struct probe *const *probes, unsigned count, struct hop_stats *out);
/* The router or target that answered first at this TTL; a none-address if there is no answer. */
struct addr trace_hop_address(const struct trace *trace, uint8_t ttl);
/* The one that answered last. */
struct addr trace_newest_address(const struct trace *trace, uint8_t ttl);
/* The first router that let a probe of this TTL expire; a none-address if none did. */
struct addr trace_router_address(const struct trace *trace, uint8_t ttl);
/* The router that let a probe of this flow expire there; NULL: none is known. */
const struct addr *trace_flow_router(const struct trace *trace, unsigned flow, uint8_t ttl);
/* Whether the flow got a reply at this TTL or a larger one. */
bool trace_flow_passed(const struct trace *trace, unsigned flow, unsigned ttl);
/* The first probe of this TTL with a reply; NULL: none. */
const struct probe *trace_answered_at(const struct trace *trace, uint8_t ttl);
/* The probe limit: larger TTLs show nothing more. The target, a refusal, or the end of a loop sets it; 0: not known. */
uint8_t trace_probe_limit(const struct trace *trace);
/* Whether a reply shows which node is at this hop. A refusal only shows a node before it. */
bool trace_shows_hop(const struct trace *trace, uint8_t ttl);
/* The report's last TTL: the target's, the refusal's, the end of the second round of a loop, or the end of the
 * silence. If paths differ in length, it is the longest path's. 0: no probe is known. */
uint8_t trace_last_ttl(const struct trace *trace);
/* The last TTL of a table for people. A foreign trace reports every TTL that was probed, but probes beyond the
 * target's own hop show nothing more of the path. */
uint8_t trace_shown_ttl(const struct trace *trace);
/* The refusal at refused_ttl, and its probe; NULL: none. */
const struct reply *trace_refusal(const struct trace *trace, const struct probe **probe);
/* The smallest TTL that this refusal answers. The quote (RFC 792, RFC 4443) shows how much of the probe's TTL was
 * left; one is enough to get there. So the result is below the probe's TTL if refusals at smaller TTLs were lost or
 * rate-limited. It is never a hop at which the trace's probes expired. */
uint8_t trace_refused_from(const struct trace *trace, const struct probe *probe, const struct reply *reply);
const char *trace_end_name(enum trace_end end); /* "reached" ... as in JSON */
/* The hop at which the probes have gone round the loop twice: loop_first + 2 * loop_length - 1; 0: no loop. */
uint8_t trace_loop_end(const struct trace *trace);

/* The functions below change a trace; session/, recognise/ and tests call them. If memory is short they return NULL
 * or false and leave the trace as it was. */
void trace_init(struct trace *trace);
void trace_free(struct trace *trace);
/* Frees spare memory; no more probes are to come. */
void trace_fit(struct trace *trace);
/* A copy that the caller frees. Only as many as are counted may be read. NULL: there are none, or no memory. */
struct tunnels *tunnels_copy(const struct tunnels *tunnels);
/* Adds a probe that its frame or a claim shows. The serial must be new to the trace, or 0: none. */
struct probe *trace_add_probe(struct trace *trace, uint16_t serial, uint8_t ttl, nstime sent);
/* Adds the reply and takes over what it owns; marks it as late or duplicate and updates the summary fields. False
 * also if the probe has REPLIES_MOST already, so that a network that duplicates without end costs no more memory. */
bool trace_add_reply(struct trace *trace, struct probe *probe, const struct reply *reply);
/* Keeps a reply that shows too little of the probe's identity to count: the probe goes on waiting, and no summary
 * changes. False: the probe has UNPROVEN_MOST already, or memory is short.
 * Unit: replies. Source: chosen. Effect: a smaller one may leave out the genuine reply between forged ones; a larger
 * one makes lines of a report long under a flood. */
#define UNPROVEN_MOST 2
bool trace_add_unproven(struct trace *trace, struct probe *probe, const struct reply *reply);
/* Another reply agrees with the probe's unproven reply `index`: now it counts. */
void trace_prove(struct trace *trace, struct probe *probe, unsigned index);
struct probe *trace_find(struct trace *trace, uint16_t serial);
/* Forgets the first `count` probes with their replies. The trace is then as if they had never been sent, but attempts
 * go on counting. Indexes of the other probes shrink by `count`. */
void trace_forget(struct trace *trace, size_t count);
/* What the trace shows since `since`: a copy of it with only the probes that were sent then or later. It borrows their
 * replies and all else of the trace; trace_free_tail() frees it. False: memory is short. */
bool trace_tail(const struct trace *trace, nstime since, struct trace *out);
void trace_free_tail(struct trace *tail);
/* Counts a connection by the reply TTL of its SYN/ACK. */
void trace_note_handshake(struct trace *trace, uint8_t reply_ttl);
/* Counts a probe of this TTL that the trace does not keep. */
void trace_note_ttl(struct trace *trace, uint8_t ttl);
/* Updates the summary fields, but not the loop, with a reply to a probe of this TTL. */
void trace_note_reply(struct trace *trace, uint8_t ttl, const struct reply *reply);
/* Finds a loop: at least two different routers that recur in the same order. One address at k and k+1 is a router
 * that forwards TTL 0 (Augustin 2006); one address at every hop is a NAT that signs for all. Shared addresses alone
 * must recur twice: special_is_shared(). `routers`: by TTL up to last_router_ttl, the router that let a probe expire.
 */
void trace_find_loop(struct trace *trace, const struct addr *routers);

#endif

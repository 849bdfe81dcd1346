/* SPDX-License-Identifier: BSD-2-Clause */
/* path: what became of every probe of a trace, hop by hop. Floor 3; pure: no clock, no output.
 *
 * Filled from frames (session.h); read by verdict/ and out/. A trace owns its probes, a probe its replies. Times are
 * capture times. Whether a probe has expired and a hop is settled is decided here, from stamps alone, so that a
 * replay decides alike. */
#ifndef HOPSONDE_TRACE_TRACE_H
#define HOPSONDE_TRACE_TRACE_H

#include "packet/rewrite.h"
#include "probe/flow.h"

#define REPLIES_MOST 64 /* to one probe */
#define FLOWS_COMPARED_MOST                                                                                            \
    32 /* of a trace, where flows are compared one by one; the search for all paths has more                           \
        */

/* Two captures of one frame on two interfaces (a bridge and its port, a bond and its slave) lie closer than this. */
#define SAME_FRAME_WITHIN (2 * NS_PER_MS)

struct reply {
    struct addr from;
    uint8_t kind;                 /* enum reply_kind */
    uint8_t match;                /* enum match */
    uint8_t version;              /* 4 or 6: of the reply's own IP header */
    uint8_t icmp_type, icmp_code; /* meaningful where is_icmp */
    uint8_t reply_ttl;            /* as it arrived here */
    uint8_t tcp_flags;
    uint8_t answer_type; /* direct answers: SCTP first chunk type, DCCP packet type; else 0 */
    uint8_t rewrite_count;
    uint8_t file; /* which of the capture's files holds the frame, from 0 */
    bool is_icmp;
    bool dont_fragment;
    bool late;      /* came after its probe had expired */
    bool duplicate; /* the probe had been answered before */
    uint16_t ip_id;
    uint16_t tcp_window;    /* of a SYN/ACK or RST: fingerprints of a forged one */
    int16_t quoted_ttl;     /* -1: no quote */
    uint32_t quoted_fields; /* those that the quote is long enough to show: rewrite_shown(); 0: not known */
    uint32_t mtu;           /* of a too-big; 0: none */
    uint32_t interface;     /* where it was captured; the kernel's ifindex live */
    nstime time;
    uint64_t frame;                   /* number in the capture; 0: none is kept */
    const char *rule;                 /* constant: by what it was matched */
    struct icmp_extension *extension; /* owned; NULL where there was none */
    struct rewrite *rewrites;         /* owned; NULL where nothing was changed */
};

enum probe_state {
    PROBE_OUTSTANDING,
    PROBE_ANSWERED,
    PROBE_EXPIRED, /* silent past its deadline (a late reply makes it ANSWERED again) */
    PROBE_REFUSED, /* our own host did not let it out: `send_errno` */
};

/* Kept by the million where somebody else's capture holds as many: small. */
struct probe {
    nstime sent;           /* stamp of its own frame, else of the send call; NSTIME_NONE: known from answers alone */
    uint64_t frame;        /* 0: its own frame was not seen, or none is kept */
    struct reply *replies; /* owned; in order of arrival */
    uint32_t attempt;      /* the how-manieth at this TTL of this trace, from 1 */
    int32_t next_at_ttl;   /* index of the next probe with this TTL; -1: the last */
    int16_t send_errno;
    uint16_t flow;                     /* which of its trace's flows it is of: trace_flow(); ours only */
    uint16_t serial;                   /* identity within its trace, from 1; 0: the flow is not ours */
    uint16_t source_port, target_port; /* where the flow is not ours; ICMP: echo id and sequence number */
    uint16_t echo_checksum;            /* what else balancers may look at where the flow is not ours: of an echo */
    uint32_t flow_label;               /* request; of IPv6 */
    uint8_t reply_count, reply_capacity;
    uint8_t ttl;
    uint8_t state; /* enum probe_state */
    uint8_t file;  /* which of the capture's files holds the frame, from 0 */
    bool seen;     /* its own frame was captured; otherwise `sent` is a stand-in and the report says so */
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
    int32_t first, last; /* indexes into the trace's probes; -1: none */
    uint32_t asked;      /* probes known */
};

/* What is known of the making of a trace; our own has nothing but defaults. */
struct trace_origin {
    const char *tool;        /* constant: the kind of tool that made it; NULL: not told by its pattern */
    const char *grouped_by;  /* constant: what its probes have in common */
    bool foreign;            /* out of a capture, by whatever tool: every TTL that was asked belongs to the report */
    bool inferred;           /* its probes are not in the capture and were rebuilt from the quotes of answers */
    bool source_port_varies; /* then each probe has its own */
    bool target_port_varies; /* the same */
    uint8_t captured_at_ttl; /* the hop behind which the capture was taken; 0: at the source, as far as is known */
    uint32_t rounds;         /* sweeps over the TTLs */
};

struct trace {
    struct flow flow;        /* owned; constant along the trace, but for what origin says that varies */
    struct flow *alternates; /* owned; the same probes from other source ports, to go other ways */
    unsigned flow_count;     /* 1 and the alternates */
    struct trace_origin origin;
    uint32_t number;     /* from 0 in the order in which traces were found; not of a session's: result_trace_number() */
    uint32_t sent_count; /* of a foreign trace: its probes, whether they are kept here or not */
    uint8_t gap, max_ttl;        /* the run's limits, so that a trace knows where a silence ends: session_config */
    bool started;                /* at least one probe is known */
    uint8_t least_ttl, most_ttl; /* of the probes that became known; least above most: none did */
    struct probe *probes;        /* owned; in the order in which they became known */
    size_t probe_count, probe_capacity;
    struct trace_ttl *ttls; /* owned; by TTL; ttl_count entries */
    unsigned ttl_count;
    int32_t *by_serial; /* owned; index into probes, -1: unknown; by_serial_size entries */
    size_t by_serial_size;

    /* Kept up to date with every reply: */
    unsigned reply_count;    /* all replies, duplicates and late ones included */
    uint32_t answered_count; /* probes that drew any */
    uint8_t
        last_router_ttl; /* highest TTL that drew a time exceeded, whoever signed it (a DNAT signs for all); 0: none */
    uint8_t reached_ttl; /* least TTL the target answered other than by time exceeded; 0: none */
    uint8_t open_ttl;    /* least TTL that drew a SYN/ACK; 0: none */
    uint8_t refused_ttl; /* least TTL that drew a refusal by another device; 0: none */
    uint8_t loop_first, loop_length; /* first hop of a circle and its length; 0: no loop */
    nstime first_sent, last_seen;    /* of the trace's frames; NSTIME_NONE before the first */
    nstime last_sent;                /* of a foreign trace */
    enum trace_end end;
};

/* Statistics of one hop of one trace ("stats" in JSON). Duplicates count once; a late reply counts as received;
 * a refused send is not counted as sent. Times in milliseconds; jitter is the mean of |rtt - previous rtt|. */
struct hop_stats {
    unsigned sent, received;
    unsigned timed;                                        /* of those received; the others' probes have no send time */
    double loss;                                           /* 0 to 1 */
    double best_ms, avg_ms, worst_ms, stdev_ms, jitter_ms; /* meaningful where timed > 0 */
};

/* Flow 0 is the trace's own, the others its alternates. */
static inline const struct flow *trace_flow(const struct trace *trace, unsigned index)
{
    return index ? &trace->alternates[index - 1] : &trace->flow;
}
/* Whether each probe of a foreign trace is, or may be, a flow of its own. */
static inline bool trace_ports_vary(const struct trace *trace)
{
    return trace->origin.source_port_varies || trace->origin.target_port_varies;
}
const struct probe *trace_first_at(const struct trace *trace, uint8_t ttl);              /* NULL: none */
uint32_t trace_asked(const struct trace *trace, unsigned ttl);                           /* probes known at this TTL */
const struct probe *trace_next_at(const struct trace *trace, const struct probe *probe); /* same TTL; NULL: the last */
const struct probe *trace_probe(const struct trace *trace, uint16_t serial);             /* NULL: unknown */
/* Whether it has more flows than are compared one by one: a search for all paths, in which each has a way of its own.
 */
static inline bool trace_is_search(const struct trace *trace)
{
    return trace->flow_count > FLOWS_COMPARED_MOST;
}
/* The reply that stands for the probe: its first. NULL: none. */
const struct reply *probe_answer(const struct probe *probe);
/* Reply time minus send time, never negative. */
nstime reply_rtt(const struct probe *probe, const struct reply *reply);
void trace_hop_stats(const struct trace *trace, uint8_t ttl, struct hop_stats *out);
/* The router (or target) that answered first at this TTL; a none-address where nobody did. */
struct addr trace_hop_address(const struct trace *trace, uint8_t ttl);
/* The router that let a probe of this TTL expire, the first to say so; a none-address where nobody did. */
struct addr trace_router_address(const struct trace *trace, uint8_t ttl);
/* Who let a probe of this one flow expire there; NULL: nobody is known to. */
const struct addr *trace_flow_router(const struct trace *trace, unsigned flow, uint8_t ttl);
/* The first probe of this TTL that drew an answer; NULL: none did. */
const struct probe *trace_answered_at(const struct trace *trace, uint8_t ttl);
/* The last TTL that further probes are of use at: the target, a refusal, the end of a circle; 0: not known. */
uint8_t trace_probe_limit(const struct trace *trace);
/* Whether an answer shows who is at this hop; a refusal only shows who is before. */
bool trace_shows_hop(const struct trace *trace, uint8_t ttl);
/* The last TTL that belongs in a report: where the target answered, the refusal, the end of the second round of a
 * loop, or the end of the silence; of several ways, the longest's. 0 where no probe is known. */
uint8_t trace_last_ttl(const struct trace *trace);
/* The last TTL of a table for people. A foreign trace reports every TTL that was asked, but what was sent beyond the
 * target's own hop says nothing more of the path. */
uint8_t trace_shown_ttl(const struct trace *trace);
/* Whether it is of a kind that hosts and routers send a few at once only (RFC 4443 2.4; Linux icmp_ratelimit). */
static inline bool reply_is_limited(const struct reply *reply)
{
    return reply->is_icmp && reply->kind != REPLY_ECHO;
}
/* Whether the reply comes from the target or in its name, and is no time exceeded. */
bool reply_reaches(const struct trace *trace, const struct reply *reply);
/* Whether the reply is an ICMP refusal by somebody else than the target. A packet too big is always refused before it,
 * whoever signs. */
bool reply_refuses(const struct trace *trace, const struct reply *reply);
/* The refusal that was drawn at refused_ttl, and its probe; NULL: none was. */
const struct reply *trace_refusal(const struct trace *trace, const struct probe **probe);
/* The least TTL that draws this refusal: the quote (RFC 792, RFC 4443) shows how much of the probe's was left where it
 * was refused, and one is enough. So it is less than the probe's where refusals at nearer TTLs were lost or withheld,
 * but never that of a hop which let the trace's probes expire. */
uint8_t trace_refused_from(const struct trace *trace, const struct probe *probe, const struct reply *reply);
/* Whether the refusal says that there is no way (net or host unreachable), rather than no permission (RFC 792,
 * 1122, 1812, 4443). */
bool reply_is_no_route(const struct reply *reply);
const char *trace_end_name(enum trace_end end); /* "reached" ... as in JSON */
/* The hop at which the circle has been gone round twice: loop_first + 2 * loop_length - 1; 0: no loop. */
uint8_t trace_loop_end(const struct trace *trace);

/* The rest changes a trace; for session.c and tests. Out of memory: NULL or false, the trace as before. */
void trace_init(struct trace *trace);
void trace_free(struct trace *trace);
/* No more probes are to come: gives back the memory that was held for them. */
void trace_fit(struct trace *trace);
/* A probe becomes known: by its frame, or by a claim. The serial must be new to the trace, or 0: none. */
struct probe *trace_add_probe(struct trace *trace, uint16_t serial, uint8_t ttl, nstime sent);
/* Takes over the reply and what it owns; marks it late or a duplicate, and brings the summary fields up to date.
 * False, too, where the probe has REPLIES_MOST already: a network that doubles packets without end costs no more. */
bool trace_add_reply(struct trace *trace, struct probe *probe, const struct reply *reply);
struct probe *trace_find(struct trace *trace, uint16_t serial);
/* What a packet says of itself as a reply; whose it is, and of what kind, is the caller's to add. */
void reply_of_packet(const struct frame *frame, const struct packet *packet, struct reply *out);
/* Adds what the quote shows changed from what was sent. */
void reply_compare_quote(struct reply *reply, const struct headers *sent, const struct headers *quote);
/* A probe of this TTL became known, though the trace does not keep it. */
void trace_note_ttl(struct trace *trace, uint8_t ttl);
/* Brings the summary fields but the loop up to date with a reply to a probe of this TTL. */
void trace_note_reply(struct trace *trace, uint8_t ttl, const struct reply *reply);
/* Looks for a circle: at least two different routers that recur in the same order. One address at k and k+1 is a router
 * that forwards TTL 0 (Augustin 2006), one address all along is a NAT that signs for everybody. `routers`: who let a
 * probe of each TTL up to `top` expire. */
void trace_find_loop(struct trace *trace, const struct addr *routers);

#endif

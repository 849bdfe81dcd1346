/* path: what became of every probe of a trace, hop by hop. Floor 3; pure: no clock, no output.
 *
 * Filled from frames (session.h); read by verdict/ and out/. A trace owns its probes, a probe its replies. Times are
 * capture times. Whether a probe has expired and a hop is settled is decided here, from stamps alone, so that a
 * replay decides alike. */
#ifndef HOPSONDE_SESSION_PATH_H
#define HOPSONDE_SESSION_PATH_H

#include "packet/rewrite.h"
#include "probe/flow.h"

#define REPLIES_MOST 64 /* to one probe */

struct reply {
    struct addr from;
    nstime time;
    uint64_t frame; /* number in the capture; 0: none is kept */
    enum reply_kind kind;
    enum match match;
    const char *rule;             /* constant: by what it was matched */
    uint8_t version;              /* 4 or 6: of the reply's own IP header */
    uint8_t icmp_type, icmp_code; /* meaningful where is_icmp */
    bool is_icmp;
    bool late;           /* came after its probe had expired */
    bool duplicate;      /* the probe had been answered before */
    uint8_t reply_ttl;   /* as it arrived here */
    int16_t quoted_ttl;  /* -1: no quote */
    uint32_t mtu;        /* of a too-big; 0: none */
    uint32_t interface;  /* where it was captured; the kernel's ifindex live */
    uint16_t tcp_window; /* of a SYN/ACK or RST: fingerprints of a forged one */
    uint8_t tcp_flags;
    uint8_t answer_type; /* direct answers: SCTP first chunk type, DCCP packet type; else 0 */
    uint16_t ip_id;
    bool dont_fragment;
    struct icmp_extension *extension; /* owned; NULL where there was none */
    struct rewrite *rewrites;         /* owned; NULL where nothing was changed */
    uint8_t rewrite_count;
};

enum probe_state {
    PROBE_OUTSTANDING,
    PROBE_ANSWERED,
    PROBE_EXPIRED, /* silent past its deadline (a late reply makes it ANSWERED again) */
    PROBE_REFUSED, /* our own host did not let it out: `send_errno` */
};

struct probe {
    uint16_t serial; /* identity within its flow, from 1 */
    uint8_t ttl;
    uint8_t attempt; /* the how-manieth at this TTL of this trace, from 1 */
    nstime sent;     /* stamp of its own frame, else of the send call */
    uint64_t frame;  /* 0: its own frame was not seen, or none is kept */
    bool seen;       /* its own frame was captured; otherwise `sent` is a stand-in and the report says so */
    int send_errno;
    enum probe_state state;
    struct reply *replies; /* owned; in order of arrival */
    unsigned reply_count, reply_capacity;
    int32_t next_at_ttl; /* index of the next probe with this TTL; -1: the last */
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

struct trace {
    struct flow flow;     /* owned; constant along the trace */
    uint8_t gap, max_ttl; /* the run's limits, so that a trace knows where a silence ends: session_config */
    bool started;         /* at least one probe is known */
    struct probe *probes; /* owned; in the order in which they became known */
    size_t probe_count, probe_capacity;
    int32_t first_at_ttl[256], last_at_ttl[256]; /* -1: none */
    uint16_t asked[256];                         /* probes known at the TTL */
    int32_t *by_serial;                          /* owned; index into probes, -1: unknown; by_serial_size entries */
    size_t by_serial_size;

    /* Kept up to date with every reply: */
    unsigned reply_count; /* all replies, duplicates and late ones included */
    uint8_t top;          /* highest TTL that drew a time exceeded, whoever signed it (a DNAT signs for all); 0: none */
    uint8_t reached_ttl;  /* least TTL the target answered other than by time exceeded; 0: none */
    uint8_t refused_ttl;  /* least TTL that drew a refusal by another device; 0: none */
    uint8_t loop_first, loop_length; /* first hop of a circle and its length; 0: no loop */
    nstime first_sent, last_seen;    /* of the trace's frames; NSTIME_NONE before the first */
    enum trace_end end;
};

/* Statistics of one hop of one trace (contract: "stats"). Duplicates count once; a late reply counts as received;
 * a refused send is not counted as sent. Times in milliseconds; jitter is the mean of |rtt - previous rtt|. */
struct hop_stats {
    unsigned sent, received;
    double loss;                                           /* 0 to 1 */
    double best_ms, avg_ms, worst_ms, stdev_ms, jitter_ms; /* meaningful where received > 0 */
};

const struct probe *trace_first_at(const struct trace *trace, uint8_t ttl);              /* NULL: none */
const struct probe *trace_next_at(const struct trace *trace, const struct probe *probe); /* same TTL; NULL: the last */
const struct probe *trace_probe(const struct trace *trace, uint16_t serial);             /* NULL: unknown */
/* The reply that stands for the probe: its first. NULL: none. */
const struct reply *probe_answer(const struct probe *probe);
/* Reply time minus send time, never negative. */
nstime reply_rtt(const struct probe *probe, const struct reply *reply);
void trace_hop_stats(const struct trace *trace, uint8_t ttl, struct hop_stats *out);
/* The router (or target) that answered first at this TTL; a none-address where nobody did. */
struct addr trace_hop_address(const struct trace *trace, uint8_t ttl);
/* The router that let a probe of this TTL expire, the first to say so; a none-address where nobody did. */
struct addr trace_router_address(const struct trace *trace, uint8_t ttl);
/* The last TTL that belongs in a report: where the target answered, the refusal, the end of the second round of a
 * loop, or the end of the silence. 0 where no probe is known. */
uint8_t trace_last_ttl(const struct trace *trace);
/* Whether the reply comes from the target or in its name, and is no time exceeded. */
bool reply_reaches(const struct trace *trace, const struct reply *reply);
/* Whether the reply is an ICMP refusal by somebody else than the target. A packet too big is always refused before it,
 * whoever signs. */
bool reply_refuses(const struct trace *trace, const struct reply *reply);
/* Whether the refusal says that there is no way (net or host unreachable), rather than no permission (reference: ICMP
 * tables of RFC 792, 1122, 1812, 4443). */
bool reply_is_no_route(const struct reply *reply);
const char *trace_end_name(enum trace_end end); /* "reached" ... as in JSON */
/* The hop at which the circle has been gone round twice: loop_first + 2 * loop_length - 1; 0: no loop. */
uint8_t trace_loop_end(const struct trace *trace);

/* The rest changes a trace; for session.c and tests. Out of memory: NULL or false, the trace as before. */
void trace_init(struct trace *trace);
void trace_free(struct trace *trace);
/* A probe becomes known: by its frame, or by a claim. The serial must be new to the trace. */
struct probe *trace_add_probe(struct trace *trace, uint16_t serial, uint8_t ttl, nstime sent);
/* Takes over the reply and what it owns; marks it late or a duplicate, and brings the summary fields up to date.
 * False, too, where the probe has REPLIES_MOST already: a network that doubles packets without end costs no more. */
bool trace_add_reply(struct trace *trace, struct probe *probe, const struct reply *reply);
struct probe *trace_find(struct trace *trace, uint16_t serial);

#endif

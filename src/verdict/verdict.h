/* SPDX-License-Identifier: BSD-2-Clause */
/* verdict: what became of each probe spec, where, how sure that is, and the frames that show it. Floor 4; pure.
 *
 * Rules are rows of a table, tried in order; the first that holds decides (verdict/rules/rules.c). */
#ifndef HOPSONDE_VERDICT_VERDICT_H
#define HOPSONDE_VERDICT_VERDICT_H

#include "mtu/path_mtu.h"

enum verdict_state {
    VERDICT_OPEN,
    VERDICT_CLOSED,
    VERDICT_REJECTED,
    VERDICT_DROPPED,
    VERDICT_INTERCEPTED,
    VERDICT_UNREACHABLE,
    VERDICT_LOOPING,
    VERDICT_UNANSWERED,
    VERDICT_INCONCLUSIVE,
    VERDICT_FORWARDED, /* with --through: the gateway let it pass; nothing is said of the path behind */
};

#define VERDICT_STATES (VERDICT_FORWARDED + 1)

/* How a probe was stopped. */
enum verdict_how {
    HOW_NONE, /* nothing stopped it, or nothing shows how */
    HOW_SILENT,
    HOW_TCP_RESET,
    HOW_SCTP_ABORT,
    HOW_DCCP_RESET,
    HOW_PARAMETER_PROBLEM,
    HOW_NET_UNREACHABLE,
    HOW_HOST_UNREACHABLE,
    HOW_PROTOCOL_UNREACHABLE,
    HOW_PORT_UNREACHABLE,
    HOW_SOURCE_ROUTE_FAILED,
    HOW_NET_PROHIBITED,
    HOW_HOST_PROHIBITED,
    HOW_ADMIN_PROHIBITED,
    HOW_PRECEDENCE,
    HOW_BEYOND_SCOPE,
    HOW_SOURCE_POLICY,
    HOW_REJECT_ROUTE,
    HOW_REPLY_LOST, /* the target's replies are dropped on the way back: only the capture of the other end shows that */
    HOW_REPLY,      /* of findings: a reply in the target's name that is not its own; */
    HOW_FIN,        /* and one that ends the connection without data */
    HOWS,
};

struct place {
    bool known;
    uint8_t ttl;         /* 0: not known */
    struct addr address; /* may be none: the hop is known, its address is not */
};

#define VERDICT_FRAMES_MOST 32 /* frames of one verdict or finding: reports stay readable */
#define SENTENCE_BYTES 512     /* a longer sentence is cut */

/* A frame of the capture. */
struct frame_number {
    uint64_t number; /* in its file, from 1 */
    uint8_t file;    /* which of the capture's files, from 0 */
};

struct verdict {
    const struct trace *trace; /* whose spec is judged */
    struct probe_spec spec;    /* of a port list: that of one port; else without type: verdict_spec() */
    enum verdict_state state;
    enum verdict_how how;
    struct place at, after, before;
    double confidence;                               /* 0 to 0.999 */
    char text[SENTENCE_BYTES];                       /* one sentence; network names in it are escaped already */
    struct frame_number frames[VERDICT_FRAMES_MOST]; /* that show it; none are kept without a capture file */
    unsigned frame_count;
};

enum finding_kind {
    FINDING_NONE,
    FINDING_FORGED_REPLIES,
    FINDING_FORGED, /* this and the next two: of captures of two points alone */
    FINDING_LOST_TOWARD_FAR,
    FINDING_LOST_TOWARD_NEAR,
    FINDING_LOCAL_DROP,
    FINDING_LOOP,
    FINDING_NAT,
    FINDING_MTU,
    FINDING_MTU_BLACK_HOLE,
    FINDING_PROXY,
    FINDING_STATEFUL_FIREWALL,
    FINDING_STATELESS_FIREWALL,
    FINDING_NAME_FILTER,
    FINDING_IDLE_TIMEOUT,
    FINDING_PATH_DEPENDENT,
    FINDING_DSCP_REWRITE,
    FINDING_ECN_BLEACHED,
    FINDING_MSS_CLAMP,
    FINDING_TCP_OPTIONS_STRIPPED,
    FINDING_HEADER_REWRITE,
    FINDING_PAYLOAD_REWRITE,
    FINDING_TTL_REWRITE,
    FINDING_ROUTE_CHANGE,
    FINDING_LOAD_BALANCED,
    FINDING_PER_PACKET_BALANCED,
    FINDING_MPLS_TUNNEL,
    FINDING_ZERO_TTL,
    FINDING_HIDDEN_HOP,
    FINDING_ASYMMETRIC_RETURN,
    FINDING_RATE_LIMIT,
    FINDING_SILENT_HOP,
    FINDING_KINDS,
};

/* One value of a finding: `text` if it is set, else `address` if there is one, else `number`, or a flag that is set if
 * the number is not 0. */
struct finding_detail {
    const char *name; /* constant; NULL ends the list */
    const char *text; /* constant, or of a spec */
    struct addr address;
    bool is_flag;
    double number;
};

#define FINDING_DETAILS_MOST 6

struct finding {
    enum finding_kind kind;
    const struct trace *trace; /* NULL: of the whole path */
    struct place at, after;
    struct place before; /* of a black hole, a name filter and an idle timeout; of others it is not known */
    struct finding_detail detail[FINDING_DETAILS_MOST];
    char text[SENTENCE_BYTES];
    struct frame_number frames[VERDICT_FRAMES_MOST];
    unsigned frame_count;
};

#define FINDINGS_MOST 64 /* the least important kinds, which are last, are left out beyond it */

struct portmap;

struct judgement {
    const struct trace *of; /* one of the traces judged, all with its source and target; NULL: none was */
    struct verdict verdicts[SPECS_MOST];
    unsigned verdict_count;
    struct finding findings[FINDINGS_MOST];
    unsigned finding_count;
    char gateway[SENTENCE_BYTES]; /* why the run shows nothing of the gateway of --through; "": it does, or has none */
    struct portmap *ports; /* owned; what became of the run's port lists: verdict/port_verdicts.h. NULL: it has none */
};

/* Judges every trace that sent something, in their order, and the port lists. */
void verdict_judge(const struct session *session, struct judgement *out);
/* The sentence of a run with --mtu, and one of each report that cannot be true. */
void verdict_describe_mtu(const struct path_mtu *mtu, char text[SENTENCE_BYTES]);
void verdict_describe_mtu_lie(const struct mtu_lie *lie, char text[SENTENCE_BYTES]);
/* The verdict on one trace of the set alone, by its index. False: it sent nothing. */
bool verdict_judge_one(const struct trace_set *set, unsigned index, struct verdict *out);
/* Frees what the judgement owns. */
void verdict_release(struct judgement *judgement);
/* Judges traces of any tools, all from one source to one target, against each other. Of several traces with the same
 * spec it judges the one that got furthest; of more specs than SPECS_MOST, the first. The traces must outlive `out`.
 * `ends`: by number of the capture's file, the file's last stamp. */
void verdict_judge_traces(const struct trace *const *traces, size_t count, const nstime *ends, struct judgement *out);
/* The words of reports, "open", "admin-prohibited", "local-drop" ...; NULL for HOW_NONE and FINDING_NONE. */
const char *verdict_state_name(enum verdict_state state);
const char *verdict_how_name(enum verdict_how how);
const char *finding_kind_name(enum finding_kind kind);

/* The spec that is judged. */
static inline const struct probe_spec *verdict_spec(const struct verdict *verdict)
{
    return verdict->spec.type ? &verdict->spec : &verdict->trace->flow.spec;
}

/* Whether the target itself answered: open or closed. */
static inline bool verdict_reaches(const struct verdict *verdict)
{
    return verdict->state == VERDICT_OPEN || verdict->state == VERDICT_CLOSED;
}

/* Whether the probe got as far as the run tests: to the target, or through the gateway. */
static inline bool verdict_passes(const struct verdict *verdict)
{
    return verdict_reaches(verdict) || verdict->state == VERDICT_FORWARDED;
}

/* The gateway as a place, and the router behind it. */
static inline struct place place_of_gateway(const struct gateway *gateway)
{
    return (struct place){.known = gateway->ttl != 0, .ttl = gateway->ttl, .address = gateway->address};
}
static inline struct place place_behind_gateway(const struct gateway *gateway)
{
    return (struct place){.known = gateway->behind_ttl != 0, .ttl = gateway->behind_ttl, .address = gateway->behind};
}

/* Whether both are the same, or both unknown. */
static inline bool place_equal(const struct place *a, const struct place *b)
{
    return a->known == b->known && (!a->known || (a->ttl == b->ttl && addr_equal(&a->address, &b->address)));
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* state: what the recogniser holds. Floor 4; internal to recognise/. Data only: each file's header says which part it
 * looks after. */
#ifndef HOPSONDE_RECOGNISE_STATE_H
#define HOPSONDE_RECOGNISE_STATE_H

#include "base/captured.h"
#include "recognise/pool.h"
#include "recognise/recognise.h"

/* Bounds of memory: about 60 MB in all, for any capture. */
#define CANDIDATES_MOST (1U << 17)
#define RUNS_MOST (1U << 13)
#define RUNS_OF_PAIR_MOST 64
#define UNMATCHED_MOST (1U << 14)
#define UNMATCHED_OF_PAIR_MOST 1024
#define DUPLICATE_WITHIN (250 * NS_PER_MS) /* after the first reply: how long a probe waits for further ones */
#define FORWARDED_WITHIN                                                                                               \
    (500 * NS_PER_MS)                   /* of its first sighting a packet is seen behind routers, or at the far end */
#define FORWARDED_SOON (20 * NS_PER_MS) /* a router forwards a packet in less, unless its queue is long */
#define SCAN_MOST 256                   /* candidates tried for a reply that no key finds: bounds the time per frame */
#define REPLY_BYTES_MOST (4U << 20)     /* labels, rewrites and further replies of all candidates */
#define UNMATCHED_BYTES_MOST (2U << 20) /* labels of all unmatched replies */
#define HIGH_TTLS_MOST (1U << 16)       /* of all runs: TTLs above PROBE_TTL_MOST */

#define TUNNELS_KNOWN 1024 /* tunnels that are remembered: a later one takes the place of an earlier one */

#define SPARE_EXTENSIONS 32 /* freed ones that are kept: most replies with labels then need no malloc() */
#define PEEK_MOST 8       /* entries of a table in which prefetching looks: hardly any stands farther from its place */
#define PAIR_MARK_BITS 14 /* the marks of pairs fit into the nearest cache */

struct run;
struct pair;

/* A packet that may be a probe, until it is reported, kept or rejected. Tens of thousands of them wait in a large
 * capture, so the fields stand in cache lines by the time when they are needed. */
struct candidate {
    _Alignas(CACHE_LINE) struct probe probe; /* `replies` is `first` or malloc'ed */
    uint64_t key;

    struct candidate *before, *after; /* in the run, by time. A free candidate: `after` is the next free one */
    struct run *run;
    uint32_t place;                    /* in its queue */
    uint32_t id;                       /* from 1, see candidate_at() */
    uint32_t next_same, previous_same; /* ids of candidates with this key, the newest first; 0: none */
    bool indexed;
    bool settled;        /* no reply is expected any more, and it is in no queue */
    bool bytes_held : 1; /* held_bytes counts what its replies own */
    bool has_bytes : 1;  /* its replies may own something; else they need not be touched */
    uint8_t direction;
    uint32_t interface;   /* of its frame; so is the direction */
    struct traits traits; /* with the TTL as captured; probe.ttl is as sent, once that is known */
    struct reply first;
};

/* Candidates by deadline, which is the order of their arrival. A removed one leaves a gap: only the array is touched.
 */
struct queue {
    struct queue_entry {
        nstime due;
        uint32_t id;     /* 0: a gap */
        uint32_t hash;   /* its place in the index */
    } * entries;         /* owned; a ring */
    uint32_t mask;       /* size - 1 */
    uint32_t first, end; /* positions that always rise; & mask: an index */
    uint32_t count;      /* without gaps */
};

/* How a header field changes from one probe of a run to the next. */
enum movement {
    MOVE_NONE, /* only one value so far */
    MOVE_CONSTANT,
    MOVE_RISING, /* in small steps */
    MOVE_NEAR,   /* up and down in small steps */
    MOVE_RANDOM,
};

struct field {
    uint32_t first, last, least, most;
    uint32_t steps_of_one; /* how often it rose by 1 */
    uint8_t movement;      /* enum movement */
};

enum run_state {
    RUN_UNDECIDED,
    RUN_FOUND,    /* it is a trace */
    RUN_ORDINARY, /* other traffic with low TTLs */
};

/* One TTL of a run. */
struct run_ttl {
    struct addr router; /* the first that sent a time exceeded; none */
    uint32_t asked;
};

/* The SYN/ACK of a TCP connection: handshakes.c. */
struct handshake {
    uint64_t key;      /* a hash of its addresses and ports */
    nstime last_time;  /* of the last packet of the connection */
    uint32_t seq, ack; /* of the first segment that its client sends in it */
    uint16_t run_id;   /* of the run that probed in it last; 0: none */
    uint8_t reply_ttl; /* 0: none is known */
};

#define NEAR_TTLS 20 /* of a run, from 0 on */
#define LATER_MOST 4 /* connections of a run whose later packets are known */

/* A packet that followed a probe in its TCP connection, with the host's own TTL: a FIN, or the probe's segment again.
 */
struct later_packet {
    nstime time;   /* 0: there is none */
    uint32_t word; /* its ports */
    uint32_t end;  /* the sequence number behind it */
};

/* Packets that one run of one tool may have sent. What most packets touch stands together, from `trace.origin` to
 * `shown`. */
struct run {
    struct trace trace; /* the pool begins a cache line with it */
    struct pair *pair;
    struct run *next_in_pair;
    struct candidate *oldest, *newest;
    struct run_ttl *by_ttl; /* by TTL as captured: near_ttls, or owned; NULL: none yet */
    unsigned by_ttl_count;
    unsigned held;             /* settled candidates that wait for the decision */
    struct carried_name *name; /* owned; that all of its packets bear; NULL: none, or several */
    uint16_t id;               /* from 1: its place among the links */
    uint8_t newest_file;       /* of its newest candidate */
    uint8_t state;             /* enum run_state */
    uint8_t shape;
    uint8_t protocol;
    uint8_t last_ttl, first_ttl, least_ttl, most_ttl; /* as captured */
    uint8_t version;
    bool wanted, ttls_fixed; /* in the report; a probe was reported, so the TTLs cannot be shifted any more */
    bool falling;            /* the TTLs go down */
    bool is_high;            /* the TTLs have come near PROBE_TTL_MOST */
    bool no_route;           /* the rejection nearest to the source says that there is no route */
    bool own_ids;            /* each new TTL came with a new echo id */
    bool own_ids_within;     /* so did each packet with a TTL that was there already */
    bool same_payload;       /* as far as it is shown */
    bool went_back;          /* the TTLs went back, other than by packets out of order */
    uint8_t id_slopes;       /* bit n: the echo ids rise with the TTL by id_slopes[n] of pattern.c */
    uint8_t arrived_ttl;     /* of the last packet to arrive; last_ttl is of the last one sent */
    int32_t drift;           /* by how much the TTLs rise, from packet to packet, of steps of at most DRIFT_STEP_MOST */
    uint32_t errors;         /* ICMP errors about its packets */
    nstime rtt;              /* of the last time exceeded; 0: none */
    nstime idle;             /* its connections had no packet for so long before its first probe in each */
    uint32_t count;          /* candidates */
    uint32_t expired;        /* candidates with a time exceeded */
    uint64_t ttls;           /* bit t: TTL t was captured */
    nstime last_time;
    struct field source_port, target_port, ip_id, seq; /* echo: id and sequence number stand for the ports */
    uint32_t restarts;                                 /* how often the TTLs started again */
    uint32_t restart_step;                             /* the smallest step of a counter at a restart; 0: none */
    uint32_t restart_counter;                          /* the counter at the last restart */
    struct traits shown;                               /* of its first packet */
    struct later_packet later[LATER_MOST];             /* by connection */
    unsigned later_next;
    uint64_t translated_pair;            /* pair_hash of the last translated quote of its packets; 0: none */
    struct run_ttl near_ttls[NEAR_TTLS]; /* hardly any run needs more; by_ttl_count says how many are in use */
};

/* The neighbours of a run in the list of all, by last activity. Each packet moves its run in that list, and the links
 * of all runs stay in a near cache, which the runs do not. */
struct run_link {
    uint16_t older, newer; /* ids of runs; 0: none */
};

struct unmatched;

/* All packets from one host to another by one protocol. Its first cache line has what each packet touches. */
struct pair {
    struct run *runs;
    struct addr source, target;
    uint8_t protocol;
    unsigned run_count;
    uint64_t hash;
    bool has_trace;                               /* one of its runs is or was a trace */
    bool has_far_file;                            /* one file shows its packets with lower TTLs than another */
    uint8_t far_file;                             /* that file: what it shows are copies */
    struct pair *next_of_target, **of_target_at;  /* pairs of one target; the pointer to this one */
    struct unmatched *unmatched, *last_unmatched; /* replies whose probes are not in the capture */
    unsigned unmatched_count;
    nstime unmatched_time;                          /* of the last */
    struct pair *older_unmatched, *newer_unmatched; /* pairs with unmatched replies, by time */
};

/* A reply whose probe is not in the capture. */
struct unmatched {
    struct unmatched *next;
    struct other_error error; /* the ICMP error, if it is one; owns its extension */
    struct tunnels *inside;   /* owned; that the reply came in; NULL: none */
    struct reply reply;       /* owns nothing */
    struct traits traits;     /* of the probe, from the quote */
    uint8_t shape;
    uint8_t hop; /* as inferred */
    bool has_word;
    size_t bytes; /* that it owns */
};

/* A place in the index: half of a key, which says where it belongs, and the newest candidate with that key. */
struct index_entry {
    uint32_t hash;
    uint32_t id; /* 0: the place is free */
};

/* A reply that waits for its probe: early.c. */
struct early {
    nstime due;
    struct digest digest;
    struct icmp_extension *extension; /* owned; the digest borrows it; NULL: none */
    struct tunnels *inside;           /* likewise */
    struct carried_name *name;        /* likewise */
};

struct pair_entry {
    uint64_t hash;
    struct pair *pair; /* NULL: the place is free */
};

/* A packet that was seen: copies.c. */
struct sighting {
    nstime time;
    uint32_t tag; /* the part of its hash that does not say its place; 0: none */
    uint8_t ttl, file;
    uint8_t place; /* its interface, and in the low bits its direction */
    /* A byte made from its checksum; 0 if it has an id. In a tunnel: the tunnel's TTL. For the hash beyond a NAT: a
     * byte made from its source port. */
    uint8_t mark;
};

/* Why a frame is not part of a trace. */
enum stray {
    STRAY_NOT_IP,
    STRAY_FRAGMENT,
    STRAY_ORDINARY,
    STRAY_NO_TRACE,
    STRAY_ANSWER_NO_TRACE,
    STRAY_COPY,
    STRAY_SENT_AGAIN,
    STRAY_CONNECTION,
    STRAY_ADVICE,
    STRAY_LATE,
    STRAY_TOO_MANY,
    STRAYS,
};

/* What a file holds: probes and replies of traces, frames that were recorded twice. */
enum { SHOWS_PROBES = 1, SHOWS_REPLIES = 2, SHOWS_COPIES = 4 };

struct recogniser {
    struct recogniser_config config;
    struct digester digester;
    struct recogniser_events events;
    nstime now;      /* the latest stamp so far */
    nstime next_due; /* no deadline is earlier */
    bool broken_off;
    struct sighting *sightings; /* owned; in 1 << set_bits sets; see copies.c */
    uint16_t *full_sets;        /* owned; of each sighting: its set in the largest table; NULL: this is the largest */
    unsigned set_bits;
    struct early *early; /* owned; a ring of early_room places, the oldest first; see early.c */
    unsigned early_room, early_first, early_count;
    unsigned file_count;                 /* files so far, up to the last one that had a frame */
    nstime starts[RECOGNISE_FILES_MOST]; /* by file: the first stamp; NSTIME_NONE: none yet */
    uint8_t shows[RECOGNISE_FILES_MOST]; /* by file: SHOWS_PROBES ... */
    nstime ends[RECOGNISE_FILES_MOST];   /* by file: the last stamp */
    /* By file, a bit for each other file that shows probes of the same run: both were captured at one place. */
    uint64_t beside[RECOGNISE_FILES_MOST][RECOGNISE_FILES_MOST / 64];

    struct index_entry *index; /* owned; 1 << index_bits of them, at most half of them taken */
    unsigned index_bits, index_count;
    uint32_t index_changes;   /* counts changes: a place that was found before one is found again */
    struct pair_entry *pairs; /* owned; the same with pair_bits */
    unsigned pair_bits, pair_count;
    /* How many pairs have a hash that begins so; UINT8_MAX: it was so many once. Mostly 0, and soon known: ordinary
     * packets belong to no pair. */
    uint8_t pair_marks[1U << PAIR_MARK_BITS];
    struct pair **targets; /* owned; heads of chains */
    uint32_t *senders;     /* owned; 1 << sender_bits ids of candidates; see senders.h */
    unsigned sender_bits;
    struct handshake *handshakes; /* owned; NULL: none yet; see handshakes.h */
    struct candidate *free_candidates;
    struct icmp_extension *spare[SPARE_EXTENSIONS]; /* owned */
    unsigned spare_count;
    struct candidate **chunks; /* owned */
    unsigned chunk_count;
    uint32_t candidate_count;       /* the ids that were given out so far */
    struct queue waiting, answered; /* ANSWER_WITHIN and DUPLICATE_WITHIN */
    unsigned held;                  /* settled candidates of undecided runs */
    struct pool run_pool, pair_pool;
    struct run **runs;          /* owned; by id, up to run_room; NULL: none */
    struct run_link *run_links; /* owned; likewise; that of 0 holds the newest and the oldest run */
    unsigned run_room;
    uint16_t free_run; /* id of a freed run; the link of each leads to the next; 0: none */
    unsigned run_count;
    unsigned high_runs; /* runs whose TTLs have come near PROBE_TTL_MOST and may pass it */
    unsigned high_ttls; /* TTLs above PROBE_TTL_MOST, of all runs */
    size_t reply_bytes; /* that replies of candidates own */
    size_t held_bytes;  /* the part that settled candidates of undecided runs hold */
    struct pair *oldest_unmatched, *newest_unmatched; /* pairs with unmatched replies, by the time of the last */
    unsigned unmatched_count;
    size_t unmatched_bytes;          /* that they own */
    uint64_t tunnels[TUNNELS_KNOWN]; /* keys of tunnels that packets came in; 0: none */

    uint64_t frames, malformed, probes, replies, errors_told, cut_errors, given_up, strays[STRAYS];
    struct trace **kept; /* owned, by number; NULL: not over yet */
    size_t kept_count, kept_capacity;
    struct other_error *errors; /* owned */
    size_t error_count, error_capacity;
    struct recognition result;
};

/* Notes a deadline: it may be the next. */
static inline void due_at(struct recogniser *r, nstime due)
{
    r->next_due = due < r->next_due ? due : r->next_due;
}

static inline void count_stray(struct recogniser *r, enum stray reason)
{
    r->strays[reason]++;
}

#endif

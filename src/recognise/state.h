/* SPDX-License-Identifier: BSD-2-Clause */
/* state: what the recogniser holds. Floor 4; internal to recognise/. Data only: each file's header says which part it
 * looks after. */
#ifndef HOPSONDE_RECOGNISE_STATE_H
#define HOPSONDE_RECOGNISE_STATE_H

#include "recognise/recognise.h"

#define PROBE_TTL_MOST 40 /* reference: a host's own default TTLs are 64 and more, few paths are longer */

/* Bounds. At the most some 60 MB in all, whatever the capture. */
#define CANDIDATES_MOST (1U << 17)
#define RUNS_MOST (1U << 13)
#define RUNS_OF_PAIR_MOST 16
#define UNMATCHED_MOST (1U << 14)
#define UNMATCHED_OF_PAIR_MOST 1024
#define DUPLICATE_WITHIN (250 * NS_PER_MS) /* how long after its answer others to a probe are looked for */
#define SCAN_MOST 256                      /* candidates looked at for an answer that no key finds */
#define REPLY_BYTES_MOST (4U << 20)        /* labels, rewrites and further replies of all candidates */
#define UNMATCHED_BYTES_MOST (2U << 20)    /* labels of all unmatched */
#define HIGH_TTLS_MOST (1U << 16)          /* TTLs beyond PROBE_TTL_MOST of all runs */

#define SPARE_EXTENSIONS 32
#define CACHE_LINE 64 /* bytes */

struct run;
struct pair;

/* A packet that may be a probe, until it is told, kept or turned down. Four cache lines, by when they are needed: a
 * large capture has tens of thousands of them waiting. */
struct candidate {
    _Alignas(CACHE_LINE) struct probe probe; /* `replies` is `first` or malloc'ed */
    uint64_t key;

    struct run *run;

    uint32_t place;                    /* in its queue */
    uint32_t id;                       /* its place in the pool, from 1 */
    uint32_t next_same, previous_same; /* ids; of the same key, the newest first; 0: none */
    bool indexed;
    bool settled;    /* nothing more is waited for, and it is in no queue */
    bool bytes_held; /* what its replies own is counted in the recogniser's held_bytes */
    uint8_t direction;
    uint32_t interface;               /* of its frame, as is the direction */
    struct traits traits;             /* its TTL is as captured; probe.ttl as sent, once that is known */
    struct candidate *before, *after; /* in the run, by time; of what is free: `after` is the next such */
    struct reply first;
};

/* Sightings in the order in which they become due, which is that in which they came. Those that were taken out before
 * leave a gap, so that nothing but the array is touched. */
struct queue {
    struct queue_entry {
        nstime due;
        uint32_t id;     /* 0: a gap */
    } * entries;         /* owned; a ring */
    uint32_t mask;       /* its size less one */
    uint32_t first, end; /* places, which count on; masked, they are indexes */
    uint32_t count;      /* without gaps */
};

/* How a field goes from one probe of a run to the next. */
enum movement {
    MOVE_NONE, /* one value was seen */
    MOVE_CONSTANT,
    MOVE_RISING, /* by little */
    MOVE_NEAR,   /* up and down by little */
    MOVE_RANDOM,
};

struct field {
    uint32_t first, last, least, most;
    uint32_t steps_of_one; /* how often it rose by just one */
    uint8_t movement;      /* enum movement */
};

enum run_state {
    RUN_UNDECIDED,
    RUN_FOUND,    /* a trace */
    RUN_ORDINARY, /* traffic that happens to have a small TTL */
};

/* What is known of one TTL of a run. */
struct run_ttl {
    struct addr router; /* the first that let a probe expire; none */
    uint32_t asked;
};

/* Packets that one run of one tool may have sent. */
struct run {
    struct trace trace;
    struct pair *pair;
    struct run *next_in_pair;
    struct run *older, *newer; /* of all, by last activity */
    struct candidate *oldest, *newest;
    unsigned held; /* settled ones that wait for the decision */
    uint8_t state; /* enum run_state */
    uint8_t shape;
    uint8_t protocol;
    uint8_t last_ttl, first_ttl, least_ttl, most_ttl; /* as captured */
    uint8_t version;
    bool wanted, ttls_fixed; /* in the report; something of it has been told, so that its TTLs are fixed */
    bool falling;            /* its TTLs go down */
    bool is_high;            /* they have come near PROBE_TTL_MOST */
    bool no_route;           /* the refusal nearest to us says that there is no way */
    bool one_id_a_ttl;       /* whenever its TTL changed, so did its source port (echo id) */
    uint32_t errors;         /* ICMP errors about them */
    nstime rtt;              /* of the last that expired; 0: none */
    uint32_t count;          /* candidates */
    uint32_t expired;        /* time exceeded of them */
    uint32_t restarts;       /* of the TTLs */
    uint32_t restart_step;   /* the least step of a counter at a restart; 0: none */
    uint64_t ttls;           /* bit t: TTL t was seen, as captured */
    nstime last_time;
    struct field source_port, target_port, ip_id, seq; /* echo: id and sequence number are ports */
    struct run_ttl *by_ttl;                            /* owned; as captured */
    unsigned by_ttl_count;
    struct traits shown; /* by its first packet */
};

struct unmatched;

/* Everything from one host to another by one protocol. */
struct pair {
    struct run *runs;
    struct addr source, target;
    uint8_t protocol;
    unsigned run_count;
    uint64_t hash;
    struct pair *next_of_target, **of_target_at;  /* in the index by target; what points to it */
    struct unmatched *unmatched, *last_unmatched; /* errors about packets that were not seen */
    bool has_trace;                               /* one of its runs was one */
    unsigned unmatched_count;
    nstime unmatched_time;                          /* of the last */
    struct pair *older_unmatched, *newer_unmatched; /* pairs with unmatched, by time */
};

/* An ICMP error whose packet was not seen. */
struct unmatched {
    struct unmatched *next;
    struct other_error error; /* owns its extension */
    struct reply reply;       /* owns nothing */
    struct traits traits;     /* of the packet */
    uint8_t shape;
    uint8_t hop; /* as inferred */
    bool has_word;
    size_t bytes; /* of what it owns */
};

/* A place in the index: half of a key, which says where it belongs, and the newest candidate of that key. */
struct index_entry {
    uint32_t hash;
    uint32_t id; /* 0: the place is free */
};

struct pair_entry {
    uint64_t hash;
    struct pair *pair; /* NULL: the place is free */
};

/* Why a frame is none of a trace. */
enum stray {
    STRAY_NOT_IP,
    STRAY_FRAGMENT,
    STRAY_ORDINARY,
    STRAY_NO_TRACE,
    STRAY_ANSWER_NO_TRACE,
    STRAY_SEEN_AGAIN,
    STRAY_SENT_AGAIN,
    STRAY_CONNECTION,
    STRAY_ANSWER_SEEN_AGAIN,
    STRAY_ADVICE,
    STRAY_LATE,
    STRAY_TOO_MANY,
    STRAYS,
};

struct recogniser {
    struct recogniser_config config;
    struct digester digester;
    struct recogniser_events events;
    nstime now;      /* the latest stamp so far */
    nstime next_due; /* before then no deadline passes */
    bool broken_off;
    nstime ends[RECOGNISE_FILES_MOST]; /* by file: the last stamp */

    struct index_entry *index; /* owned; 1 << index_bits of them, at most half of them taken */
    unsigned index_bits, index_count;
    uint32_t index_changes;   /* so that a place found is known to be that still */
    struct pair_entry *pairs; /* owned; the same with pair_bits */
    unsigned pair_bits, pair_count;
    struct pair **targets; /* owned; heads of chains */
    struct candidate *free_candidates;
    struct icmp_extension *spare[SPARE_EXTENSIONS]; /* owned; so that each reply with labels needs no memory anew */
    unsigned spare_count;
    struct candidate **chunks; /* owned */
    unsigned chunk_count;
    struct queue waiting, answered;      /* ANSWER_WITHIN and DUPLICATE_WITHIN */
    unsigned held;                       /* settled, of undecided runs */
    struct run *oldest_run, *newest_run; /* by last activity */
    unsigned run_count;
    unsigned high_runs; /* whose TTLs have come near PROBE_TTL_MOST: they may go on beyond it */
    unsigned high_ttls; /* by how much they have, in all */
    size_t reply_bytes; /* of what the candidates' replies own */
    size_t held_bytes;  /* the part of it that is held */
    struct pair *oldest_unmatched, *newest_unmatched; /* pairs with unmatched, by the time of the last */
    unsigned unmatched_count;
    size_t unmatched_bytes; /* of what they own */

    uint64_t frames, malformed, probes, replies, errors_told, cut_errors, given_up, strays[STRAYS];
    struct trace **kept; /* owned, by number; NULL: not over yet */
    size_t kept_count, kept_capacity;
    struct other_error *errors; /* owned */
    size_t error_count, error_capacity;
    struct recognition result;
};

/* A deadline that may be the next. */
static inline void due_at(struct recogniser *r, nstime due)
{
    r->next_due = due < r->next_due ? due : r->next_due;
}

static inline void count_stray(struct recogniser *r, enum stray reason)
{
    r->strays[reason]++;
}

#endif

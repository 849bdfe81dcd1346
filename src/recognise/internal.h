/* SPDX-License-Identifier: BSD-2-Clause */
/* internal: the recogniser's inside, shared by the files of recognise/ only. Floor 4.
 *
 * recognise.c takes frames and tells what was found; look.c reduces a packet to what tells probes apart; table.c finds
 * sightings and pairs by hash; sight.c turns packets into sightings; run.c decides which runs are traces, and ends
 * them; pattern.c says how a run's fields move; answer.c gives answers to sightings; tool.c tells who made a run, and
 * where it was captured; orphan.c rebuilds traces whose probes are not in the capture; keep.c keeps what is to be
 * reported at the end. */
#ifndef HOPSONDE_RECOGNISE_INTERNAL_H
#define HOPSONDE_RECOGNISE_INTERNAL_H

#include "probe/type.h"
#include "recognise/recognise.h"

#define PROBE_TTL_MOST 40 /* reference: a host's own default TTLs are 64 and more, few paths are longer */

/* Bounds. At the most some 60 MB in all, whatever the capture. */
#define SIGHTINGS_MOST (1U << 17)
#define RUNS_MOST (1U << 13)
#define RUNS_OF_PAIR_MOST 16
#define ORPHANS_MOST (1U << 14)
#define ORPHANS_OF_PAIR_MOST 1024
#define DUPLICATE_WITHIN (250 * NS_PER_MS) /* how long after its answer others to a probe are looked for */
#define SCAN_MOST 256                      /* sightings looked at for an answer that no key finds */
#define REPLY_BYTES_MOST (4U << 20)        /* labels, rewrites and further replies of all sightings */
#define ORPHAN_BYTES_MOST (2U << 20)       /* labels of all orphans */
#define HIGH_TTLS_MOST (1U << 16)          /* TTLs beyond PROBE_TTL_MOST of all runs */

#define SPARE_EXTENSIONS 32

struct run;
struct pair;

/* A packet that may be a probe, until it is told, kept or turned down. Four cache lines, by when they are needed: a
 * large capture has tens of thousands of them waiting. */
struct sighting {
    _Alignas(64) struct probe probe; /* `replies` is `first` or malloc'ed */
    uint64_t key;

    struct run *run;

    uint32_t place;                    /* in its queue */
    uint32_t id;                       /* its place in the pool, from 1 */
    uint32_t next_same, previous_same; /* ids; of the same key, the newest first; 0: none */
    bool indexed;
    bool settled;    /* nothing more is waited for, and it is in no queue */
    bool bytes_held; /* what its replies own is counted in the recogniser's held_bytes */
    uint8_t direction;
    uint32_t interface;              /* of its frame, as is the direction */
    struct traits traits;            /* its TTL is as captured; probe.ttl as sent, once that is known */
    struct sighting *before, *after; /* in the run, by time; of what is free: `after` is the next such */
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
    struct sighting *oldest, *newest;
    unsigned held; /* settled ones that wait for the decision */
    uint8_t state; /* enum run_state */
    uint8_t shape;
    uint8_t protocol;
    uint8_t last_ttl, first_ttl, least_ttl, most_ttl; /* as captured */
    uint8_t version;
    bool wanted, told;     /* in the report; something of it has been told, so that its TTLs are fixed */
    bool falling;          /* its TTLs go down */
    bool is_high;          /* they have come near PROBE_TTL_MOST */
    bool no_route;         /* the refusal nearest to us says that there is no way */
    bool one_id_a_ttl;     /* whenever its TTL changed, so did its source port (echo id) */
    uint32_t errors;       /* ICMP errors about them */
    nstime rtt;            /* of the last that expired; 0: none */
    uint32_t count;        /* sightings */
    uint32_t expired;      /* time exceeded of them */
    uint32_t restarts;     /* of the TTLs */
    uint32_t restart_step; /* the least step of a counter at a restart; 0: none */
    uint64_t ttls;         /* bit t: TTL t was seen, as captured */
    nstime last_time;
    struct field source_port, target_port, ip_id, seq; /* echo: id and sequence number are ports */
    struct run_ttl *by_ttl;                            /* owned; as captured */
    unsigned by_ttl_count;
    struct traits shown; /* by its first packet */
};

struct orphan;

/* Everything from one host to another by one protocol. */
struct pair {
    struct run *runs;
    struct addr source, target;
    uint8_t protocol;
    unsigned run_count;
    uint64_t hash;
    struct pair *next_of_target, **of_target_at; /* in the index by target; what points to it */
    struct orphan *orphans, *last_orphan;        /* errors about packets that were not seen */
    bool has_trace;                              /* one of its runs was one */
    unsigned orphan_count;
    nstime orphan_time;                         /* of the last */
    struct pair *older_orphans, *newer_orphans; /* pairs with orphans, by time */
};

/* An ICMP error whose packet was not seen. */
struct orphan {
    struct orphan *next;
    struct other_error error; /* owns its extension */
    struct reply reply;       /* owns nothing */
    struct traits traits;     /* of the packet */
    uint8_t shape;
    uint8_t hop; /* as inferred */
    bool has_word;
    size_t bytes; /* of what it owns */
};

/* A place in the index: half of a key, which says where it belongs, and the newest sighting of that key. */
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
    STRAY_NO_LADDER,
    STRAY_ANSWER_NO_LADDER,
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
    const struct probe_type *types[256]; /* by IP protocol */
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
    struct sighting *free_sightings;
    struct icmp_extension *spare[SPARE_EXTENSIONS]; /* owned; so that each reply with labels needs no memory anew */
    unsigned spare_count;
    struct sighting **chunks; /* owned */
    unsigned chunk_count;
    struct queue waiting, answered;      /* ANSWER_WITHIN and DUPLICATE_WITHIN */
    unsigned held;                       /* settled, of undecided runs */
    struct run *oldest_run, *newest_run; /* by last activity */
    unsigned run_count;
    unsigned high_runs; /* whose TTLs have come near PROBE_TTL_MOST: they may go on beyond it */
    unsigned high_ttls; /* by how much they have, in all */
    size_t reply_bytes; /* of what the sightings' replies own */
    size_t held_bytes;  /* the part of it that is held */
    struct pair *oldest_orphans, *newest_orphans; /* pairs with orphans, by the time of the last */
    unsigned orphan_count;
    size_t orphan_bytes; /* of what they own */

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

/* look.c */
uint64_t digest_pair_hash(const struct recogniser *r, const struct addr *source, const struct addr *target,
                          uint8_t protocol);
uint64_t digest_key(uint64_t pair_hash, uint32_t word, uint32_t extra);
/* The ports (echo: id and sequence number) of the packet that this one would answer. */
static inline uint32_t digest_answered_word(const struct digest *look)
{
    uint32_t word = look->traits.word;
    return look->have & HAVE_ECHO ? word : word << 16 | word >> 16;
}

/* table.c: everything that is found by hash, and the pool of sightings. */
bool index_init(struct recogniser *r);
void index_free(struct recogniser *r);
/* NULL: none. */
struct pair *pair_find(const struct recogniser *r, uint64_t hash, const struct addr *source, const struct addr *target,
                       uint8_t protocol);
/* Makes it where it is not there; NULL: no memory. */
struct pair *pair_get(struct recogniser *r, const struct digest *look);
/* The first of the pairs that may have this target and protocol: a chain by next_of_target, to be compared. */
struct pair *pair_first_of_target(const struct recogniser *r, const struct addr *target, uint8_t protocol);
/* Frees a pair that nothing is left of. */
void pair_release(struct recogniser *r, struct pair *pair);
/* NULL: none is free. */
struct sighting *sighting_take(struct recogniser *r);
void sighting_release(struct recogniser *r, struct sighting *s);
/* The place of a key, for index_add(), and the newest sighting there, or NULL. */
struct index_place {
    size_t place;
    uint32_t changes;
    struct sighting *first;
};
struct index_place index_find(const struct recogniser *r, uint64_t key);
bool index_add(struct recogniser *r, const struct index_place *place, struct sighting *s); /* false: no memory */
void index_remove(struct recogniser *r, struct sighting *s);
/* The newest sighting of this key, and the others. NULL: none. */
struct sighting *index_first(const struct recogniser *r, uint64_t key);
struct sighting *index_next(const struct recogniser *r, const struct sighting *s);
bool queue_push(struct recogniser *r, struct queue *queue, struct sighting *s, nstime due); /* false: no memory */
void queue_remove(struct queue *queue, const struct sighting *s);
/* The first, if it is due; NULL: it is not, or there is none. NSTIME_NEVER: whatever is first. */
struct sighting *queue_due(struct recogniser *r, struct queue *queue, nstime now);
/* When there is something to be done about it, at the earliest; NSTIME_NEVER: it is empty. */
nstime queue_next(const struct queue *queue);

/* pattern.c */
void field_add(struct field *field, uint32_t value, bool first, bool wide);
/* How well a packet goes on with what the run has sent: 0 not at all, more is better. */
unsigned pattern_fits(const struct run *run, const struct digest *look, nstime now);
void pattern_add(struct run *run, const struct traits *traits);
/* Whether it would be near what the run has sent, at any time. */
bool pattern_covers(const struct run *run, const struct traits *traits);

/* sight.c */
/* A packet that may be a probe. False: it is none, and counted. */
bool candidate_take(struct recogniser *r, const struct digest *look);
/* What its replies own. */
size_t sighting_reply_bytes(const struct sighting *s);

/* run.c */
/* The last of all runs by activity; again, after it was active; its newest sighting. */
void run_push(struct recogniser *r, struct run *run);
void run_touch(struct recogniser *r, struct run *run);
void run_append(struct run *run, struct sighting *s);
/* From now on the sighting waits in that queue, for `span`. */
void run_wait(struct recogniser *r, struct queue *queue, struct sighting *s, nstime span);
/* Ends it before its time, or settles one sighting. False: there is none to settle. */
void run_evict(struct recogniser *r, struct run *run);
bool run_make_room(struct recogniser *r);
bool run_has_two_ttls(const struct run *run);
uint8_t run_shift_ttl(uint8_t ttl, unsigned by);
/* After a reply was added to one of its sightings. */
void run_consider(struct recogniser *r, struct run *run);
/* Runs every deadline up to r->now. */
void run_tick(struct recogniser *r);
void run_finish(struct recogniser *r);
/* What the sighting's replies own has grown by so much: gives up the oldest where it is too much, maybe this one. */
void run_note_bytes(struct recogniser *r, size_t bytes);
/* The sighting has been answered: what else is to come, comes soon. */
void run_answered(struct recogniser *r, struct sighting *s);
/* A trace that was found otherwise, to be numbered; false: nobody wants it. */
bool run_number(struct recogniser *r, struct trace *trace);
struct run_ttl *run_at_new(struct run *run, uint8_t ttl);
static inline struct run_ttl *run_at(struct run *run, uint8_t ttl) /* NULL: no memory */
{
    return ttl < run->by_ttl_count ? &run->by_ttl[ttl] : run_at_new(run, ttl);
}

/* answer.c */
bool answer_take(struct recogniser *r, const struct digest *look);
void answer_take_error(struct recogniser *r, const struct digest *look);

/* tool.c: fills what flow and origin say of the run, as far as it has gone. */
void tool_describe(struct run *run);
bool tool_knows(const struct run *run);
/* Whether what was seen so far is enough to say where the capture was taken. */
bool tool_is_placed(const struct run *run);
/* By how many TTLs the capture was taken behind the sender; 0: at the sender, or not known. */
uint8_t tool_captured_at(const struct run *run);

/* orphan.c */
void inferred_add(struct recogniser *r, const struct digest *quote, const struct other_error *error);
/* A direct answer to somebody who has orphans: it may be the end of their ladder. False: it is nothing of theirs. */
bool inferred_take_answer(struct recogniser *r, struct pair *pair, uint32_t word, const struct reply *reply);
void inferred_tick(struct recogniser *r);
void inferred_finish(struct recogniser *r);

/* keep.c */
/* Tells or keeps an error; takes over its extension. */
void results_error(struct recogniser *r, const struct other_error *error);
/* Tells or keeps a probe of a wanted trace; the replies are the caller's. */
void results_probe(struct recogniser *r, struct trace *trace, const struct probe *probe);
/* The trace is over: keeps it (what it owns moves) or tells and empties it. */
void results_trace(struct recogniser *r, struct trace *trace);
void results_finish(struct recogniser *r);
void results_free(struct recogniser *r);
/* NULL where there is none to copy, or no memory. */
struct icmp_extension *extension_copy(struct recogniser *r, const struct icmp_extension *extension);
void extension_release(struct recogniser *r, struct icmp_extension *extension);

#endif

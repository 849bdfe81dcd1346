/* SPDX-License-Identifier: BSD-2-Clause */
/* recognise: the traces of any tool, out of the frames of any capture. Floor 4; pure.
 *
 * Frames go in, in the order of their stamps. Probes, traces and the ICMP errors about other traffic come out. The
 * recogniser infers traces from the packets alone. A packet is a probe if it belongs to a run: packets of one source,
 * target and protocol with rising TTLs of at most 40, and with replies that fit (runs/run.c has the rules). A quote in
 * an ICMP error alone makes no probe. A packet and the errors about it are held until its run is decided.
 *
 * The rooms, from below (scripts/check-floors has the order of the files):
 * - store/: what the recogniser holds: candidates, pairs, replies, the index by keys, the queues of deadlines; results.
 * - frames/: a frame before it belongs to anything: tunnels, copies, replies ahead of their probes.
 * - runs/: which candidates one run of one tool sent, in which order, and which tool that was.
 * - matching/: which probe a reply answers; traces inferred from replies alone.
 *
 * A frame that was seen before is a copy: counted, and nothing more (frames/copies.c).
 *
 * Constants bound the memory for undecided packets and expected replies. Beyond them the oldest is decided early, and
 * counted. Time per frame is bounded too. With `keep`, traces and errors are kept for a report at the end. Without,
 * they go to the events as they become final.
 *
 * Use: recogniser_new(), recogniser_frame() for each frame, recogniser_finish(), recogniser_free(). */
#ifndef HOPSONDE_RECOGNISE_RECOGNISE_H
#define HOPSONDE_RECOGNISE_RECOGNISE_H

#include "base/err.h"
#include "recognise/digest.h"
#include "trace/counters.h"

/* How long a probe waits for replies. The tools themselves wait 1 to 10 seconds. */
#define ANSWER_WITHIN (10 * NS_PER_S)
/* `file` is below this. */
#define RECOGNISE_FILES_MOST 256
/* A run is over when it has sent nothing for so long. */
#define RUN_IDLE_MOST (120 * NS_PER_S)

/* An ICMP error about other traffic. */
struct other_error {
    nstime time;
    uint64_t frame;
    struct addr from;                  /* its sender */
    struct addr source, target;        /* of the quoted packet; none: the quote cannot be read */
    uint16_t source_port, target_port; /* with has_ports */
    uint8_t protocol;                  /* of the quoted packet */
    uint8_t version, icmp_type, icmp_code;
    uint8_t file;
    bool has_ports;
    bool cut;                         /* the capture cut its quote before the ports */
    uint32_t mtu;                     /* of a too-big; 0: none */
    struct icmp_extension *extension; /* owned by the recogniser; NULL: none */
};

struct recognition_counters {
    struct frame_counters common; /* frames, malformed, strays by reason */
    uint64_t probes, replies;     /* frames that belong to traces */
    uint64_t errors;              /* frames that are ICMP errors about other traffic */
    uint64_t cut_errors;          /* those of them whose quote the capture cut before the ports */
    uint64_t given_up;            /* packets decided early to bound the memory */
};

/* What was found. Pointers stay valid until the recogniser is freed. */
struct recognition {
    const struct trace *const *traces; /* by number; empty without `keep` */
    size_t trace_count;
    const struct other_error *errors; /* in the order of their frames; empty without `keep` */
    size_t error_count;
    struct recognition_counters counters;
    uint64_t traces_found; /* wanted ones */
    const nstime *ends;    /* by file: the last stamp of its frames */
};

/* Any may be NULL. */
struct recogniser_events {
    void *context;
    /* Called once for each trace as it is found, and for each error. False leaves it out of the report. */
    bool (*wants_trace)(void *context, const struct trace *trace);
    bool (*wants_error)(void *context, const struct other_error *error);
    /* Without `keep`. Called once for each probe when no further reply is expected; `attempt` is in the order of
     * sending. The trace has no probes of its own, and its summary fields (reply_count, reached_ttl ...) are those so
     * far. Valid during the call. */
    void (*probe)(void *context, const struct trace *trace, const struct probe *probe);
    /* Without `keep`. The trace is over, after all its probes. */
    void (*trace)(void *context, const struct trace *trace);
    void (*error)(void *context, const struct other_error *error);
};

struct recogniser_config {
    bool keep;
    uint64_t secret; /* random, so that no file can fill one chain of a hash table; no result depends on it */
};

struct recogniser;

/* NULL and `err`: no memory. */
struct recogniser *recogniser_new(const struct recogniser_config *config, const struct recogniser_events *events,
                                  struct err *err);
void recogniser_free(struct recogniser *recogniser);
/* `file`: the number of the file that holds the frame, from 0. */
void recogniser_frame(struct recogniser *recogniser, unsigned file, const struct frame *frame,
                      const struct packet *packet);
/* The same in two steps. Another thread may take the first ahead: it reads only the packet and the recogniser's
 * configuration. Until the second only the extension, the tunnels and the name must live. `name` is room for it; NULL:
 * names do not matter. */
void recogniser_digest(const struct recogniser *recogniser, unsigned file, const struct frame *frame,
                       const struct packet *packet, struct carried_name *name, struct digest *out);
void recogniser_take(struct recogniser *recogniser, const struct digest *digest);
/* Prefetches what recogniser_take() will look up for the next `count` packets. Call it before each of them is taken. */
void recogniser_prefetch(const struct recogniser *recogniser, const struct digest *digests, unsigned count);
/* Before recogniser_finish(): the capture was cut, or reading stopped. The last probes may have been answered. */
void recogniser_break_off(struct recogniser *recogniser);
/* The end of the capture: decides all that is undecided. */
void recogniser_finish(struct recogniser *recogniser);
/* After recogniser_finish(). */
const struct recognition *recogniser_result(const struct recogniser *recogniser);

#endif

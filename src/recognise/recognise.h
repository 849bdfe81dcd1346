/* SPDX-License-Identifier: BSD-2-Clause */
/* recognise: the traces of any tool, out of the frames of any capture. Floor 4; pure.
 *
 * Frames go in, in the order of their stamps; probes, traces and the ICMP errors about other traffic come out. Nobody
 * tells who sent what, so a packet is a probe only as part of a ladder: TTLs of at most 40 from one source to one
 * target with one protocol (recognise/run.h has the rules), with answers that show it; being quoted in an ICMP error
 * alone makes none. Until that is decided a packet is held back, and so is an error about it.
 *
 * Memory is bounded by what is undecided or still waited for, and that by constants: beyond them the oldest is given up
 * early, and counted. Time per frame is bounded too. With `keep`, traces and errors are kept whole for a report that is
 * written at the end; without, they are told as they become final and then forgotten.
 *
 * Use: recogniser_new(), recogniser_frame() for each frame, recogniser_finish(), recogniser_free(). */
#ifndef HOPSONDE_RECOGNISE_RECOGNISE_H
#define HOPSONDE_RECOGNISE_RECOGNISE_H

#include "base/err.h"
#include "recognise/digest.h"
#include "trace/counters.h"

/* How long after it was sent a probe may be answered. The tools themselves wait 1 to 10 seconds. */
#define ANSWER_WITHIN (10 * NS_PER_S)
/* `file` is less. */
#define RECOGNISE_FILES_MOST 256
/* A run that has sent nothing for so long is over. */
#define RUN_IDLE_MOST (120 * NS_PER_S)

/* An ICMP error about a packet that is no probe. */
struct other_error {
    nstime time;
    uint64_t frame;
    struct addr from;                  /* who sent it */
    struct addr source, target;        /* of the packet that it quotes; none where the quote cannot be read */
    uint16_t source_port, target_port; /* meaningful where has_ports */
    uint8_t protocol;                  /* of the quoted packet */
    uint8_t version, icmp_type, icmp_code;
    uint8_t file;
    bool has_ports;
    bool cut;                         /* the capture has too little of it to say what it is about */
    uint32_t mtu;                     /* of a too-big; 0: none */
    struct icmp_extension *extension; /* owned by the recogniser; NULL where there was none */
};

struct recognition_counters {
    struct frame_counters common; /* frames, malformed, strays by reason */
    uint64_t probes, replies;     /* frames that belong to traces */
    uint64_t errors;              /* frames that are ICMP errors about other packets */
    uint64_t cut_errors;          /* of these, those whose quote the capture cut too short to tell */
    uint64_t given_up;            /* packets whose fate was decided early, for want of memory */
};

/* What was found. Pointers stay valid until the recogniser is freed. */
struct recognition {
    const struct trace *const *traces; /* by number; empty without `keep` */
    size_t trace_count;
    const struct other_error *errors; /* in the order of their frames; empty without `keep` */
    size_t error_count;
    struct recognition_counters counters;
    uint64_t traces_found; /* those that were wanted */
    const nstime *ends;    /* by file: the last stamp of its frames */
};

/* Any may be NULL. */
struct recogniser_events {
    void *context;
    /* Asked once for each trace as it is found, and for each error: false leaves it out of the report. */
    bool (*wants_trace)(void *context, const struct trace *trace);
    bool (*wants_error)(void *context, const struct other_error *error);
    /* Without `keep`. The probe's fate is known: it was answered and no more is waited for, or it was silent. Each
     * once, as that becomes known; `attempt` counts as they were sent. The trace has no probes of its own, and its
     * summary fields (reply_count, reached_ttl ...) are those of now. Valid during the call. */
    void (*probe)(void *context, const struct trace *trace, const struct probe *probe);
    /* Without `keep`. The trace is over, all its probes were told. */
    void (*trace)(void *context, const struct trace *trace);
    void (*error)(void *context, const struct other_error *error);
};

struct recogniser_config {
    bool keep;
    uint64_t secret; /* random: no file can be made to fill one chain of a hash table. No result depends on it */
};

struct recogniser;

/* NULL and `err` where memory is short. */
struct recogniser *recogniser_new(const struct recogniser_config *config, const struct recogniser_events *events,
                                  struct err *err);
void recogniser_free(struct recogniser *recogniser);
/* `file`: which of the capture's files holds the frame, from 0. */
void recogniser_frame(struct recogniser *recogniser, unsigned file, const struct frame *frame,
                      const struct packet *packet);
/* The same in two steps. The first may be done ahead, and by another thread: it reads the packet and the recogniser's
 * configuration alone. Until the second only the extension must live. */
void recogniser_digest(const struct recogniser *recogniser, unsigned file, const struct frame *frame,
                       const struct packet *packet, struct digest *out);
void recogniser_take(struct recogniser *recogniser, const struct digest *digest);
/* Has what recogniser_take() will digest up brought nearer, a few packets before. */
void recogniser_prefetch(const struct recogniser *recogniser, const struct digest *digest);
/* Before recogniser_finish(): the capture was cut, or reading it was; what is silent at its end may have been answered.
 */
void recogniser_break_off(struct recogniser *recogniser);
/* The capture is at its end: whatever is open is decided. */
void recogniser_finish(struct recogniser *recogniser);
/* After recogniser_finish(). */
const struct recognition *recogniser_result(const struct recogniser *recogniser);

#endif

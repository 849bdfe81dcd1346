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
#include "trace/counters.h"
#include "trace/trace.h"

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

#define SHOWN_BYTES 12 /* of a payload: where the tools write their marks */

/* What the headers of a probe show of its tool, and what a quote of it can be told by. Unknown is 0. */
struct traits {
    uint32_t word;     /* both ports, the source's high; echo: id and sequence number */
    uint32_t seq, ack; /* TCP, DCCP, SCTP */
    uint32_t query_id; /* a hash of the id that its answer repeats; 0: none */
    uint32_t flow_label;
    uint16_t ip_id, checksum, window;
    uint16_t size;          /* of the whole packet */
    uint16_t payload_bytes; /* on the wire */
    uint8_t ttl, tos, tcp_flags;
    bool dont_fragment, has_options; /* options of TCP */
    uint8_t payload_length;          /* how many bytes of the payload are in `payload` */
    uint8_t payload[SHOWN_BYTES];
};

/* All that the recogniser wants of a packet, by value: of the one that an ICMP error quotes, or else of the packet
 * itself. Small, since large captures hand them from one thread to another. */
struct digest {
    nstime time;
    uint64_t frame;
    uint64_t pair_hash;         /* of source, target and protocol */
    uint64_t key;               /* of all that is in the index */
    uint64_t answer_hash;       /* of target, source and protocol, where it may be an answer */
    uint64_t answer_key;        /* the key of what it would answer; with may_answer_key */
    uint32_t answered_id;       /* the query_id of what it would answer; 0: none. With may_answer */
    struct addr source, target; /* none: there was no such packet */
    uint8_t protocol;
    uint8_t kind;  /* enum packet_kind, of the outermost */
    uint8_t shape; /* enum probe_shape; of a quote SHAPE_NONE where it is too short to tell */
    struct traits traits;
    uint32_t have; /* enum have: which of the traits were there to be read */
    uint32_t interface;
    uint16_t length; /* of UDP, as its header says */
    uint8_t direction, file;
    bool has_word;
    bool may_answer;
    bool may_answer_key; /* its probe may be found by a key */
    bool is_fragment;    /* not the first */
    bool malformed;
    bool cut;            /* an ICMP error of which the capture has too little to say what it is about */
    struct reply answer; /* an ICMP error, or what may be an answer; owns nothing, else undefined */
    const struct icmp_extension *extension; /* the same; borrowed; NULL: there is none */
};

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
void recogniser_take(struct recogniser *recogniser, const struct digest *look);
/* Has what recogniser_take() will look up brought nearer, a few packets before. */
void recogniser_prefetch(const struct recogniser *recogniser, const struct digest *look);
/* Before recogniser_finish(): the capture was cut, or reading it was; what is silent at its end may have been answered.
 */
void recogniser_break_off(struct recogniser *recogniser);
/* The capture is at its end: whatever is open is decided. */
void recogniser_finish(struct recogniser *recogniser);
/* After recogniser_finish(). */
const struct recognition *recogniser_result(const struct recogniser *recogniser);

#endif

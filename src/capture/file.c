/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/file.h"

#include <errno.h>
#include <inttypes.h>
#include <pcap.h>
#include <stdlib.h>
#include <string.h>

#include "capture/annotate.h"
#include "capture/classic_pcap.h"
#include "capture/fast_pcap.h"
#include "capture/input.h"
#include "capture/name_block.h"
#include "capture/pcapng.h"
#include "packet/packet.h"

struct file_wire {
    struct wire wire;
    const char *name;        /* for messages: the path, borrowed from the caller */
    struct capture_file own; /* with file_wire_open(); else its fd is -1 */
    struct input input;
    struct reader *reader; /* owned; NULL before the format is known */
    struct saved_run saved;
    struct annotations seen;
    struct address_book *book;         /* borrowed; NULL: names are skipped */
    unsigned sections;                 /* sections so far; only the first one's annotations describe this run */
    struct record record;              /* the last one read */
    struct record_options annotations; /* unread comments of the last statistics block */
    bool has_annotations;              /* there may be unread comments */
    nstime now;
    uint64_t frames, decodable;
    uint16_t linktype; /* of the last frame, if any */
    bool is_known;     /* hopsonde reads `linktype` */
    uint16_t foreign;  /* of the last frame that cannot be decoded */
    bool truncated, over;
};

static enum status cannot_read(const struct file_wire *w, struct err *err, const char *cause)
{
    const char *problem = input_problem(&w->input);
    return err_set(err, STATUS_SYSTEM, "%s: cannot read the capture: %s (record or copy it anew)", w->name,
                   problem ? problem : cause);
}

__attribute__((noinline)) static void note_linktype(struct file_wire *w, uint16_t linktype)
{
    w->linktype = linktype;
    w->is_known = linktype_is_known(linktype);
    if (!w->is_known)
        w->foreign = linktype;
}

/* Numbers and counts a frame. */
static enum wire_event take_frame(struct file_wire *w, struct frame *frame)
{
    frame->number = ++w->frames;
    w->now = frame->time;
    if (frame->linktype != w->linktype || w->frames == 1)
        note_linktype(w, frame->linktype);
    w->decodable += w->is_known;
    return WIRE_FRAME;
}

/* Ends the file: the last event, or WIRE_QUIET if a signal interrupted the read. A saved run without an end block
 * was cut between two blocks. */
static enum wire_event take_end(struct file_wire *w, bool truncated, struct err *err)
{
    w->over = true;
    w->truncated =
        truncated || w->input.interrupted || input_is_cut(&w->input) || (w->saved.present && !w->saved.ended);
    if (w->input.interrupted)
        return WIRE_QUIET;
    if (w->frames == 0 || w->decodable > 0)
        return WIRE_END;
    const char *name = pcap_datalink_val_to_name(w->foreign);
    err_set(err, STATUS_SYSTEM,
            "%s: cannot decode its frames: link type %u (%s) is not supported (record on an Ethernet, tun or Linux "
            "cooked interface)",
            w->name, w->foreign, name ? name : "unnamed");
    return WIRE_FAILED;
}

static enum wire_event take_damage(struct file_wire *w, const char *cause, struct err *err)
{
    if (w->input.interrupted)
        return take_end(w, true, err);
    w->over = true;
    err_set(err, STATUS_SYSTEM, "%s: cannot read beyond frame %" PRIu64 ": %s (what came before is reported)", w->name,
            w->frames, cause);
    return WIRE_FAILED;
}

/* Ends the file with the decompressor's problem, if any. Damaged compressed data look like an end or nonsense to the
 * reader. */
static enum wire_event take_last(struct file_wire *w, enum record_kind kind, struct err *err)
{
    const char *problem = input_problem(&w->input);
    if (problem || kind == RECORD_DAMAGED)
        return take_damage(w, problem ? problem : w->record.cause, err);
    return take_end(w, kind == RECORD_CUT, err);
}

/* Reads the next claim from the comments of a statistics block. False if there are no more. */
__attribute__((noinline)) static bool take_claim(struct file_wire *w, struct session_claim *claim)
{
    const char *text;
    size_t length;
    if (!w->has_annotations)
        return false;
    while (record_comment_next(&w->annotations, &text, &length))
        if (annotate_read(text, length, &w->seen, &w->saved, claim) == ANNOTATION_CLAIM)
            return true;
    w->has_annotations = false;
    return false;
}

/* A record that is no frame. False: it is the last. */
static bool take_block(struct file_wire *w, enum record_kind kind)
{
    switch (kind) {
    case RECORD_SECTION:
        w->sections++;
        return true;
    case RECORD_STATISTICS:
        w->annotations = w->record.options;
        w->has_annotations = w->saved.present && w->sections == 1;
        return true;
    case RECORD_NAMES:
        if (w->book)
            name_block_read(&w->record.options, w->book);
        return true;
    default:
        return false;
    }
}

/* Goes on behind a record of this kind. */
__attribute__((noinline)) static enum wire_event receive_behind(struct file_wire *w, enum record_kind kind,
                                                                struct frame *frame, struct session_claim *claim,
                                                                struct err *err)
{
    while (kind != RECORD_FRAME) {
        if (!take_block(w, kind))
            return take_last(w, kind, err);
        if (take_claim(w, claim))
            return WIRE_CLAIM;
        kind = w->reader->ops->next(w->reader, frame, &w->record);
    }
    return take_frame(w, frame);
}

/* Most records are frames: what all others need stands elsewhere, so that it costs a frame nothing. */
static enum wire_event file_receive(struct wire *wire, nstime until, struct frame *frame, struct session_claim *claim,
                                    struct err *err)
{
    struct file_wire *w = (struct file_wire *)wire;
    (void)until; /* virtual time: a file does not wait */
    if (w->over)
        return WIRE_END;
    if (w->has_annotations && take_claim(w, claim))
        return WIRE_CLAIM;
    enum record_kind kind = w->reader->ops->next(w->reader, frame, &w->record);
    return kind == RECORD_FRAME ? take_frame(w, frame) : receive_behind(w, kind, frame, claim, err);
}

static int file_send(struct wire *wire, const struct addr *target, const uint8_t *bytes, size_t length)
{
    (void)wire, (void)target, (void)bytes, (void)length;
    return EROFS;
}

static nstime file_now(struct wire *wire)
{
    return ((struct file_wire *)wire)->now;
}

static uint64_t file_dropped(struct wire *wire)
{
    return ((struct file_wire *)wire)->saved.dropped_by_kernel;
}

static void file_close(struct wire *wire)
{
    struct file_wire *w = (struct file_wire *)wire;
    if (w->reader)
        w->reader->ops->close(w->reader);
    input_close(&w->input);
    capture_file_close(&w->own);
    probe_names_free(&w->saved.names);
    free(w->saved.others);
    free(w);
}

static const struct wire_ops file_ops = {
    .receive = file_receive,
    .send = file_send,
    .now = file_now,
    .drained = file_now,
    .dropped = file_dropped,
    .close = file_close,
};

static enum status open_classic(struct file_wire *w, struct err *err)
{
    char cause[CLASSIC_PCAP_ERROR_BYTES];
    w->reader = classic_pcap_reader_new(&w->input, cause);
    if (!w->reader)
        return cannot_read(w, err, cause);
    struct reader *fast = fast_pcap_reader_new(&w->input, w->reader);
    if (fast)
        w->reader = fast;
    return STATUS_OK;
}

static enum status read_annotations(struct file_wire *w, struct record_options options, struct err *err)
{
    const char *text;
    size_t length;
    struct session_claim unused;
    while (record_comment_next(&options, &text, &length))
        if (annotate_read(text, length, &w->seen, &w->saved, &unused) == ANNOTATION_NEWER)
            return err_set(err, STATUS_SYSTEM,
                           "%s: cannot replay: saved in format %" PRIu32
                           ", newer than %d (use the hopsonde that saved it)",
                           w->name, w->seen.newer_format, ANNOTATION_FORMAT);
    w->saved.present = annotations_complete(&w->seen, &w->saved);
    return STATUS_OK;
}

static enum status open_pcapng(struct file_wire *w, struct err *err)
{
    w->reader = pcapng_reader_new(&w->input);
    if (!w->reader)
        return cannot_read(w, err, strerror(ENOMEM));
    struct frame unused; /* not used: a pcapng starts with a section */
    enum record_kind kind = w->reader->ops->next(w->reader, &unused, &w->record);
    if (kind != RECORD_SECTION)
        return cannot_read(w, err, kind == RECORD_DAMAGED ? w->record.cause : "it is cut within its header");
    w->sections = 1;
    return read_annotations(w, w->record.options, err);
}

static struct file_wire *new_wire(const char *path, struct err *err)
{
    struct file_wire *w = calloc(1, sizeof *w);
    if (!w) {
        err_set(err, STATUS_SYSTEM, "%s: cannot read the capture: %s", input_name(path), strerror(ENOMEM));
        return NULL;
    }
    w->wire.ops = &file_ops;
    w->own.fd = -1;
    w->now = w->saved.ended_at = NSTIME_NONE;
    w->name = input_name(path);
    return w;
}

static enum status begin(struct file_wire *w, const struct capture_file *file, struct wire **out,
                         const struct saved_run **saved, struct err *err)
{
    enum status status = input_open(&w->input, file, err);
    if (status == STATUS_OK)
        status = w->input.format == INPUT_PCAPNG ? open_pcapng(w, err) : open_classic(w, err);
    if (status != STATUS_OK) {
        file_close(&w->wire);
        return status;
    }
    *out = &w->wire;
    *saved = &w->saved;
    return STATUS_OK;
}

struct session_config saved_run_config(const struct saved_run *saved, unsigned target)
{
    struct session_config config = saved->config;
    if (!target)
        return config;
    const struct saved_target *other = &saved->others[target - 1];
    memcpy(config.target_name, other->name, sizeof config.target_name);
    config.source = other->source;
    config.target = other->target;
    config.seed = other->seed;
    return config;
}

const struct flow *saved_run_flows(const struct saved_run *saved, unsigned target)
{
    return target ? saved->others[target - 1].flows : saved->flows;
}

enum status file_wire_open(const char *path, struct wire **out, const struct saved_run **saved, struct err *err)
{
    struct file_wire *w = new_wire(path, err);
    if (!w)
        return STATUS_SYSTEM;
    capture_file_open(&w->own, path, NULL);
    return begin(w, &w->own, out, saved, err);
}

enum status file_wire_begin(const struct capture_file *file, struct wire **out, const struct saved_run **saved,
                            struct err *err)
{
    struct file_wire *w = new_wire(file->path, err);
    return w ? begin(w, file, out, saved, err) : STATUS_SYSTEM;
}

void file_wire_set_book(struct wire *wire, struct address_book *book)
{
    ((struct file_wire *)wire)->book = book;
}

uint64_t file_wire_frames(const struct wire *wire)
{
    return ((const struct file_wire *)wire)->frames;
}

bool file_wire_truncated(const struct wire *wire)
{
    return ((const struct file_wire *)wire)->truncated;
}

bool file_wire_progress(const struct wire *wire, uint64_t *done_bytes, uint64_t *total_bytes)
{
    return input_progress(&((const struct file_wire *)wire)->input, done_bytes, total_bytes);
}

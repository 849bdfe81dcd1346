/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "capture/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pcap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/annotate.h"
#include "capture/name_block.h"
#include "capture/pcapng.h"
#include "packet/packet.h"

#define SNAPLEN 262144     /* bytes; libpcap's MAXIMUM_SNAPLEN, because readers reject longer frames */
#define BUFFER_BYTES 65536 /* bytes; one write(2) for some hundred frames */

/* Room for verdicts in the section header.
 * Unit: bytes. Source: half of what an option's 16-bit length allows. Effect: what does not fit is left out. */
#define ROOM_BYTES_MOST 32768

#define SECTION_FIELDS_BYTES 24 /* before the options: type, length, byte order, version, section length */
#define OPTION_HEAD_BYTES 4     /* code, length */

/* Most bytes of a block that saves a claim: each byte of a note takes three at most. */
#define STATISTICS_BYTES (512 + 3 * CLAIM_NOTE_BYTES)

#define CLASSIC_RECORD_BYTES 16 /* of a record's header */

/* Interfaces of a capture of several points. Unit: interfaces. Source: a point has one link type, hardly ever two.
 * Effect: frames of further link types are left out. */
#define POINT_INTERFACES_MOST 32

struct point_interface {
    unsigned point;
    uint16_t linktype;
};

struct dump {
    FILE *file;                 /* owned; NULL after a failed write */
    pcap_t *classic;            /* set for a classic pcap, which libpcap writes */
    pcap_dumper_t *classic_out; /* owns `file` from dump_begin() on */
    bool is_classic, begun;
    struct strbuf block, text;
    uint64_t frames;
    uint64_t bytes, bytes_most; /* written so far; most that frames and claims may fill, 0: no limit */
    uint64_t left_out;          /* frames beyond it */
    bool is_full;
    off_t room_at;           /* where the room for the verdicts is in the file */
    size_t room_bytes;       /* 0: there is none */
    int failed_errno;        /* 0: no write has failed */
    const char *path;        /* for messages; borrowed */
    struct dump_parts parts; /* bytes 0: the capture is not divided */
    struct dump_run run;
    const struct session *session;
    struct point_interface interfaces[POINT_INTERFACES_MOST];
    unsigned interface_count;  /* of a capture of several points */
    char buffer[BUFFER_BYTES]; /* for stdio, so that it needs no fstat() or malloc() after privileges are dropped */
};

static bool ends_in(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length > end_length && strcmp(text + length - end_length, end) == 0;
}

static const char *dump_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard output" : path;
}

/* Stops writing and closes the file, which keeps the bytes written so far. */
static void dump_fail(struct dump *dump, int code)
{
    dump->failed_errno = code ? code : EIO;
    if (dump->classic_out)
        pcap_dump_close(dump->classic_out);
    else
        fclose(dump->file);
    dump->classic_out = NULL;
    dump->file = NULL;
}

static int open_descriptor(const char *path)
{
    if (strcmp(path, "-") == 0)
        return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    return open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
}

static FILE *open_file(const char *path)
{
    int fd = open_descriptor(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!file && fd >= 0)
        close(fd);
    return file;
}

enum status dump_open(const char *path, struct dump **out, struct err *err)
{
    struct dump *dump = calloc(1, sizeof *dump);
    FILE *file = dump ? open_file(path) : NULL;
    if (!file) {
        int code = errno;
        free(dump);
        return err_set(err, STATUS_SYSTEM, "%s: cannot open for writing: %s (%s)", dump_name(path), strerror(code),
                       err_write_remedy(code));
    }
    dump->file = file;
    setvbuf(file, dump->buffer, _IOFBF, sizeof dump->buffer);
    dump->path = dump_name(path);
    dump->is_classic = ends_in(path, ".pcap");
    strbuf_init(&dump->block);
    strbuf_init(&dump->text);
    *out = dump;
    return STATUS_OK;
}

void dump_limit(struct dump *dump, uint64_t bytes)
{
    dump->bytes_most = bytes;
}

void dump_divide(struct dump *dump, const struct dump_parts *parts)
{
    dump->parts = *parts;
}

uint64_t dump_left_out(const struct dump *dump)
{
    return dump->left_out;
}

/* Whether so many bytes more stay within the limit. Once they do not, nothing smaller does either: a capture without
 * gaps has the beginning of the run. */
static bool has_room(struct dump *dump, uint64_t bytes)
{
    dump->is_full = dump->is_full || (dump->bytes_most && dump->bytes + bytes > dump->bytes_most);
    return !dump->is_full;
}

static void write_block(struct dump *dump)
{
    if (!dump->file)
        return;
    dump->bytes += dump->block.length;
    if (dump->block.failed || dump->text.failed)
        dump_fail(dump, ENOMEM);
    else if (fwrite(dump->block.text, 1, dump->block.length, dump->file) != dump->block.length)
        dump_fail(dump, errno);
}

/* Adds the comment in dump->text and empties dump->text. */
static void add_comment(struct dump *dump)
{
    pcapng_add_comment(&dump->block, dump->text.text);
    if (!dump->text.failed)
        strbuf_clear(&dump->text);
}

/* --- the verdicts --- */

/* Where the file's next byte goes; -1: written bytes cannot be replaced (a pipe, or a file that is appended to). */
static off_t replaceable_from(int fd)
{
    struct stat stat;
    int flags = fcntl(fd, F_GETFL);
    if (fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode) || flags < 0 || flags & O_APPEND)
        return -1;
    return lseek(fd, 0, SEEK_CUR);
}

static void add_filler(struct strbuf *block, size_t bytes)
{
    pcapng_add_u16(block, OPTION_FILLER);
    pcapng_add_u16(block, (uint16_t)(bytes - OPTION_HEAD_BYTES));
    for (size_t i = OPTION_HEAD_BYTES; i < bytes; i++)
        strbuf_add_bytes(block, "", 1);
}

/* As the first option, because some readers show the first comment only. */
static void add_room(struct dump *dump, size_t verdict_bytes)
{
    off_t from = replaceable_from(fileno(dump->file));
    size_t bytes = OPTION_HEAD_BYTES + (verdict_bytes < ROOM_BYTES_MOST ? verdict_bytes : ROOM_BYTES_MOST);
    if (from < 0)
        return;
    dump->room_at = from + SECTION_FIELDS_BYTES;
    dump->room_bytes = bytes + (-bytes & 3);
    add_filler(&dump->block, dump->room_bytes);
}

/* The bytes of whole lines that fit, without the last line's end. */
static size_t fitting_lines(const char *text, size_t most)
{
    size_t length = strlen(text);
    if (length <= most)
        return length;
    for (length = most; length && text[length] != '\n';)
        length--;
    return length;
}

static void fill_room(struct dump *dump, const char *text)
{
    size_t length = fitting_lines(text, dump->room_bytes - OPTION_HEAD_BYTES);
    strbuf_clear(&dump->block);
    pcapng_add_option(&dump->block, OPTION_COMMENT, text, length);
    if (dump->block.length < dump->room_bytes)
        add_filler(&dump->block, dump->room_bytes - dump->block.length);
    dump_flush(dump);
    if (!dump->file)
        return;
    if (dump->block.failed)
        dump_fail(dump, ENOMEM);
    else if (pwrite(fileno(dump->file), dump->block.text, dump->block.length, dump->room_at) !=
             (ssize_t)dump->block.length)
        dump_fail(dump, errno);
}

static void begin_section(struct dump *dump)
{
    pcapng_begin(&dump->block, BLOCK_SECTION);
    pcapng_add_u32(&dump->block, PCAPNG_BYTE_ORDER);
    pcapng_add_u16(&dump->block, 1); /* version 1.0 */
    pcapng_add_u16(&dump->block, 0);
    pcapng_add_u64(&dump->block, UINT64_MAX); /* section length: unspecified */
}

static void add_application(struct dump *dump)
{
    static const char application[] = "hopsonde " PACKAGE_VERSION;
    pcapng_add_option(&dump->block, OPTION_SECTION_APPLICATION, application, strlen(application));
}

static void add_flows(struct dump *dump, unsigned target, const struct session *session)
{
    for (unsigned i = 0; i < session_all_count(session); i++) {
        annotate_flow(&dump->text, target, i, &session_trace(session, i)->flow);
        add_comment(dump);
    }
}

static void write_section(struct dump *dump, const struct dump_run *run, const struct session *session)
{
    const struct session_config *config = session_config(session);
    begin_section(dump);
    if (run->verdict_bytes)
        add_room(dump, run->verdict_bytes);
    add_application(dump);
    annotate_run(&dump->text, run);
    add_comment(dump);
    annotate_config(&dump->text, config);
    add_comment(dump);
    for (unsigned i = 1; i < run->target_count; i++) {
        annotate_target(&dump->text, i, session_config(run->sessions[i]));
        add_comment(dump);
    }
    add_flows(dump, 0, session);
    for (unsigned i = 1; i < run->target_count; i++)
        add_flows(dump, i, run->sessions[i]);
    pcapng_end(&dump->block);
    write_block(dump);
}

/* `name` may be NULL. */
static void write_interface(struct dump *dump, uint16_t linktype, const char *name)
{
    static const uint8_t nanoseconds = 9;
    pcapng_begin(&dump->block, BLOCK_INTERFACE);
    pcapng_add_u16(&dump->block, linktype);
    pcapng_add_u16(&dump->block, 0);
    pcapng_add_u32(&dump->block, SNAPLEN);
    if (name)
        pcapng_add_option(&dump->block, OPTION_INTERFACE_NAME, name, strlen(name));
    pcapng_add_option(&dump->block, OPTION_INTERFACE_RESOLUTION, &nanoseconds, sizeof nanoseconds);
    pcapng_end(&dump->block);
    write_block(dump);
}

static void begin_classic(struct dump *dump, uint16_t linktype)
{
    int dlt = linktype == LINKTYPE_RAW ? DLT_RAW : linktype;
    dump->classic = pcap_open_dead_with_tstamp_precision(dlt, SNAPLEN, PCAP_TSTAMP_PRECISION_NANO);
    if (!dump->classic) {
        dump_fail(dump, ENOMEM);
        return;
    }
    dump->classic_out = pcap_dump_fopen(dump->classic, dump->file);
    if (!dump->classic_out) { /* libpcap has closed the file */
        dump->failed_errno = errno ? errno : EIO;
        dump->file = NULL;
    }
}

/* False: there is nothing to write to. */
static bool empty_file(struct dump *dump)
{
    if (dump->file && ftruncate(fileno(dump->file), 0) != 0 && errno != EINVAL) /* EINVAL: a pipe or a device */
        dump_fail(dump, errno);
    return dump->file != NULL;
}

static void write_headers(struct dump *dump)
{
    if (dump->parts.bytes) {
        dump->run.part++;
        dump->run.first_frame = dump->frames + 1;
    }
    if (dump->is_classic) {
        begin_classic(dump, dump->run.linktype);
    } else {
        write_section(dump, &dump->run, dump->run.sessions ? dump->run.sessions[0] : dump->session);
        write_interface(dump, dump->run.linktype, dump->run.interface);
    }
    dump_flush(dump);
}

void dump_begin(struct dump *dump, const struct dump_run *run, const struct session *session)
{
    if (!empty_file(dump))
        return;
    dump->run = *run;
    dump->session = session;
    write_headers(dump);
    dump->begun = true;
}

/* --- parts --- */

/* Closes the file. fclose() reports late errors, as of network file systems; pcap_dump_close() hides them. */
static void close_file(struct dump *dump)
{
    if (dump->classic_out) {
        pcap_dump_close(dump->classic_out);
    } else if (dump->file && fclose(dump->file) != 0) {
        dump->failed_errno = errno;
    }
}

static bool part_is_full(const struct dump *dump, uint64_t bytes)
{
    return dump->file && dump->parts.bytes && dump->bytes + bytes > dump->parts.bytes;
}

static void begin_part(struct dump *dump)
{
    dump_flush(dump);
    if (!dump->file)
        return;
    close_file(dump);
    if (dump->classic)
        pcap_close(dump->classic);
    dump->classic = NULL;
    dump->classic_out = NULL;
    dump->file = NULL;
    int fd = dump->failed_errno ? -1 : dump->parts.open(dump->parts.context, dump->run.part + 1);
    if (fd >= 0)
        dump->file = fdopen(fd, "wb");
    if (!dump->file) {
        dump->failed_errno = dump->failed_errno ? dump->failed_errno : errno ? errno : EIO;
        if (fd >= 0)
            close(fd);
        return;
    }
    setvbuf(dump->file, dump->buffer, _IOFBF, sizeof dump->buffer);
    dump->bytes = 0;
    write_headers(dump);
}

static void write_classic(struct dump *dump, const struct frame *frame, uint32_t captured)
{
    nstime time = frame->time < 0 ? 0 : frame->time;
    struct pcap_pkthdr header = {
        .ts = {.tv_sec = (time_t)(time / NS_PER_S), .tv_usec = (suseconds_t)(time % NS_PER_S)},
        .caplen = captured,
        .len = frame->length,
    };
    pcap_dump((u_char *)dump->classic_out, &header, frame->bytes);
    dump->bytes += CLASSIC_RECORD_BYTES + captured;
    if (ferror(dump->file))
        dump_fail(dump, errno);
}

/* The pcapng direction flags from the frame or its SLL or SLL2 header. A replay then knows no more than this run. */
static uint32_t direction_flags(const struct frame *frame)
{
    struct packet packet;
    packet_decode(frame, &packet);
    return packet.direction == FRAME_IN ? 1 : packet.direction == FRAME_OUT ? 2 : 0;
}

static struct probe_spec spec_of_note(const struct frame_note *note, const struct session *session)
{
    const struct trace *trace = session_trace(session, note->trace);
    const struct probe *probe = trace_probe(trace, note->serial);
    return probe ? trace_probe_spec(trace, probe) : trace->flow.spec;
}

static void begin_packet(struct dump *dump, const struct frame *frame, uint32_t captured, uint32_t interface)
{
    pcapng_begin(&dump->block, BLOCK_PACKET);
    pcapng_add_u32(&dump->block, interface);
    pcapng_add_time(&dump->block, frame->time);
    pcapng_add_u32(&dump->block, captured);
    pcapng_add_u32(&dump->block, frame->length);
    pcapng_add_padded(&dump->block, frame->bytes, captured);
    uint32_t flags = direction_flags(frame);
    if (flags)
        pcapng_add_option(&dump->block, OPTION_PACKET_FLAGS, &flags, sizeof flags);
}

static uint32_t captured_bytes(const struct frame *frame)
{
    return frame->captured < SNAPLEN ? frame->captured : SNAPLEN;
}

static void build_packet(struct dump *dump, const struct frame *frame, const struct frame_note *note,
                         const struct session *session)
{
    begin_packet(dump, frame, captured_bytes(frame), 0);
    if (note) {
        bool matched = note->role == FRAME_PROBE || note->role == FRAME_REPLY;
        struct probe_spec spec = {0};
        if (matched)
            spec = spec_of_note(note, session);
        annotate_note(&dump->text, note, &spec);
        add_comment(dump);
    }
    pcapng_end(&dump->block);
}

static void write_packet(struct dump *dump, const struct frame *frame, const struct frame_note *note,
                         const struct session *session)
{
    build_packet(dump, frame, note, session);
    if (part_is_full(dump, dump->block.length)) {
        begin_part(dump);
        build_packet(dump, frame, note, session);
    }
    if (has_room(dump, dump->block.length))
        write_block(dump);
    else
        strbuf_clear(&dump->block);
}

uint64_t dump_frame(struct dump *dump, const struct frame *frame, const struct frame_note *note,
                    const struct session *session)
{
    if (!dump->file || (note && note->is_excess))
        return 0;
    uint32_t captured = captured_bytes(frame);
    if (dump->is_classic && part_is_full(dump, CLASSIC_RECORD_BYTES + captured))
        begin_part(dump);
    if (!dump->file)
        return 0;
    if (dump->is_classic && has_room(dump, CLASSIC_RECORD_BYTES + captured))
        write_classic(dump, frame, captured);
    else if (!dump->is_classic && !dump->is_full)
        write_packet(dump, frame, note, session);
    dump->left_out += dump->is_full;
    if (!dump->file || dump->is_full)
        return 0;
    return ++dump->frames;
}

/* Writes a statistics block with the comment in dump->text. The last block also has the counters. */
static void write_statistics(struct dump *dump, nstime time, const uint64_t *dropped)
{
    pcapng_begin(&dump->block, BLOCK_STATISTICS);
    pcapng_add_u32(&dump->block, 0);
    pcapng_add_time(&dump->block, time);
    add_comment(dump);
    if (dropped) {
        pcapng_add_option(&dump->block, OPTION_STATISTICS_RECEIVED, &dump->frames, sizeof dump->frames);
        pcapng_add_option(&dump->block, OPTION_STATISTICS_DROPPED, dropped, sizeof *dropped);
    }
    pcapng_end(&dump->block);
    write_block(dump);
}

void dump_claim(struct dump *dump, const struct session_claim *claim)
{
    if (!dump->file || dump->is_classic || dump->is_full)
        return;
    if (part_is_full(dump, STATISTICS_BYTES))
        begin_part(dump);
    annotate_claim(&dump->text, claim);
    write_statistics(dump, claim->at, NULL);
}

void dump_about(struct dump *dump, const struct address_book *book)
{
    if (!book || !dump->begun || dump->is_classic)
        return;
    for (size_t next = 0; dump->file && name_block_write(&dump->block, &dump->text, book, &next);)
        write_block(dump);
}

void dump_verdicts(struct dump *dump, const char *text, nstime at)
{
    if (!dump->file || !dump->begun || dump->is_classic || !*text)
        return;
    if (dump->room_bytes) {
        fill_room(dump, text);
        return;
    }
    strbuf_add(&dump->text, text);
    write_statistics(dump, at, NULL);
}

void dump_flush(struct dump *dump)
{
    if (dump->file && fflush(dump->file) != 0)
        dump_fail(dump, errno);
}

static enum status end_file(struct dump *dump, struct err *err)
{
    dump_flush(dump);
    close_file(dump);
    bool failed = dump_failed(dump, err);
    if (dump->classic)
        pcap_close(dump->classic);
    strbuf_free(&dump->block);
    strbuf_free(&dump->text);
    free(dump);
    return failed ? STATUS_SYSTEM : STATUS_OK;
}

enum status dump_close(struct dump *dump, enum session_end end, nstime ended_at, uint64_t dropped_by_kernel,
                       struct err *err)
{
    if (dump->file && dump->begun && !dump->is_classic) {
        annotate_end(&dump->text, end, ended_at, dropped_by_kernel);
        write_statistics(dump, ended_at, &dropped_by_kernel);
    }
    return end_file(dump, err);
}

bool dump_failed(const struct dump *dump, struct err *err)
{
    if (!dump->failed_errno)
        return false;
    err_set(err, STATUS_SYSTEM, "%s: cannot save the capture: %s (%s; the report is complete)", dump->path,
            strerror(dump->failed_errno), err_write_remedy(dump->failed_errno));
    return true;
}

/* --- several points --- */

void dump_begin_points(struct dump *dump)
{
    if (!empty_file(dump))
        return;
    begin_section(dump);
    add_application(dump);
    pcapng_end(&dump->block);
    write_block(dump);
}

/* The interface for frames of this link type, described in the file. POINT_INTERFACES_MOST: there is no room. */
static unsigned point_interface(struct dump *dump, unsigned point, const char *name, uint16_t linktype)
{
    unsigned i = 0;
    while (i < dump->interface_count &&
           (dump->interfaces[i].point != point || dump->interfaces[i].linktype != linktype))
        i++;
    if (i == dump->interface_count && i < POINT_INTERFACES_MOST) {
        dump->interfaces[dump->interface_count++] = (struct point_interface){point, linktype};
        write_interface(dump, linktype, name);
    }
    return i;
}

void dump_point_frame(struct dump *dump, unsigned point, const char *name, const struct frame *frame,
                      const char *comment)
{
    unsigned interface = point_interface(dump, point, name, frame->linktype);
    if (!dump->file || interface == POINT_INTERFACES_MOST)
        return;
    begin_packet(dump, frame, captured_bytes(frame), interface);
    pcapng_add_comment(&dump->block, comment);
    pcapng_end(&dump->block);
    write_block(dump);
}

enum status dump_close_points(struct dump *dump, struct err *err)
{
    return end_file(dump, err);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* What --write saves is what a replay reads: frames, notes, claims, configuration, flows, the end. The session is a
 * fake, so that every field of a configuration can have a value of its own. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/annotate.h"
#include "capture/dump.h"
#include "capture/file.h"
#include "capture/pcapng.h"
#include "session/state.h"
#include "strategies/strategies.h"
#include "tap.h"

#define SPECS 3
#define FLOWS 4 /* with that of a port list */
#define T0 (INT64_C(1767323045) * NS_PER_S + 123456789)

/* A new field must be saved, or a replay is another run: add it to capture/annotate.c and to the values below. */
#if UINTPTR_MAX == UINT64_MAX
_Static_assert(sizeof(struct session_config) == 34096, "struct session_config has changed");
_Static_assert(sizeof(struct flow) == 96, "struct flow has changed");
_Static_assert(sizeof(struct session_claim) == 72, "struct session_claim has changed");
#endif

static struct addr addr_of(const char *text)
{
    struct addr addr = {0};
    if (!addr_parse(text, &addr))
        abort();
    return addr;
}

static struct probe_spec spec_of(const char *text)
{
    struct probe_spec spec = {0};
    if (probe_spec_parse(text, &spec, NULL) != STATUS_OK)
        abort();
    return spec;
}

static void fill_config(struct session_config *config, const char *source, const char *target)
{
    *config = (struct session_config){
        .target_name = "we b%.example=\n\xc3\xa9\xff",
        .source = addr_of(source),
        .target = addr_of(target),
        .specs = {spec_of("udp/53"), spec_of("tcp/80:ack"), spec_of("udp/443:sni=www.example.com")},
        .spec_count = SPECS,
        .automatic = true,
        .controls = 1U << 2,
        .strategy = &strategy_diagnose,
        .flows = 12,
        .interval = 1500 * NS_PER_MS,
        .rounds = 86400,
        .confidence = 995000,
        .budget = 2000,
        .interface_mtu = 9000,
        .lite = true,
        .first_ttl = 2,
        .max_ttl = 255,
        .through = addr_of("192.0.2.254"),
        .through_ttl = 3,
        .queries = 7,
        .gap = 9,
        .max_wait = 3 * NS_PER_S + 1,
        .slow_wait = 5 * NS_PER_S + 1,
        .send_gap = 123456,
        .gap_is_mean = true,
        .size = 1234,
        .tos = 0xb9,
        .dont_fragment = true,
        .flow_label = 0xabcde,
        .source_port = 0xfedc,
        .seed = UINT64_MAX - 1,
    };
    config->port_list_count = 1;
    if (port_list_parse("udp/53,123,161-200", &config->port_lists[0], NULL) != STATUS_OK)
        abort();
}

static struct probe_spec spec_at(const struct session_config *config, unsigned i)
{
    return i < SPECS ? config->specs[i] : port_list_spec(&config->port_lists[0], 53);
}

static void fill_session(struct session *session, const char *source, const char *target)
{
    memset(session, 0, sizeof *session);
    static struct trace traces[2][FLOWS]; /* of two sessions at a time */
    static unsigned filled;
    session->traces = traces[filled++ % 2];
    fill_config(&session->config, source, target);
    session->trace_count = SPECS;
    session->all_count = session->sized_first = FLOWS;
    for (unsigned i = 0; i < FLOWS; i++)
        session->traces[i].flow = (struct flow){
            .spec = spec_at(&session->config, i),
            .source = session->config.source,
            .target = session->config.target,
            .source_port = (uint16_t)(40000 + i),
            .target_port = spec_at(&session->config, i).port,
            .tos = (uint8_t)(0x20 + i),
            .dont_fragment = i != 1,
            .flow_label = 0xfffff - i,
            .size = (uint16_t)(100 + i),
            .nonce = 0xffffff00u + i,
        };
}

static bool specs_equal(const struct session_config *a, const struct session_config *b)
{
    bool equal = a->spec_count == b->spec_count;
    for (unsigned i = 0; equal && i < a->spec_count; i++)
        equal = probe_spec_equal(&a->specs[i], &b->specs[i]);
    return equal;
}

static void check_config(const struct session_config *got, const struct session_config *want)
{
    is_text(got->target_name, want->target_name, "config: target name");
    ok(addr_equal(&got->source, &want->source), "config: source");
    ok(addr_equal(&got->target, &want->target), "config: target");
    ok(specs_equal(got, want), "config: specs");
    is_num(got->port_list_count, want->port_list_count, "config: port lists");
    is_num(memcmp(got->port_lists, want->port_lists, sizeof got->port_lists), 0, "config: their ports");
    is_num(got->automatic, want->automatic, "config: automatic");
    is_num(got->controls, want->controls, "config: controls");
    ok(got->strategy == want->strategy, "config: strategy");
    is_num(got->flows, want->flows, "config: flows");
    is_num(got->lite, want->lite, "config: lite");
    is_num(got->confidence, want->confidence, "config: confidence");
    is_num(got->budget, want->budget, "config: budget");
    is_num(got->interface_mtu, want->interface_mtu, "config: the interface's MTU");
    is_num(got->first_ttl, want->first_ttl, "config: first TTL");
    is_num(got->max_ttl, want->max_ttl, "config: largest TTL");
    ok(addr_equal(&got->through, &want->through), "config: the gateway's address");
    is_num(got->through_ttl, want->through_ttl, "config: the gateway's TTL");
    is_num(got->queries, want->queries, "config: queries");
    is_num(got->gap, want->gap, "config: gap");
    is_num(got->max_wait, want->max_wait, "config: longest wait");
    is_num(got->slow_wait, want->slow_wait, "config: longest wait on slow paths");
    is_num(got->send_gap, want->send_gap, "config: send gap");
    is_num(got->interval, want->interval, "config: the interval of rounds");
    is_num(got->rounds, want->rounds, "config: their number");
    is_num(got->gap_is_mean, want->gap_is_mean, "config: the gap is a mean");
    is_num(got->size, want->size, "config: size");
    is_num(got->tos, want->tos, "config: TOS");
    is_num(got->dont_fragment, want->dont_fragment, "config: DF");
    is_num(got->flow_label, want->flow_label, "config: flow label");
    is_num(got->source_port, want->source_port, "config: source port");
    ok(got->seed == want->seed, "config: seed");
}

static void check_flow(const struct flow *got, const struct flow *want, unsigned i)
{
    ok(probe_spec_equal(&got->spec, &want->spec), "flow %u: spec", i);
    ok(addr_equal(&got->source, &want->source), "flow %u: source", i);
    ok(addr_equal(&got->target, &want->target), "flow %u: target", i);
    is_num(got->source_port, want->source_port, "flow %u: source port", i);
    is_num(got->target_port, want->target_port, "flow %u: target port", i);
    is_num(got->tos, want->tos, "flow %u: TOS", i);
    is_num(got->dont_fragment, want->dont_fragment, "flow %u: DF", i);
    is_num(got->flow_label, want->flow_label, "flow %u: flow label", i);
    is_num(got->size, want->size, "flow %u: size", i);
    is_num(got->nonce, want->nonce, "flow %u: nonce", i);
    ok(!got->template_bytes, "flow %u: no template", i);
}

/* ---- what is written: frames of growing length, each with its note, and two claims in between ---- */

struct step {
    bool is_claim;
    struct session_claim claim;
    struct frame_note note;
    uint8_t direction;
    const char *comment;
};

static const struct step steps[] = {
    {.note = {.role = FRAME_PROBE, .trace = 0, .serial = 11, .ttl = 4, .attempt = 2},
     .direction = FRAME_OUT,
     .comment = "udp/53 probe: trace 0, hop 4, attempt 2, serial 11"},
    {.is_claim = true,
     .claim = {.kind = CLAIM_REFUSED, .trace = 2, .serial = 60000, .ttl = 255, .at = T0 + 5, .send_errno = EPERM}},
    {.note = {.role = FRAME_REPLY, .reason = "ports and checksum", .trace = 0, .serial = 11, .ttl = 4, .attempt = 2},
     .direction = FRAME_IN,
     .comment = "reply to udp/53 hop 4 attempt 2, by ports and checksum"},
    {.note = {.role = FRAME_REPLY, .reason = "ports", .trace = 1},
     .comment = "reply to tcp/80:ack (it does not identify the probe), by ports"},
    {.is_claim = true, .claim = {.kind = CLAIM_UNSEEN, .trace = 3, .port = 161, .serial = 4, .ttl = 9, .at = T0 + 6}},
    {.is_claim = true,
     .claim = {.kind = CLAIM_UNSEEN, .trace = 1, .size = 1400, .flow = 11, .serial = 3, .ttl = 1, .at = T0 + 7}},
    {.note = {.role = FRAME_STRAY, .reason = "not IP"}, .comment = "stray: not IP"},
    {.note = {.role = FRAME_MALFORMED, .reason = "IPv4 header length below 20"},
     .comment = "malformed: IPv4 header length below 20"},
};
#define STEPS (sizeof steps / sizeof *steps)
#define FRAMES 5

static uint8_t frame_bytes[64];

static struct frame frame_of(const struct step *step, uint64_t number)
{
    return (struct frame){
        .bytes = frame_bytes,
        .captured = (uint32_t)(17 + number),
        .length = (uint32_t)(1000 + number),
        .linktype = LINKTYPE_RAW,
        .direction = step->direction,
        .time = T0 + (nstime)number * 1001,
    };
}

static const struct dump_run trace_run = {
    .command = "trace", .options = "-q 7 we%b", .interface = "any", .linktype = LINKTYPE_RAW};

static enum status write_all(const char *path, const struct session *session, struct err *err)
{
    struct dump *dump;
    if (dump_open(path, &dump, err) != STATUS_OK)
        return STATUS_SYSTEM;
    dump_begin(dump, &trace_run, session);
    uint64_t number = 0;
    for (size_t i = 0; i < STEPS; i++) {
        if (steps[i].is_claim) {
            dump_claim(dump, &steps[i].claim);
            continue;
        }
        struct frame frame = frame_of(&steps[i], ++number);
        is_num(dump_frame(dump, &frame, &steps[i].note, session), number, "frame %d is written", (int)number);
    }
    return dump_close(dump, SESSION_INTERRUPTED, T0 + 99, 42, err);
}

static bool claims_equal(const struct session_claim *a, const struct session_claim *b)
{
    return a->kind == b->kind && a->trace == b->trace && a->flow == b->flow && a->port == b->port &&
           a->size == b->size && a->serial == b->serial && a->ttl == b->ttl && a->at == b->at &&
           a->send_errno == b->send_errno && a->target == b->target && addr_equal(&a->moved_to, &b->moved_to);
}

static bool frame_equal(const struct frame *got, const struct frame *want, uint64_t number)
{
    return got->captured == want->captured && got->length == want->length && got->linktype == want->linktype &&
           got->direction == want->direction && got->time == want->time && got->number == number &&
           memcmp(got->bytes, want->bytes, want->captured) == 0;
}

static void check_steps(struct wire *wire)
{
    struct frame frame = {0};
    struct session_claim claim = {0};
    struct err err = {0};
    uint64_t number = 0;
    for (size_t i = 0; i < STEPS; i++) {
        enum wire_event event = wire->ops->receive(wire, NSTIME_NEVER, &frame, &claim, &err);
        if (steps[i].is_claim) {
            ok(event == WIRE_CLAIM && claims_equal(&claim, &steps[i].claim), "step %d: the claim", (int)i);
            continue;
        }
        struct frame want = frame_of(&steps[i], ++number);
        ok(event == WIRE_FRAME && frame_equal(&frame, &want, number), "step %d: the frame", (int)i);
        is_num(wire->ops->now(wire), want.time, "step %d: the wire's time is the frame's", (int)i);
    }
    is_num(wire->ops->receive(wire, NSTIME_NEVER, &frame, &claim, &err), WIRE_END, "then the end");
    is_num(wire->ops->receive(wire, NSTIME_NEVER, &frame, &claim, &err), WIRE_END, "and nothing after it");
}

/* ---- a file in memory ---- */

static int memory_fd;
static char memory_path[64];

static void memory_open(void)
{
    memory_fd = memfd_create("dump", MFD_CLOEXEC);
    snprintf(memory_path, sizeof memory_path, "/proc/self/fd/%d", memory_fd);
}

static size_t memory_size(void)
{
    struct stat stat;
    return fstat(memory_fd, &stat) == 0 ? (size_t)stat.st_size : 0;
}

static void memory_set(const void *bytes, size_t count)
{
    if (ftruncate(memory_fd, 0) != 0 || pwrite(memory_fd, bytes, count, 0) != (ssize_t)count)
        abort();
}

static uint8_t *memory_get(size_t *count)
{
    *count = memory_size();
    uint8_t *bytes = malloc(*count ? *count : 1);
    if (!bytes || pread(memory_fd, bytes, *count, 0) != (ssize_t)*count)
        abort();
    return bytes;
}

static void test_round_trip(const char *source, const char *target)
{
    struct session session;
    struct err err = {0};
    struct wire *wire;
    const struct saved_run *saved;
    fill_session(&session, source, target);
    is_num(write_all(memory_path, &session, &err), STATUS_OK, "%s: the capture is written", target);
    if (!ok(file_wire_open(memory_path, &wire, &saved, &err) == STATUS_OK, "%s: and read", target))
        return;
    ok(saved->present, "it is one of ours");
    is_text(saved->command, "trace", "run: command");
    is_text(saved->interface, "any", "run: interface");
    check_config(&saved->config, &session.config);
    for (unsigned i = 0; i < FLOWS; i++)
        check_flow(&saved->flows[i], &session.traces[i].flow, i);
    ok(!saved->ended, "the end is not known yet");
    is_num(wire->ops->now(wire), NSTIME_NONE, "nor any time");
    check_steps(wire);
    ok(saved->ended && saved->end == SESSION_INTERRUPTED, "end: interrupted");
    is_num(saved->ended_at, T0 + 99, "end: time");
    is_num(wire->ops->dropped(wire), 42, "end: frames dropped by the kernel");
    is_num(file_wire_frames(wire), FRAMES, "all frames were counted");
    ok(!file_wire_truncated(wire), "the file is whole");
    is_num(wire->ops->send(wire, &session.config.target, frame_bytes, 20), EROFS, "a file sends nothing");
    wire->ops->close(wire);
}

/* The comments for people, on each frame. */
static void test_notes(void)
{
    struct capture_file file;
    struct input input;
    struct err err;
    capture_file_open(&file, memory_path, NULL);
    if (!ok(input_open(&input, &file, &err) == STATUS_OK, "the file opens once more"))
        return;
    struct reader *reader = pcapng_reader_new(&input);
    const char *text;
    size_t length;
    for (size_t i = 0; i < STEPS; i++) {
        if (steps[i].is_claim)
            continue;
        struct frame frame;
        struct record record;
        enum record_kind kind;
        do
            kind = reader->ops->next(reader, &frame, &record);
        while (kind == RECORD_SECTION || kind == RECORD_STATISTICS);
        char comment[128] = "";
        if (kind == RECORD_FRAME && record_comment_next(&record.options, &text, &length))
            snprintf(comment, sizeof comment, "%.*s", (int)length, text);
        is_text(comment, steps[i].comment, "comment of step %d", (int)i);
    }
    reader->ops->close(reader);
    input_close(&input);
    capture_file_close(&file);
}

/* Wireshark shows a direction also where only the cooked header tells it. */
static void test_cooked_direction(const struct session *session)
{
    static const struct {
        uint8_t packet_type, want;
    } rows[] = {{0, FRAME_IN}, {4, FRAME_OUT}};
    struct dump_run run = trace_run;
    run.linktype = LINKTYPE_LINUX_SLL2;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t bytes[40] = {0x08, 0x00, [7] = 3, [9] = 1, [10] = rows[i].packet_type, [20] = 0x45};
        struct frame frame = {.bytes = bytes, .captured = 40, .length = 40, .linktype = run.linktype, .time = T0};
        struct session_claim claim;
        struct dump *dump;
        struct err err = {0};
        struct wire *wire;
        const struct saved_run *saved;
        dump_open(memory_path, &dump, &err);
        dump_begin(dump, &run, session);
        dump_frame(dump, &frame, NULL, session);
        dump_close(dump, SESSION_COMPLETE, NSTIME_NONE, 0, &err);
        file_wire_open(memory_path, &wire, &saved, &err);
        is_num(wire->ops->receive(wire, NSTIME_NEVER, &frame, &claim, &err), WIRE_FRAME, "a cooked frame");
        is_num(frame.direction, rows[i].want, "packet type %d: direction", rows[i].packet_type);
        wire->ops->close(wire);
    }
}

/* ---- spoiled files ---- */

struct outcome {
    bool opened, truncated, ended, failed;
    unsigned frames;
};

static struct outcome read_all(void)
{
    struct outcome outcome = {0};
    struct frame frame = {0};
    struct session_claim claim;
    struct err err = {0};
    struct wire *wire;
    const struct saved_run *saved;
    if (file_wire_open(memory_path, &wire, &saved, &err) != STATUS_OK)
        return outcome;
    outcome.opened = true;
    unsigned sum = 0;
    for (enum wire_event event = WIRE_FRAME; event == WIRE_FRAME || event == WIRE_CLAIM;) {
        event = wire->ops->receive(wire, NSTIME_NEVER, &frame, &claim, &err);
        outcome.failed = event == WIRE_FAILED;
        for (uint32_t i = 0; event == WIRE_FRAME && i < frame.captured; i++)
            sum += frame.bytes[i]; /* the sanitizer watches */
    }
    outcome.frames = (unsigned)file_wire_frames(wire) + (sum & 0);
    outcome.truncated = file_wire_truncated(wire);
    outcome.ended = saved->ended;
    wire->ops->close(wire);
    return outcome;
}

/* How many frames are complete before the cut. */
static unsigned whole_blocks(const uint8_t *bytes, size_t cut)
{
    unsigned frames = 0;
    size_t at = 0;
    for (;;) {
        uint32_t type, length;
        if (cut - at < 8)
            return frames;
        memcpy(&type, bytes + at, 4);
        memcpy(&length, bytes + at + 4, 4);
        if (cut - at < length)
            return frames;
        frames += type == BLOCK_PACKET;
        at += length;
    }
}

static void test_cut_everywhere(void)
{
    size_t size, wrong = 0;
    uint8_t *bytes = memory_get(&size);
    uint32_t head;
    memcpy(&head, bytes + 4, 4);
    for (size_t cut = 0; cut < size; cut++) {
        unsigned frames = whole_blocks(bytes, cut);
        memory_set(bytes, cut);
        struct outcome outcome = read_all();
        bool right = outcome.opened == (cut >= head);
        if (outcome.opened)
            right = right && outcome.frames == frames && outcome.truncated && !outcome.ended && !outcome.failed;
        if (!right && wrong++ < 3)
            printf("# cut at %zu: opened %d, frames %u of %u, truncated %d, failed %d\n", cut, outcome.opened,
                   outcome.frames, frames, outcome.truncated, outcome.failed);
    }
    is_num(wrong, 0, "cut at every length up to %d: what came before is read, and the cut is told", (int)size);
    memory_set(bytes, size);
    free(bytes);
}

/* Whatever stands in a byte, reading ends without a crash, with no more frames than there were. */
static void test_spoil_every_byte(uint8_t value)
{
    size_t size, wrong = 0;
    uint8_t *bytes = memory_get(&size);
    for (size_t i = 0; i < size; i++) {
        uint8_t kept = bytes[i];
        bytes[i] = value;
        memory_set(bytes, size);
        wrong += read_all().frames > FRAMES;
        bytes[i] = kept;
    }
    is_num(wrong, 0, "0x%02x in place of every byte", value);
    memory_set(bytes, size);
    free(bytes);
}

/* Two runs in one file: the frames of both are read, but only the first one's annotations are about the first run. */
static void test_second_section(void)
{
    struct frame frame;
    struct session_claim claim;
    struct err err = {0};
    struct wire *wire;
    const struct saved_run *saved;
    size_t size;
    unsigned claims = 0;
    uint8_t *bytes = memory_get(&size);
    if (pwrite(memory_fd, bytes, size, (off_t)size) != (ssize_t)size)
        abort();
    if (ok(file_wire_open(memory_path, &wire, &saved, &err) == STATUS_OK, "two runs in one file")) {
        for (enum wire_event event = WIRE_FRAME; event == WIRE_FRAME || event == WIRE_CLAIM;) {
            event = wire->ops->receive(wire, NSTIME_NEVER, &frame, &claim, &err);
            claims += event == WIRE_CLAIM;
        }
        is_num(file_wire_frames(wire), 2 * FRAMES, "frames of both");
        is_num(claims, STEPS - FRAMES, "claims of the first");
        wire->ops->close(wire);
    }
    memory_set(bytes, size);
    free(bytes);
}

/* Replaces a text in the file by one of the same length and says whether the run is still read as ours. */
static enum status reopen_with(const char *from, const char *to, bool *present, struct err *err)
{
    size_t size;
    struct wire *wire;
    const struct saved_run *saved;
    uint8_t *bytes = memory_get(&size), *copy = memory_get(&size);
    uint8_t *place = memmem(copy, size, from, strlen(from));
    ok(place != NULL, "the file says %s", from);
    if (place)
        memcpy(place, to, strlen(to));
    memory_set(copy, size);
    enum status status = file_wire_open(memory_path, &wire, &saved, err);
    *present = status == STATUS_OK && saved->present;
    if (status == STATUS_OK)
        wire->ops->close(wire);
    memory_set(bytes, size);
    free(bytes);
    free(copy);
    return status;
}

static void test_headers(void)
{
    static const struct {
        const char *from, *to;
        bool present;
    } rows[] = {
        {" tos=185", " tos=186", true},
        {" options=", " 0ptions=", true}, /* a key that we don't know */
        {" tos=185", " tos=256", false},
        {" tos=185", " toz=185", false},
        {" tos=185", " tos=-85", false},
        {" queries=7", " queries=0", false},
        {" first_ttl=2", " first_ttl=0", false},
        {" specs=udp/53", " specs=udp/54", false}, /* another than the flow's */
        {" specs=udp/53", " specs=udp/5x", false},
        {" specs=udp/53", " specs=udp,53", false},
        {" automatic=1", " automatic=2", false},
        {"index=2", "index=1", false},
        {"index=2", "index=9", false},
        {"hopsonde:config", "hopsonde:c0nfig", false},
        {"hopsonde:run", "h0psonde:run", false},
        {"we%20b", "we%00b", false},
        {"we%20b", "we%2xb", false},
    };
    bool present;
    struct err err = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        is_num(reopen_with(rows[i].from, rows[i].to, &present, &err), STATUS_OK, "%s opens", rows[i].to);
        is_num(present, rows[i].present, "%s: %s", rows[i].to, rows[i].present ? "still a run of ours" : "refused");
    }
    is_num(reopen_with("format=2", "format=4", &present, &err), STATUS_SYSTEM, "a newer format is refused");
    ok(strstr(err.message, "cannot replay: saved in format 4, newer than 3 (use the hopsonde that saved it)"), "%s",
       err.message);
}

/* ---- annotations by themselves ---- */

static void test_claim_texts(void)
{
    static const struct {
        const char *text;
        enum annotation want;
    } rows[] = {
        {"hopsonde:claim kind=refused trace=1 serial=1 ttl=1 at_ns=5 errno=1", ANNOTATION_CLAIM},
        {"hopsonde:claim  errno=1 at_ns=5 ttl=1 later=x serial=1 trace=1 kind=unseen ", ANNOTATION_CLAIM},
        {"hopsonde:claim kind=other trace=1 serial=1 ttl=1 at_ns=5 errno=1", ANNOTATION_DAMAGED},
        {"hopsonde:claim kind=refused trace=3 serial=1 ttl=1 at_ns=5 errno=1", ANNOTATION_DAMAGED},
        {"hopsonde:claim kind=refused trace=1 serial=0 ttl=1 at_ns=5 errno=1", ANNOTATION_DAMAGED},
        {"hopsonde:claim kind=refused trace=1 serial=60001 ttl=1 at_ns=5 errno=1", ANNOTATION_DAMAGED},
        {"hopsonde:claim kind=refused trace=1 serial=1 ttl=0 at_ns=5 errno=1", ANNOTATION_DAMAGED},
        {"hopsonde:claim kind=refused trace=1 serial=1 ttl=1 at_ns=-5 errno=1", ANNOTATION_DAMAGED},
        {"hopsonde:claim kind=refused trace=1 serial=1 ttl=1 at_ns=9223372036854775807 errno=1", ANNOTATION_DAMAGED},
        {"hopsonde:claim kind=refused trace=1 serial=1 ttl=1 at_ns=99999999999999999999 errno=1", ANNOTATION_DAMAGED},
        {"hopsonde:claim kind=refused trace=1 serial=1 ttl=1 at_ns=5", ANNOTATION_DAMAGED},
        {"hopsonde:claim kind=refused trace=1 serial=1 ttl=1 at_ns= errno=1", ANNOTATION_DAMAGED},
        {"hopsonde:claim", ANNOTATION_DAMAGED},
        {"hopsonde:later kind=refused", ANNOTATION_NONE},
        {"hopsonde:", ANNOTATION_NONE},
        {"hopsonde", ANNOTATION_NONE},
        {"a user's own comment", ANNOTATION_NONE},
        {"hopsonde:run format=2 version=1 command=trace interface=any", ANNOTATION_RUN},
        {"hopsonde:run format=2 version=1 command=rm interface=any", ANNOTATION_DAMAGED},
        {"hopsonde:end how=complete at_ns=-9223372036854775808 dropped_by_kernel=3", ANNOTATION_END},
        {"hopsonde:end how=complete at_ns=1", ANNOTATION_DAMAGED},
        {"hopsonde:end how=complete at_ns=-1 dropped_by_kernel=3", ANNOTATION_DAMAGED},
        {"hopsonde:end how=complete at_ns=9223372036854775807 dropped_by_kernel=3", ANNOTATION_DAMAGED},
        {"hopsonde:end how=incomplete at_ns=1 dropped_by_kernel=3", ANNOTATION_DAMAGED},
    };
    struct saved_run saved = {.config = {.spec_count = 2, .strategy = &strategy_diagnose}};
    struct annotations seen = {0};
    struct session_claim claim;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        is_num(annotate_read(rows[i].text, strlen(rows[i].text), &seen, &saved, &claim), rows[i].want, "%s",
               rows[i].text);
}

/* What happened to a run without end, besides its packets. */
static void test_happenings(void)
{
    static const char *const note = "the system clock was set by +3 s: 100 %, \x1b[31m.";
    const struct session_claim claim = {.kind = CLAIM_CLOCK_STEP, .at = T0, .note = note};
    struct saved_run saved = {.config = {.spec_count = 2, .strategy = &strategy_watch}};
    struct annotations seen = {0};
    struct session_claim got;
    struct strbuf text;
    strbuf_init(&text);
    annotate_claim(&text, &claim);
    is_num(annotate_read(text.text, text.length, &seen, &saved, &got), ANNOTATION_CLAIM, "a step of the clock is read");
    ok(got.kind == CLAIM_CLOCK_STEP && got.at == T0, "with its time");
    is_text(got.note, note, "and its note");
    saved.config.strategy = &strategy_diagnose;
    is_num(annotate_read(text.text, text.length, &seen, &saved, &got), ANNOTATION_DAMAGED,
           "a run that has an end has none");
    strbuf_free(&text);
    const char *bare = "hopsonde:claim kind=write-failed trace=0 serial=0 ttl=0 at_ns=5 errno=0";
    saved.config.strategy = &strategy_watch;
    is_num(annotate_read(bare, strlen(bare), &seen, &saved, &got), ANNOTATION_DAMAGED, "one without a note is damaged");
}

/* ---- disks that fill up ---- */

static void test_full_disk(const struct session *session)
{
    struct dump *dump;
    struct err err = {0};
    struct frame frame = frame_of(&steps[0], 1);
    is_num(dump_open("/dev/full", &dump, &err), STATUS_OK, "a full disk opens");
    ok(!dump_failed(dump, NULL), "nothing has failed yet");
    dump_begin(dump, &trace_run, session);
    ok(dump_failed(dump, &err), "the headers don't fit, and that is told at once");
    is_text(err.message,
            "/dev/full: cannot save the capture: No space left on device (free some space, or write elsewhere; the "
            "report is complete)",
            "in these words");
    is_num(dump_frame(dump, &frame, NULL, session), 0, "no frame is written then");
    dump_claim(dump, &steps[1].claim);
    dump_flush(dump);
    is_num(dump_close(dump, SESSION_COMPLETE, NSTIME_NONE, 0, &err), STATUS_SYSTEM, "closing says so too");
}

/* The file may grow to `most` bytes: what fits is a readable capture, and the rest is told. */
static void test_limited_file(const struct session *session, bool at_close)
{
    enum { MANY = 100, MOST = 4096 };
    struct rlimit kept, limit;
    struct dump *dump;
    struct err err = {0};
    struct frame frame = frame_of(&steps[0], 1);
    uint64_t written = 0;
    getrlimit(RLIMIT_FSIZE, &kept);
    limit = (struct rlimit){.rlim_cur = MOST, .rlim_max = kept.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    is_num(dump_open(memory_path, &dump, &err), STATUS_OK, "a file with little room opens");
    dump_begin(dump, &trace_run, session);
    setrlimit(RLIMIT_FSIZE, &limit);
    for (unsigned i = 0; i < MANY; i++) {
        written += dump_frame(dump, &frame, NULL, session) != 0;
        if (!at_close)
            dump_flush(dump);
    }
    is_num(dump_failed(dump, NULL), !at_close, "full %s", at_close ? "is not seen before the close" : "at a flush");
    is_num(dump_close(dump, SESSION_COMPLETE, NSTIME_NONE, 0, &err), STATUS_SYSTEM, "the close tells of it");
    ok(strstr(err.message, strerror(EFBIG)) != NULL, "%s", err.message);
    setrlimit(RLIMIT_FSIZE, &kept);
    struct outcome outcome = read_all();
    ok(outcome.frames > 10 && outcome.frames < MANY && !outcome.ended, "%u frames are readable", outcome.frames);
    if (!at_close)
        is_num(outcome.frames + 1, written, "all but the one that broke off");
    is_num(memory_size(), MOST, "the file has taken what it could");
}

/* --write-max: the beginning of the run is kept, and the end block; the other frames are counted. */
static void test_write_max(const struct session *session)
{
    enum { MANY = 100, MOST = 4096 };
    struct dump *dump;
    struct err err = {0};
    struct frame frame = frame_of(&steps[0], 1);
    struct frame_note excess = {
        .role = FRAME_STRAY, .reason = "reply to a probe that has 64 already", .is_excess = true};
    unsigned written = 0;
    is_num(dump_open(memory_path, &dump, &err), STATUS_OK, "a file with a limit opens");
    dump_limit(dump, MOST);
    dump_begin(dump, &trace_run, session);
    is_num(dump_frame(dump, &frame, &excess, session), 0, "a reply in excess is not kept");
    is_num(dump_left_out(dump), 0, "and does not count as left out");
    for (unsigned i = 0; i < MANY; i++)
        written += dump_frame(dump, &frame, NULL, session) != 0;
    is_num(dump_left_out(dump), MANY - written, "the limit leaves out the others");
    dump_claim(dump, &steps[1].claim);
    is_num(dump_close(dump, SESSION_COMPLETE, NSTIME_NONE, 0, &err), STATUS_OK, "which is no failure");
    struct outcome outcome = read_all();
    ok(outcome.frames > 10 && outcome.frames == written && outcome.ended, "%u frames and the end are readable",
       outcome.frames);
    ok(memory_size() <= MOST + 256, "the file has hardly more than its limit: the end block");
}

static void test_open_errors(void)
{
    static const struct {
        const char *path, *message;
    } rows[] = {
        {"/proc/self", "/proc/self: cannot open for writing: Is a directory (name a file)"},
        {"/nowhere/x.pcapng",
         "/nowhere/x.pcapng: cannot open for writing: No such file or directory (name a directory that exists and takes files)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dump *dump;
        struct err err = {0};
        is_num(dump_open(rows[i].path, &dump, &err), STATUS_SYSTEM, "%s is refused", rows[i].path);
        is_text(err.message, rows[i].message, "in these words");
    }
}

static void test_not_begun(void)
{
    struct dump *dump;
    struct err err = {0};
    size_t before = memory_size();
    is_num(dump_open(memory_path, &dump, &err), STATUS_OK, "a run that fails before it begins opens its file");
    is_num(dump_close(dump, SESSION_COMPLETE, NSTIME_NONE, 0, &err), STATUS_OK, "and closes it");
    ok(before > 0, "which holds something");
    is_num(memory_size(), before, "and still does");
}

/* ---- verdicts ---- */

static const struct dump_run judged_run = {
    .command = "trace", .options = "", .interface = "any", .linktype = LINKTYPE_RAW, .verdict_bytes = 1502};

/* A capture with one frame, and the verdicts unless they are NULL. */
static void write_judged(const char *path, const struct session *session, const char *verdicts)
{
    struct dump *dump;
    struct err err = {0};
    struct frame frame = frame_of(&steps[0], 1);
    is_num(dump_open(path, &dump, &err), STATUS_OK, "a capture for verdicts opens");
    dump_begin(dump, &judged_run, session);
    dump_frame(dump, &frame, NULL, session);
    if (verdicts)
        dump_verdicts(dump, verdicts, T0 + 50);
    is_num(dump_close(dump, SESSION_COMPLETE, T0 + 99, 0, &err), STATUS_OK, "and is whole");
}

/* The first comment of the first record of that kind, in `path`; "" if it has none. */
static void first_comment(const char *path, enum record_kind wanted, char *out, size_t size)
{
    struct capture_file file;
    struct input input;
    struct err err;
    struct frame frame;
    struct record record;
    enum record_kind kind = RECORD_END;
    const char *text;
    size_t length;
    *out = 0;
    capture_file_open(&file, path, NULL);
    if (input_open(&input, &file, &err) != STATUS_OK)
        return;
    struct reader *reader = pcapng_reader_new(&input);
    do
        kind = reader->ops->next(reader, &frame, &record);
    while (kind != wanted && (kind == RECORD_SECTION || kind == RECORD_STATISTICS || kind == RECORD_FRAME));
    if (kind == wanted && record_comment_next(&record.options, &text, &length))
        snprintf(out, size, "%.*s", (int)length, text);
    reader->ops->close(reader);
    input_close(&input);
    capture_file_close(&file);
}

static void test_verdicts(const struct session *session)
{
    static const char verdicts[] = "udp dropped after hop 3.\nicmp open at the target.";
    char comment[4096];
    write_judged(memory_path, session, NULL);
    size_t before = memory_size();
    first_comment(memory_path, RECORD_SECTION, comment, sizeof comment);
    ok(strncmp(comment, "hopsonde:run ", 13) == 0, "a run that was killed has room, but no verdict");
    struct outcome outcome = read_all();
    ok(outcome.frames == 1 && outcome.ended, "and is read");
    write_judged(memory_path, session, verdicts);
    first_comment(memory_path, RECORD_SECTION, comment, sizeof comment);
    is_text(comment, verdicts, "the verdicts are the first comment of the section");
    is_num(memory_size(), before, "in the room that was kept");
    outcome = read_all();
    ok(outcome.frames == 1 && outcome.ended, "the rest is as before");
}

/* Lines that do not fit the room. */
static void test_verdicts_without_room(const struct session *session)
{
    char verdicts[6000], comment[6000];
    size_t length = 0;
    while (length + 100 < sizeof verdicts) {
        memset(verdicts + length, 'x', 99);
        verdicts[length + 99] = '\n';
        length += 100;
    }
    verdicts[length] = 0;
    write_judged(memory_path, session, verdicts);
    first_comment(memory_path, RECORD_SECTION, comment, sizeof comment);
    is_num(strlen(comment), 1499, "15 whole lines fit");
    struct outcome outcome = read_all();
    ok(outcome.frames == 1 && outcome.ended, "and the capture is read");
}

/* What is written to a pipe stays: the verdicts come behind the frames. */
static void test_verdicts_in_pipe(const struct session *session)
{
    int ends[2];
    char path[64], comment[256];
    uint8_t bytes[16384];
    if (pipe(ends) != 0)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[1]);
    write_judged(path, session, "udp open.");
    close(ends[1]);
    ssize_t count = read(ends[0], bytes, sizeof bytes);
    close(ends[0]);
    memory_set(bytes, count > 0 ? (size_t)count : 0);
    first_comment(memory_path, RECORD_SECTION, comment, sizeof comment);
    ok(strncmp(comment, "hopsonde:run ", 13) == 0, "a pipe: no room in the section");
    first_comment(memory_path, RECORD_STATISTICS, comment, sizeof comment);
    is_text(comment, "udp open.", "but a statistics block behind the frames");
    struct outcome outcome = read_all();
    ok(outcome.frames == 1 && outcome.ended, "and the capture is read");
}

/* ---- classic ---- */

static void test_classic(const struct session *session)
{
    char directory[] = "/tmp/hopsonde-test-XXXXXX", path[64];
    struct err err = {0};
    struct wire *wire;
    const struct saved_run *saved;
    struct frame frame;
    struct session_claim claim;
    if (!mkdtemp(directory))
        abort();
    snprintf(path, sizeof path, "%s/x.pcap", directory);
    is_num(write_all(path, session, &err), STATUS_OK, "a name in .pcap is written");
    if (ok(file_wire_open(path, &wire, &saved, &err) == STATUS_OK, "and read")) {
        ok(!saved->present, "it has no annotations");
        for (uint64_t i = 1; i <= FRAMES; i++) {
            struct frame want = frame_of(&(struct step){0}, i);
            enum wire_event event = wire->ops->receive(wire, NSTIME_NEVER, &frame, &claim, &err);
            ok(event == WIRE_FRAME && frame_equal(&frame, &want, i), "classic frame %d", (int)i);
        }
        is_num(wire->ops->receive(wire, NSTIME_NEVER, &frame, &claim, &err), WIRE_END, "classic end");
        wire->ops->close(wire);
    }
    unlink(path);
    rmdir(directory);
}

/* --- several targets --- */

static void fill_target(struct session *session, const char *target, uint64_t seed)
{
    fill_session(session, "192.0.2.1", target);
    session->config.strategy = &strategy_watch;
    session->config.port_list_count = 0;
    session->config.seed = seed;
    session->all_count = session->sized_first = SPECS;
}

static const struct session_claim target_claims[] = {
    {.kind = CLAIM_UNSEEN, .target = 1, .trace = 2, .serial = 7, .ttl = 3, .at = T0 + 5},
    {.kind = CLAIM_MOVED, .target = 1, .moved_to = {.family = 4, .bytes = {203, 0, 113, 9}}, .at = T0 + 6},
    {.kind = CLAIM_MOVED, .target = 0, .moved_to = {.family = 4, .bytes = {203, 0, 113, 8}}, .at = T0 + 7},
};
#define TARGET_CLAIMS (sizeof target_claims / sizeof *target_claims)

static void write_targets(struct session *const sessions[2])
{
    struct dump_run run = trace_run;
    struct dump *dump;
    struct err err = {0};
    run.command = "watch";
    run.sessions = sessions;
    run.target_count = 2;
    dump_open(memory_path, &dump, &err);
    dump_begin(dump, &run, sessions[0]);
    for (size_t i = 0; i < TARGET_CLAIMS; i++)
        dump_claim(dump, &target_claims[i]);
    is_num(dump_close(dump, SESSION_COMPLETE, T0 + 9, 0, &err), STATUS_OK, "two targets are written");
}

/* A claim of a target that there is not, or one without its flows, is none of ours. */
static void test_damaged_targets(void)
{
    static const struct {
        const char *from, *to;
        bool present;
    } rows[] = {
        {"hopsonde:target index=1", "hopsonde:target index=2", false},
        {"hopsonde:target index=1", "hopsonde:target index=0", false},
        {"hopsonde:target index=1", "hopsonde:target 1ndex=1", false},
        {"hopsonde:target index=1", "hopsonde:targat index=1", false},
        {" target_index=1 index=2", " target_index=9 index=2", false},
        {" target_index=1 index=2", " target_index=1 index=1", false},
        {" purpose=watch", " purpose=paths", false},
        {" target=198.51.100.8", " target=198.51.100.7", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool present;
        struct err err = {0};
        is_num(reopen_with(rows[i].from, rows[i].to, &present, &err), STATUS_OK, "%s opens", rows[i].to);
        is_num(present, rows[i].present, "%s is refused", rows[i].to);
    }
}

static void test_targets(void)
{
    static struct session first, second;
    struct session *const sessions[2] = {&first, &second};
    struct session_claim claim = {0};
    struct frame frame;
    struct wire *wire;
    const struct saved_run *saved;
    struct err err = {0};
    fill_target(&first, "198.51.100.7", 11);
    fill_target(&second, "198.51.100.8", 12);
    snprintf(second.config.target_name, sizeof second.config.target_name, "other.example");
    write_targets(sessions);
    is_num(file_wire_open(memory_path, &wire, &saved, &err), STATUS_OK, "the file opens");
    ok(saved->present, "as a run of ours");
    is_num(saved->other_count, 1, "with one more target");
    for (unsigned i = 0; i < 2 && saved->present; i++) {
        const struct session_config config = saved_run_config(saved, i);
        ok(addr_equal(&config.target, &sessions[i]->config.target), "target %u: its address", i);
        is_text(config.target_name, sessions[i]->config.target_name, "target %u: its name", i);
        is_num(config.seed, 11 + i, "target %u: its seed", i);
        for (unsigned k = 0; k < SPECS; k++)
            ok(addr_equal(&saved_run_flows(saved, i)[k].target, &config.target) &&
                   saved_run_flows(saved, i)[k].nonce == sessions[i]->traces[k].flow.nonce,
               "target %u: flow %u", i, k);
    }
    for (size_t i = 0; i < TARGET_CLAIMS; i++)
        ok(wire->ops->receive(wire, NSTIME_NEVER, &frame, &claim, &err) == WIRE_CLAIM &&
               claims_equal(&claim, &target_claims[i]),
           "claim %d", (int)i);
    wire->ops->close(wire);
    test_damaged_targets();
}

int main(void)
{
    static struct session session;
    for (size_t i = 0; i < sizeof frame_bytes; i++)
        frame_bytes[i] = (uint8_t)(0x60 + i);
    memory_open();
    test_round_trip("192.0.2.1", "198.51.100.7");
    test_round_trip("2001:db8::1", "2001:db8:ffff::7");
    test_notes();
    test_cut_everywhere();
    test_spoil_every_byte(0x00);
    test_spoil_every_byte(0xff);
    test_second_section();
    test_headers();
    test_claim_texts();
    test_happenings();
    fill_session(&session, "192.0.2.1", "198.51.100.7");
    test_cooked_direction(&session);
    test_full_disk(&session);
    test_limited_file(&session, false);
    test_limited_file(&session, true);
    test_write_max(&session);
    test_open_errors();
    test_not_begun();
    test_verdicts(&session);
    test_verdicts_without_room(&session);
    test_verdicts_in_pipe(&session);
    test_classic(&session);
    test_targets();
    return tap_done();
}

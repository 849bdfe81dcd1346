/* Any bytes as a capture file of any tool's, through all that a replay of such a one does: reader, decoder, recogniser,
 * every output format; once keeping all to the end, once streaming. The JSON that comes out must be JSON, every frame
 * is counted once, and both ways find the same. */
#include "config.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/report.h"
#include "io/file.h"
#include "recognise/recognise.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

/* --- the reports --- */

struct reports {
    struct report report;
    char *texts[OUTPUTS_MOST];
    size_t lengths[OUTPUTS_MOST];
};

static const struct output_format *const kept[] = {&output_text, &output_json, NULL};
static const struct output_format *const streamed[] = {&output_csv, &output_jsonl, &output_list, NULL};

static void open_reports(struct reports *reports, const struct output_format *const *formats)
{
    *reports = (struct reports){0};
    struct report *report = &reports->report;
    for (; formats[report->count]; report->count++) {
        unsigned i = report->count;
        report->outputs[i] = (struct output){
            .format = formats[i],
            .file = open_memstream(&reports->texts[i], &reports->lengths[i]),
            .options = {.color = true, .verbose = 2, .width = 80},
        };
        if (!report->outputs[i].file)
            abort();
    }
}

static void must_be_json(const char *text, size_t length)
{
    json_t *document = json_loadb(text, length, 0, NULL);
    if (!document)
        abort();
    json_decref(document);
}

static void must_be_json_lines(char *text)
{
    for (char *line = text, *end; *line; line = end + 1) {
        end = strchr(line, '\n');
        if (!end)
            abort();
        must_be_json(line, (size_t)(end - line));
    }
}

static void close_reports(struct reports *reports)
{
    for (unsigned i = 0; i < reports->report.count; i++) {
        const struct output_format *format = reports->report.outputs[i].format;
        fclose(reports->report.outputs[i].file);
        if (format == &output_json)
            must_be_json(reports->texts[i], reports->lengths[i]);
        if (format == &output_jsonl)
            must_be_json_lines(reports->texts[i]);
        free(reports->texts[i]);
    }
}

/* --- one reading --- */

/* Returns how many frames were no packets at all. */
static uint64_t recognise(struct wire *wire, struct recogniser *recogniser)
{
    struct frame frame;
    struct session_claim claim;
    struct packet packet;
    struct err err;
    uint64_t unreadable = 0;
    enum wire_event event;
    do {
        event = wire->ops->receive(wire, NSTIME_NEVER, &frame, &claim, &err);
        if (event != WIRE_FRAME)
            continue;
        packet_decode(&frame, &packet);
        unreadable += packet.kind == PACKET_MALFORMED;
        recogniser_frame(recogniser, 0, &frame, &packet);
    } while (event != WIRE_END && event != WIRE_FAILED);
    return unreadable;
}

static void must_add_up(const struct recognition_counters *counters, uint64_t unreadable)
{
    uint64_t sum = counters->probes + counters->replies + counters->errors + unreadable;
    for (unsigned i = 0; i < counters->common.stray_kinds; i++)
        sum += counters->common.strays[i].count;
    if (sum != counters->common.frames)
        abort();
}

static void must_be_in_order(const struct recognition *found)
{
    for (size_t i = 0; i < found->trace_count; i++) {
        const struct trace *trace = found->traces[i];
        if (trace->number != i || !trace->probe_count)
            abort();
        for (size_t k = 1; k < trace->probe_count; k++)
            if (trace->probes[k - 1].sent > trace->probes[k].sent)
                abort();
    }
}

static struct recognition_counters read_once(struct wire *wire, bool keep, uint64_t *traces)
{
    struct reports reports;
    struct err err;
    const struct choice choice = {.host = ""};
    struct source_file file = {.name = "capture"};
    struct report_source source = {.command = "replay", .files = &file, .file_count = 1};
    open_reports(&reports, keep ? kept : streamed);
    const struct recogniser_config config = {.keep = keep, .secret = UINT64_C(0x9e3779b97f4a7c15)};
    const struct recogniser_events events = report_replay_events(&reports.report, &choice);
    struct recogniser *recogniser = recogniser_new(&config, &events, &err);
    if (!recogniser)
        abort();
    report_replay_begin(&reports.report, &source);
    uint64_t unreadable = recognise(wire, recogniser);
    recogniser_finish(recogniser);
    const struct recognition *found = recogniser_result(recogniser);
    must_add_up(&found->counters, unreadable);
    must_be_in_order(found);
    *traces = found->traces_found;
    struct recognition_counters counters = found->counters;
    report_replay_end(&reports.report, found, &source);
    recogniser_free(recogniser);
    close_reports(&reports);
    return counters;
}

static bool open_wire(const uint8_t *data, size_t size, int *memory, struct wire **wire)
{
    static char path[64]; /* the wire keeps it */
    const struct saved_run *saved;
    struct err err;
    *memory = memfd_create("capture", MFD_CLOEXEC);
    if (*memory < 0 || write(*memory, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", *memory);
    if (file_wire_open(path, wire, &saved, &err) == STATUS_OK)
        return true;
    close(*memory);
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct recognition_counters counters[2];
    uint64_t traces[2];
    for (unsigned i = 0; i < 2; i++) {
        int memory;
        struct wire *wire;
        if (!open_wire(data, size, &memory, &wire))
            return 0;
        counters[i] = read_once(wire, i == 0, &traces[i]);
        wire->ops->close(wire);
        close(memory);
    }
    if (traces[0] != traces[1] || counters[0].probes != counters[1].probes ||
        counters[0].replies != counters[1].replies || counters[0].errors != counters[1].errors)
        abort();
    return 0;
}

/* --- mutations that leave the file a capture: of a classic one, in the byte order and link type of the corpus --- */

#define FILE_HEADER 24
#define PACKET_HEADER 16
#define ETHERNET 14

static uint32_t load32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

/* Where the packets begin; at most 256 of them. */
static unsigned find_packets(const uint8_t *data, size_t size, size_t places[256])
{
    unsigned count = 0;
    size_t at = FILE_HEADER;
    while (count < 256 && at + PACKET_HEADER <= size && load32(data + at + 8) <= size - at - PACKET_HEADER) {
        places[count++] = at;
        at += PACKET_HEADER + load32(data + at + 8);
    }
    return count;
}

static size_t packet_size(const uint8_t *data, size_t at)
{
    return PACKET_HEADER + load32(data + at + 8);
}

/* The packet once more, behind all others. */
static size_t repeat(uint8_t *data, size_t size, size_t most, size_t at)
{
    size_t count = packet_size(data, at);
    if (size + count > most)
        return size;
    memcpy(data + size, data + at, count);
    return size + count;
}

static size_t drop(uint8_t *data, size_t size, size_t at)
{
    size_t count = packet_size(data, at);
    memmove(data + at, data + at + count, size - at - count);
    return size - count;
}

/* A field of the IP or transport header: TTL, id, addresses, ports, what comes. */
static void change_header(uint8_t *data, size_t at, unsigned *seed)
{
    size_t room = packet_size(data, at) - PACKET_HEADER;
    if (room <= ETHERNET)
        return;
    static const uint8_t offsets[] = {1,  4,  5,  6,  7,  8,  9,  12, 15, 16, 19, 20,
                                      21, 22, 23, 24, 25, 26, 27, 28, 33, 36, 40, 48};
    size_t offset = ETHERNET + offsets[(unsigned)rand_r(seed) % sizeof offsets];
    uint8_t *byte = data + at + PACKET_HEADER + offset;
    if (offset >= room)
        return;
    if ((unsigned)rand_r(seed) % 3)
        *byte = (uint8_t)(*byte + rand_r(seed) % 5 - 2);
    else
        *byte = (uint8_t)rand_r(seed);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    size_t places[256];
    unsigned count = size >= FILE_HEADER ? find_packets(data, size, places) : 0;
    if (!count || (unsigned)rand_r(&seed) % 4 == 0)
        return LLVMFuzzerMutate ? LLVMFuzzerMutate(data, size, most) : size;
    for (unsigned changes = 1 + (unsigned)rand_r(&seed) % 6; changes > 0 && count > 0; changes--) {
        size_t at = places[(unsigned)rand_r(&seed) % count];
        switch ((unsigned)rand_r(&seed) % 8) {
        case 0:
            size = repeat(data, size, most, at);
            break;
        case 1:
            size = count > 1 ? drop(data, size, at) : size;
            break;
        case 2:
            data[at + (unsigned)rand_r(&seed) % 8] = (uint8_t)rand_r(&seed); /* its stamp */
            break;
        default:
            change_header(data, at, &seed);
            break;
        }
        count = find_packets(data, size, places);
    }
    return size;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as a capture of any tool, through all that a replay does: reader, decoder, recogniser, output formats.
 * Everything is kept to the end, or told as it becomes known; one input in eight is replayed both ways. Both must say
 * the same, the counters must add up, and JSON must be JSON. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/file.h"
#include "cli/commands/judge.h"
#include "input_file.h"
#include "json_check.h"
#include "outputs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One way to replay: a report in memory for each format that can be written so. */
struct way {
    bool keeps;
    struct report report;
    struct output_texts made;
    struct recogniser *recogniser;
};

static const struct replay_filter all = {.host = ""};

FUZZ_CHECK static void must(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "fuzz_foreign: %s\n", what);
    abort();
}

static void add_output(struct way *way, const struct output_format *format, unsigned choice)
{
    if (!format->keeps || way->keeps)
        outputs_add(&way->report, &way->made, format, choice);
}

/* `compared`: with the outputs that both ways must have alike. */
static void open_way(struct way *way, bool keeps, bool compared, const struct result_source *source, unsigned choice)
{
    struct err err;
    way->keeps = keeps;
    way->report = (struct report){.count = 0};
    if (keeps)
        add_output(way, &output_json, choice);
    if (compared || !keeps)
        add_output(way, &output_jsonl, choice);
    if (compared)
        add_output(way, &output_csv, choice);
    add_output(way, outputs_chosen(choice), choice);
    const struct recogniser_events events = report_recogniser_events(&way->report, &all);
    const struct recogniser_config config = {.keep = keeps, .secret = keeps ? 1 : UINT64_C(0x9e3779b97f4a7c15)};
    way->recogniser = recogniser_new(&config, &events, &err);
    must(way->recogniser != NULL, "no memory");
    report_begin(&way->report, source, NULL);
}

/* --- what must hold --- */

FUZZ_CHECK static uint64_t strays_of(const struct recognition *found)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < found->counters.common.stray_kinds; i++)
        sum += found->counters.common.strays[i].count;
    return sum;
}

/* The frames that no other counter has are malformed. A malformed copy of an earlier frame counts as a copy alone, and
 * a frame that is malformed further inside counts in two. */
FUZZ_CHECK static void check_counters(const struct recognition *found, uint64_t frames, uint64_t malformed)
{
    const struct recognition_counters *c = &found->counters;
    uint64_t counted = c->probes + c->replies + c->errors + strays_of(found);
    must(c->common.frames == frames, "not all frames are counted");
    must(counted <= frames && frames - counted <= c->common.malformed && frames - counted <= malformed,
         "the counters do not add up");
}

FUZZ_CHECK static void check_probe(const struct trace *trace, const struct probe *probe, uint8_t ttl)
{
    must(probe->ttl == ttl && ttl >= trace->least_ttl && ttl <= trace->most_ttl, "a probe has another TTL");
    must(probe->reply_count <= REPLIES_MOST, "too many replies are kept");
    must((probe->state == PROBE_ANSWERED) == (probe->reply_count > 0), "a probe is answered without a reply");
    for (unsigned i = 0; i < probe->reply_count; i++)
        must(probe->replies[i].duplicate == (i > 0), "the first reply alone is no duplicate");
}

FUZZ_CHECK static void check_trace(const struct trace *trace, size_t number)
{
    size_t probes = 0;
    must(trace->number == number, "traces are numbered in order");
    for (unsigned ttl = 0; ttl < trace->ttl_count; ttl++)
        for (const struct probe *p = trace_first_at(trace, (uint8_t)ttl), *next; p; p = next, probes++) {
            check_probe(trace, p, (uint8_t)ttl);
            next = trace_next_at(trace, p);
            must(!next || (next->sent >= p->sent && next > p), "probes are in the order of their sending");
        }
    must(probes == trace->probe_count && probes == trace->sent_count, "no probe is lost");
}

FUZZ_CHECK static void check_kept(const struct recognition *found)
{
    uint64_t probes = 0, replies = 0;
    for (size_t i = 0; i < found->trace_count; i++) {
        check_trace(found->traces[i], i);
        probes += found->traces[i]->origin.inferred ? 0 : found->traces[i]->probe_count;
        replies += found->traces[i]->reply_count;
    }
    must(found->traces_found == found->trace_count, "every trace is kept");
    must(probes == found->counters.probes && replies == found->counters.replies, "every frame of a trace is kept");
    must(found->error_count == found->counters.errors, "every error is kept");
}

FUZZ_CHECK static const char *text_of(const struct way *way, const struct output_format *format, size_t *length)
{
    for (unsigned i = 0; i < way->report.count; i++)
        if (way->report.outputs[i].format == format) {
            *length = way->made.lengths[i];
            return way->made.texts[i];
        }
    must(false, "a format is missing");
    return NULL;
}

FUZZ_CHECK static void check_document(const char *text, size_t length)
{
    must(json_check(text, length), "JSON is no JSON");
}

FUZZ_CHECK static void cut(char *from, const char *to)
{
    memmove(from, to, strlen(to) + 1);
}

/* Drops a probe's name and ports: a report at once has those that were known of the trace by then. */
FUZZ_CHECK static void forget_names(char *line, const struct output_format *format)
{
    static const char *const keys[] = {"\"probe\": ", "\"source_port\": ", "\"destination_port\": "};
    if (format == &output_csv) {
        char *at = line;
        for (unsigned i = 0; at && i < 3; i++) {
            at = strchr(at, ',');
            at += at != NULL;
        }
        if (at && strchr(at, ','))
            cut(at, strchr(at, ','));
        return;
    }
    if (!strstr(line, "\"type\": \"probe\""))
        return;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char *key = strstr(line, keys[i]), *end = key ? strstr(key, ", ") : NULL;
        if (end)
            cut(key, end + 2);
    }
}

FUZZ_CHECK static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Verdicts, findings and tickets need traces that are kept. */
FUZZ_CHECK static bool is_judgement(const char *line)
{
    static const char *const types[] = {"verdict", "finding", "ticket"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char begin[32];
        snprintf(begin, sizeof begin, "{\"type\": \"%s\"", types[i]);
        if (strncmp(line, begin, strlen(begin)) == 0)
            return true;
    }
    return false;
}

/* Splits the text, in place, into lines in the order of the alphabet. */
FUZZ_CHECK static char **sort_lines(char *text, size_t *count, const struct output_format *format)
{
    char **lines = NULL;
    *count = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if ((*count & (*count + 1)) == 0)
            lines = realloc(lines, 2 * (*count + 1) * sizeof *lines);
        must(lines != NULL, "no memory");
        if (is_judgement(line))
            continue;
        forget_names(line, format);
        lines[(*count)++] = line;
    }
    if (*count)
        qsort(lines, *count, sizeof *lines, by_text);
    return lines;
}

FUZZ_CHECK static void check_lines(const struct way *kept, const struct way *told, const struct output_format *format)
{
    size_t length = 0, count, others;
    char *text = strdup(text_of(kept, format, &length)), *other = strdup(text_of(told, format, &length));
    must(text && other, "no memory");
    char **a = sort_lines(text, &count, format), **b = sort_lines(other, &others, format);
    must(count == others, "reports at once have other lines");
    for (size_t i = 0; i < count; i++) {
        if (strcmp(a[i], b[i]) != 0)
            fprintf(stderr, "kept: %s\ntold: %s\n", a[i], b[i]);
        must(strcmp(a[i], b[i]) == 0, "reports at once differ");
    }
    free(a);
    free(b);
    free(text);
    free(other);
}

/* --- a replay --- */

static struct far_point no_far_point;

static void end_way(struct way *way, uint64_t frames, uint64_t malformed)
{
    recogniser_finish(way->recogniser);
    const struct recognition *found = recogniser_result(way->recogniser);
    check_counters(found, frames, malformed);
    if (way->keeps)
        check_kept(found);
    report_take_recognition(&way->report, found);
    free(judge_report(&way->report, found, &no_far_point));
    report_end(&way->report);
    for (unsigned i = 0; i < way->report.count; i++)
        fclose(way->report.outputs[i].file);
}

static void close_way(struct way *way)
{
    recogniser_free(way->recogniser);
    for (unsigned i = 0; i < way->report.count; i++)
        free(way->made.texts[i]);
}

static uint64_t feed(struct wire *wire, struct way *ways, unsigned count, uint64_t *malformed)
{
    uint64_t frames = 0;
    enum wire_event event;
    do {
        struct frame frame;
        struct session_claim claim;
        struct packet packet;
        struct err err;
        event = wire->ops->receive(wire, NSTIME_NEVER, &frame, &claim, &err);
        if (event != WIRE_FRAME)
            continue;
        frames++;
        packet_decode(&frame, &packet);
        packet_open_tunnels(&packet);
        *malformed += packet.kind == PACKET_MALFORMED;
        for (unsigned i = 0; i < count; i++)
            recogniser_frame(ways[i].recogniser, 0, &frame, &packet);
    } while (event != WIRE_END && event != WIRE_FAILED);
    return frames;
}

FUZZ_CHECK static void check_way(const struct way *way)
{
    for (unsigned i = 0; i < way->report.count; i++) {
        const char *text = way->made.texts[i], *end = text + way->made.lengths[i];
        if (way->report.outputs[i].format == &output_json)
            check_document(text, way->made.lengths[i]);
        if (way->report.outputs[i].format != &output_jsonl)
            continue;
        for (const char *newline; (newline = memchr(text, '\n', (size_t)(end - text))); text = newline + 1)
            check_document(text, (size_t)(newline - text));
        must(text == end, "a line of JSON has no end");
    }
}

static void replay(struct wire *wire, unsigned choice)
{
    static const struct {
        bool keeps[2];
        unsigned count;
    } plans[] = {{{true, false}, 2}, {{true}, 1}, {{true}, 1},  {{true}, 1},
                 {{true}, 1},        {{true}, 1}, {{false}, 1}, {{false}, 1}};
    static struct way ways[2];
    struct source_file file = {.name = "capture"};
    struct result_source source = {.command = "replay", .files = &file, .file_count = 1};
    uint64_t malformed = 0;
    unsigned plan = choice % (sizeof plans / sizeof *plans), count = plans[plan].count;
    for (unsigned i = 0; i < count; i++)
        open_way(&ways[i], plans[plan].keeps[i], count == 2, &source, choice / 8);
    file.frames = feed(wire, ways, count, &malformed);
    file.truncated = file_wire_truncated(wire);
    for (unsigned i = 0; i < count; i++) {
        end_way(&ways[i], file.frames, malformed);
        check_way(&ways[i]);
    }
    if (count == 2) {
        check_lines(&ways[0], &ways[1], &output_jsonl);
        check_lines(&ways[0], &ways[1], &output_csv);
    }
    for (unsigned i = 0; i < count; i++)
        close_way(&ways[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire *wire;
    const struct saved_run *saved;
    struct err err;
    struct address_book *book = address_book_new();
    must(book != NULL, "no memory");
    if (file_wire_open(input_file(data, size), &wire, &saved, &err) == STATUS_OK) {
        file_wire_set_book(wire, book);
        replay(wire, outputs_choice(data, size));
        wire->ops->close(wire);
    }
    address_book_free(book);
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as the captures of two points, through overview, pairing and every report of `transit`. The input is a list
 * of frames, each with its point, link type and time (frame_next()); they come in this order, whatever their times are.
 *
 * What is said must add up, each frame that is named must exist, and JSON must be JSON. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_check.h"
#include "outputs.h"
#include "pairing/pairing.h"
#include "report/frame_fates.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEAD_BYTES 9
#define START (INT64_C(1700000000) * NS_PER_S)

struct input {
    const uint8_t *data;
    size_t size, at;
    uint64_t numbers[TRANSIT_POINTS];
};

struct run {
    struct report report;
    struct output_texts made;
    struct frame_fates *fates;
    uint64_t pairs;
    uint64_t frames[TRANSIT_POINTS];
};

static void must(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "fuzz_transit: %s\n", what);
    abort();
}

static uint32_t number_at(const uint8_t *at, unsigned bytes)
{
    uint32_t value = 0;
    for (unsigned i = bytes; i-- > 0;)
        value = value << 8 | at[i];
    return value;
}

/* One byte: bit 0 the point, bits 1 to 3 the link type, bits 4 to 7 how many bytes the capture cut. Then, lowest byte
 * first: 6 bytes of microseconds, 2 bytes of length, and the bytes captured. */
static bool frame_next(struct input *input, enum transit_point *point, struct frame *out)
{
    static const uint16_t links[] = {LINKTYPE_RAW,        LINKTYPE_ETHERNET,   LINKTYPE_RAW, LINKTYPE_LINUX_SLL,
                                     LINKTYPE_LINUX_SLL2, LINKTYPE_IEEE802_11, LINKTYPE_RAW, LINKTYPE_PPP};
    if (input->size - input->at < HEAD_BYTES)
        return false;
    const uint8_t *head = input->data + input->at;
    size_t left = input->size - input->at - HEAD_BYTES, length = number_at(head + 7, 2);
    length = length < left ? length : left;
    *point = head[0] & 1 ? TRANSIT_FAR : TRANSIT_NEAR;
    nstime time = START + (nstime)(number_at(head + 1, 4) | (uint64_t)number_at(head + 5, 2) << 32) * NS_PER_US;
    *out = (struct frame){.bytes = head + HEAD_BYTES,
                          .captured = (uint32_t)length,
                          .length = (uint32_t)length + (head[0] >> 4) * 100U,
                          .linktype = links[head[0] >> 1 & 7],
                          .number = ++input->numbers[*point],
                          .time = time};
    input->at += HEAD_BYTES + length;
    return true;
}

static void decode(const struct frame *frame, struct packet *packet)
{
    packet_decode(frame, packet);
    packet_open_tunnels(packet);
}

static void make_overview(struct input input, struct overview_result *out)
{
    struct overview *overview = overview_new();
    enum transit_point point;
    struct frame frame;
    struct packet packet;
    must(overview != NULL, "no memory");
    while (frame_next(&input, &point, &frame)) {
        decode(&frame, &packet);
        overview_take(overview, point, &frame, &packet);
    }
    must(overview_finish(overview, out), "no memory");
    overview_free(overview);
}

static void take_pair(void *context, const struct transit_pair *pair)
{
    struct run *run = context;
    run->pairs++;
    for (unsigned point = 0; point < TRANSIT_POINTS; point++)
        must(pair->frames[point].number > 0 && pair->frames[point].number <= run->frames[point],
             "a pair names a frame that is not there");
    report_pair(&run->report, pair);
    must(frame_fates_note_pair(run->fates, pair), "no memory");
}

/* ---- what must hold ---- */

static void check_conversation(const struct transit_result *result, const struct transit_conversation *c)
{
    must(c->alone_from + c->alone_count <= result->alone_count, "a list of packets is too long");
    must(c->confidence >= 0 && c->confidence <= 1, "a confidence is none");
    for (unsigned way = 0; way < TRANSIT_WAYS; way++) {
        const struct transit_way_result *w = &c->ways[way];
        must(w->sent == w->arrived + w->lost, "more or less was sent than arrived and was lost");
        must(!w->delay.samples || (w->delay.least <= w->delay.median && w->delay.median <= w->delay.p95 &&
                                   w->delay.p95 <= w->delay.most),
             "delays are out of order");
        must(w->reason < TRANSIT_REASONS, "a reason is none");
    }
}

static void check_result(const struct run *run, const struct transit_result *result)
{
    uint64_t lost = 0, arrived = 0;
    must(result->paired <= run->pairs, "more pairs are counted than were told");
    for (uint64_t i = 0; i < result->alone_count; i++) {
        const struct transit_alone *alone = &result->alone[i];
        must(alone->point < TRANSIT_POINTS && alone->way < TRANSIT_WAYS && alone->fate < TRANSIT_FATES &&
                 alone->reason < TRANSIT_REASONS && alone->conversation < result->conversation_count,
             "a packet has a value out of range");
        must(alone->frame.number > 0 && alone->frame.number <= run->frames[alone->point],
             "a packet is in a frame that is not there");
        must((alone->fate == TRANSIT_UNJUDGED) == (alone->reason != TRANSIT_JUDGED), "a fate without sense");
    }
    for (uint64_t i = 0; i < result->conversation_count; i++) {
        check_conversation(result, &result->conversations[i]);
        for (unsigned way = 0; way < TRANSIT_WAYS; way++) {
            lost += result->conversations[i].ways[way].lost;
            arrived += result->conversations[i].ways[way].arrived;
        }
    }
    must(lost == result->lost[0] + result->lost[1], "losses do not add up");
    must(arrived == result->paired, "pairs do not add up");
}

static void check_comments(const struct run *run)
{
    struct strbuf text;
    strbuf_init(&text);
    for (unsigned point = 0; point < TRANSIT_POINTS; point++)
        for (uint64_t number = 0; number <= run->frames[point] + 1; number++) {
            strbuf_clear(&text);
            frame_fates_add_comment(run->fates, (enum transit_point)point, 0, number, &text);
            must(text.length > 0, "a frame has no comment");
        }
    strbuf_free(&text);
}

static void check_outputs(struct run *run)
{
    for (unsigned i = 0; i < run->report.count; i++) {
        must(fclose(run->report.outputs[i].file) == 0, "a report cannot be closed");
        if (run->report.outputs[i].format == &output_json)
            must(json_check(run->made.texts[i], run->made.lengths[i]), "JSON is none");
        if (run->report.outputs[i].format == &output_svg)
            must(!strstr(run->made.texts[i], "nan") && !strstr(run->made.texts[i], "inf"), "a drawing has no place");
        free(run->made.texts[i]);
    }
}

static void open_outputs(struct run *run, unsigned choice)
{
    outputs_add(&run->report, &run->made, &output_json, choice);
    outputs_add(&run->report, &run->made, &output_text, choice);
    outputs_add(&run->report, &run->made, choice & 1 ? &output_csv : &output_svg, choice);
}

static void pair_all(struct run *run, struct input input, struct pairing *pairing)
{
    enum transit_point point;
    struct frame frame;
    struct packet packet;
    while (frame_next(&input, &point, &frame)) {
        run->frames[point]++;
        decode(&frame, &packet);
        must(pairing_take(pairing, point, 0, &frame, &packet), "no memory");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct run run;
    static const struct source_file files[TRANSIT_POINTS] = {{.name = "near.pcap"}, {.name = "far.pcap"}};
    const struct result_source source = {.command = "transit", .files = files, .file_count = TRANSIT_POINTS};
    const struct input input = {.data = data, .size = size};
    struct pairing_config config = {.events = {.context = &run, .pair = take_pair}, .secret = 1};
    const struct transit_result *result;
    run = (struct run){.fates = frame_fates_new()};
    must(run.fates != NULL, "no memory");
    make_overview(input, &config.overview);
    const struct transit_result nothing_yet = {.clock = config.overview.clock};
    struct pairing *pairing = pairing_new(&config);
    must(pairing != NULL, "no memory");
    open_outputs(&run, outputs_choice(data, size));
    struct transit_section section = {
        .transit = &nothing_yet, .names = {"near", "far"}, .first_file = {0, 1}, .file_count = {1, 1}};
    run.report.first.result.sections = &section;
    run.report.first.result.section_count = 1;
    report_begin(&run.report, &source, NULL);
    pair_all(&run, input, pairing);
    must(pairing_finish(pairing, &result), "no memory");
    check_result(&run, result);
    must(frame_fates_note_alone(run.fates, result), "no memory");
    section.transit = result;
    report_end(&run.report);
    check_outputs(&run);
    check_comments(&run);
    pairing_free(pairing);
    frame_fates_free(run.fates);
    return 0;
}

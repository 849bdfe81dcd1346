/* SPDX-License-Identifier: BSD-2-Clause */
/* The CSV and the drawing of two capture points: rows word by word; delays in slots; what the drawing shows of them. */
#include "config.h"

#include <math.h>
#include <stdlib.h>

#include "report/frame_fates.h"
#include "report/transit/delay_svg.h"
#include "report/transit/pair_rows.h"
#include "tap.h"

#define T0 (INT64_C(1767323045) * NS_PER_S)
#define AHEAD (5 * NS_PER_MS) /* the far clock */

static struct clock_estimate clock_of(nstime ahead, nstime room)
{
    struct clock_estimate clock = {.samples = 10, .count = 1};
    clock.segments[0] = (struct clock_segment){.from = NSTIME_NONE,
                                               .at = T0,
                                               .least = ahead - room,
                                               .most = ahead + room,
                                               .has_least = true,
                                               .has_most = true,
                                               .offset = ahead};
    return clock;
}

static struct transit_pair pair_of(enum transit_way way, nstime sent, nstime delay)
{
    struct transit_pair pair = {.near_flow = 7, .seq = 1000, .bytes = 20, .way = (uint8_t)way, .way_known = true};
    pair.frames[TRANSIT_NEAR].number = 11;
    pair.frames[TRANSIT_FAR] = (struct transit_frame){12, 1};
    pair.times[TRANSIT_NEAR] = way == TRANSIT_TOWARD_FAR ? sent : sent + delay;
    pair.times[TRANSIT_FAR] = (way == TRANSIT_TOWARD_FAR ? sent + delay : sent) + AHEAD;
    return pair;
}

static struct transit_conversation conversation = {.near_flow = 7};

static struct transit_alone alone_of(enum transit_point point, enum transit_way way, enum transit_fate fate,
                                     enum transit_reason reason)
{
    return (struct transit_alone){.frame = {21, 0},
                                  .time = T0 + NS_PER_S + (point == TRANSIT_FAR ? AHEAD : 0),
                                  .seq = 5000,
                                  .bytes = 30,
                                  .point = (uint8_t)point,
                                  .way = (uint8_t)way,
                                  .fate = (uint8_t)fate,
                                  .reason = (uint8_t)reason};
}

/* What `write` writes; the caller frees it. */
static char *written(void (*write)(FILE *file, void *context), void *context)
{
    char *text = NULL;
    size_t length;
    FILE *file = open_memstream(&text, &length);
    if (!file)
        abort();
    write(file, context);
    if (fclose(file) != 0 || !text)
        abort();
    return text;
}

/* ---- CSV ---- */

struct rows_case {
    struct clock_estimate clock;
    unsigned sections;
};

static void write_rows(FILE *file, void *context)
{
    const struct rows_case *rows_case = context;
    struct transit_pair pair = pair_of(TRANSIT_TOWARD_FAR, T0, 2 * NS_PER_MS);
    struct transit_alone alone[] = {
        alone_of(TRANSIT_NEAR, TRANSIT_TOWARD_FAR, TRANSIT_LOST, TRANSIT_JUDGED),
        alone_of(TRANSIT_FAR, TRANSIT_TOWARD_FAR, TRANSIT_FORGED, TRANSIT_JUDGED),
        alone_of(TRANSIT_NEAR, TRANSIT_TOWARD_NEAR, TRANSIT_MIDWAY, TRANSIT_JUDGED),
        alone_of(TRANSIT_FAR, TRANSIT_TOWARD_NEAR, TRANSIT_UNJUDGED, TRANSIT_NOT_COVERED),
        alone_of(TRANSIT_NEAR, TRANSIT_TOWARD_NEAR, TRANSIT_UNJUDGED, TRANSIT_WAY_UNKNOWN),
    };
    const struct transit_result result = {.conversations = &conversation,
                                          .conversation_count = 1,
                                          .alone = alone,
                                          .alone_count = 5,
                                          .clock = rows_case->clock};
    const struct transit_section sections[] = {{.transit = &result, .names = {"client", "nat"}},
                                               {.transit = &result, .names = {"nat", "server"}}};
    const struct result all = {
        .sections = sections, .section_count = rows_case->sections, .section_now = rows_case->sections - 1};
    struct pair_rows *rows = pair_rows_new(file, &all);
    pair.rewritten = 1U << REWRITE_IP_SOURCE | 1U << REWRITE_TCP_MSS;
    if (!rows)
        abort();
    pair_rows_add(rows, &pair);
    pair = pair_of(TRANSIT_TOWARD_NEAR, T0 + 1, NS_PER_MS / 4);
    pair_rows_add(rows, &pair);
    pair.way_known = false;
    pair_rows_add(rows, &pair);
    pair_rows_end(rows);
}

static void test_rows(void)
{
    struct rows_case rows_case = {.clock = clock_of(AHEAD, NS_PER_MS), .sections = 1};
    char *text = written(write_rows, &rows_case);
    is_text(
        text,
        "conversation,way,fate,near_file,near_frame,near_time,far_file,far_frame,far_time,delay_ms,seq,bytes,reason,"
        "rewritten\n"
        "7,toward-far,arrived,0,11,2026-01-02T03:04:05.000000000Z,1,12,2026-01-02T03:04:05.007000000Z,2.0,1000,20,,"
        "ip.source tcp.mss\n"
        "7,toward-near,arrived,0,11,2026-01-02T03:04:05.000250001Z,1,12,2026-01-02T03:04:05.005000001Z,0.25,1000,20,"
        ",\n"
        "7,,arrived,0,11,2026-01-02T03:04:05.000250001Z,1,12,2026-01-02T03:04:05.005000001Z,,1000,20,,\n"
        "7,toward-far,lost,0,21,2026-01-02T03:04:06.000000000Z,,,,,5000,30,,\n"
        "7,toward-far,forged,,,,0,21,2026-01-02T03:04:06.005000000Z,,5000,30,,\n"
        "7,toward-near,midway,0,21,2026-01-02T03:04:06.000000000Z,,,,,5000,30,,\n"
        "7,toward-near,unjudged,,,,0,21,2026-01-02T03:04:06.005000000Z,,5000,30,not-covered,\n"
        "7,,unjudged,0,21,2026-01-02T03:04:06.000000000Z,,,,,5000,30,way-unknown,\n",
        "rows");
    free(text);
    rows_case.sections = 2;
    text = written(write_rows, &rows_case);
    ok(strstr(text, ",rewritten,near_point,far_point\n") != NULL, "three points: two more columns");
    ok(strstr(text, ",1000,20,,,nat,server\n") != NULL, "a pair is of the points that are read");
    ok(strstr(text, ",5000,30,not-covered,,client,nat\n") && strstr(text, ",5000,30,not-covered,,nat,server\n"),
       "a packet of one point is of its section");
    free(text);
    rows_case = (struct rows_case){.sections = 1};
    text = written(write_rows, &rows_case);
    ok(strstr(text, ".007000000Z,,1000,20") != NULL, "without a clock there is no delay");
    free(text);
}

/* ---- delays over time ---- */

static uint64_t sum_of(const struct delay_series *series)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < DELAY_SLOTS; i++)
        sum += series->slots[i].count;
    return sum;
}

/* Times that go on, go back, and jump: nothing is forgotten, and extremes stay. */
static void test_series(void)
{
    static const nstime steps[] = {1, NS_PER_MS, -3 * NS_PER_MS, 40 * NS_PER_S, -7200 * NS_PER_S, 86400 * NS_PER_S};
    for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
        static struct delay_series series;
        nstime least, most;
        unsigned first = 0, last = 0;
        delay_series_init(&series);
        ok(!delay_series_range(&series, &least, &most) && !delay_series_span(&series, &first, &last),
           "step %d: empty at first", (int)k);
        for (int i = 0; i < 1000; i++)
            delay_series_add(&series, T0 + i * steps[k], NS_PER_MS + i);
        ok(sum_of(&series) == 1000 && delay_series_range(&series, &least, &most) && least == NS_PER_MS &&
               most == NS_PER_MS + 999,
           "step %d: all delays are there", (int)k);
        nstime end = T0 + 999 * steps[k], from = T0 < end ? T0 : end, to = T0 < end ? end : T0;
        ok(delay_series_span(&series, &first, &last) && series.from + first * series.width <= from &&
               series.from + (last + 1) * series.width > to &&
               (last - first + 1) * series.width <= 4 * (to - from) + series.width,
           "step %d: the slots cover their time", (int)k);
    }
    struct delay_series series;
    nstime least, most;
    delay_series_init(&series);
    delay_series_add(&series, NSTIME_NONE, 1);
    delay_series_add(&series, NSTIME_NEVER, 1);
    ok(!delay_series_range(&series, &least, &most), "impossible times are left out");
    delay_series_add(&series, T0, 1);
    delay_series_add(&series, 0, 2);
    is_num(sum_of(&series), 2, "half a century fits");
}

/* ---- the drawing ---- */

static void write_drawing(FILE *file, void *context)
{
    const nstime *room = context;
    struct clock_estimate clock = clock_of(AHEAD, *room);
    static struct delay_svg svg;
    struct transit_alone alone[] = {alone_of(TRANSIT_NEAR, TRANSIT_TOWARD_FAR, TRANSIT_LOST, TRANSIT_JUDGED),
                                    alone_of(TRANSIT_FAR, TRANSIT_TOWARD_FAR, TRANSIT_FORGED, TRANSIT_JUDGED)};
    const struct transit_result result = {
        .conversations = &conversation, .conversation_count = 1, .alone = alone, .alone_count = 2};
    if (*room < 0)
        clock.count = 0;
    delay_svg_init(&svg, &clock);
    for (int i = 0; i < 20; i++) {
        struct transit_pair pair = pair_of(i % 2 ? TRANSIT_TOWARD_FAR : TRANSIT_TOWARD_NEAR, T0 + i * NS_PER_S / 10,
                                           i % 2 ? 20 * NS_PER_MS + i : 30 * NS_PER_MS);
        delay_svg_add(&svg, &pair);
    }
    delay_svg_end(&svg, &result, file);
}

static unsigned occurrences(const char *text, const char *part)
{
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
        count++;
    return count;
}

static void test_drawing(void)
{
    nstime room = 250 * NS_PER_US;
    char *text = written(write_drawing, &room);
    ok(strstr(text, "Toward the far point: 10 packets arrived, 1 lost") != NULL, "the packets of a way");
    ok(strstr(text, "Toward the near point: 10 packets arrived, 0 lost") != NULL, "and of the other");
    ok(strstr(text, "off by up to 0.250 ms") != NULL, "how far the delays may be off");
    ok(strstr(text, "seconds after 2026-01-02T03:04:0") != NULL, "the beginning of the time");
    is_num(occurrences(text, "<svg"), 1, "one drawing");
    is_num(occurrences(text, "</svg>\n"), 1, "which is complete");
    ok(!strstr(text, "nan") && !strstr(text, "inf"), "all numbers are numbers");
    free(text);
    room = -1;
    text = written(write_drawing, &room);
    ok(strstr(text, "No packet is at both points") != NULL, "without a clock it says so");
    ok(strstr(text, "</svg>\n") != NULL && !strstr(text, "nan"), "and is complete");
    free(text);
}

/* ---- comments ---- */

static const char *comment_of(const struct frame_fates *fates, enum transit_point point, unsigned file, uint64_t number)
{
    static char shown[256];
    struct strbuf text;
    strbuf_init(&text);
    frame_fates_add_comment(fates, point, file, number, &text);
    snprintf(shown, sizeof shown, "%s", text.text);
    strbuf_free(&text);
    return shown;
}

static void note(struct frame_fates *fates, uint64_t near, uint64_t far, uint8_t far_file, bool way_known)
{
    struct transit_pair pair = {.way = TRANSIT_TOWARD_FAR, .way_known = way_known};
    pair.frames[TRANSIT_NEAR].number = near;
    pair.frames[TRANSIT_FAR] = (struct transit_frame){far, far_file};
    ok(frame_fates_note_pair(fates, &pair), "near frame %d and far frame %d", (int)near, (int)far);
}

static void test_comments(void)
{
    struct frame_fates *fates = frame_fates_new();
    struct transit_alone alone[] = {
        alone_of(TRANSIT_NEAR, TRANSIT_TOWARD_FAR, TRANSIT_LOST, TRANSIT_JUDGED),
        alone_of(TRANSIT_FAR, TRANSIT_TOWARD_FAR, TRANSIT_FORGED, TRANSIT_JUDGED),
        alone_of(TRANSIT_NEAR, TRANSIT_TOWARD_NEAR, TRANSIT_MIDWAY, TRANSIT_JUDGED),
        alone_of(TRANSIT_NEAR, TRANSIT_TOWARD_FAR, TRANSIT_UNJUDGED, TRANSIT_MISSED),
        alone_of(TRANSIT_NEAR, TRANSIT_TOWARD_FAR, TRANSIT_LOST, TRANSIT_JUDGED),
    };
    const struct transit_result result = {.alone = alone, .alone_count = 5};
    alone[2].frame.number = 22;
    alone[3].frame.number = 23;
    alone[4].frame.number = 5; /* a part of a large segment */
    if (!fates)
        abort();
    note(fates, 5, 12, 0, true);
    note(fates, 5, 14, 0, true);
    note(fates, 5, 13, 0, true);
    note(fates, 9, 99, 0, false);
    ok(frame_fates_note_alone(fates, &result), "packets of one point");
    is_text(comment_of(fates, TRANSIT_NEAR, 0, 5),
            "toward far, far frames 12 to 14; a part is lost: it never came to the far point", "a large segment");
    is_text(comment_of(fates, TRANSIT_FAR, 0, 13), "toward far, near frame 5", "a segment of it");
    is_text(comment_of(fates, TRANSIT_NEAR, 0, 9), "far frame 99", "a pair whose way is unknown");
    is_text(comment_of(fates, TRANSIT_NEAR, 0, 21), "toward far, lost: it never came to the far point", "lost");
    is_text(comment_of(fates, TRANSIT_FAR, 0, 21), "toward far, forged: it never passed the near point", "forged");
    is_text(comment_of(fates, TRANSIT_NEAR, 0, 22), "toward near, an error that a router between the points sent",
            "an error of a router");
    is_text(comment_of(fates, TRANSIT_NEAR, 0, 23),
            "not judged: the other capture missed them: they arrived all the same", "not judged");
    ok(strncmp(comment_of(fates, TRANSIT_NEAR, 0, 6), "nothing is said", 15) == 0, "a frame that nothing names");
    ok(strncmp(comment_of(fates, TRANSIT_NEAR, 3, 1000), "nothing is said", 15) == 0, "one that is out of all ranges");
    note(fates, 30, 7, 1, true);
    is_text(comment_of(fates, TRANSIT_NEAR, 0, 30), "toward far, far frame 7 of file 2", "one of several files");
    frame_fates_free(fates);
}

int main(void)
{
    test_comments();
    test_rows();
    test_series();
    test_drawing();
    return tap_done();
}

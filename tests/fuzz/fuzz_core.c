/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as a capture file, through all that a replay does: reader, decoder, session, verdicts, output formats. The
 * JSON that comes out must be JSON. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "capture/file.h"
#include "cli/shared/loop.h"
#include "input_file.h"
#include "json_check.h"
#include "outputs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reports {
    struct report report;
    struct output_texts made;
};

static void open_reports(struct reports *reports, unsigned choice)
{
    reports->report = (struct report){.count = 0};
    outputs_add(&reports->report, &reports->made, &output_json, choice);
    outputs_add(&reports->report, &reports->made, outputs_chosen(choice), choice);
}

static void close_reports(struct reports *reports)
{
    for (unsigned i = 0; i < reports->report.count; i++) {
        fclose(reports->report.outputs[i].file);
        if (reports->report.outputs[i].format == &output_json &&
            !json_check(reports->made.texts[i], reports->made.lengths[i]))
            abort();
        free(reports->made.texts[i]);
    }
}

static void end_session(struct session *session, const struct saved_run *saved)
{
    enum session_end end = saved->ended ? saved->end : SESSION_INTERRUPTED;
    session_finish(session, end, saved->ended_at, saved->dropped_by_kernel);
}

static void report_run(struct wire *wire, const struct saved_run *saved, struct session *session,
                       struct reports *reports, struct judgement *judgement)
{
    const volatile sig_atomic_t stop = 0;
    struct err err;
    struct source_file file = {.name = "capture"};
    struct result_source source = {.command = saved->command, .files = &file, .file_count = 1};
    report_begin(&reports->report, &source, session);
    loop_run(session, wire, NULL, NULL, &stop, &err);
    file.frames = file_wire_frames(wire);
    file.truncated = file_wire_truncated(wire);
    end_session(session, saved);
    verdict_judge(session, judgement);
    report_take_session(&reports->report, session);
    const struct result *result = &reports->report.first.result;
    report_judged(&reports->report, &(struct judged_group){result->traces, result->trace_count, judgement, false});
    report_end(&reports->report);
}

static void replay(struct wire *wire, const struct saved_run *saved, unsigned choice)
{
    static struct reports reports;
    struct err err;
    struct session_events events = report_session_events(&reports.report);
    struct session *session = session_new_with_flows(&saved->config, saved->flows, true, &events, &err);
    struct judgement *judgement = calloc(1, sizeof *judgement);
    if (session && judgement) {
        open_reports(&reports, choice);
        report_run(wire, saved, session, &reports, judgement);
        close_reports(&reports);
    }
    free(judgement);
    session_free(session);
}

/* Captures of other tools are for fuzz_foreign; here their frames are only read and decoded. */
static void decode(struct wire *wire)
{
    struct frame frame;
    struct session_claim claim;
    struct packet packet;
    struct err err;
    enum wire_event event;
    do {
        event = wire->ops->receive(wire, NSTIME_NEVER, &frame, &claim, &err);
        if (event == WIRE_FRAME)
            packet_decode(&frame, &packet);
    } while (event != WIRE_END && event != WIRE_FAILED);
}

/* A name is there exactly where the state says so, and all that is known of it ends. */
static void check_book(const struct address_book *book)
{
    for (size_t i = 0; i < address_book_count(book); i++) {
        const struct address_facts *about = address_book_at(book, i);
        bool has_name = about->name_state >= ADDRESS_NAME_KNOWN;
        if (addr_is_none(&about->address) || has_name != (about->name[0] != '\0') ||
            strnlen(about->name, sizeof about->name) == sizeof about->name)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire *wire;
    const struct saved_run *saved;
    struct err err;
    struct address_book *book = address_book_new();
    if (!book)
        abort();
    if (file_wire_open(input_file(data, size), &wire, &saved, &err) == STATUS_OK) {
        file_wire_set_book(wire, book);
        if (saved->present)
            replay(wire, saved, outputs_choice(data, size));
        else
            decode(wire);
        wire->ops->close(wire);
    }
    check_book(book);
    address_book_free(book);
    return 0;
}

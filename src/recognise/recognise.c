/* SPDX-License-Identifier: BSD-2-Clause */
#include "recognise/recognise.h"

#include <stdlib.h>

#include "recognise/internal.h"

static const char *const stray_reasons[STRAYS] = {
    [STRAY_NOT_IP] = "not IP",
    [STRAY_FRAGMENT] = "later fragment",
    [STRAY_ORDINARY] = "ordinary traffic",
    [STRAY_NO_LADDER] = "a small TTL, but no ladder of them",
    [STRAY_ANSWER_NO_LADDER] = "answer to a packet of no ladder",
    [STRAY_SEEN_AGAIN] = "a probe seen again, further on or on another interface",
    [STRAY_SENT_AGAIN] = "a probe sent again by its host's TCP",
    [STRAY_CONNECTION] = "the rest of a connection that a probe opened",
    [STRAY_ANSWER_SEEN_AGAIN] = "the same answer, further on or on another interface",
    [STRAY_ADVICE] = "redirect or source quench about a probe",
    [STRAY_LATE] = "answer to a probe that was answered long before",
    [STRAY_TOO_MANY] = "beyond our memory",
};

struct recogniser *recogniser_new(const struct recogniser_config *config, const struct recogniser_events *events,
                                  struct err *err)
{
    struct recogniser *r = calloc(1, sizeof *r);
    if (r) {
        r->config = *config;
        r->next_due = NSTIME_NEVER;
        for (unsigned protocol = 0; protocol < 256; protocol++)
            r->types[protocol] = probe_type_of_protocol((uint8_t)protocol);
        if (events)
            r->events = *events;
        if (index_init(r))
            return r;
        recogniser_free(r);
    }
    err_set(err, STATUS_SYSTEM, "out of memory");
    return NULL;
}

void recogniser_free(struct recogniser *r)
{
    if (!r)
        return;
    if (r->oldest_run || r->oldest_orphans) /* nobody wanted to know the end */
        recogniser_finish(r);
    while (r->spare_count)
        free(r->spare[--r->spare_count]);
    results_free(r);
    index_free(r);
    free(r);
}

static void take_packet(struct recogniser *r, const struct digest *look)
{
    if (look->kind == PACKET_ICMP_ERROR)
        answer_take_error(r, look);
    else if (!answer_take(r, look) && !candidate_take(r, look))
        count_stray(r, look->is_fragment ? STRAY_FRAGMENT : STRAY_ORDINARY);
}

static void pass_time(struct recogniser *r, nstime now)
{
    r->now = now;
    if (now < r->next_due)
        return;
    r->next_due = NSTIME_NEVER;
    run_tick(r);
    inferred_tick(r);
}

void recogniser_take(struct recogniser *r, const struct digest *look)
{
    r->frames++;
    r->malformed += look->malformed;
    if (look->time > r->now)
        pass_time(r, look->time);
    r->ends[look->file] = r->now;
    if (look->kind == PACKET_NOT_IP)
        count_stray(r, STRAY_NOT_IP);
    else if (look->kind != PACKET_MALFORMED)
        take_packet(r, look);
}

void recogniser_frame(struct recogniser *r, unsigned file, const struct frame *frame, const struct packet *packet)
{
    struct digest look;
    recogniser_digest(r, file, frame, packet, &look);
    recogniser_take(r, &look);
}

void recogniser_break_off(struct recogniser *r)
{
    r->broken_off = true;
}

static void sum_up(struct recogniser *r)
{
    struct recognition *result = &r->result;
    struct frame_counters *common = &result->counters.common;
    common->frames = r->frames;
    common->malformed = r->malformed;
    for (unsigned i = 0; i < STRAYS; i++)
        if (r->strays[i])
            common->strays[common->stray_kinds++] =
                (struct stray_count){.reason = stray_reasons[i], .count = r->strays[i]};
    result->counters.probes = r->probes;
    result->counters.replies = r->replies;
    result->counters.errors = r->errors_told;
    result->counters.cut_errors = r->cut_errors;
    result->counters.given_up = r->given_up;
    result->traces = (const struct trace *const *)r->kept;
    result->trace_count = r->kept_count;
    result->errors = r->errors;
    result->error_count = r->error_count;
    result->ends = r->ends;
}

void recogniser_finish(struct recogniser *r)
{
    run_finish(r);
    inferred_finish(r);
    results_finish(r);
    sum_up(r);
}

const struct recognition *recogniser_result(const struct recogniser *r)
{
    return &r->result;
}

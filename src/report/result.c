/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/result.h"

#include <string.h>

#include "verdict/advice/advice.h"

/* The traces of specs, then those of port lists. */
static const struct trace *any_trace(const struct result *result, unsigned index)
{
    return index < result->specs.count ? result->specs.traces[index]
                                       : result->lists.traces[index - result->specs.count];
}

/* By the first probes; of equal times, in the order of the specs. */
static void sort_by_start(struct result *result)
{
    result->trace_count = 0;
    result->traces = result->by_start;
    for (unsigned i = 0; i < result->specs.count + result->lists.count; i++) {
        const struct trace *trace = any_trace(result, i);
        if (!trace->started)
            continue;
        size_t place = result->trace_count++;
        for (; place > 0 && result->by_start[place - 1]->first_sent > trace->first_sent; place--)
            result->by_start[place] = result->by_start[place - 1];
        result->by_start[place] = trace;
    }
}

void result_of_session(struct result *result, const struct session *session)
{
    result->config = session_config(session);
    result->specs = session_trace_set(session);
    result->lists = session_list_set(session);
    result->unseen_probes = session_unseen_probes(session);
    result->source.interrupted = session_was_interrupted(session);
    result->counters = (struct recognition_counters){.common = *session_counters(session)};
    result->errors = NULL;
    result->error_count = 0;
    sort_by_start(result);
}

void result_of_recognition(struct result *result, const struct recognition *found)
{
    result->config = NULL;
    result->specs = result->lists = (struct trace_set){.traces = NULL};
    result->unseen_probes = 0;
    result->counters = found->counters;
    result->traces = found->traces;
    result->trace_count = found->trace_count;
    result->errors = found->errors;
    result->error_count = found->error_count;
}

static unsigned run_traces(const struct result *result)
{
    return result->specs.count + result->lists.count;
}

unsigned result_run_trace_number(const struct result *result, const struct trace *trace)
{
    unsigned number = 0;
    bool passed = false; /* of equal times the order of the targets, and of the specs, decides */
    for (unsigned k = 0; k < result_target_count(result); k++) {
        const struct result *target = result_target(result, k);
        for (unsigned i = 0; i < run_traces(target); i++) {
            const struct trace *other = any_trace(target, i);
            passed = passed || other == trace;
            if (!other->started || other == trace)
                continue;
            number += other->first_sent < trace->first_sent || (other->first_sent == trace->first_sent && !passed);
        }
    }
    return number;
}

const struct trace *result_trace(const struct result *result, unsigned number, const struct result **of)
{
    if (result_target_count(result) == 1) {
        *of = result;
        return number < result->trace_count ? result->traces[number] : NULL;
    }
    for (unsigned k = 0; k < result_target_count(result); k++) {
        *of = result_target(result, k);
        for (size_t i = 0; i < (*of)->trace_count; i++)
            if (result_run_trace_number(result, (*of)->traces[i]) == number)
                return (*of)->traces[i];
    }
    return NULL;
}

static void add_strays(struct frame_counters *sum, const struct stray_count *more)
{
    unsigned i = 0;
    while (i < sum->stray_kinds && strcmp(sum->strays[i].reason, more->reason) != 0)
        i++;
    if (i == STRAY_KINDS_MOST)
        return;
    sum->strays[i].reason = more->reason;
    sum->strays[i].count += more->count;
    sum->stray_kinds += i == sum->stray_kinds;
}

/* All sessions have one capture, so what its kernel dropped counts once. */
struct frame_counters result_counters(const struct result *result)
{
    struct frame_counters sum = result_target(result, 0)->counters.common;
    for (unsigned k = 1; k < result_target_count(result); k++) {
        const struct frame_counters *more = &result_target(result, k)->counters.common;
        sum.frames += more->frames;
        sum.malformed += more->malformed;
        sum.connection += more->connection;
        for (unsigned i = 0; i < more->stray_kinds; i++)
            add_strays(&sum, &more->strays[i]);
    }
    return sum;
}

/* An address literal may have a zone, which struct addr does not keep. */
static bool is_literal(const char *name)
{
    char text[ADDR_TEXT_BYTES];
    struct addr ignored;
    size_t length = strcspn(name, "%");
    if (length >= sizeof text)
        return false;
    memcpy(text, name, length);
    text[length] = '\0';
    return addr_parse(text, &ignored);
}

const char *result_target_name(const struct result *result)
{
    const char *name = result->config ? result->config->target_name : "";
    return *name && !is_literal(name) ? name : NULL;
}

bool result_is_as_expected(const struct result *result)
{
    for (unsigned i = 0; i < result->expectation_count; i++)
        if (!result->expectations[i].ok)
            return false;
    return result->expectation_count > 0;
}

bool result_wants_advice(const struct result *result, const struct judgement *judgement)
{
    return result->config && !session_config_is_through(result->config) &&
           (result->config->strategy->side_by_side || advice_is_to_compare(judgement));
}

bool result_names_spec(const struct trace *trace, const void *of)
{
    const struct result *result = of;
    return result->config && result->config->first_compares && trace != result->specs.traces[0];
}

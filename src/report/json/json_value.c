/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/json/json_value.h"

#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "probe/type.h"
#include "report/summary.h"

/* 15 digits reproduce every decimal number of up to 15 digits; 17 would print 0.412 as 0.41199999999999998. Characters
 * beyond ASCII are \u-escaped, so that no character reaches a terminal that escape.h hides. */
#define DUMP_FLAGS (JSON_REAL_PRECISION(15) | JSON_ENSURE_ASCII)

/* DEL is the one control character that jansson leaves as it is; only strings hold it. */
static void add_document(struct strbuf *text, const char *document, size_t length)
{
    for (size_t i = 0, end; i < length; i = end) {
        const char *del = memchr(document + i, 0x7f, length - i);
        end = del ? (size_t)(del - document) : length;
        strbuf_add_bytes(text, document + i, end - i);
        strbuf_add(text, del ? "\\u007f" : "");
        end += del != NULL;
    }
}

/* Makes `value` (which may be NULL) the text, and frees it. False: out of memory. */
static bool dump(json_t *value, size_t flags, struct strbuf *text)
{
    char most[4096], *document = most; /* longer ones are rare */
    strbuf_init(text);
    size_t length = value ? json_dumpb(value, most, sizeof most, DUMP_FLAGS | flags) : 0;
    if (length > sizeof most) {
        document = malloc(length);
        length = document ? json_dumpb(value, document, length, DUMP_FLAGS | flags) : 0;
    }
    json_decref(value);
    add_document(text, document, length);
    if (document != most)
        free(document);
    return length > 0 && !text->failed;
}

static void write_text(FILE *file, json_t *value, size_t flags)
{
    struct strbuf text;
    if (dump(value, flags, &text))
        fwrite(text.text, 1, text.length, file);
    strbuf_free(&text);
}

#define ANY_SEED 1 /* all keys are ours */

void json_prepare(void)
{
    json_object_seed(ANY_SEED);
}

void json_write(FILE *file, json_t *value)
{
    write_text(file, value, 0);
}

void json_write_members(FILE *file, json_t *value)
{
    write_text(file, value, JSON_EMBED);
}

char *json_text_of(json_t *value)
{
    struct strbuf text;
    if (dump(value, JSON_ENCODE_ANY, &text) && text.capacity > 0)
        return text.text;
    strbuf_free(&text);
    return NULL;
}

json_t *json_text(const char *text)
{
    if (!text)
        return json_null();
    json_t *value = json_string(text); /* NULL: the text is not UTF-8 */
    if (value)
        return value;
    struct strbuf escaped;
    strbuf_init(&escaped);
    strbuf_add_foreign(&escaped, text);
    value = json_string(escaped.text);
    strbuf_free(&escaped);
    return value;
}

json_t *json_count(uint64_t count)
{
    return json_integer((json_int_t)count);
}

json_t *json_count_or_null(uint64_t count)
{
    return count ? json_count(count) : json_null();
}

json_t *json_decimal(double number)
{
    return json_real((double)(int64_t)(number * 1e6 + 0.5) / 1e6);
}

json_t *json_address(const struct addr *address)
{
    char text[ADDR_TEXT_BYTES];
    addr_format(address, text);
    return addr_is_none(address) ? json_null() : json_string(text);
}

json_t *json_time(nstime time)
{
    char text[NSTIME_TEXT_BYTES];
    nstime_format(time, text);
    return time == NSTIME_NONE ? json_null() : json_string(text);
}

json_t *json_spec(const struct probe_spec *spec)
{
    char text[PROBE_SPEC_TEXT_BYTES];
    probe_spec_format(spec, text);
    return json_string(text);
}

static json_t *json_bound(bool is_known, nstime bound)
{
    double ms = nstime_ms(bound < 0 ? -bound : bound), rounded = (double)(int64_t)(ms * 1e6 + 0.5) / 1e6;
    return is_known ? json_real(bound < 0 ? -rounded : rounded) : json_null();
}

/* Over all segments; null if a side is not bounded. */
static void set_clock(json_t *file, const char *key, const struct clock_estimate *clock)
{
    const struct clock_segment *first = &clock->segments[0];
    bool has_least = first->has_least, has_most = first->has_most;
    nstime least = first->least, most = first->most;
    for (unsigned i = 1; i < clock->count; i++) {
        const struct clock_segment *segment = &clock->segments[i];
        has_least = has_least && segment->has_least;
        has_most = has_most && segment->has_most;
        least = segment->least < least ? segment->least : least;
        most = segment->most > most ? segment->most : most;
    }
    json_t *interval = json_object();
    json_object_set_new(interval, "least", json_bound(has_least, least));
    json_object_set_new(interval, "most", json_bound(has_most, most));
    json_object_set_new(file, key, interval);
}

static json_t *json_files(const struct source_file *list, unsigned count)
{
    json_t *files = json_array();
    for (unsigned i = 0; i < count; i++) {
        json_t *file = json_object();
        json_object_set_new(file, "file", json_text(list[i].name));
        json_object_set_new(file, "frames", json_count(list[i].frames));
        json_object_set_new(file, "truncated", json_boolean(list[i].truncated));
        if (list[i].clock)
            set_clock(file, "clock_ms", list[i].clock);
        if (list[i].second_clock)
            set_clock(file, "second_clock_ms", list[i].second_clock);
        json_array_append_new(files, file);
    }
    return files;
}

static json_t *json_source(const struct result_source *source)
{
    json_t *object = json_object();
    json_object_set_new(object, "kind", json_string(source->live ? "live" : "capture"));
    if (source->live)
        json_object_set_new(object, "interface", json_text(source->interface));
    else
        json_object_set_new(object, "files", json_files(source->files, source->file_count));
    if (source->far_count)
        json_object_set_new(object, "far", json_files(source->far, source->far_count));
    return object;
}

json_t *json_run_head(const struct result_source *source)
{
    json_t *object = json_object();
    json_object_set_new(object, "format", json_string("hopsonde"));
    json_object_set_new(object, "format_version", json_integer(JSON_FORMAT_VERSION));
    json_object_set_new(object, "hopsonde_version", json_string(PACKAGE_VERSION));
    json_object_set_new(object, "command", json_text(source->command));
    json_object_set_new(object, "source", json_source(source));
    return object;
}

static json_t *json_strays(const struct frame_counters *counters)
{
    json_t *strays = json_object();
    for (unsigned i = 0; i < counters->stray_kinds; i++)
        json_object_set_new(strays, counters->strays[i].reason, json_count(counters->strays[i].count));
    return strays;
}

/* Counters that only captures of other origin have. */
static void set_recognition(json_t *object, const struct recognition_counters *counters)
{
    json_object_set_new(object, "probes", json_count(counters->probes));
    json_object_set_new(object, "replies", json_count(counters->replies));
    json_object_set_new(object, "errors", json_count(counters->errors));
    json_object_set_new(object, "given_up", json_count(counters->given_up));
}

json_t *json_capture(const struct result *result)
{
    const struct frame_counters counters = result_counters(result);
    json_t *object = json_object();
    json_object_set_new(object, "frames", json_count(counters.frames));
    if (!result->config)
        set_recognition(object, &result->counters);
    json_object_set_new(object, "dropped_by_kernel", json_count(counters.dropped_by_kernel));
    json_object_set_new(object, "strays", json_strays(&counters));
    if (counters.connection)
        json_object_set_new(object, "connection", json_count(counters.connection));
    json_object_set_new(object, "malformed", json_count(counters.malformed));
    return object;
}

/* The name of the IP protocol, or else its number as text. */
static json_t *json_protocol(uint8_t protocol)
{
    const char *name = ip_protocol_name(protocol);
    char number[4];
    snprintf(number, sizeof number, "%u", protocol);
    return json_string(name ? name : number);
}

static json_t *json_port_or_null(uint16_t port, bool varies)
{
    return varies ? json_null() : json_integer(port);
}

static json_t *json_inside(const struct tunnels *inside)
{
    json_t *tunnels = json_array();
    for (unsigned i = 0; i < inside->count; i++) {
        const struct tunnel *at = &inside->at[i];
        json_t *tunnel = json_object();
        json_object_set_new(tunnel, "encapsulation", json_string(encapsulation_name(at->encapsulation)));
        if (at->has_id)
            json_object_set_new(tunnel, "id", json_integer(at->id));
        json_object_set_new(tunnel, "source", json_address(&at->source));
        json_object_set_new(tunnel, "target", json_address(&at->target));
        json_array_append_new(tunnels, tunnel);
    }
    return tunnels;
}

/* "tcp/1-1024": the part of the list from `first` to `last`. */
static json_t *json_port_list(const struct port_list *list, unsigned first, unsigned last)
{
    struct strbuf text;
    strbuf_init(&text);
    port_list_add_text(list, first, last, &text);
    json_t *value = json_text(text.text);
    strbuf_free(&text);
    return value;
}

static json_t *json_place(const struct place *place)
{
    if (!place->known)
        return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "ttl", json_count_or_null(place->ttl));
    json_object_set_new(object, "address", json_address(&place->address));
    return object;
}

static json_t *json_mtu(const struct path_mtu *mtu)
{
    json_t *object = json_object(), *steps = json_array();
    for (unsigned i = 0; i < mtu->step_count; i++) {
        const struct mtu_step *found = &mtu->steps[i];
        const struct place after = {.known = true, .ttl = found->after_ttl, .address = found->after};
        json_t *step = json_object();
        json_object_set_new(step, "after", json_place(&after));
        json_object_set_new(step, "mtu", json_count(found->mtu));
        json_object_set_new(step, "how", json_string(found->is_hole ? "measured" : "told"));
        json_array_append_new(steps, step);
    }
    json_object_set_new(object, "path", json_count(mtu->path));
    json_object_set_new(object, "interface", json_count(mtu->interface));
    json_object_set_new(object, "complete", json_boolean(mtu->complete));
    json_object_set_new(object, "back", json_count_or_null(mtu->back));
    json_object_set_new(object, "mss", json_count_or_null(mtu->mss));
    json_object_set_new(object, "steps", steps);
    return object;
}

json_t *json_trace_head(const struct trace *trace, const struct path_mtu *mtu, const char *target_name)
{
    const struct flow *flow = &trace->flow;
    const struct trace_origin *origin = &trace->origin;
    json_t *object = json_object(), *target = json_object();
    json_object_set_new(target, "name", json_text(target_name));
    json_object_set_new(target, "address", json_address(&flow->target));
    json_object_set_new(object, "target", target);
    json_object_set_new(object, "source_address", json_address(&flow->source));
    json_object_set_new(object, "probe",
                        trace->ports ? json_port_list(trace->ports, trace->first_port, trace->last_port)
                                     : json_spec(&flow->spec));
    if (trace->is_control)
        json_object_set_new(object, "control", json_true());
    if (trace_is_idle(trace))
        json_object_set_new(object, "idle_s", json_integer(flow->spec.idle_s));
    json_object_set_new(object, "protocol", json_protocol(flow_protocol(flow)));
    if (flow->spec.type->has_port) {
        json_object_set_new(object, "source_port", json_port_or_null(flow->source_port, origin->source_port_varies));
        json_object_set_new(object, "destination_port",
                            json_port_or_null(flow->target_port, origin->target_port_varies));
    }
    json_object_set_new(object, "started", json_time(trace->first_sent));
    bool has_begun = trace->first_sent != NSTIME_NONE;
    json_object_set_new(object, "duration_ms",
                        has_begun ? json_decimal(nstime_ms(summary_duration(trace))) : json_null());
    json_object_set_new(object, "probes_sent", json_count(summary_probes_sent(trace)));
    json_object_set_new(object, "replies", json_count(trace->reply_count));
    json_object_set_new(object, "tool", json_text(origin->tool));
    json_object_set_new(object, "grouped_by", json_text(origin->grouped_by));
    json_object_set_new(object, "inferred", json_boolean(origin->inferred));
    json_object_set_new(object, "captured_at_ttl", json_count_or_null(origin->captured_at_ttl));
    json_object_set_new(object, "rounds", json_integer(origin->rounds));
    if (trace->inside)
        json_object_set_new(object, "inside", json_inside(trace->inside));
    json_object_set_new(object, "ended", json_string(trace_end_name(trace->end)));
    json_object_set_new(object, "reached_ttl", json_count_or_null(trace->reached_ttl));
    if (mtu && mtu->trace == trace)
        json_object_set_new(object, "mtu", json_mtu(mtu));
    return object;
}

json_t *json_stats(const struct trace *trace, uint8_t ttl)
{
    struct hop_stats stats;
    trace_hop_stats(trace, ttl, &stats);
    json_t *object = json_object();
    json_object_set_new(object, "sent", json_count(stats.sent));
    json_object_set_new(object, "received", json_count(stats.received));
    bool knows_loss = stats.sent && !trace->origin.inferred;
    json_object_set_new(object, "loss", knows_loss ? json_decimal(stats.loss) : json_null());
    const struct {
        const char *key;
        double ms;
    } times[] = {{"best_ms", stats.best_ms},
                 {"avg_ms", stats.avg_ms},
                 {"worst_ms", stats.worst_ms},
                 {"stdev_ms", stats.stdev_ms},
                 {"jitter_ms", stats.jitter_ms}};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        json_object_set_new(object, times[i].key, stats.timed ? json_decimal(times[i].ms) : json_null());
    return object;
}

json_t *json_labels(const struct icmp_extension *extension)
{
    json_t *labels = json_array();
    for (unsigned i = 0; i < extension->mpls_count; i++) {
        const struct mpls_label *entry = &extension->mpls[i];
        json_t *label = json_object();
        json_object_set_new(label, "label", json_integer(entry->label));
        json_object_set_new(label, "tc", json_integer(entry->tc));
        json_object_set_new(label, "bottom", json_boolean(entry->bottom));
        json_object_set_new(label, "ttl", json_integer(entry->ttl));
        json_array_append_new(labels, label);
    }
    return labels;
}

static json_t *json_icmp(uint8_t type, uint8_t code)
{
    json_t *icmp = json_object();
    json_object_set_new(icmp, "type", json_integer(type));
    json_object_set_new(icmp, "code", json_integer(code));
    return icmp;
}

/* The packet that an ICMP error quotes; null if the quote is too short. */
static json_t *json_quoted(const struct other_error *error)
{
    if (addr_is_none(&error->target))
        return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "protocol", json_protocol(error->protocol));
    json_object_set_new(object, "source", json_address(&error->source));
    json_object_set_new(object, "target", json_address(&error->target));
    if (summary_error_has_port(error)) {
        json_object_set_new(object, "source_port", json_integer(error->source_port));
        json_object_set_new(object, "destination_port", json_integer(error->target_port));
    }
    return object;
}

json_t *json_error(const struct other_error *error)
{
    json_t *object = json_object();
    json_object_set_new(object, "from", json_address(&error->from));
    json_object_set_new(object, "about", json_quoted(error));
    json_object_set_new(object, "icmp", json_icmp(error->icmp_type, error->icmp_code));
    if (reply_kind_of_icmp(error->version, error->icmp_type, error->icmp_code) == REPLY_TOO_BIG)
        json_object_set_new(object, "mtu", json_count_or_null(error->mtu));
    if (error->extension && error->extension->mpls_count)
        json_object_set_new(object, "mpls", json_labels(error->extension));
    json_object_set_new(object, "time", json_time(error->time));
    json_object_set_new(object, "file", json_integer(error->file));
    json_object_set_new(object, "frame", json_count_or_null(error->frame));
    return object;
}

static void set_frames(json_t *object, const struct frame_number *frames, unsigned count)
{
    json_t *numbers = json_array(), *files = json_array();
    bool several = false;
    for (unsigned i = 0; i < count; i++) {
        json_array_append_new(numbers, json_count(frames[i].number));
        json_array_append_new(files, json_integer(frames[i].file));
        several = several || frames[i].file;
    }
    json_object_set_new(object, "frames", numbers);
    if (several)
        json_object_set(object, "files", files);
    json_decref(files);
}

json_t *json_verdict(const struct verdict *verdict)
{
    const struct flow *flow = &verdict->trace->flow;
    json_t *object = json_object();
    json_object_set_new(object, "target", json_address(&flow->target));
    if (verdict->trace->origin.foreign)
        json_object_set_new(object, "source_address", json_address(&flow->source));
    json_object_set_new(object, "probe", json_spec(verdict_spec(verdict)));
    json_object_set_new(object, "state", json_string(verdict_state_name(verdict->state)));
    json_object_set_new(object, "how", json_text(verdict_how_name(verdict->how)));
    json_object_set_new(object, "at", json_place(&verdict->at));
    json_object_set_new(object, "after", json_place(&verdict->after));
    json_object_set_new(object, "before", json_place(&verdict->before));
    json_object_set_new(object, "confidence", json_decimal(verdict->confidence));
    json_object_set_new(object, "text", json_text(verdict->text));
    set_frames(object, verdict->frames, verdict->frame_count);
    return object;
}

json_t *json_event(const struct event *event, const struct addr *target)
{
    json_t *object = json_object();
    json_object_set_new(object, "kind", json_string(event_kind_name(event->kind)));
    json_object_set_new(object, "time", json_time(event->time));
    json_object_set_new(object, "round", json_integer(event->round));
    json_object_set_new(object, "target", json_address(target));
    json_object_set_new(object, "probe", event->trace ? json_spec(&event->trace->flow.spec) : json_null());
    json_object_set_new(object, "at", json_place(&event->at));
    json_object_set_new(object, "after", json_place(&event->after));
    json_object_set_new(object, "before", json_place(&event->before));
    json_object_set_new(object, "from", json_text(event->from));
    json_object_set_new(object, "to", json_text(event->to));
    json_object_set_new(object, "confidence", json_decimal(event->confidence));
    json_object_set_new(object, "text", json_text(event->text));
    set_frames(object, event->frames, event->frame_count);
    return object;
}

json_t *json_ticket(const struct ticket *ticket)
{
    const struct trace *first = ticket->traces[0];
    json_t *object = json_object(), *probes = json_array();
    for (unsigned i = 0; i < ticket->count; i++)
        json_array_append_new(probes, json_spec(&ticket->traces[i]->flow.spec));
    json_object_set_new(object, "target", json_address(&first->flow.target));
    if (first->origin.foreign)
        json_object_set_new(object, "source_address", json_address(&first->flow.source));
    json_object_set_new(object, "probes", probes);
    json_object_set_new(object, "at", json_place(&ticket->at));
    json_object_set_new(object, "after", json_place(&ticket->after));
    json_object_set_new(object, "text", json_text(ticket->text.text));
    return object;
}

json_t *json_advice(const struct advice *advice)
{
    if (!advice->text.length)
        return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "probe", advice->trace ? json_spec(&advice->trace->flow.spec) : json_null());
    json_object_set_new(object, "command", json_text(advice->command.length ? advice->command.text : NULL));
    if (advice->compare.length)
        json_object_set_new(object, "compare", json_text(advice->compare.text));
    json_object_set_new(object, "text", json_text(advice->text.text));
    return object;
}

json_t *json_through(const struct gateway *gateway, const struct judgement *judgement)
{
    const struct place at = place_of_gateway(gateway), behind = place_behind_gateway(gateway);
    json_t *object = json_object();
    json_object_set_new(object, "at", json_place(&at));
    json_object_set_new(object, "behind", json_place(&behind));
    json_object_set_new(object, "text", json_text(judgement->gateway[0] ? judgement->gateway : NULL));
    return object;
}

json_t *json_expectation(const struct result_expectation *expectation)
{
    json_t *object = json_object();
    json_object_set_new(object, "probe",
                        expectation->is_mtu ? json_null()
                        : expectation->list ? json_port_list(expectation->list, 1, 65535)
                                            : json_spec(&expectation->spec));
    json_object_set_new(object, "expected", json_text(expectation->expected));
    json_object_set_new(object, "found", json_text(expectation->found));
    json_object_set_new(object, "ok", json_boolean(expectation->ok));
    if (!addr_is_none(&expectation->target))
        json_object_set_new(object, "target", json_address(&expectation->target));
    json_object_set_new(object, "file", json_text(expectation->file));
    json_object_set_new(object, "line", json_count(expectation->line));
    return object;
}

/* A whole number becomes an integer. */
static json_t *json_detail_number(double number)
{
    if (number > -1e15 && number < 1e15 && number - (double)(json_int_t)number == 0)
        return json_integer((json_int_t)number);
    return json_real(number);
}

static json_t *json_detail(const struct finding_detail *detail)
{
    if (detail->text)
        return json_text(detail->text);
    if (detail->is_flag)
        return json_boolean(detail->number != 0);
    return addr_is_none(&detail->address) ? json_detail_number(detail->number) : json_address(&detail->address);
}

json_t *json_finding(const struct finding *finding, const struct judgement *judgement)
{
    json_t *object = json_object(), *detail = json_object();
    for (unsigned i = 0; i < FINDING_DETAILS_MOST && finding->detail[i].name; i++)
        json_object_set_new(detail, finding->detail[i].name, json_detail(&finding->detail[i]));
    json_object_set_new(object, "kind", json_string(finding_kind_name(finding->kind)));
    if (judgement->of && judgement->of->origin.foreign) {
        json_object_set_new(object, "target", json_address(&judgement->of->flow.target));
        json_object_set_new(object, "source_address", json_address(&judgement->of->flow.source));
    }
    json_object_set_new(object, "probe", finding->trace ? json_spec(&finding->trace->flow.spec) : json_null());
    json_object_set_new(object, "after", json_place(&finding->after));
    json_object_set_new(object, "at", json_place(&finding->at));
    if (finding->before.known)
        json_object_set_new(object, "before", json_place(&finding->before));
    json_object_set_new(object, "detail", detail);
    json_object_set_new(object, "text", json_text(finding->text));
    set_frames(object, finding->frames, finding->frame_count);
    return object;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/json/json_transit.h"

#include <math.h>

#include "report/transit_words.h"

/* Any number, rounded to six decimals. */
static json_t *json_signed(double number)
{
    return json_real(round(number * 1e6) / 1e6 + 0.0);
}

static json_t *json_ms(nstime span)
{
    return json_signed((double)span / (double)NS_PER_MS);
}

static json_t *json_ip_protocol(uint8_t protocol)
{
    const char *name = ip_protocol_name(protocol);
    char number[4];
    snprintf(number, sizeof number, "%u", protocol);
    return json_string(name ? name : number);
}

/* --- findings --- */

static json_t *json_detail(const struct transit_finding *f)
{
    json_t *object = json_object();
    bool is_rewrite = f->kind != FINDING_LOST_TOWARD_FAR && f->kind != FINDING_LOST_TOWARD_NEAR &&
                      f->kind != FINDING_FORGED && f->kind != FINDING_NAT && f->kind != FINDING_PROXY;
    if (is_rewrite) {
        json_object_set_new(object, "field", json_string(rewrite_field_name((enum rewrite_field)f->field)));
        json_object_set_new(object, "sent", f->varies ? json_null() : json_count(f->before));
        json_object_set_new(object, "quoted", f->varies ? json_null() : json_count(f->after));
    }
    if (f->has_way)
        json_object_set_new(object, "way", json_string(transit_way_name((enum transit_way)f->way)));
    json_object_set_new(object, "packets", json_count(f->packets));
    json_object_set_new(object, "conversations", json_count(f->conversations));
    return object;
}

static json_t *json_names(const struct transit_section *section)
{
    json_t *array = json_array();
    for (unsigned point = 0; point < TRANSIT_POINTS; point++)
        json_array_append_new(array, json_string(section->names[point]));
    return array;
}

json_t *json_transit_finding(const struct result *result, const struct transit_section *section,
                             const struct transit_finding *f)
{
    json_t *object = json_object(), *frames = json_array(), *files = json_array();
    bool in_first = true;
    json_object_set_new(object, "kind", json_text(finding_kind_name(f->kind)));
    json_object_set_new(object, "probe", json_null());
    json_object_set_new(object, "after", json_null());
    json_object_set_new(object, "at", json_null());
    json_t *detail = json_detail(f);
    if (result->section_count > 1)
        json_object_set_new(detail, "between", json_names(section));
    json_object_set_new(object, "detail", detail);
    json_object_set_new(object, "text", json_text(f->text.text));
    for (unsigned i = 0; i < f->frame_count; i++) {
        unsigned file = transit_file(section, f->frames[i].point, &f->frames[i].frame);
        json_array_append_new(frames, json_count(f->frames[i].frame.number));
        json_array_append_new(files, json_count(file));
        in_first = in_first && file == 0;
    }
    json_object_set_new(object, "frames", frames);
    if (in_first)
        json_decref(files);
    else
        json_object_set_new(object, "files", files);
    return object;
}

/* --- points and clocks --- */

static json_t *json_point(const struct transit_section *section, enum transit_point point)
{
    const struct transit_point_result *p = &section->transit->points[point];
    json_t *object = json_object(), *list = json_array();
    for (unsigned i = 0; i < section->file_count[point]; i++)
        json_array_append_new(list, json_count(section->first_file[point] + i));
    json_object_set_new(object, "files", list);
    json_object_set_new(object, "frames", json_count(p->frames));
    json_object_set_new(object, "packets", json_count(p->packets));
    json_object_set_new(object, "copies", json_count(p->copies));
    json_object_set_new(object, "first", json_time(p->first));
    json_object_set_new(object, "last", json_time(p->last));
    json_object_set_new(object, "conversations", json_count(p->conversations));
    json_object_set_new(object, "unpaired", json_count(p->unpaired));
    json_object_set_new(object, "missed", json_count(p->missed));
    json_object_set_new(object, "unseen", json_count(p->unseen));
    return object;
}

static json_t *json_segment(const struct clock_segment *s)
{
    json_t *object = json_object();
    json_object_set_new(object, "from", json_time(s->from));
    json_object_set_new(object, "offset_ms", json_ms(s->offset));
    json_object_set_new(object, "least_ms", s->has_least ? json_ms(s->least) : json_null());
    json_object_set_new(object, "most_ms", s->has_most ? json_ms(s->most) : json_null());
    json_object_set_new(object, "at", json_time(s->at));
    json_object_set_new(object, "drift_ppm", json_signed(s->drifts ? s->drift_ppm : 0));
    return object;
}

/* The first segment has the offset; a stepped clock has several. */
static json_t *json_clock(const struct clock_estimate *clock)
{
    nstime offset = 0, uncertainty = 0;
    json_t *object = json_object(), *segments = json_array();
    bool bounded = transit_clock_bounds(clock, &offset, &uncertainty);
    json_object_set_new(object, "offset_ms", json_ms(offset));
    json_object_set_new(object, "uncertainty_ms", bounded ? json_ms(uncertainty) : json_null());
    json_object_set_new(object, "drift_ppm", json_signed(clock->segments[0].drifts ? clock->segments[0].drift_ppm : 0));
    for (unsigned i = 0; i < clock->count; i++)
        json_array_append_new(segments, json_segment(&clock->segments[i]));
    json_object_set_new(object, "segments", segments);
    return object;
}

/* --- conversations --- */

static json_t *json_ends(const struct transit_ends *ends)
{
    if (addr_is_none(&ends->client))
        return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "client", json_address(&ends->client));
    json_object_set_new(object, "server", json_address(&ends->server));
    json_object_set_new(object, "client_port", json_count_or_null(ends->client_port));
    json_object_set_new(object, "server_port", json_count_or_null(ends->server_port));
    return object;
}

static json_t *json_delay(const struct transit_delay *d)
{
    if (!d->samples)
        return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "min", json_ms(d->least));
    json_object_set_new(object, "median", json_ms(d->median));
    json_object_set_new(object, "p95", json_ms(d->p95));
    json_object_set_new(object, "max", json_ms(d->most));
    return object;
}

static json_t *json_way(const struct transit_way_result *w)
{
    json_t *object = json_object();
    json_object_set_new(object, "sent", json_count(w->sent));
    json_object_set_new(object, "arrived", json_count(w->arrived));
    json_object_set_new(object, "lost", json_count(w->lost));
    json_object_set_new(object, "forged", json_count(w->forged));
    json_object_set_new(object, "midway", json_count(w->midway));
    json_object_set_new(object, "unjudged", json_count(w->unjudged));
    if (w->unjudged)
        json_object_set_new(object, "because", json_text(transit_reason_name((enum transit_reason)w->reason)));
    json_object_set_new(object, "duplicated", json_count(w->duplicated));
    json_object_set_new(object, "reordered", json_count(w->reordered));
    json_object_set_new(object, "retransmitted", json_count(w->retransmitted));
    json_object_set_new(object, "delay_ms", json_delay(&w->delay));
    return object;
}

static json_t *json_rewrite_row(const struct transit_rewrite *r)
{
    json_t *object = json_object();
    json_object_set_new(object, "field", json_string(rewrite_field_name((enum rewrite_field)r->field)));
    json_object_set_new(object, "way", json_string(transit_way_name((enum transit_way)r->way)));
    json_object_set_new(object, "near", r->varies ? json_null() : json_count(r->near));
    json_object_set_new(object, "far", r->varies ? json_null() : json_count(r->far));
    json_object_set_new(object, "packets", json_count(r->packets));
    json_object_set_new(object, "near_frame", json_count(r->frames[TRANSIT_NEAR].number));
    json_object_set_new(object, "far_frame", json_count(r->frames[TRANSIT_FAR].number));
    return object;
}

static json_t *json_evidence(unsigned evidence)
{
    static const struct {
        unsigned bit;
        const char *name;
    } names[] = {{TRANSIT_BY_ADDRESSES, "addresses"},
                 {TRANSIT_BY_SEQ, "seq"},
                 {TRANSIT_BY_TIMESTAMPS, "timestamps"},
                 {TRANSIT_BY_IP_ID, "ip-id"},
                 {TRANSIT_BY_PAYLOAD, "payload"}};
    json_t *array = json_array();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (evidence & names[i].bit)
            json_array_append_new(array, json_string(names[i].name));
    return array;
}

static json_t *json_alone(const struct transit_alone *a)
{
    json_t *object = json_object();
    json_object_set_new(object, "frame", json_count(a->frame.number));
    if (a->frame.file)
        json_object_set_new(object, "file", json_count(a->frame.file));
    json_object_set_new(object, "way", json_string(transit_way_name((enum transit_way)a->way)));
    json_object_set_new(object, "fate", json_string(transit_fate_name((enum transit_fate)a->fate)));
    if (a->fate == TRANSIT_UNJUDGED)
        json_object_set_new(object, "because", json_string(transit_reason_name((enum transit_reason)a->reason)));
    json_object_set_new(object, "packets", json_count(a->packets));
    return object;
}

/* The frames of one point that are not at the other: numbers, and what became of each. */
static void set_alone(json_t *object, const struct transit_result *t, const struct transit_conversation *c,
                      enum transit_point point)
{
    json_t *frames = json_array(), *fates = json_array();
    uint64_t last = 0;
    for (uint64_t k = c->alone_from; k < c->alone_from + c->alone_count; k++) {
        const struct transit_alone *a = &t->alone[k];
        if (a->point != point)
            continue;
        if (a->frame.number != last)
            json_array_append_new(frames, json_count(a->frame.number));
        last = a->frame.number;
        json_array_append_new(fates, json_alone(a));
    }
    json_object_set_new(object, point == TRANSIT_NEAR ? "only_near" : "only_far", frames);
    json_object_set_new(object, point == TRANSIT_NEAR ? "near_fates" : "far_fates", fates);
}

static json_t *json_conversation(const struct transit_result *t, const struct transit_conversation *c)
{
    json_t *object = json_object(), *rewritten = json_array();
    json_object_set_new(object, "protocol", json_ip_protocol(c->protocol));
    json_object_set_new(object, "paired", json_boolean(c->paired));
    json_object_set_new(object, "proxied", json_boolean(c->proxied));
    json_object_set_new(object, "confidence", c->paired ? json_decimal(c->confidence) : json_null());
    json_object_set_new(object, "by", json_evidence(c->evidence));
    json_object_set_new(object, "client_side",
                        !c->way_known ? json_null() : json_string(c->client_is_far ? "far" : "near"));
    json_object_set_new(object, "near", json_ends(&c->ends[TRANSIT_NEAR]));
    json_object_set_new(object, "far", json_ends(&c->ends[TRANSIT_FAR]));
    json_object_set_new(object, "toward_far", json_way(&c->ways[TRANSIT_TOWARD_FAR]));
    json_object_set_new(object, "toward_near", json_way(&c->ways[TRANSIT_TOWARD_NEAR]));
    for (unsigned i = 0; i < c->rewrite_count; i++)
        json_array_append_new(rewritten, json_rewrite_row(&c->rewrites[i]));
    json_object_set_new(object, "rewritten", rewritten);
    for (unsigned point = 0; point < TRANSIT_POINTS; point++)
        set_alone(object, t, c, (enum transit_point)point);
    return object;
}

static json_t *json_sums(const struct transit_result *t)
{
    json_t *object = json_object(), *because = json_object();
    json_object_set_new(object, "conversations", json_count(t->conversations_found));
    json_object_set_new(object, "paired", json_count(t->conversations_paired));
    json_object_set_new(object, "packets", json_count(t->paired));
    json_object_set_new(object, "lost_toward_far", json_count(t->lost[TRANSIT_TOWARD_FAR]));
    json_object_set_new(object, "lost_toward_near", json_count(t->lost[TRANSIT_TOWARD_NEAR]));
    json_object_set_new(object, "forged", json_count(t->forged[0] + t->forged[1]));
    json_object_set_new(object, "midway", json_count(t->midway));
    json_object_set_new(object, "duplicated", json_count(t->duplicated));
    json_object_set_new(object, "reordered", json_count(t->reordered));
    json_object_set_new(object, "unjudged", json_count(t->unjudged));
    for (unsigned reason = 1; reason < TRANSIT_REASONS; reason++)
        if (t->unjudged_because[reason])
            json_object_set_new(because, transit_reason_name((enum transit_reason)reason),
                                json_count(t->unjudged_because[reason]));
    json_object_set_new(object, "because", because);
    return object;
}

/* The members of an object, behind its brace. */
static void write_section(FILE *file, const struct transit_section *section)
{
    const struct transit_result *t = section->transit;
    fputs("\"near\": ", file);
    json_write(file, json_point(section, TRANSIT_NEAR));
    fputs(",\n  \"far\": ", file);
    json_write(file, json_point(section, TRANSIT_FAR));
    fputs(",\n  \"clock\": ", file);
    if (t->clock.count)
        json_write(file, json_clock(&t->clock));
    else
        fputs("null", file);
    if (t->hops < 0)
        fputs(",\n  \"hops\": null", file);
    else
        fprintf(file, ",\n  \"hops\": %d", t->hops);
    fprintf(file, ",\n  \"overlaps\": %s,\n  \"sums\": ", t->overlaps ? "true" : "false");
    json_write(file, json_sums(t));
    fputs(",\n  \"conversations\": [", file);
    for (uint64_t i = 0; i < t->conversation_count; i++) {
        fputs(i ? ",\n   " : "\n   ", file);
        json_write(file, json_conversation(t, &t->conversations[i]));
    }
    fputs("]}", file);
}

void json_transit_write(FILE *file, const struct result *result)
{
    if (result->section_count == 1) {
        fputs("{", file);
        write_section(file, &result->sections[0]);
        return;
    }
    fputs("{\"sections\": [", file);
    for (unsigned k = 0; k < result->section_count; k++) {
        fputs(k ? ",\n {\"between\": " : "\n {\"between\": ", file);
        json_write(file, json_names(&result->sections[k]));
        fputs(", ", file);
        write_section(file, &result->sections[k]);
    }
    fputs("]}", file);
}

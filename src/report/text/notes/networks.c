/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/notes/networks.h"

#include <stdio.h>
#include <string.h>

#include "address/distance.h"
#include "report/address_text.h"
#include "report/text/notes/as_path.h"
#include "report/wrap.h"

#define INDENT 4 /* columns, of wrapped lines but the first */
#define HOP_COLUMNS 8

/* The section of one path: its hops, all addresses that answered on it, and the text under construction. */
struct section {
    struct strbuf *text;
    const struct output *out;
    struct hops path, all;
};

/* `head` is not wrapped, and is wider than INDENT. */
static void add_line(struct section *section, const char *head, const struct strbuf *line)
{
    strbuf_add(section->text, head);
    strbuf_add_wrapped(section->text, line->text, (unsigned)strlen(head), INDENT, wrap_limit(section->out));
    strbuf_add(section->text, "\n");
    section->text->failed |= line->failed;
}

static bool is_answered(const struct hops *hops)
{
    for (size_t i = 0; i < hops->count; i++)
        if (!addr_is_none(&hops->list[i].address))
            return true;
    return false;
}

/* `head`: "AS path:" */
static void add_as_path(struct section *section, const char *head)
{
    if (!section->out->options.networks || !is_answered(&section->path))
        return;
    struct strbuf line;
    strbuf_init(&line);
    as_path_add(&line, &section->path);
    add_line(section, head, &line);
    strbuf_free(&line);
}

/* --- doubtful legs --- */

static void add_end(struct strbuf *line, const struct path_hop *hop)
{
    const struct address_place *place = &hop->facts->place;
    strbuf_addf(line, "hop %u", hop->ttl);
    if (!place->city[0] && !place->country[0])
        return;
    strbuf_add(line, " (");
    address_text_add_place(line, place);
    strbuf_add(line, ")");
}

static void add_doubt(struct section *section, const struct path_hop *from, const struct path_hop *to,
                      const struct distance_leg *leg)
{
    struct strbuf line;
    strbuf_init(&line);
    add_end(&line, from);
    strbuf_add(&line, " to ");
    add_end(&line, to);
    strbuf_add(&line, ": ");
    distance_add_leg(&line, leg);
    strbuf_add(&line, "; a place or an RTT is wrong, or the packets took another path");
    add_line(section, "doubtful:", &line);
    strbuf_free(&line);
}

static void add_doubts(struct section *section)
{
    const struct path_hop *before = NULL; /* the last hop with a place */
    struct distance_point from = {0}, to;
    for (size_t i = 0; section->out->options.places && i < section->path.count; i++) {
        const struct path_hop *hop = &section->path.list[i];
        if (!hop->facts || !distance_point_of(&hop->facts->place, &to))
            continue;
        struct distance_leg leg = distance_leg(NULL, before ? from : to, to, hop->best_rtt);
        if (before && leg.is_doubtful)
            add_doubt(section, before, hop, &leg);
        before = hop;
        from = to;
    }
}

/* --- registries --- */

static bool has_whois(const struct path_hop *hop)
{
    const struct address_whois *whois = hop->facts ? &hop->facts->whois : NULL;
    return whois && (whois->netname[0] || whois->organisation[0] || whois->country[0]);
}

static bool says_same(const struct path_hop *a, const struct path_hop *b)
{
    return has_whois(a) && has_whois(b) && strcmp(a->facts->whois.netname, b->facts->whois.netname) == 0 &&
           strcmp(a->facts->whois.organisation, b->facts->whois.organisation) == 0 &&
           strcmp(a->facts->whois.country, b->facts->whois.country) == 0;
}

static bool is_met_before(const struct hops *hops, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (addr_equal(&hops->list[i].address, &hops->list[index].address))
            return true;
    return false;
}

static bool is_said_before(const struct hops *hops, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (says_same(&hops->list[i], &hops->list[index]))
            return true;
    return false;
}

/* The addresses with the same registry entry as the first. */
static void add_addresses(struct strbuf *line, const struct hops *hops, size_t first)
{
    for (size_t i = first; i < hops->count; i++) {
        if (!says_same(&hops->list[i], &hops->list[first]) || is_met_before(hops, i))
            continue;
        char address[ADDR_TEXT_BYTES];
        addr_format(&hops->list[i].address, address);
        strbuf_addf(line, "%s%s (hop %u)", i > first ? ", " : "", address, hops->list[i].ttl);
    }
}

static void add_whois(struct strbuf *line, const struct address_whois *whois)
{
    const char *const parts[] = {whois->netname, whois->organisation, whois->country};
    const char *before = ": ";
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!*parts[i])
            continue;
        strbuf_add(line, before);
        strbuf_add_foreign(line, parts[i]);
        before = ", ";
    }
}

static void add_registries(struct section *section)
{
    const struct hops *hops = &section->all;
    struct strbuf line;
    strbuf_init(&line);
    for (size_t i = 0; i < hops->count; i++) {
        if (!has_whois(&hops->list[i]) || is_said_before(hops, i))
            continue;
        strbuf_clear(&line);
        add_addresses(&line, hops, i);
        add_whois(&line, &hops->list[i].facts->whois);
        add_line(section, "whois:", &line);
    }
    strbuf_free(&line);
}

/* --- below a matrix --- */

static void add_known(struct section *section)
{
    struct strbuf line;
    strbuf_init(&line);
    for (size_t i = 0; i < section->all.count; i++) {
        const struct path_hop *hop = &section->all.list[i];
        char plain[ADDR_TEXT_BYTES];
        addr_format(&hop->address, plain);
        strbuf_clear(&line);
        address_text_add(&line, &hop->address, section->out);
        if (strcmp(line.text, plain) == 0)
            continue;
        strbuf_addf(section->text, "hop %-*u", HOP_COLUMNS - 4, hop->ttl);
        strbuf_add_wrapped(section->text, line.text, HOP_COLUMNS, HOP_COLUMNS, wrap_limit(section->out));
        strbuf_add(section->text, "\n");
    }
    strbuf_free(&line);
}

/* --- the section --- */

static bool is_shown(const struct output *out)
{
    return out->result->book && !out->options.quiet;
}

/* Frees the hops. */
static void add_section(struct section *section, const char *head)
{
    add_as_path(section, head);
    add_doubts(section);
    add_registries(section);
    section->text->failed |= section->path.failed || section->all.failed;
    hops_free(&section->path);
    hops_free(&section->all);
}

void networks_add_trace(struct strbuf *text, const struct trace *trace, const struct output *out)
{
    struct section section = {.text = text, .out = out};
    if (!is_shown(out))
        return;
    hops_add_trace(&section.path, trace, out->result->book);
    hops_add_all_of_trace(&section.all, trace, out->result->book);
    add_section(&section, "AS path:");
}

static void add_diagnosis(struct section *section)
{
    const struct result *result = section->out->result;
    char head[PROBE_SPEC_TEXT_BYTES + 16] = "AS path:", spec[PROBE_SPEC_TEXT_BYTES];
    const struct trace *furthest = hops_furthest(&result->specs);
    add_known(section);
    if (furthest) {
        hops_add_trace(&section->path, furthest, result->book);
        probe_spec_format(&furthest->flow.spec, spec);
        snprintf(head, sizeof head, "AS path by %s:", spec);
    }
    add_section(section, head);
}

void networks_add_run(struct strbuf *text, const struct output *out)
{
    const struct result *result = out->result;
    struct section section = {.text = text, .out = out};
    if (!is_shown(out))
        return;
    for (unsigned i = 0; i < result->specs.count; i++)
        hops_add_all_of_trace(&section.all, result->specs.traces[i], result->book);
    if (result->config->strategy->side_by_side) {
        add_diagnosis(&section);
        return;
    }
    hops_add_run(&section.path, &result->specs, result->book);
    add_section(&section, "AS path:");
}

/* Names the graph if there are several. */
static void add_head(struct strbuf *head, const struct graph *graph, bool several)
{
    char target[ADDR_TEXT_BYTES], spec[PROBE_SPEC_TEXT_BYTES];
    addr_format(&graph->trace->flow.target, target);
    probe_spec_format(&graph->trace->flow.spec, spec);
    strbuf_add(head, "AS path of most flows");
    if (several)
        strbuf_addf(head, " by %s to %s", spec, target);
    strbuf_add(head, ":");
}

void networks_add_graphs(struct strbuf *text, const struct output *out)
{
    const struct result *result = out->result;
    for (unsigned i = 0; is_shown(out) && i < result->graph_count; i++) {
        struct section section = {.text = text, .out = out};
        struct strbuf head;
        strbuf_init(&head);
        add_head(&head, &result->graphs[i], result->graph_count > 1);
        hops_add_graph(&section.path, &result->graphs[i], result->book);
        hops_add_all_of_graph(&section.all, &result->graphs[i], result->book);
        add_section(&section, head.text);
        strbuf_free(&head);
    }
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/networks.h"

#include <stdio.h>
#include <string.h>

#include "address/distance.h"
#include "report/address_text.h"
#include "report/text/as_path.h"

#define INDENT 4 /* of the second line of what is wrapped */
#define HOP_COLUMNS 8

/* A path and those who answered on it, and where to tell of them. */
struct telling {
    struct strbuf *text;
    const struct output *out;
    struct hops path, all;
};

static void add_foreign(struct strbuf *text, const char *foreign)
{
    strbuf_add_escaped(text, foreign, strlen(foreign));
}

/* `head` is not broken, and wider than what follows is indented. */
static void add_line(struct telling *telling, const char *head, const struct strbuf *words)
{
    strbuf_add(telling->text, head);
    strbuf_add_wrapped(telling->text, words->text, (unsigned)strlen(head), INDENT, telling->out->options.width + 1);
    strbuf_add(telling->text, "\n");
    telling->text->failed |= words->failed;
}

static bool is_answered(const struct hops *hops)
{
    for (size_t i = 0; i < hops->count; i++)
        if (!addr_is_none(&hops->list[i].address))
            return true;
    return false;
}

/* `head`: "AS path:" */
static void add_as_path(struct telling *telling, const char *head)
{
    if (!telling->out->options.networks || !is_answered(&telling->path))
        return;
    struct strbuf words;
    strbuf_init(&words);
    as_path_add(&words, &telling->path);
    add_line(telling, head, &words);
    strbuf_free(&words);
}

/* --- doubtful legs --- */

static void add_end(struct strbuf *words, const struct path_hop *hop)
{
    const struct address_place *place = &hop->about->place;
    strbuf_addf(words, "hop %u", hop->ttl);
    if (!place->city[0] && !place->country[0])
        return;
    strbuf_add(words, " (");
    add_foreign(words, place->city);
    strbuf_add(words, place->city[0] && place->country[0] ? ", " : "");
    add_foreign(words, place->country);
    strbuf_add(words, ")");
}

static void add_doubt(struct telling *telling, const struct path_hop *from, const struct path_hop *to,
                      const struct distance_leg *leg)
{
    struct strbuf words;
    strbuf_init(&words);
    add_end(&words, from);
    strbuf_add(&words, " to ");
    add_end(&words, to);
    strbuf_add(&words, ": ");
    distance_add_leg(&words, leg);
    strbuf_add(&words, "; a place or an RTT is wrong, or the packets took another path");
    add_line(telling, "doubtful:", &words);
    strbuf_free(&words);
}

static void add_doubts(struct telling *telling)
{
    const struct path_hop *before = NULL; /* the last that has a place */
    struct distance_point from = {0}, to;
    for (size_t i = 0; telling->out->options.places && i < telling->path.count; i++) {
        const struct path_hop *hop = &telling->path.list[i];
        if (!hop->about || !distance_point_of(&hop->about->place, &to))
            continue;
        struct distance_leg leg = distance_leg(NULL, before ? from : to, to, hop->best_rtt);
        if (before && leg.is_doubtful)
            add_doubt(telling, before, hop, &leg);
        before = hop;
        from = to;
    }
}

/* --- registries --- */

static bool has_whois(const struct path_hop *hop)
{
    const struct address_whois *whois = hop->about ? &hop->about->whois : NULL;
    return whois && (whois->netname[0] || whois->organisation[0] || whois->country[0]);
}

static bool says_same(const struct path_hop *a, const struct path_hop *b)
{
    return has_whois(a) && has_whois(b) && strcmp(a->about->whois.netname, b->about->whois.netname) == 0 &&
           strcmp(a->about->whois.organisation, b->about->whois.organisation) == 0 &&
           strcmp(a->about->whois.country, b->about->whois.country) == 0;
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

/* Those of whom the same is said as of the first of them. */
static void add_addresses(struct strbuf *words, const struct hops *hops, size_t first)
{
    for (size_t i = first; i < hops->count; i++) {
        if (!says_same(&hops->list[i], &hops->list[first]) || is_met_before(hops, i))
            continue;
        char address[ADDR_TEXT_BYTES];
        addr_format(&hops->list[i].address, address);
        strbuf_addf(words, "%s%s (hop %u)", i > first ? ", " : "", address, hops->list[i].ttl);
    }
}

static void add_whois(struct strbuf *words, const struct address_whois *whois)
{
    const char *const parts[] = {whois->netname, whois->organisation, whois->country};
    const char *before = ": ";
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!*parts[i])
            continue;
        strbuf_add(words, before);
        add_foreign(words, parts[i]);
        before = ", ";
    }
}

static void add_registries(struct telling *telling)
{
    const struct hops *hops = &telling->all;
    struct strbuf words;
    strbuf_init(&words);
    for (size_t i = 0; i < hops->count; i++) {
        if (!has_whois(&hops->list[i]) || is_said_before(hops, i))
            continue;
        strbuf_clear(&words);
        add_addresses(&words, hops, i);
        add_whois(&words, &hops->list[i].about->whois);
        add_line(telling, "whois:", &words);
    }
    strbuf_free(&words);
}

/* --- below a matrix --- */

static void add_known(struct telling *telling)
{
    struct strbuf words;
    strbuf_init(&words);
    for (size_t i = 0; i < telling->all.count; i++) {
        const struct path_hop *hop = &telling->all.list[i];
        char plain[ADDR_TEXT_BYTES];
        addr_format(&hop->address, plain);
        strbuf_clear(&words);
        address_text_add(&words, &hop->address, telling->out);
        if (strcmp(words.text, plain) == 0)
            continue;
        strbuf_addf(telling->text, "hop %-*u", HOP_COLUMNS - 4, hop->ttl);
        strbuf_add_wrapped(telling->text, words.text, HOP_COLUMNS, HOP_COLUMNS, telling->out->options.width + 1);
        strbuf_add(telling->text, "\n");
    }
    strbuf_free(&words);
}

/* --- all of it --- */

static bool tells(const struct output *out)
{
    return out->result->book && !out->options.quiet;
}

/* Frees the hops. */
static void tell(struct telling *telling, const char *head)
{
    add_as_path(telling, head);
    add_doubts(telling);
    add_registries(telling);
    telling->text->failed |= telling->path.failed || telling->all.failed;
    hops_free(&telling->path);
    hops_free(&telling->all);
}

void networks_add_trace(struct strbuf *text, const struct trace *trace, const struct output *out)
{
    struct telling telling = {.text = text, .out = out};
    if (!tells(out))
        return;
    hops_add_trace(&telling.path, trace, out->result->book);
    hops_add_all_of_trace(&telling.all, trace, out->result->book);
    tell(&telling, "AS path:");
}

static void tell_diagnosis(struct telling *telling)
{
    const struct result *result = telling->out->result;
    char head[PROBE_SPEC_TEXT_BYTES + 16] = "AS path:", spec[PROBE_SPEC_TEXT_BYTES];
    const struct trace *furthest = hops_furthest(&result->specs);
    add_known(telling);
    if (furthest) {
        hops_add_trace(&telling->path, furthest, result->book);
        probe_spec_format(&furthest->flow.spec, spec);
        snprintf(head, sizeof head, "AS path by %s:", spec);
    }
    tell(telling, head);
}

void networks_add_run(struct strbuf *text, const struct output *out)
{
    const struct result *result = out->result;
    struct telling telling = {.text = text, .out = out};
    if (!tells(out))
        return;
    for (unsigned i = 0; i < result->specs.count; i++)
        hops_add_all_of_trace(&telling.all, result->specs.traces[i], result->book);
    if (result->is_diagnosis) {
        tell_diagnosis(&telling);
        return;
    }
    hops_add_run(&telling.path, &result->specs, result->book);
    tell(&telling, "AS path:");
}

/* Where there are several graphs, each is named. */
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
    for (unsigned i = 0; tells(out) && i < result->graph_count; i++) {
        struct telling telling = {.text = text, .out = out};
        struct strbuf head;
        strbuf_init(&head);
        add_head(&head, &result->graphs[i], result->graph_count > 1);
        hops_add_graph(&telling.path, &result->graphs[i], result->book);
        hops_add_all_of_graph(&telling.all, &result->graphs[i], result->book);
        tell(&telling, head.text);
        strbuf_free(&head);
    }
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/graph/tree_sentences.h"

#include <limits.h>
#include <stdlib.h>

#include "multipath/survey.h"
#include "report/graph/graph_words.h"
#include "report/wrap.h"

static unsigned sentence_limit(const struct tree *tree)
{
    return tree->options->whole_sentences ? UINT_MAX : tree->width + 1;
}

/* Adds one or more sentences, wrapped. */
__attribute__((format(printf, 2, 3))) static void say(const struct tree *tree, const char *format, ...)
{
    struct strbuf sentence;
    va_list args;
    strbuf_init(&sentence);
    va_start(args, format);
    strbuf_addfv(&sentence, format, args);
    va_end(args);
    wrap_add(tree->text, sentence.text, tree->options->whole_sentences ? 0 : tree->width);
    strbuf_add(tree->text, "\n");
    strbuf_free(&sentence);
}

/* The labels of the nodes for which `wanted` is true. False: there is none, or memory ran out. */
static bool list_nodes(const struct tree *tree, bool (*wanted)(const struct graph_view *, unsigned),
                       struct strbuf *labels)
{
    unsigned *nodes = calloc((size_t)tree->graph->node_count + 1, sizeof *nodes), count = 0;
    for (unsigned i = 0; nodes && i < tree->graph->node_count; i++)
        if (wanted(&tree->view, i))
            nodes[count++] = i;
    strbuf_clear(labels);
    if (nodes)
        graph_view_add_labels(labels, &tree->view, nodes, count);
    free(nodes);
    return count > 0;
}

static bool is_unsure(const struct graph_view *view, unsigned node)
{
    return view->graph->nodes[node].unsure;
}

static bool is_per_packet(const struct graph_view *view, unsigned node)
{
    return view->graph->nodes[node].per_packet;
}

static bool is_refusal(const struct graph_view *view, unsigned node)
{
    return view->graph->nodes[node].is_refusal;
}

static void say_diamonds(const struct tree *tree)
{
    struct strbuf diamond;
    strbuf_init(&diamond);
    for (unsigned i = 0; i < tree->graph->diamond_count; i++) {
        strbuf_clear(&diamond);
        graph_words_add_diamond(&diamond, &tree->view, &tree->graph->diamonds[i]);
        say(tree, "%s.", diamond.text);
    }
    strbuf_free(&diamond);
}

/* A sentence of graph_words.h. */
static void say_sentence(const struct tree *tree, void (*add)(struct strbuf *, const struct graph *))
{
    struct strbuf sentence;
    strbuf_init(&sentence);
    add(&sentence, tree->graph);
    say(tree, "%s.", sentence.text);
    strbuf_free(&sentence);
}

static void say_change(const struct tree *tree)
{
    const struct graph *graph = tree->graph;
    char time[NSTIME_TEXT_BYTES] = "";
    if (!graph->changes)
        return;
    if (graph->changed_at != NSTIME_NEVER)
        nstime_format(graph->changed_at, time);
    const char *last = graph->changes > 1 ? "the last time " : "";
    say(tree, "The route changed %u time%s, %sat %.10s %.8s UTC: the graph shows what was seen since then.",
        graph->changes, plural(graph->changes), last, time, time[0] ? time + 11 : "");
}

static void say_what_marks_mean(const struct tree *tree)
{
    struct strbuf nodes;
    strbuf_init(&nodes);
    if (list_nodes(tree, is_per_packet, &nodes))
        say(tree,
            "per packet: %s sends packets of one flow to different next hops; uncertain links behind it are left "
            "out.",
            nodes.text);
    if (list_nodes(tree, is_unsure, &nodes))
        say(tree, "?: too few flows to be sure that no next hop was missed: %s.", nodes.text);
    if (list_nodes(tree, graph_view_is_loose, &nodes))
        say(tree, "?-: no previous hop was seen: %s.", nodes.text);
    if (list_nodes(tree, graph_view_is_dead_end, &nodes))
        say(tree, "-> ?: no next hop was seen: %s.", nodes.text);
    if (list_nodes(tree, is_refusal, &nodes))
        say(tree, "refuses: flows end at %s, which rejects them or cannot deliver them.", nodes.text);
    strbuf_free(&nodes);
}

/* Hops with more next hops of a router than a search tells apart. */
static void say_boundless(const struct tree *tree)
{
    const struct graph *graph = tree->graph;
    struct strbuf hops;
    strbuf_init(&hops);
    for (unsigned ttl = graph->first_ttl; ttl <= graph->last_ttl; ttl++)
        if (graph->hops[ttl].is_boundless)
            strbuf_addf(&hops, "%s%u (%u addresses)", hops.length ? ", " : "", ttl, graph->hops[ttl].routers);
    if (hops.length)
        say(tree,
            "Some routers have more next hops than a search tells apart, %u of a router and %u at a hop. It looked for "
            "no further ones at hop %s.",
            SURVEY_NEXT_MOST, SURVEY_WIDTH_MOST, hops.text);
    strbuf_free(&hops);
}

static void say_loose_flows(const struct tree *tree)
{
    unsigned loose = tree->graph->loose_flows;
    if (loose && loose == tree->graph->flows)
        say(tree, "Every flow was seen at one hop only, so no hops can be linked.");
    else if (loose)
        say(tree, "%u flow%s seen at one hop only and link%s nothing.", loose, loose == 1 ? " was" : "s were",
            loose == 1 ? "s" : "");
}

/* --- paths --- */

static void add_step(struct strbuf *text, const struct tree *tree, unsigned step)
{
    if (step == GRAPH_NO_NODE || addr_is_none(&tree->graph->nodes[step].address))
        strbuf_add(text, "*");
    else if (step == tree->view.target)
        strbuf_add(text, "target");
    else
        graph_view_add_label(text, &tree->view, step);
}

static void list_paths(const struct tree *tree)
{
    struct strbuf line;
    strbuf_init(&line);
    for (unsigned i = 0; i < tree->graph->path_count; i++) {
        const struct graph_path *path = &tree->graph->paths[i];
        strbuf_clear(&line);
        strbuf_addf(&line, "%u flow%s:", path->flows, plural(path->flows));
        for (unsigned k = 0; k < path->length; k++) {
            strbuf_add(&line, " ");
            add_step(&line, tree, tree->graph->steps[path->first + k]);
        }
        strbuf_add(tree->text, "    ");
        strbuf_add_wrapped(tree->text, line.text, 4, 4, sentence_limit(tree));
        strbuf_add(tree->text, "\n");
    }
    strbuf_free(&line);
}

void tree_sentences_add(const struct tree *tree)
{
    strbuf_add(tree->text, tree->graph->first_ttl <= tree->graph->last_ttl ? "\n" : "");
    say_sentence(tree, graph_words_add_paths);
    if (tree->options->verbose)
        list_paths(tree);
    say_diamonds(tree);
    say_sentence(tree, graph_words_add_sureness);
    say_change(tree);
    say_loose_flows(tree);
    say_boundless(tree);
    say_what_marks_mean(tree);
}

void tree_sentences_add_sureness(const struct tree *tree)
{
    say_sentence(tree, graph_words_add_sureness);
}

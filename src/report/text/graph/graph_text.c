/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/graph/graph_text.h"

#include "report/graph/graph_words.h"
#include "report/text/graph/tree_sentences.h"

bool graph_text_add(struct strbuf *text, const struct graph *graph, const struct graph_text *options)
{
    struct tree tree;
    bool good = tree_init(&tree, text, graph, options);
    if (good) {
        good = tree_add(&tree);
        if (options->quiet)
            tree_sentences_add_sureness(&tree);
        else
            tree_sentences_add(&tree);
    }
    tree_free(&tree);
    return good && !text->failed;
}

void graph_text_add_all(struct strbuf *text, const struct output *out, bool headed)
{
    const struct result *result = out->result;
    const char *target_name = result_target_name(result);
    const struct graph_text options = {
        .target_name = target_name,
        .out = out,
        .width = out->options.width,
        .whole_sentences = !out->options.wrap,
        .one_per_line = out->options.one_per_line,
        .color = out->options.color,
        .quiet = out->options.quiet,
        .verbose = out->options.verbose > 0,
    };
    for (unsigned i = 0; i < result->graph_count; i++) {
        strbuf_add(text, i ? "\n" : "");
        if (headed || result->graph_count > 1) {
            graph_words_add_title(text, &result->graphs[i], target_name);
            strbuf_add(text, "\n");
        }
        if (!graph_text_add(text, &result->graphs[i], &options))
            strbuf_add(text, "out of memory: this graph is incomplete\n");
    }
}

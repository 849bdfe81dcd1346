/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/notes/tickets.h"

#include "report/wrap.h"
#include "verdict/advice/advice.h"

static void add_line(void *context, const struct ticket *ticket)
{
    struct strbuf *lines = context;
    strbuf_addf(lines, "%s\n", ticket->text.text);
}

void tickets_print(struct output *out, const struct judgement *judgement)
{
    struct strbuf lines;
    if (result_is_as_expected(out->result))
        return;
    strbuf_init(&lines);
    advice_tickets(judgement, result_names_spec, out->result, add_line, &lines);
    if (lines.length) {
        fputs("\n", out->file);
        wrap_print(out, lines.text);
    }
    strbuf_free(&lines);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* phrase: parts of sentences. */
#include "verdict/phrase.h"

#include <string.h>

void phrase_add_spec(struct strbuf *out, const struct trace *trace)
{
    char spec[PROBE_SPEC_TEXT_BYTES];
    probe_spec_format(&trace->flow.spec, spec);
    strbuf_add(out, spec);
}

void phrase_add_address(struct strbuf *out, const struct addr *address)
{
    char text[ADDR_TEXT_BYTES];
    addr_format(address, text);
    strbuf_add(out, text);
}

void phrase_add_place(struct strbuf *out, const struct place *place)
{
    if (addr_is_none(&place->address)) {
        strbuf_addf(out, "hop %u", place->ttl);
        return;
    }
    phrase_add_address(out, &place->address);
    if (place->ttl)
        strbuf_addf(out, " (hop %u)", place->ttl);
}

void phrase_add_times(struct strbuf *out, nstime from, nstime to)
{
    const int date = 10, clock = 8;
    char first[NSTIME_TEXT_BYTES], last[NSTIME_TEXT_BYTES];
    nstime_format(from, first);
    nstime_format(to, last);
    bool same_day = strncmp(first, last, (size_t)date) == 0;
    strbuf_addf(out, " (%.*s %.*s", date, first, clock, first + date + 1);
    if (!same_day)
        strbuf_addf(out, " to %.*s %.*s", date, last, clock, last + date + 1);
    else if (strncmp(first, last, (size_t)(date + 1 + clock)) != 0)
        strbuf_addf(out, " to %.*s", clock, last + date + 1);
    strbuf_add(out, " UTC)");
}

void phrase_stretch(const struct trace *trace, nstime *from, nstime *to)
{
    for (size_t i = 0; i < trace->probe_count; i++) {
        nstime sent = trace->probes[i].sent;
        if (sent == NSTIME_NONE)
            continue;
        *from = sent < *from ? sent : *from;
        *to = sent > *to ? sent : *to;
    }
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "verdict/words/phrase.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "probe/type.h"

static void __attribute__((format(printf, 2, 0))) add_text(char text[SENTENCE_BYTES], const char *format, va_list args)
{
    size_t used = strlen(text);
    vsnprintf(text + used, SENTENCE_BYTES - used, format, args);
}

void phrase_set(char text[SENTENCE_BYTES], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(text, SENTENCE_BYTES, format, args);
    va_end(args);
}

void phrase_add(char text[SENTENCE_BYTES], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_text(text, format, args);
    va_end(args);
}

void phrase_set_verdict(struct verdict *verdict, const char *format, ...)
{
    char spec[PROBE_SPEC_TEXT_BYTES];
    probe_spec_format(verdict_spec(verdict), spec);
    phrase_set(verdict->text, "%s %s", spec, verdict_state_name(verdict->state));
    va_list args;
    va_start(args, format);
    add_text(verdict->text, format, args);
    va_end(args);
}

void phrase_end(char text[SENTENCE_BYTES])
{
    phrase_add(text, ".");
}

void phrase_set_forwarded(struct verdict *verdict, const struct gateway *gateway, const struct place *behind)
{
    verdict->state = VERDICT_FORWARDED;
    verdict->at = place_of_gateway(gateway);
    verdict->before = *behind;
    phrase_set_verdict(verdict, " at %s: it expired at %s", PLACE_TEXT(&verdict->at), PLACE_TEXT(behind));
}

const char *phrase_spec(const struct trace *trace, char text[PROBE_SPEC_TEXT_BYTES])
{
    probe_spec_format(&trace->flow.spec, text);
    return text;
}

const char *phrase_address(const struct addr *address, char text[ADDR_TEXT_BYTES])
{
    addr_format(address, text);
    return text;
}

const char *phrase_place(const struct place *place, char text[PLACE_TEXT_BYTES])
{
    const char *address = ADDRESS_TEXT(&place->address);
    if (!place->ttl)
        snprintf(text, PLACE_TEXT_BYTES, "%s", *address ? address : "an unknown place");
    else if (*address)
        snprintf(text, PLACE_TEXT_BYTES, "hop %u (%s)", place->ttl, address);
    else
        snprintf(text, PLACE_TEXT_BYTES, "hop %u", place->ttl);
    return text;
}

const char *phrase_device(const struct place *place, char text[PLACE_TEXT_BYTES])
{
    const char *address = ADDRESS_TEXT(&place->address);
    if (!*address)
        snprintf(text, PLACE_TEXT_BYTES, "hop %u", place->ttl);
    else if (place->ttl)
        snprintf(text, PLACE_TEXT_BYTES, "%s (hop %u)", address, place->ttl);
    else
        snprintf(text, PLACE_TEXT_BYTES, "%s", address);
    return text;
}

void phrase_add_ports(struct strbuf *out, const char *which, const struct trace *trace, bool of_target)
{
    bool vary = of_target ? trace->origin.target_port_varies : trace->origin.source_port_varies;
    unsigned first = of_target ? trace->flow.spec.port : trace->flow.source_port, least = first, most = first;
    for (size_t i = 0; vary && i < trace->probe_count; i++) {
        unsigned port = of_target ? trace->probes[i].target_port : trace->probes[i].source_port;
        least = i && port > least ? least : port;
        most = i && port < most ? most : port;
    }
    strbuf_addf(out, "%s port%s %u", which, phrase_plural(most - least + 1), least);
    if (most > least)
        strbuf_addf(out, "-%u", most);
}

void phrase_add_service(struct strbuf *out, const struct trace *trace)
{
    const struct probe_spec *spec = &trace->flow.spec;
    struct probe_spec plain = *spec;
    char text[PROBE_SPEC_TEXT_BYTES];
    plain.idle_s = 0;
    probe_spec_format(&plain, text);
    const char *variant = strchr(text, ':');
    if (!spec->type->has_port) {
        strbuf_add(out, text);
        return;
    }
    for (const char *c = spec->type->name; *c; c++)
        strbuf_addf(out, "%c", toupper((unsigned char)*c));
    if (variant)
        strbuf_addf(out, " (%s", variant + 1);
    if (spec->idle_s)
        strbuf_addf(out, "%sidle for %u s", variant ? ", " : " (", spec->idle_s);
    if (variant || spec->idle_s)
        strbuf_add(out, ")");
    phrase_add_ports(out, " destination", trace, true);
}

const char *phrase_how(enum verdict_how how, const char *otherwise)
{
    return how ? verdict_how_name(how) : otherwise;
}

const char *phrase_plural(size_t count)
{
    return count == 1 ? "" : "s";
}

const char *phrase_singular_verb(size_t count)
{
    return count == 1 ? "s" : "";
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

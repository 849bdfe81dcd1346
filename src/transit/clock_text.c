/* SPDX-License-Identifier: BSD-2-Clause */
/* The text of a clock's offset, as reports show it. Beside trace; pure. It must not estimate. */
#include <math.h>

#include "transit/clock.h"

static void add_ms(struct strbuf *text, nstime span, bool fine)
{
    strbuf_addf(text, "%.*f", fine ? 3 : 1, nstime_ms(span < 0 ? -span : span));
}

static const char *side_of(nstime ahead)
{
    return ahead < 0 ? "behind" : "ahead";
}

static void add_interval(struct strbuf *text, nstime least, nstime most)
{
    bool fine = most - least < NS_PER_MS;
    nstime near = least < 0 ? most : least, far = least < 0 ? least : most;
    if (least < 0 && most > 0) {
        add_ms(text, least, fine);
        strbuf_add(text, " ms behind to ");
        add_ms(text, most, fine);
        strbuf_add(text, " ms ahead");
        return;
    }
    add_ms(text, near, fine);
    strbuf_add(text, " to ");
    add_ms(text, far, fine);
    strbuf_addf(text, " ms %s", side_of(far));
}

/* One bound, of a value that is known to lie above it or below. */
static void add_bound(struct strbuf *text, nstime bound, bool is_least)
{
    bool away = is_least == (bound >= 0);
    strbuf_add(text, away ? "at least " : "at most ");
    add_ms(text, bound, false);
    strbuf_addf(text, " ms %s", side_of(bound));
}

static void add_segment(struct strbuf *text, const struct clock_segment *segment)
{
    if (segment->has_least && segment->has_most)
        add_interval(text, segment->least, segment->most);
    else
        add_bound(text, segment->has_least ? segment->least : segment->most, segment->has_least);
    if (segment->drifts)
        strbuf_addf(text, " and %s %.1f ppm", segment->drift_ppm < 0 ? "losing" : "gaining", fabs(segment->drift_ppm));
}

void clock_add_text(struct strbuf *text, const struct clock_estimate *estimate)
{
    for (unsigned i = 0; i < estimate->count; i++) {
        const struct clock_segment *segment = &estimate->segments[i];
        char time[NSTIME_TEXT_BYTES];
        nstime_format(segment->from, time);
        if (i > 0)
            strbuf_addf(text, ", from %.19sZ on ", time);
        add_segment(text, segment);
    }
}

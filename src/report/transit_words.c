/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/transit_words.h"

#include <string.h>

#include "report/summary.h"

void transit_add_ends(struct strbuf *text, const struct transit_conversation *c, enum transit_point point)
{
    const struct transit_ends *ends = &c->ends[point];
    const char *name = ip_protocol_name(c->protocol);
    if (name)
        strbuf_addf(text, "%s ", name);
    else
        strbuf_addf(text, "ip/%u ", c->protocol);
    summary_add_endpoint(text, &ends->client, ends->client_port != 0, ends->client_port);
    strbuf_add(text, " > ");
    summary_add_endpoint(text, &ends->server, ends->server_port != 0, ends->server_port);
}

void transit_add_conversation(struct strbuf *text, const struct transit_conversation *c)
{
    transit_add_ends(text, c, addr_is_none(&c->ends[TRANSIT_NEAR].client) ? TRANSIT_FAR : TRANSIT_NEAR);
}

unsigned transit_file(const struct transit_section *section, enum transit_point point,
                      const struct transit_frame *frame)
{
    return section->first_file[point] + frame->file;
}

void transit_add_frame(struct strbuf *text, const struct result *result, const struct transit_section *section,
                       enum transit_point point, const struct transit_frame *frame)
{
    strbuf_addf(text, "%llu", (unsigned long long)frame->number);
    if (section->file_count[point] < 2)
        return;
    strbuf_add(text, " of ");
    summary_add_file_name(text, result->source.files[transit_file(section, point, frame)].name);
}

const char *transit_point_name(enum transit_point point)
{
    return point == TRANSIT_NEAR ? "near" : "far";
}

const char *transit_point_text(const struct transit_section *section, enum transit_point point)
{
    if (section->is_named)
        return section->names[point];
    return point == TRANSIT_NEAR ? "the near point" : "the far point";
}

const char *transit_way_name(enum transit_way way)
{
    return way == TRANSIT_TOWARD_FAR ? "toward-far" : "toward-near";
}

static const struct {
    const char *name, *text;
} reasons[TRANSIT_REASONS] = {
    [TRANSIT_JUDGED] = {"", NULL},
    [TRANSIT_NOT_COVERED] = {"not-covered", "the other capture began later or ended earlier"},
    [TRANSIT_SILENT] = {"silent", "the other capture has no frame at all for a long time around them"},
    [TRANSIT_MISSED] = {"missed", "the other capture missed them: they arrived all the same"},
    [TRANSIT_CAPTURE_DROPS] = {"capture-drops", "the other capture missed packets, and may have missed these"},
    [TRANSIT_UNPAIRED] = {"unpaired", "nothing shows that their conversations pass both points"},
    [TRANSIT_PROXIED] = {"proxied", "a proxy ended their connections and opened others"},
    [TRANSIT_AMBIGUOUS] = {"ambiguous", "other packets or connections look like them"},
    [TRANSIT_WAY_UNKNOWN] = {"way-unknown", "nothing shows which point they passed first"},
    [TRANSIT_FRAGMENTED] = {"fragmented", "some of their fragments are missing"},
    [TRANSIT_EXPIRED] = {"expired", "their TTL does not take them to the other point, as those of a trace"},
    [TRANSIT_OFFLOADED] = {"offloaded", "offloading put several datagrams of their conversations into one frame"},
};

const char *transit_reason_text(enum transit_reason reason)
{
    return reasons[reason].text;
}

const char *transit_reason_name(enum transit_reason reason)
{
    return reasons[reason].name;
}

const char *transit_fate_name(enum transit_fate fate)
{
    static const char *const names[TRANSIT_FATES] = {[TRANSIT_LOST] = "lost",
                                                     [TRANSIT_FORGED] = "forged",
                                                     [TRANSIT_MIDWAY] = "midway",
                                                     [TRANSIT_UNJUDGED] = "unjudged"};
    return names[fate];
}

static void add_flags(struct strbuf *text, uint8_t flags)
{
    static const struct {
        uint8_t flag;
        const char *name;
    } names[] = {{TCP_SYN, "SYN"}, {TCP_FIN, "FIN"}, {TCP_RST, "RST"}, {TCP_ACK, "ACK"}};
    const char *between = "";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!(flags & names[i].flag))
            continue;
        strbuf_addf(text, "%s%s", between, names[i].name);
        between = "/";
    }
}

void transit_add_packet(struct strbuf *text, const struct transit_alone *alone, uint8_t protocol)
{
    uint8_t marked = alone->tcp_flags & (TCP_SYN | TCP_RST | TCP_FIN);
    if (protocol != IP_TCP) {
        strbuf_addf(text, "%u bytes", alone->bytes);
        return;
    }
    if (marked || !alone->bytes)
        add_flags(text, alone->tcp_flags);
    else
        strbuf_addf(text, "%u bytes", alone->bytes);
    strbuf_addf(text, ", seq %u", alone->seq);
}

bool transit_clock_bounds(const struct clock_estimate *clock, nstime *offset, nstime *uncertainty)
{
    const struct clock_segment *segment = &clock->segments[0];
    if (!clock->count)
        return false;
    *offset = segment->offset;
    if (!segment->has_least || !segment->has_most)
        return false;
    *uncertainty = (segment->most - segment->least) / 2;
    return true;
}

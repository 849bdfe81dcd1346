/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/table/port_columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verdict/port_verdicts.h"

#define ANSWERED_OF_HOP 8 /* probes with a reply that a column keeps of each hop: a cell shows one of each sender */

static bool is_of_group(const struct port_group *group, const struct trace *list, const struct probe *probe)
{
    unsigned port = probe->target_port;
    return list->ports == group->trace->ports && (group->ports[port >> 3] >> (port & 7) & 1);
}

/* The column shares the replies; its own numbers follow from them. A probe that went beyond the end of the path stands
 * there. */
static bool add_probe(struct trace *column, const struct probe *probe, uint8_t ttl)
{
    struct probe *copy = trace_add_probe(column, 0, ttl, probe->sent);
    if (!copy)
        return false;
    copy->state = probe->state;
    copy->replies = probe->replies;
    copy->reply_count = probe->reply_count;
    for (unsigned i = 0; i < probe->reply_count; i++)
        trace_note_reply(column, ttl, &probe->replies[i]);
    return true;
}

/* Silence shows only where no port of the group was answered. */
static bool add_probes(struct trace *column, const struct port_group *group, const struct trace *list, uint8_t end,
                       bool answered)
{
    unsigned kept[256] = {0};
    for (size_t i = 0; i < list->probe_count; i++) {
        const struct probe *probe = &list->probes[i];
        if ((probe->reply_count > 0) != answered || !is_of_group(group, list, probe))
            continue;
        uint8_t ttl = probe->ttl < end ? probe->ttl : end;
        if (answered ? kept[ttl]++ >= ANSWERED_OF_HOP : trace_asked(column, ttl) > 0)
            continue;
        if (!add_probe(column, probe, ttl))
            return false;
    }
    return true;
}

static bool make_column(const struct result *result, const struct port_group *group, uint8_t end, struct trace *column,
                        char *name)
{
    trace_init(column);
    column->flow = group->trace->flow;
    column->flow.template_bytes = NULL;
    column->flow.spec = port_list_spec(group->trace->ports, group->first);
    column->flow.target_port = group->first;
    column->gap = group->trace->gap;
    column->max_ttl = group->trace->max_ttl;
    probe_spec_format(&column->flow.spec, name);
    size_t length = strlen(name);
    if (group->count > 1)
        snprintf(name + length, PROBE_SPEC_TEXT_BYTES - length, "+%u", group->count - 1);
    bool good = true;
    for (unsigned pass = 0; pass < 2; pass++)
        for (unsigned i = 0; good && i < result->lists.count; i++)
            good = add_probes(column, group, result->lists.traces[i], end, pass == 0);
    return good;
}

/* The last row: the target's hop, or the one behind the last router. */
static uint8_t end_of(const struct portmap *ports)
{
    unsigned ttl = ports->end_ttl;
    while (!ports->end_is_known && ttl > 1 && addr_is_none(&ports->routers[ttl - 1]))
        ttl--;
    return (uint8_t)ttl;
}

static bool make_columns(const struct result *result, const struct portmap *ports, const struct port_groups *groups,
                         struct port_columns *out)
{
    bool good = true;
    for (unsigned i = 0; good && i < groups->count && out->count < PORT_COLUMNS_MOST; i++) {
        struct trace *column = &out->traces[out->count];
        good = make_column(result, &groups->of[i], end_of(ports), column, out->names[out->count]);
        out->list[out->set.count++] = column;
        out->count++;
    }
    return good;
}

bool port_columns_make(const struct result *result, const struct portmap *ports, struct port_columns *out)
{
    struct port_groups *groups = malloc(sizeof *groups);
    out->count = 0;
    out->set = result->specs;
    memcpy(out->list, result->specs.traces, result->specs.count * sizeof *out->list);
    out->set.traces = out->list;
    bool good = groups && ports_group(ports, groups);
    if (good) {
        good = make_columns(result, ports, groups, out);
        ports_free_groups(groups);
    }
    free(groups);
    return good;
}

void port_columns_free(struct port_columns *columns)
{
    for (unsigned i = 0; i < columns->count; i++) {
        for (size_t k = 0; k < columns->traces[i].probe_count; k++) {
            columns->traces[i].probes[k].replies = NULL;
            columns->traces[i].probes[k].reply_count = 0;
        }
        trace_free(&columns->traces[i]);
    }
    columns->count = 0;
}

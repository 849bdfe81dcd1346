/* SPDX-License-Identifier: BSD-2-Clause */
/* port_verdicts: the verdict of each port of a list, and the groups of ports with one fate at one place. Floor 4; pure.
 */
#ifndef HOPSONDE_VERDICT_PORT_VERDICTS_H
#define HOPSONDE_VERDICT_PORT_VERDICTS_H

#include "portmap/portmap.h"
#include "verdict/verdict.h"

/* Ports of one list with the same state, reason and place. */
struct port_group {
    const struct trace *trace; /* the first that has such a port; its list is the group's */
    enum verdict_state state;
    enum verdict_how how;
    struct place at, after, before;
    uint32_t count;    /* ports */
    uint32_t inferred; /* of these, ports whose place is that of their neighbours */
    uint8_t *ports;    /* owned; a bit for each port */
    uint16_t first;    /* the first port */
    double confidence; /* of the least certain port */
};

/* Groups of a run.
 * Unit: groups. Source: chosen; a reader looks at some ten. Effect: further fates are left out of the text, which says
 * so; JSON has a verdict for each port anyway. */
#define PORT_GROUPS_MOST 128

struct port_groups {
    struct port_group of[PORT_GROUPS_MOST]; /* list by list; the smallest group of a list first */
    unsigned count;
    uint32_t left_out; /* ports whose group found no room */
};

/* The verdict of one port. False: nothing was sent to it. */
bool ports_judge(const struct portmap *map, const struct port_entry *entry, struct verdict *out);
/* False: memory is short. */
bool ports_group(const struct portmap *map, struct port_groups *out);
void ports_free_groups(struct port_groups *groups);
/* Adds "tcp/135-139,445": the group's ports from this one on, as a port list of PORT_LIST_TEXT_MOST bytes at most.
 * Returns the port with which another list begins; 0: these are all. */
unsigned ports_add_probe(const struct port_group *group, unsigned from, struct strbuf *out);
/* Adds "tcp dropped after hop 3 (10.77.3.2): 135-139,445"; if there are many ranges, only `all` adds each. */
void ports_add_line(const struct port_group *group, bool all, struct strbuf *out);
/* The verdict of this spec, which is one port of a list. False: no list has it, or nothing was sent to it. */
bool ports_find(const struct portmap *map, const struct probe_spec *spec, struct verdict *out);
/* Whether one of the ports is open, closed or forwarded. */
bool ports_reach(const struct portmap *map);

#endif

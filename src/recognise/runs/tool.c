/* SPDX-License-Identifier: BSD-2-Clause */
/* One row a tool, from packets that it sent in our lab: traceroute 2.1, inetutils 2.4, mtr 0.95, tcptraceroute 1.5, lft
 * 3.91, scamper 20211212, dublin-traceroute 0.4.2, nmap 7.93, hping3, tracepath of iputils; Windows tracert. From their
 * sources: WinMTR, trippy, trace6 of thc-ipv6 and yarrp. The first row that fits is the tool; a run may fit none.
 */
#include "recognise/runs/tool.h"

#include <string.h>

/* --- signs --- */

static bool payload_begins(const struct run *run, const char *text, size_t length)
{
    return run->shown.payload_length >= length && memcmp(run->shown.payload, text, length) == 0;
}

static bool payload_is_all(const struct run *run, uint8_t byte)
{
    for (unsigned i = 0; i < run->shown.payload_length; i++)
        if (run->shown.payload[i] != byte)
            return false;
    return run->shown.payload_length > 0;
}

static bool payload_is_zero(const struct run *run)
{
    return payload_is_all(run, 0);
}

/* IPv6 headers are 20 bytes longer. */
static bool has_size(const struct run *run, unsigned size)
{
    return run->shown.size == (run->version == 6 ? size + 20 : size);
}

static bool is_steady(const struct field *field)
{
    return field->movement == MOVE_CONSTANT || field->movement == MOVE_NONE;
}

static bool is_rising(const struct field *field)
{
    return field->movement == MOVE_RISING;
}

static bool counts_from(const struct field *field, uint32_t first, uint32_t span)
{
    return field->first >= first && field->first < first + span;
}

/* --- tools --- */

static bool is_hopsonde(const struct run *run)
{
    return run->shown.payload_length == 12 && memcmp(run->shown.payload + 8, "hops", 4) == 0;
}

static bool is_linux_traceroute(const struct run *run)
{
    switch (run->shape) {
    case SHAPE_UDP:
    case SHAPE_UDPLITE:
        return payload_begins(run, "@ABCDEFG", 8);
    case SHAPE_ECHO:
        return payload_begins(run, "HIJKLMNO", 8);
    case SHAPE_SYN:
        return (run->shown.window == 5840 || run->shown.window == 5760) && run->shown.has_options &&
               run->source_port.movement == MOVE_RANDOM;
    case SHAPE_RAW:
        return payload_begins(run, "@ABCDEFG", 8);
    default:
        return false;
    }
}

static bool is_bsd_traceroute(const struct run *run)
{
    return run->shape == SHAPE_UDP && is_steady(&run->source_port) && is_rising(&run->target_port) &&
           counts_from(&run->target_port, 33434, 256) && run->target_port.steps_of_one + 1 >= run->count / 2 &&
           run->source_port.first >= 0x8000 && !run->shown.dont_fragment && run->restarts == 0 &&
           run->shown.payload_bytes > 0;
}

static bool is_inetutils(const struct run *run)
{
    return payload_begins(run, "SUPERMAN", 8) || (run->shape == SHAPE_ECHO && has_size(run, 52) &&
                                                  counts_from(&run->target_port, 0, 128) && run->shown.dont_fragment);
}

#define MTR_SIZE 64 /* of the whole packet, in both families */
#define MTR_COUNTS_FROM 33000
#define TRIPPY_SIZE 84 /* likewise */
#define TRIPPY_COUNTS_FROM 33434
#define TRACERT_SIZE 92

/* True if each sweep has one probe for each TTL; the capture may begin within one. */
static bool sweeps(const struct run *run)
{
    unsigned ttls = (unsigned)run->most_ttl - run->least_ttl + 1;
    unsigned sweeps = run->restarts + 1 + (run->first_ttl != run->least_ttl);
    return ttls == 1 || run->count <= sweeps * ttls;
}

/* mtr probes with packets of this size, too, if its user says so. */
static bool is_trippy(const struct run *run)
{
    if (run->shape == SHAPE_SYN)
        return run->shown.has_options && is_rising(&run->source_port) && sweeps(run) &&
               run->source_port.first == TRIPPY_COUNTS_FROM;
    const struct field *counter = is_steady(&run->target_port) ? &run->source_port : &run->target_port;
    return (run->shape == SHAPE_ECHO || run->shape == SHAPE_UDP) && run->shown.size == TRIPPY_SIZE && sweeps(run) &&
           payload_is_zero(run) && !run->shown.dont_fragment && counts_from(counter, TRIPPY_COUNTS_FROM, 64);
}

static bool is_mtr(const struct run *run)
{
    if (!sweeps(run))
        return false;
    if (run->shape == SHAPE_ECHO)
        return payload_is_zero(run) && run->target_port.first >= MTR_COUNTS_FROM && run->shown.size != TRACERT_SIZE &&
               (run->shown.size != TRIPPY_SIZE ||
                counts_from(&run->target_port, MTR_COUNTS_FROM, TRIPPY_COUNTS_FROM - MTR_COUNTS_FROM));
    if (run->shape == SHAPE_UDP)
        return payload_is_zero(run) && run->shown.size == MTR_SIZE && !run->shown.dont_fragment &&
               (run->target_port.first >= MTR_COUNTS_FROM || run->source_port.first >= MTR_COUNTS_FROM);
    return run->shape == SHAPE_SYN && run->shown.has_options && is_rising(&run->source_port) &&
           run->source_port.first >= MTR_COUNTS_FROM && !counts_from(&run->source_port, TRIPPY_COUNTS_FROM, 64) &&
           run->source_port.steps_of_one + 2 >= run->count / 2;
}

/* A thread for each TTL sends spaces, by the service of Windows. */
static bool is_winmtr(const struct run *run)
{
    return run->shape == SHAPE_ECHO && payload_is_all(run, ' ');
}

/* Both bytes of id and sequence number are the TTL; or SYNs without options, whose source port is the TTL above a base.
 */
static bool is_trace6(const struct run *run)
{
    uint32_t id = run->source_port.first;
    if (run->version != 6)
        return false;
    if (run->shape == SHAPE_ECHO)
        return id == run->target_port.first && id >> 8 == (id & 0xff) && run->source_port.movement != MOVE_CONSTANT;
    return run->shape == SHAPE_SYN && run->shown.window == 5760 && !run->shown.has_options && is_steady(&run->seq) &&
           is_rising(&run->source_port);
}

/* The IPv4 id holds the TTL in its low byte; in IPv6, the payload has a mark. */
static bool is_yarrp(const struct run *run)
{
    bool tcp = run->shape == SHAPE_SYN || run->shape == SHAPE_ACK;
    if (run->version == 6)
        return payload_begins(run, "yrp6", 4) || payload_begins(run, "6pry", 4);
    return tcp && run->shown.window == 0xfffe && (run->shown.ip_id & 0xff) == run->shown.ttl;
}

static bool is_tcptraceroute(const struct run *run)
{
    return run->shape == SHAPE_SYN && has_size(run, 40) && run->shown.window == 0 && is_steady(&run->source_port) &&
           is_steady(&run->seq) && run->seq.first != 0 && !run->shown.dont_fragment;
}

static bool is_lft(const struct run *run)
{
    return run->source_port.first == 53 && is_steady(&run->source_port) && is_steady(&run->ip_id) &&
           run->ip_id.first == 0 && (run->shape == SHAPE_SYN || run->shape == SHAPE_UDP) && run->version == 4;
}

static bool is_tracepath(const struct run *run)
{
    return run->shape == SHAPE_UDP && is_steady(&run->source_port) && counts_from(&run->target_port, 44444, 256) &&
           run->shown.payload_bytes >= 64;
}

/* Zeros, except for the two bytes that steer the checksum (paris). */
static bool is_scamper_payload(const struct run *run)
{
    for (unsigned i = 2; i < run->shown.payload_length; i++)
        if (run->shown.payload[i])
            return false;
    return true;
}

static bool is_scamper(const struct run *run)
{
    bool usual = run->shown.size == (run->version == 6 ? 60 : 44);
    bool counts_id = run->version == 6 || run->ip_id.movement != MOVE_CONSTANT;
    switch (run->shape) {
    case SHAPE_UDP:
        return usual && run->shown.dont_fragment == (run->version == 4) && run->source_port.first >= 0x8000 &&
               is_steady(&run->source_port) && counts_id && is_scamper_payload(run);
    case SHAPE_ECHO:
        return usual && counts_from(&run->target_port, 0, 128) && is_scamper_payload(run) &&
               (run->version == 6 || run->ip_id.first == 0 || run->ip_id.first == run->target_port.first + 1);
    case SHAPE_SYN:
    case SHAPE_ACK:
        return has_size(run, 40) && run->shown.window == 0 && is_steady(&run->source_port) && run->seq.first == 0 &&
               is_steady(&run->seq) && run->shown.ack == 0 && counts_id;
    default:
        return false;
    }
}

static bool is_dublin(const struct run *run)
{
    return run->shape == SHAPE_UDP && payload_begins(run, "NSMNC", 5);
}

static bool is_nmap(const struct run *run)
{
    if (!run->falling || run->least_ttl >= run->most_ttl)
        return false;
    if (run->shape == SHAPE_ECHO)
        return has_size(run, 28) && is_steady(&run->source_port);
    return run->source_port.movement == MOVE_NEAR || run->source_port.movement == MOVE_RISING;
}

static bool is_hping3(const struct run *run)
{
    if (run->shape == SHAPE_ECHO)
        return run->target_port.first % 256 == 0 && run->target_port.last % 256 == 0 && has_size(run, 28) &&
               run->count > 1 && run->target_port.last != run->target_port.first;
    if (!is_rising(&run->source_port) || run->source_port.steps_of_one + 2 < run->count / 2)
        return false;
    return (run->shape == SHAPE_SYN && run->shown.window == 512 && has_size(run, 40)) ||
           (run->shape == SHAPE_UDP && run->shown.payload_bytes == 0);
}

/* Windows numbers its pings by 1, or older ones by a multiple of 256; mtr by its process. */
static bool is_tracert(const struct run *run)
{
    uint32_t id = run->source_port.first;
    return run->shape == SHAPE_ECHO && has_size(run, TRACERT_SIZE) && payload_is_zero(run) &&
           (run->target_port.first < MTR_COUNTS_FROM || id == 1 || id % 256 == 0);
}

/* The number of the packet size, a space, and a filling. */
static bool is_pingplotter(const struct run *run)
{
    const uint8_t *p = run->shown.payload;
    unsigned i = 0, length = run->shown.payload_length;
    while (i < 5 && i < length && p[i] >= '0' && p[i] <= '9')
        i++;
    if (run->shape != SHAPE_ECHO || !i || i + 1 >= length || p[i] != ' ')
        return false;
    while (++i < length)
        if (p[i] != 0xaa)
            return false;
    return true;
}

/* --- marks --- */

/* No other program sends such packets: a single hop shows the tool. */
static bool is_always_marked(const struct run *run)
{
    return run->count > 0;
}

/* Router daemons open connections with TTL 1 as well, but not several at once. */
static bool is_marked_traceroute(const struct run *run)
{
    bool at_once = run->count >= 3 && run->last_time - run->trace.first_sent < NS_PER_S;
    return run->shape != SHAPE_SYN || (at_once && run->target_port.first != 179);
}

static bool is_marked_inetutils(const struct run *run)
{
    return run->shape != SHAPE_ECHO || run->target_port.first == 0;
}

/* Behind the first hops, the capture has one of several packets of each sweep: its TTL does not tell the hop. */
static bool has_whole_sweeps(const struct run *run)
{
    const struct field *counter = is_steady(&run->target_port) ? &run->source_port : &run->target_port;
    return counter->first == MTR_COUNTS_FROM || counter->first == TRIPPY_COUNTS_FROM ||
           (run->count > 1 && counter->steps_of_one + 1 == run->count);
}

static bool is_marked_mtr(const struct run *run)
{
    if (!has_whole_sweeps(run))
        return false;
    return run->shape == SHAPE_SYN ? run->source_port.first == MTR_COUNTS_FROM : run->shown.size == MTR_SIZE;
}

static bool is_marked_scamper(const struct run *run)
{
    return run->version == 4 &&
           (run->shape == SHAPE_ECHO || (run->shape == SHAPE_UDP && counts_from(&run->target_port, 33435, 64)));
}

static const struct tool {
    const char *name;
    bool (*made)(const struct run *run);
    bool (*marked)(const struct run *run); /* of packets that it made; NULL: others send such packets as well */
    bool rounds;                           /* it sends one packet a hop, again and again */
} tools[] = {
    {"hopsonde", is_hopsonde, is_always_marked, false},
    {"traceroute (Linux)", is_linux_traceroute, is_marked_traceroute, false},
    {"inetutils-traceroute", is_inetutils, is_marked_inetutils, false},
    {"dublin-traceroute", is_dublin, is_always_marked, false},
    {"tracert (Windows)", is_tracert, is_always_marked, false},
    {"tracepath", is_tracepath, is_always_marked, false},
    {"lft", is_lft, NULL, false},
    {"tcptraceroute", is_tcptraceroute, is_always_marked, false},
    {"WinMTR", is_winmtr, has_whole_sweeps, true},
    {"PingPlotter", is_pingplotter, NULL, true},
    {"trace6 (thc-ipv6)", is_trace6, NULL, false},
    {"yarrp", is_yarrp, NULL, false},
    {"scamper", is_scamper, is_marked_scamper, false},
    {"nmap", is_nmap, NULL, false},
    {"hping3", is_hping3, NULL, false},
    {"trippy", is_trippy, has_whole_sweeps, true},
    {"mtr", is_mtr, is_marked_mtr, true},
    {"traceroute (BSD)", is_bsd_traceroute, is_always_marked, false},
};

static const struct tool *tool_of(const struct run *run)
{
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
        if (tools[i].made(run))
            return &tools[i];
    return NULL;
}

bool tool_knows(const struct run *run)
{
    return tool_of(run) != NULL;
}

bool tool_is_marked(const struct run *run)
{
    const struct tool *tool = tool_of(run);
    return tool && tool->marked && tool->marked(run);
}

/* --- where the capture was taken --- */

/* By how much the TTLs of all candidates are below those that their counters give; -1: they differ. */
static int steady_shift(const struct run *run, uint32_t first, unsigned queries)
{
    int shift = -1;
    for (const struct candidate *candidate = run->oldest; candidate; candidate = candidate->after) {
        uint32_t counter = candidate->traits.word & 0xffff;
        if (counter < first)
            return -1;
        int by = (int)((counter - first) / queries) + 1 - candidate->traits.ttl;
        if (by < 0 || by > PROBE_TTL_MOST || (shift >= 0 && by != shift))
            return -1;
        shift = by;
    }
    return shift;
}

static uint8_t shift_by_counter(const struct run *run, uint32_t first, unsigned queries)
{
    static const uint8_t usual[] = {3, 1, 2, 4, 5, 6, 7, 8, 9, 10};
    if (run->least_ttl == run->most_ttl) { /* three packets a hop are the default */
        int shift = run->count > 1 ? steady_shift(run, first, queries ? queries : 3) : 0;
        return shift > 0 ? (uint8_t)shift : 0;
    }
    for (size_t i = 0; i < sizeof usual; i++) {
        if (queries && usual[i] != queries)
            continue;
        int shift = steady_shift(run, first, usual[i]);
        if (shift >= 0)
            return (uint8_t)shift;
    }
    return 0;
}

static const struct field *mtr_counter(const struct run *run)
{
    return run->shape == SHAPE_ECHO || is_steady(&run->source_port) ? &run->target_port : &run->source_port;
}

/* mtr counts every probe: if the capture lacks those of the first hops, each sweep begins with a step as large. One
 * sweep does not show it, since the capture may have begun late. */
static uint8_t shift_of_mtr(const struct run *run)
{
    bool tells = run->least_ttl == 1 && run->restarts && run->restart_step < PROBE_TTL_MOST;
    return tells && run->restart_step ? (uint8_t)(run->restart_step - 1) : 0;
}

/* tracepath writes the TTL into its payload: 32 bits in the byte order of its host. */
static uint8_t shift_of_tracepath(const struct run *run)
{
    const uint8_t *p = run->shown.payload;
    unsigned ttl = p[0] ? p[0] : p[3];
    return run->shown.payload_length >= 4 && ttl > run->first_ttl && ttl < 128 ? (uint8_t)(ttl - run->first_ttl) : 0;
}

/* The first probes of an mtr may be missing because the capture began late, or because it was taken behind the first
 * hops. Only a second sweep shows which. */
bool tool_place_is_known(const struct run *run)
{
    return run->restarts || run->least_ttl != 1 || mtr_counter(run)->first == MTR_COUNTS_FROM || !is_mtr(run);
}

uint8_t tool_captured_at(const struct run *run)
{
    if (is_hopsonde(run))
        return 0;
    if (is_linux_traceroute(run) && run->shape == SHAPE_UDP)
        return shift_by_counter(run, 33434, 0);
    if (is_linux_traceroute(run) && run->shape == SHAPE_ECHO)
        return shift_by_counter(run, 1, 0);
    if (is_inetutils(run))
        return run->shape == SHAPE_UDP ? shift_by_counter(run, 33434, 1) : shift_by_counter(run, 0, 3);
    if (is_tracepath(run))
        return shift_of_tracepath(run);
    if (is_mtr(run))
        return shift_of_mtr(run);
    return is_bsd_traceroute(run) ? shift_by_counter(run, 33435, 0) : 0;
}

/* --- describing --- */

static const char *grouping(const struct run *run)
{
    if (run->shape == SHAPE_ECHO && !is_steady(&run->source_port))
        return "an echo id for each TTL, TTLs in order";
    if (run->shape == SHAPE_ECHO)
        return is_rising(&run->target_port) ? "one echo id, rising sequence numbers" : "one echo id";
    if (run->shape == SHAPE_RAW)
        return run->ip_id.movement == MOVE_RISING ? "addresses and protocol, rising IP ids" : "addresses and protocol";
    if (is_steady(&run->source_port) && !is_steady(&run->target_port))
        return "one source port, rising target ports";
    if (is_steady(&run->source_port) && is_rising(&run->seq))
        return "the same ports, rising sequence numbers";
    if (is_steady(&run->source_port))
        return "the same ports";
    if (run->source_port.movement == MOVE_RISING)
        return is_steady(&run->target_port) ? "rising source ports, one target port" : "rising ports";
    if (run->source_port.movement == MOVE_NEAR)
        return "source ports near each other, one target port";
    return is_steady(&run->target_port) ? "one target port, TTLs in order" : "rising target ports, TTLs in order";
}

/* A UDP payload queries the service of a port only if the port stays the same, and a TCP payload needs a connection. A
 * name says more than the row without one. The spec borrows it from the run. */
static void describe_payload(const struct run *run, const struct probe_type *type, struct probe_spec *spec)
{
    const struct traits *shown = &run->shown;
    int port = is_steady(&run->target_port) ? (uint16_t)run->target_port.first : -1;
    struct cursor payload = cursor_init(shown->payload, shown->payload_length);
    enum probe_shape shape = run->trace.handshakes.count ? SHAPE_SESSION : (enum probe_shape)run->shape;
    const struct probe_variant_row *seen = probe_variant_seen(type, shape, port, payload, shown->payload_bytes);
    spec->variant = seen->variant;
    if (!run->name || port < 0)
        return;
    struct probe_spec named = *spec;
    named.variant = run->name->variant;
    if (probe_spec_variant(&named)->needs_connection == seen->needs_connection) {
        spec->variant = named.variant;
        spec->name = run->name->text;
    }
}

/* The shortest time without a packet after which a connection counts as left alone.
 * Unit: ns. Source: chosen; tools send data soon after the handshake, and no device is known to forget connections
 * sooner. Effect: a shorter one names the pause of a slow tool; with a longer one such sessions look fresh. */
#define IDLE_LEAST (5 * NS_PER_S)

/* Seconds for which its connections were left alone before; 0: for too short a time to count. The nearest number:
 * clocks of several files are off by a little. */
static uint32_t idle_of(const struct run *run, const struct probe_spec *spec)
{
    nstime most = IDLE_MOST_S * NS_PER_S, idle = run->idle < most ? run->idle : most;
    return probe_spec_variant(spec)->needs_connection && idle >= IDLE_LEAST
               ? (uint32_t)((idle + NS_PER_S / 2) / NS_PER_S)
               : 0;
}

void tool_describe(struct run *run)
{
    struct flow *flow = &run->trace.flow;
    struct trace_origin *origin = &run->trace.origin;
    const struct tool *tool = tool_of(run);
    const struct probe_type *type = probe_type_of_protocol(run->protocol);
    bool has_ports = type->has_port;
    origin->tool = tool ? tool->name : NULL;
    origin->grouped_by = grouping(run);
    origin->rounds = run->restarts + 1;
    if (tool && tool->rounds && run->least_ttl == run->most_ttl && run->most_ttl)
        origin->rounds = run->count;
    origin->source_port_varies = has_ports && !is_steady(&run->source_port);
    origin->target_port_varies = has_ports && !is_steady(&run->target_port);
    flow->source_port = (uint16_t)run->source_port.first;
    flow->target_port = has_ports ? (uint16_t)run->target_port.first : 0;
    flow->size = run->shown.size;
    uint16_t port = origin->target_port_varies ? type->default_port : flow->target_port;
    flow->spec = (struct probe_spec){
        .type = type,
        .protocol = type->protocol ? type->protocol : run->protocol,
        .port = has_ports ? port : 0,
    };
    describe_payload(run, type, &flow->spec);
    flow->spec.idle_s = idle_of(run, &flow->spec);
}

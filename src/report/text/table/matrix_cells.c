/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/text/table/matrix_cells.h"

#include <stdio.h>
#include <string.h>

#include "report/paint.h"
#include "silence/rate_limit.h"

/* --- refusals --- */

unsigned matrix_first_asked(const struct trace_set *specs)
{
    unsigned first = 255;
    for (unsigned i = 0; i < specs->count; i++) {
        const struct trace *trace = specs->traces[i];
        if (trace->started && trace->least_ttl < first)
            first = trace->least_ttl;
    }
    return first;
}

/* Whether the verdict gives the hop of a device that refuses. */
static bool places_refusal(const struct verdict *verdict)
{
    return (verdict->state == VERDICT_REJECTED || verdict->state == VERDICT_UNREACHABLE) && verdict->at.ttl;
}

/* The nearest hop at which this router lets probes of any spec expire; `otherwise`: none before `end`. */
static unsigned row_of_router(const struct matrix_view *view, unsigned end, const struct addr *router,
                              unsigned otherwise)
{
    for (unsigned ttl = 1; ttl < end; ttl++)
        for (unsigned i = 0; i < view->specs->count; i++) {
            struct addr here = trace_router_address(view->specs->traces[i], (uint8_t)ttl);
            if (addr_equal(&here, router))
                return ttl;
        }
    return otherwise;
}

/* A device refuses what it is to forward, so the probe's TTL is that of a hop behind it. The refusal stands in the row
 * of the device: of the hop that the verdicts give, or else of the smallest TTL that this refusal answers. If that row
 * is not shown, it stays at the probe's TTL. */
static uint8_t refusal_row(const struct matrix_view *view, const struct trace *trace, const struct probe *probe,
                           const struct reply *reply)
{
    unsigned row = trace_refused_from(trace, probe, reply);
    if (view->has_ports)
        row = row_of_router(view, probe->ttl, &reply->from, row);
    for (unsigned i = 0; view->judgement && i < view->judgement->verdict_count; i++) {
        const struct verdict *verdict = &view->judgement->verdicts[i];
        if (!places_refusal(verdict) || verdict->at.ttl > probe->ttl || !addr_equal(&verdict->at.address, &reply->from))
            continue;
        row = verdict->at.ttl;
        if (verdict->trace == trace)
            break;
    }
    return (uint8_t)(row < matrix_first_asked(view->specs) ? probe->ttl : row);
}

/* The refusal by another device that answered this probe; NULL: none. */
static const struct reply *refusal_of(const struct trace *trace, const struct probe *probe)
{
    const struct reply *reply = probe_answer(probe);
    return reply && reply_refuses(trace, reply) ? reply : NULL;
}

/* Whether the refusal that answered this probe stands in another row. */
static bool is_displaced(const struct matrix_view *view, const struct trace *trace, const struct probe *probe)
{
    const struct reply *reply = refusal_of(trace, probe);
    return reply && refusal_row(view, trace, probe, reply) != probe->ttl;
}

/* The first probe whose refusal stands in this row, by `owner`; NULL: by any device. */
static const struct probe *find_refused(const struct matrix_view *view, const struct trace *trace, uint8_t row,
                                        const struct addr *owner)
{
    for (size_t i = 0; trace->refused_ttl && i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        const struct reply *reply = probe->ttl >= row ? refusal_of(trace, probe) : NULL;
        if (reply && (!owner || addr_equal(&reply->from, owner)) && refusal_row(view, trace, probe, reply) == row)
            return probe;
    }
    return NULL;
}

/* Whether a device at a nearer hop refuses this spec: no probe of it came here. */
static bool is_behind_refusal(const struct matrix_view *view, const struct trace *trace, uint8_t row)
{
    for (unsigned i = 0; view->judgement && i < view->judgement->verdict_count; i++) {
        const struct verdict *verdict = &view->judgement->verdicts[i];
        if (verdict->trace == trace)
            return places_refusal(verdict) && verdict->at.ttl < row;
    }
    return false;
}

/* --- cells --- */

/* As many decimals as fit, at most three. */
static void set_rtt(struct matrix_cell *cell, nstime rtt)
{
    if (rtt == NSTIME_NONE) {
        snprintf(cell->text, sizeof cell->text, "?");
        return;
    }
    for (int decimals = 3; decimals >= 0; decimals--)
        if (snprintf(cell->text, sizeof cell->text, "%.*f", decimals, nstime_ms(rtt)) <= MATRIX_CELL_COLUMNS)
            return;
}

static bool set_mark(struct matrix_cell *cell, const struct trace *trace, const struct reply *reply)
{
    mark_format(trace, reply, cell->text);
    if (strlen(cell->text) > MATRIX_CELL_COLUMNS) /* the MTU is in the finding */
        cell->text[strcspn(cell->text, "-")] = '\0';
    cell->sgr = PAINT_RED;
    return cell->text[0] != '\0';
}

static void set_port_state(struct matrix_cell *cell, const char *state)
{
    snprintf(cell->text, sizeof cell->text, "%s", state);
    cell->sgr = PAINT_GREEN;
}

/* True: the reply shows its sender at this hop. A refusal by another device does not. */
static bool has_owner(const struct trace *trace, const struct reply *reply)
{
    return reply->kind == REPLY_TIME_EXCEEDED || reply_reaches(trace, reply);
}

/* The first probe at this TTL that `owner` answered; NULL: the first whose reply shows no owner and is no refusal. */
static const struct probe *find_answer(const struct trace *trace, uint8_t ttl, const struct addr *owner)
{
    for (const struct probe *probe = trace_first_at(trace, ttl); probe; probe = trace_next_at(trace, probe)) {
        const struct reply *reply = probe_answer(probe);
        if (!reply || reply_refuses(trace, reply) || has_owner(trace, reply) != (owner != NULL))
            continue;
        if (!owner || addr_equal(&reply->from, owner))
            return probe;
    }
    return NULL;
}

static void set_answer(struct matrix_cell *cell, const struct trace *trace, const struct probe *probe)
{
    const struct reply *reply = probe_answer(probe);
    const char *state = reply_reaches(trace, reply) ? mark_hop_port_state(trace, probe->ttl) : NULL;
    if (state)
        set_port_state(cell, state);
    else if (mark_refuses_port(trace, reply))
        set_port_state(cell, "closed");
    else if (!set_mark(cell, trace, reply)) {
        cell->sgr = NULL;
        set_rtt(cell, reply_rtt(probe, reply));
    }
}

/* Whether one of the rows of this hop has the device that refused at it. */
static bool has_row(const struct matrix_owners *owners, const struct addr *address)
{
    for (unsigned i = 0; i < owners->count; i++)
        if (addr_equal(&owners->address[i], address))
            return true;
    return false;
}

/* The probe that the cell shows, on the row of `owner` (NULL: no address is known at this hop); NULL: none. A refusal
 * comes first: it says more than the time of an expired probe. */
static const struct probe *find_shown(const struct matrix_view *view, const struct trace *trace, uint8_t ttl,
                                      const struct matrix_owners *owners, unsigned row)
{
    const struct addr *owner = owners->count ? &owners->address[row] : NULL;
    const struct probe *probe = owner ? find_refused(view, trace, ttl, owner) : NULL;
    if (!probe && row == 0) {
        probe = find_refused(view, trace, ttl, NULL);
        if (probe && has_row(owners, &probe_answer(probe)->from))
            probe = NULL;
    }
    if (!probe && owner)
        probe = find_answer(trace, ttl, owner);
    return probe || row ? probe : find_answer(trace, ttl, NULL);
}

bool matrix_is_shown(const struct matrix_view *view, const struct trace *trace, uint8_t ttl)
{
    for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p))
        if (probe_answer(p) && !is_displaced(view, trace, p))
            return true;
    return find_refused(view, trace, ttl, NULL) != NULL;
}

bool matrix_is_silent(const struct matrix_view *view, const struct trace *trace, uint8_t ttl)
{
    bool sent = false; /* a send that failed does not count */
    if (is_behind_refusal(view, trace, ttl))
        return false;
    for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p)) {
        if (probe_answer(p))
            return false;
        sent = sent || p->state != PROBE_REFUSED;
    }
    return sent;
}

static bool is_unproven(const struct trace *trace, uint8_t ttl)
{
    for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p))
        if (p->unproven_count)
            return true;
    return false;
}

struct matrix_cell matrix_make_cell(const struct matrix_view *view, const struct trace *trace, uint8_t ttl,
                                    const struct matrix_owners *owners, unsigned row)
{
    struct matrix_cell cell = {.sgr = NULL};
    const struct probe *probe = find_shown(view, trace, ttl, owners, row);
    if (probe) {
        set_answer(&cell, trace, probe);
    } else if (row == 0 && !matrix_is_shown(view, trace, ttl)) {
        bool silent = matrix_is_silent(view, trace, ttl), limited = silent && rate_limit_hides(view->specs, trace, ttl);
        bool unproven = silent && is_unproven(trace, ttl);
        strcpy(cell.text, unproven ? "?" : limited ? MATRIX_LIMITED : silent ? "*" : "-");
        cell.is_limited = limited && !unproven;
        cell.sgr = PAINT_DIM;
    }
    return cell;
}

/* --- the addresses of a hop --- */

static void note_owner(struct matrix_owners *owners, const struct addr *address)
{
    for (unsigned i = 0; i < owners->count; i++)
        if (addr_equal(&owners->address[i], address))
            return;
    if (owners->count < MATRIX_OWNERS_MOST)
        owners->address[owners->count++] = *address;
}

/* Routers come first: a reply from the target's address at a router's hop does not come from a neighbour of it. */
void matrix_find_owners(const struct trace_set *specs, unsigned first, unsigned count, uint8_t ttl,
                        struct matrix_owners *out)
{
    out->count = 0;
    for (unsigned pass = 0; pass < 2; pass++)
        for (unsigned i = first; i < first + count; i++) {
            const struct trace *trace = specs->traces[i];
            for (const struct probe *p = trace_first_at(trace, ttl); p; p = trace_next_at(trace, p)) {
                const struct reply *reply = probe_answer(p);
                bool router = reply && reply->kind == REPLY_TIME_EXCEEDED;
                if (reply && has_owner(trace, reply) && router == (pass == 0))
                    note_owner(out, &reply->from);
            }
        }
}

struct addr matrix_address_at(const struct matrix_view *view, uint8_t ttl)
{
    const struct trace_set *specs = view->specs;
    struct matrix_owners owners;
    matrix_find_owners(specs, 0, specs->count, ttl, &owners);
    for (unsigned i = 0; !owners.count && i < specs->count; i++) {
        const struct probe *refused = find_refused(view, specs->traces[i], ttl, NULL);
        if (refused)
            return probe_answer(refused)->from;
    }
    return owners.count ? owners.address[0] : (struct addr){0};
}

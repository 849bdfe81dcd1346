/* findings: what is worth telling beside the verdicts. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "verdict/facts.h"

static struct finding *add(struct judgement *out, const char *kind, const struct trace *trace)
{
    if (out->finding_count == sizeof out->findings / sizeof *out->findings)
        return NULL;
    struct finding *finding = &out->findings[out->finding_count++];
    *finding = (struct finding){.kind = kind, .trace = trace};
    return finding;
}

static void find_local_drop(const struct trace *trace, const char *spec, struct judgement *out)
{
    unsigned refused = 0;
    int cause = 0;
    for (size_t i = 0; i < trace->probe_count; i++)
        if (trace->probes[i].state == PROBE_REFUSED) {
            refused++;
            cause = trace->probes[i].send_errno;
        }
    struct finding *finding = refused ? add(out, "local-drop", trace) : NULL;
    if (!finding)
        return;
    finding->detail[0].name = "refused";
    finding->detail[0].number = refused;
    finding->detail[1].name = "sent";
    finding->detail[1].number = (double)trace->probe_count - refused;
    finding->detail[2].name = "errno";
    finding->detail[2].number = cause;
    snprintf(finding->text, sizeof finding->text, "this host kept back %u of %zu %s probes: %s%s", refused,
             trace->probe_count, spec, strerror(cause), cause == EPERM ? " (a local firewall rule)" : "");
}

static void find_loop(const struct trace *trace, const char *spec, struct judgement *out)
{
    struct finding *finding = trace->loop_first ? add(out, "loop", trace) : NULL;
    if (!finding)
        return;
    char address[ADDR_TEXT_BYTES];
    finding->at =
        (struct place){.known = true, .ttl = trace->loop_first, .address = trace_hop_address(trace, trace->loop_first)};
    finding->detail[0].name = "length";
    finding->detail[0].number = trace->loop_length;
    addr_format(&finding->at.address, address);
    snprintf(finding->text, sizeof finding->text, "%u routers send %s round in a circle from hop %u (%s) on",
             trace->loop_length, spec, trace->loop_first, address);
}

/* Time exceeded in the target's own name at a hop: a DNAT before it signs for all behind it. */
static void find_nat(const struct trace *trace, const char *spec, struct judgement *out)
{
    struct finding *finding = NULL;
    unsigned hops = 0;
    for (unsigned ttl = 1; ttl < 256; ttl++)
        for (const struct probe *p = trace_first_at(trace, (uint8_t)ttl); p; p = trace_next_at(trace, p)) {
            const struct reply *reply = probe_answer(p);
            if (!reply || reply->kind != REPLY_TIME_EXCEEDED || !addr_equal(&reply->from, &trace->flow.target))
                continue;
            if (!finding && !(finding = add(out, "nat", trace)))
                return;
            if (!finding->at.known)
                finding->at = (struct place){.known = true, .ttl = (uint8_t)ttl, .address = reply->from};
            frames_add(finding->frames, &finding->frame_count, reply->frame);
            hops++;
            break;
        }
    if (!finding)
        return;
    finding->detail[0].name = "hops";
    finding->detail[0].number = hops;
    snprintf(finding->text, sizeof finding->text,
             "%s: %u hop%s from hop %u on answer%s in the target's own address: the target is behind a NAT there", spec,
             hops, hops == 1 ? "" : "s", finding->at.ttl, hops == 1 ? "s" : "");
}

static void find_mtu(const struct session *session, const struct trace *trace, const char *spec, struct judgement *out)
{
    struct facts facts;
    facts_gather(session, trace, &facts);
    const struct reply *reply = facts.refusal.reply;
    struct finding *finding = reply && reply->kind == REPLY_TOO_BIG ? add(out, "mtu", trace) : NULL;
    if (!finding)
        return;
    char address[ADDR_TEXT_BYTES];
    uint8_t hop = facts_hop_of(session, &reply->from);
    addr_format(&reply->from, address);
    finding->at = (struct place){.known = true, .ttl = hop ? hop : facts.refusal.probe->ttl, .address = reply->from};
    finding->detail[0].name = "mtu";
    finding->detail[0].number = reply->mtu;
    finding->detail[1].name = "size";
    finding->detail[1].number = trace->flow.size;
    frames_add(finding->frames, &finding->frame_count, facts.refusal.probe->frame);
    frames_add(finding->frames, &finding->frame_count, reply->frame);
    snprintf(finding->text, sizeof finding->text, "%s: the link behind hop %u (%s) takes packets of %u bytes, not %u",
             spec, finding->at.ttl, address, reply->mtu, trace->flow.size);
}

void findings_gather(const struct session *session, struct judgement *out)
{
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        const struct trace *trace = session_trace(session, i);
        char spec[PROBE_SPEC_TEXT_BYTES];
        if (!trace->started)
            continue;
        probe_spec_format(&trace->flow.spec, spec);
        find_local_drop(trace, spec, out);
        find_loop(trace, spec, out);
        find_nat(trace, spec, out);
        find_mtu(session, trace, spec, out);
    }
}

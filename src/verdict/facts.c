#include "verdict/facts.h"

bool reply_accepts(const struct reply *reply)
{
    switch (reply->kind) {
    case REPLY_ECHO:
    case REPLY_SYN_ACK:
    case REPLY_TCP:
    case REPLY_UDP:
    case REPLY_SCTP:
    case REPLY_DCCP:
        return true;
    case REPLY_OTHER:
        return !reply->is_icmp;
    case REPLY_RST:
    case REPLY_UNREACHABLE:
    case REPLY_TIME_EXCEEDED:
    case REPLY_TOO_BIG:
    case REPLY_PARAMETER_PROBLEM:
        break;
    }
    return false;
}

static void keep_nearest(struct evidence *kept, const struct probe *probe, const struct reply *reply)
{
    if (!kept->reply || probe->ttl < kept->probe->ttl)
        *kept = (struct evidence){probe, reply};
}

static void gather_replies(struct facts *facts)
{
    const struct trace *trace = facts->trace;
    for (size_t i = 0; i < trace->probe_count; i++) {
        const struct probe *probe = &trace->probes[i];
        facts->refused_sends += probe->state == PROBE_REFUSED;
        facts->sent += probe->state != PROBE_REFUSED;
        for (unsigned k = 0; k < probe->reply_count; k++) {
            const struct reply *reply = &probe->replies[k];
            if (reply_reaches(trace, reply))
                keep_nearest(&facts->direct, probe, reply);
            if (reply_reaches(trace, reply) && reply_accepts(reply))
                keep_nearest(&facts->positive, probe, reply);
            if (reply_refuses(trace, reply))
                keep_nearest(&facts->refusal, probe, reply);
        }
    }
}

void facts_gather(const struct session *session, const struct trace *trace, struct facts *out)
{
    *out = (struct facts){.session = session, .trace = trace, .last_hop = trace->top};
    gather_replies(out);
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        const struct trace *other = session_trace(session, i);
        if (other->top > out->last_router)
            out->last_router = other->top;
    }
    for (unsigned i = 0; i < session_trace_count(session); i++) {
        const struct trace *other = session_trace(session, i);
        bool genuine = other != trace && other->reached_ttl > out->last_router;
        if (genuine && (!out->others_target || other->reached_ttl < out->others_target))
            out->others_target = other->reached_ttl;
    }
    compare_silence(session, trace, &out->comparison);
}

bool facts_router_from(const struct facts *facts, uint8_t ttl, bool own)
{
    for (unsigned i = 0; i < session_trace_count(facts->session); i++) {
        const struct trace *other = session_trace(facts->session, i);
        if ((other == facts->trace) == own && other->top >= ttl)
            return true;
    }
    return false;
}

uint8_t facts_hop_of(const struct session *session, const struct addr *address)
{
    for (unsigned ttl = 1; ttl <= session_config(session)->max_ttl; ttl++)
        for (unsigned i = 0; i < session_trace_count(session); i++) {
            const struct trace *trace = session_trace(session, i);
            for (const struct probe *p = trace_first_at(trace, (uint8_t)ttl); p; p = trace_next_at(trace, p))
                for (unsigned k = 0; k < p->reply_count; k++)
                    if (p->replies[k].kind == REPLY_TIME_EXCEEDED && addr_equal(&p->replies[k].from, address))
                        return (uint8_t)ttl;
        }
    return 0;
}

struct place facts_place(const struct session *session, const struct trace *trace, uint8_t ttl)
{
    struct place place = {.known = ttl != 0, .ttl = ttl};
    if (!ttl)
        return place;
    place.address = trace_hop_address(trace, ttl);
    for (unsigned i = 0; addr_is_none(&place.address) && i < session_trace_count(session); i++)
        place.address = trace_hop_address(session_trace(session, i), ttl);
    return place;
}

struct place facts_next_router(const struct facts *facts, uint8_t ttl)
{
    for (unsigned next = ttl + 1U; next <= facts->last_router; next++)
        for (unsigned i = 0; i < session_trace_count(facts->session); i++) {
            const struct trace *other = session_trace(facts->session, i);
            if (other == facts->trace)
                continue;
            for (const struct probe *p = trace_first_at(other, (uint8_t)next); p; p = trace_next_at(other, p))
                if (p->reply_count && p->replies[0].kind == REPLY_TIME_EXCEEDED)
                    return (struct place){.known = true, .ttl = (uint8_t)next, .address = p->replies[0].from};
        }
    return (struct place){0};
}

void frames_add(uint64_t *frames, unsigned *count, uint64_t frame)
{
    if (!frame || *count == VERDICT_FRAMES_MOST)
        return;
    for (unsigned i = 0; i < *count; i++)
        if (frames[i] == frame)
            return;
    frames[(*count)++] = frame;
}

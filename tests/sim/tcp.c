/* SPDX-License-Identifier: BSD-2-Clause */
/* tcp: ends of connections: the client's kernel, and hosts with a `service`. They keep RFC 9293, RFC 7323 and RFC 5961
 * as Linux does, as far as a run of ours shows it. */
#include <stdlib.h>
#include <string.h>

#include "sim/sim_state.h"

#define HEADER 20
#define SYN_OPTIONS 20
#define STAMP_OPTIONS 12
#define ANSWER_BYTES 64
#define CHALLENGE_GAP (500 * NS_PER_MS) /* Linux: tcp_invalid_ratelimit */
#define FIRST_RETRY NS_PER_S
#define RETRIES_MOST 6
#define RESET_WITHIN 65536

enum end_state { END_SYN_SENT, END_SYN_RECEIVED, END_OPEN };

struct tcp_end {
    unsigned node;
    struct tuple tuple; /* of the packets that it sends */
    enum end_state state;
    bool stamps;
    bool closed; /* it has sent a FIN */
    uint32_t snd_nxt, rcv_nxt, stamp_recent;
    nstime challenged_at;
    nstime last; /* of its last packet, in or out */
};

static uint32_t stamp_now(const struct sim *sim, unsigned node)
{
    return (uint32_t)(sim->now / NS_PER_MS) + node * 1000000U;
}

static void put_stamps(const struct sim *sim, const struct tcp_end *end, uint8_t *at)
{
    at[0] = 8;
    at[1] = 10;
    pkt_put32(at + 2, stamp_now(sim, end->node));
    pkt_put32(at + 6, end->stamp_recent);
}

static size_t put_options(const struct sim *sim, const struct tcp_end *end, bool syn, uint8_t *at)
{
    static const uint8_t first[] = {2, 4, 1460 >> 8, 1460 & 0xff, 4, 2}, last[] = {1, 3, 3, 7};
    if (syn && end->stamps) {
        memcpy(at, first, sizeof first);
        put_stamps(sim, end, at + 6);
        memcpy(at + 16, last, sizeof last);
        return SYN_OPTIONS;
    }
    if (syn)
        memcpy(at, first, 4);
    if (syn || !end->stamps)
        return syn ? 4 : 0;
    at[0] = at[1] = 1;
    put_stamps(sim, end, at + 2);
    return STAMP_OPTIONS;
}

static void emit(struct sim *sim, const struct tcp_end *end, uint8_t flags, uint32_t seq, size_t data)
{
    const struct node *node = &sim->net->nodes[end->node];
    uint8_t tcp[HEADER + SYN_OPTIONS + ANSWER_BYTES] = {0};
    size_t options = put_options(sim, end, flags & TCP_SYN, tcp + HEADER);
    struct pkt_ip ip = {.source = end->tuple.source,
                        .target = end->tuple.target,
                        .protocol = IP_TCP,
                        .ttl = node->initial_ttl,
                        .id = ++sim->ids[end->node],
                        .dont_fragment = true};
    struct pkt p;
    pkt_put16(tcp, end->tuple.source_port);
    pkt_put16(tcp + 2, end->tuple.target_port);
    pkt_put32(tcp + 4, seq);
    pkt_put32(tcp + 8, flags & TCP_ACK ? end->rcv_nxt : 0);
    tcp[12] = (uint8_t)((HEADER + options) / 4 << 4);
    tcp[13] = flags;
    pkt_put16(tcp + 14, flags & TCP_SYN ? 64240 : 502);
    memset(tcp + HEADER + options, 'x', data);
    pkt_build(&p, &ip, tcp, HEADER + options + data);
    pkt_sum(&p);
    if (end->node == sim->net->client)
        sim_schedule(sim, sim->now + SIM_STAMP_DELAY, EVENT_LEAVE, end->node, NO_LINK, &p);
    else
        router_originate(sim, end->node, &p);
}

static struct tcp_end *find(struct sim *sim, unsigned node, const struct tuple *tuple)
{
    for (size_t i = 0; i < sim->tcp_end_count; i++)
        if (sim->tcp_ends[i].node == node && tuple_equal(&sim->tcp_ends[i].tuple, tuple))
            return &sim->tcp_ends[i];
    return NULL;
}

static struct tcp_end *add(struct sim *sim, const struct tcp_end *end)
{
    sim->tcp_ends = realloc(sim->tcp_ends, (sim->tcp_end_count + 1) * sizeof *sim->tcp_ends);
    if (!sim->tcp_ends)
        abort();
    sim->tcp_ends[sim->tcp_end_count] = *end;
    return &sim->tcp_ends[sim->tcp_end_count++];
}

static void forget(struct sim *sim, struct tcp_end *end)
{
    *end = sim->tcp_ends[--sim->tcp_end_count];
}

static void tuple_back(const struct headers *h, struct tuple *out)
{
    *out = (struct tuple){.protocol = IP_TCP,
                          .source = h->ip.target,
                          .target = h->ip.source,
                          .source_port = h->transport.target_port,
                          .target_port = h->transport.source_port};
}

static void acknowledge(struct sim *sim, const struct tcp_end *end)
{
    emit(sim, end, TCP_ACK, end->snd_nxt, 0);
}

/* RFC 5961: at most one in a while. */
static void challenge(struct sim *sim, struct tcp_end *end)
{
    if (end->challenged_at && sim->now < end->challenged_at + CHALLENGE_GAP)
        return;
    end->challenged_at = sim->now;
    acknowledge(sim, end);
}

/* Whether a RST counts; it forgets the connection. */
static void take_reset(struct sim *sim, struct tcp_end *end, uint32_t seq)
{
    if (seq == end->rcv_nxt)
        forget(sim, end);
    else if (seq - end->rcv_nxt < RESET_WITHIN)
        challenge(sim, end);
}

static uint32_t data_of(const struct headers *h)
{
    return h->transport.size - h->transport.header_length;
}

/* RFC 7323 5.3: false where the segment is older than one that came before. */
static bool take_stamp(struct tcp_end *end, const struct headers *h)
{
    uint32_t stamp = h->transport.tcp_options.timestamp;
    if (!end->stamps || !(h->transport.have & HAVE_OPTIONS) || !h->transport.tcp_options.has_timestamps)
        return true;
    if ((int32_t)(stamp - end->stamp_recent) < 0)
        return false;
    if ((int32_t)((uint32_t)h->transport.seq - end->rcv_nxt) <= 0)
        end->stamp_recent = stamp;
    return true;
}

/* --- the client's kernel --- */

static void flow_tuple(const struct flow *flow, struct tuple *out)
{
    *out = (struct tuple){.protocol = IP_TCP,
                          .source = flow->source,
                          .target = flow->target,
                          .source_port = flow->source_port,
                          .target_port = flow->target_port};
}

static void send_syn(struct sim *sim, const struct tcp_end *end, unsigned tries)
{
    struct pkt about = {0};
    memcpy(about.bytes, &end->tuple, sizeof end->tuple);
    emit(sim, end, TCP_SYN, end->snd_nxt - 1, 0);
    if (tries < RETRIES_MOST)
        sim_schedule(sim, sim->now + (FIRST_RETRY << tries), EVENT_RETRY, end->node, tries + 1, &about);
}

void tcp_retry(struct sim *sim, unsigned node, unsigned tries, const struct pkt *about)
{
    struct tuple tuple;
    memcpy(&tuple, about->bytes, sizeof tuple);
    const struct tcp_end *end = find(sim, node, &tuple);
    if (end && end->state == END_SYN_SENT)
        send_syn(sim, end, tries);
}

void tcp_connect(struct sim *sim, const struct flow *flow)
{
    struct tcp_end end = {.node = sim->net->client, .state = END_SYN_SENT, .stamps = true};
    flow_tuple(flow, &end.tuple);
    end.snd_nxt = flow->nonce * 2246822519U + flow->source_port;
    send_syn(sim, add(sim, &end), 0);
}

void tcp_disconnect(struct sim *sim, const struct flow *flow)
{
    struct tuple tuple;
    flow_tuple(flow, &tuple);
    struct tcp_end *end = find(sim, sim->net->client, &tuple);
    if (!end)
        return;
    if (end->state == END_OPEN)
        emit(sim, end, TCP_RST | TCP_ACK, end->snd_nxt, 0);
    forget(sim, end);
}

static void take_syn_ack(struct sim *sim, struct tcp_end *end, const struct headers *h)
{
    const struct transport *t = &h->transport;
    if ((uint32_t)t->ack != end->snd_nxt)
        return;
    if (end->state == END_SYN_SENT) {
        end->state = END_OPEN;
        end->rcv_nxt = (uint32_t)t->seq + 1;
        end->stamps = (t->have & HAVE_OPTIONS) && t->tcp_options.has_timestamps;
        end->stamp_recent = end->stamps ? t->tcp_options.timestamp : 0;
    }
    acknowledge(sim, end);
}

bool tcp_client_receive(struct sim *sim, unsigned node, const struct headers *h)
{
    struct tuple tuple;
    tuple_back(h, &tuple);
    struct tcp_end *end = find(sim, node, &tuple);
    const struct transport *t = &h->transport;
    uint32_t length = end ? data_of(h) + (t->flags & TCP_FIN ? 1U : 0U) : 0;
    if (!end)
        return false;
    if (t->flags & TCP_RST) {
        if (end->state == END_OPEN)
            take_reset(sim, end, (uint32_t)t->seq);
        else if ((uint32_t)t->ack == end->snd_nxt)
            forget(sim, end);
    } else if (t->flags & TCP_SYN) {
        take_syn_ack(sim, end, h);
    } else if (end->state == END_OPEN && (int32_t)((uint32_t)t->ack - end->snd_nxt) > 0) {
        challenge(sim, end); /* it acknowledges what this kernel has not sent */
    } else if (end->state == END_OPEN && length) {
        if (take_stamp(end, h) && (uint32_t)t->seq == end->rcv_nxt)
            end->rcv_nxt += length;
        acknowledge(sim, end);
    }
    return true;
}

/* --- a host with a service --- */

static void accept_syn(struct sim *sim, unsigned node, const struct tuple *tuple, const struct headers *h)
{
    const struct node *host = &sim->net->nodes[node];
    const struct transport *t = &h->transport;
    bool offers = (t->have & HAVE_OPTIONS) && t->tcp_options.has_timestamps;
    struct tcp_end end = {.node = node,
                          .tuple = *tuple,
                          .state = END_SYN_RECEIVED,
                          .stamps = offers && !host->no_stamps,
                          .snd_nxt = (uint32_t)t->seq * 2654435761U + 1,
                          .rcv_nxt = (uint32_t)t->seq + 1};
    end.stamp_recent = end.stamps ? t->tcp_options.timestamp : 0;
    emit(sim, add(sim, &end), TCP_SYN | TCP_ACK, end.snd_nxt - 1, 0);
}

/* A SYN for a connection that exists. Linux resets a half-open one if the SYN has another number. */
static void repeat_syn(struct sim *sim, struct tcp_end *end, const struct headers *h)
{
    if (end->state == END_OPEN) {
        challenge(sim, end);
    } else if ((uint32_t)h->transport.seq + 1 == end->rcv_nxt) {
        emit(sim, end, TCP_SYN | TCP_ACK, end->snd_nxt - 1, 0);
    } else {
        end->stamps = false;
        end->rcv_nxt = (uint32_t)h->transport.seq + 1;
        emit(sim, end, TCP_RST | TCP_ACK, 0, 0);
        forget(sim, end);
    }
}

/* New data: what the service does. */
static void serve(struct sim *sim, struct tcp_end *end, const struct headers *h)
{
    const struct node *host = &sim->net->nodes[end->node];
    if (end->closed) { /* no process is left to take it: RFC 9293 3.6.1 */
        end->stamps = false;
        emit(sim, end, TCP_RST, (uint32_t)h->transport.ack, 0);
        forget(sim, end);
        return;
    }
    end->rcv_nxt += data_of(h);
    acknowledge(sim, end);
    if (host->service == SERVICE_ANSWER) {
        emit(sim, end, TCP_PSH | TCP_ACK, end->snd_nxt, ANSWER_BYTES);
        end->snd_nxt += ANSWER_BYTES;
    } else if (host->service == SERVICE_RESET) {
        emit(sim, end, TCP_RST | TCP_ACK, end->snd_nxt, 0);
        forget(sim, end);
    }
}

/* Looks again after that time; 0: the host keeps idle connections. */
static void wait_idle(struct sim *sim, const struct tcp_end *end, nstime time)
{
    struct pkt about = {0};
    memcpy(about.bytes, &end->tuple, sizeof end->tuple);
    if (time)
        sim_schedule(sim, sim->now + time, EVENT_IDLE, end->node, NO_LINK, &about);
}

void tcp_idle(struct sim *sim, unsigned node, const struct pkt *about)
{
    const struct node *host = &sim->net->nodes[node];
    struct tuple tuple;
    memcpy(&tuple, about->bytes, sizeof tuple);
    struct tcp_end *end = find(sim, node, &tuple);
    if (!end || end->closed)
        return;
    if (sim->now - end->last < host->idle_most) {
        wait_idle(sim, end, end->last + host->idle_most - sim->now);
        return;
    }
    if (host->idle_end == IDLE_FIN) {
        emit(sim, end, TCP_FIN | TCP_ACK, end->snd_nxt++, 0);
        end->closed = true;
        return;
    }
    if (host->idle_end == IDLE_TALK) {
        emit(sim, end, TCP_PSH | TCP_ACK, end->snd_nxt, ANSWER_BYTES);
        end->snd_nxt += ANSWER_BYTES;
        end->last = sim->now;
        wait_idle(sim, end, host->idle_most);
        return;
    }
    if (host->idle_end == IDLE_RESET)
        emit(sim, end, TCP_RST | TCP_ACK, end->snd_nxt, 0);
    forget(sim, end);
}

static void take_segment(struct sim *sim, struct tcp_end *end, const struct headers *h)
{
    const struct node *host = &sim->net->nodes[end->node];
    uint32_t seq = (uint32_t)h->transport.seq, length = data_of(h);
    if (end->state == END_SYN_RECEIVED && (uint32_t)h->transport.ack == end->snd_nxt) {
        end->state = END_OPEN;
        wait_idle(sim, end, host->idle_most);
        if (host->service == SERVICE_CLOSE) {
            emit(sim, end, TCP_FIN | TCP_ACK, end->snd_nxt++, 0);
            end->closed = true;
        }
        if (host->service == SERVICE_ABORT) {
            emit(sim, end, TCP_RST | TCP_ACK, end->snd_nxt, 0);
            forget(sim, end);
            return;
        }
    }
    if (!length) {
        if (seq != end->rcv_nxt)
            challenge(sim, end);
    } else if (!take_stamp(end, h) || seq != end->rcv_nxt) {
        acknowledge(sim, end);
    } else {
        serve(sim, end, h);
    }
}

bool tcp_host_receive(struct sim *sim, unsigned node, const struct headers *h, bool open)
{
    struct tuple tuple;
    tuple_back(h, &tuple);
    struct tcp_end *end = find(sim, node, &tuple);
    uint8_t flags = h->transport.flags;
    bool is_syn = (flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
    if (!end && !(is_syn && open && sim->net->nodes[node].service != SERVICE_NONE))
        return false;
    if (end)
        end->last = sim->now;
    if (!end)
        accept_syn(sim, node, &tuple, h);
    else if (flags & TCP_RST)
        take_reset(sim, end, (uint32_t)h->transport.seq);
    else if (is_syn)
        repeat_syn(sim, end, h);
    else
        take_segment(sim, end, h);
    return true;
}

unsigned sim_connections(const struct sim *sim, unsigned node)
{
    unsigned count = 0;
    for (size_t i = 0; i < sim->tcp_end_count; i++)
        count += sim->tcp_ends[i].node == node;
    return count;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* A TCP connection between A and B: requests and responses over NewReno (RFC 5681, RFC 6582), delayed acknowledgements,
 * retransmission timer (RFC 6298), SACK blocks in acknowledgements (RFC 2018). */
#include <stdlib.h>

#include "pairs/world.h"

#define MSS 1400        /* bytes of data in a segment */
#define OUT_OF_ORDER 32 /* ranges kept */
#define RTO_LEAST (200 * NS_PER_MS)
#define DELAYED_ACK (40 * NS_PER_MS)
#define KEEPALIVE_AFTER (3 * NS_PER_S)
#define RETRIES_MOST 6
#define WINDOW_LEAST (2 * MSS)
#define WINDOW_MOST (120 * MSS)
#define BURST_MOST 40 /* segments of one offloaded send */

enum token { TOKEN_RTO, TOKEN_ACK, TOKEN_THINK, TOKEN_KEEPALIVE, TOKEN_FORGE, TOKENS };

struct range {
    uint64_t from, to;
};

/* Stream offsets: 0 is the SYN, data begin at 1, the FIN stands behind them. */
struct end {
    uint32_t first; /* sequence number of the SYN */
    uint64_t una, next, written;
    bool fin_wanted, fin_known; /* fin_known: of the peer's stream, at `fin_at` */
    uint64_t fin_at;
    uint64_t received; /* expected next of the peer's stream */
    struct range pieces[OUT_OF_ORDER];
    unsigned piece_count;
    uint32_t window, threshold; /* congestion; bytes */
    unsigned same_acks, retries, unacked;
    bool recovers;
    uint64_t recover_at;
    nstime rto, rtt;
    nstime timers[TOKENS]; /* when each is due; NSTIME_NEVER: it does not run */
    uint32_t stamp_base, stamp_of_peer;
    bool established, closed;
};

struct tcp {
    struct tcp_plan plan;
    struct end ends[2];
    uint64_t seed;
    unsigned done; /* exchanges */
};

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static struct tcp *tcp_of(struct flow *flow)
{
    return flow->state;
}

void tcp_set_plan(struct flow *flow, const struct tcp_plan *plan)
{
    struct tcp *tcp = calloc(1, sizeof *tcp);
    if (!tcp)
        abort();
    tcp->plan = *plan;
    tcp->seed = rng_u64(&flow->rng);
    for (int side = 0; side < 2; side++) {
        struct end *end = &tcp->ends[side];
        end->first = rng_u32(&flow->rng);
        end->stamp_base = rng_u32(&flow->rng);
        end->window = 10 * MSS;
        end->threshold = UINT32_MAX / 2;
        end->rto = NS_PER_S;
        end->written = 1;
        for (unsigned i = 0; i < TOKENS; i++)
            end->timers[i] = NSTIME_NEVER;
    }
    flow->state = tcp;
}

static void set_timer(struct flow *flow, int side, enum token token, nstime at)
{
    tcp_of(flow)->ends[side].timers[token] = at;
    if (at != NSTIME_NEVER)
        world_timer(flow, at, (unsigned)(token * 2 + (unsigned)side));
}

/* ---- segments ---- */

/* The data of a stream are a function of their place, so that a retransmission holds the same. */
static uint8_t data_at(uint64_t seed, uint64_t offset)
{
    uint64_t x = (seed ^ offset >> 3) * UINT64_C(0x9e3779b97f4a7c15);
    x ^= x >> 29;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    return (uint8_t)(x >> (8 + (offset & 7) * 6));
}

static size_t add_syn_options(const struct tcp_plan *plan, uint8_t *at)
{
    const uint8_t options[] = {2, 4, 1460 >> 8, 1460 & 0xff, 1, 3, 3, 7, 4, 2, 1, 1};
    memcpy(at, options, sizeof options);
    if (!plan->sack)
        memset(at + 8, 1, 2);
    return sizeof options;
}

static size_t add_stamps(const struct message *message, uint8_t *at)
{
    at[0] = at[1] = 1;
    at[2] = 8;
    at[3] = 10;
    pkt_put32(at + 4, message->stamp);
    pkt_put32(at + 8, message->echo);
    return 12;
}

static size_t add_sack(const struct end *end, uint32_t first_of_peer, uint8_t *at)
{
    unsigned count = (unsigned)least(end->piece_count, SACK_BLOCKS_MOST);
    if (count == 0)
        return 0;
    at[0] = at[1] = 1;
    at[2] = 5;
    at[3] = (uint8_t)(2 + 8 * count);
    for (unsigned i = 0; i < count; i++) {
        pkt_put32(at + 4 + 8 * i, first_of_peer + (uint32_t)end->pieces[i].from);
        pkt_put32(at + 8 + 8 * i, first_of_peer + (uint32_t)end->pieces[i].to);
    }
    return 4 + 8 * count;
}

/* Makes a segment of `side` with `message` at `bytes`; returns the header's length. */
static size_t make_header(struct flow *flow, int side, const struct message *message, bool push, uint8_t *bytes)
{
    struct tcp *tcp = tcp_of(flow);
    const struct end *end = &tcp->ends[side], *peer = &tcp->ends[!side];
    size_t length = 20;
    int view = flow->aside ? 0 : side;
    /* A device between may add to the peer's numbers, and this end acknowledges what it saw. */
    uint32_t first_of_peer = peer->first + (flow->aside ? 0 : flow->world->plan->rewrites.sequence[!side]);
    memset(bytes, 0, 20);
    pkt_put16(bytes, flow->ports[view][side]);
    pkt_put16(bytes + 2, flow->ports[view][!side]);
    pkt_put32(bytes + 4, end->first + (uint32_t)message->from);
    pkt_put32(bytes + 8, message->is_ack ? first_of_peer + (uint32_t)message->acked : 0);
    if (message->is_syn)
        length += add_syn_options(&tcp->plan, bytes + length);
    if (tcp->plan.timestamps && !message->is_reset)
        length += add_stamps(message, bytes + length);
    if (tcp->plan.sack && !message->is_syn && !message->is_reset)
        length += add_sack(end, first_of_peer, bytes + length);
    bytes[12] = (uint8_t)(length / 4 << 4);
    bytes[13] = (uint8_t)((message->is_fin ? TCP_FIN : 0) | (message->is_syn ? TCP_SYN : 0) |
                          (message->is_reset ? TCP_RST : 0) | (push ? TCP_PSH : 0) | (message->is_ack ? TCP_ACK : 0));
    pkt_put16(bytes + 14, message->is_reset ? 0 : 502);
    return length;
}

/* Sends stream bytes from..from+length, and the FIN where it stands at their end. */
static void send_segment(struct flow *flow, int side, struct message message, uint32_t burst)
{
    struct tcp *tcp = tcp_of(flow);
    struct end *end = &tcp->ends[side];
    uint8_t bytes[WORLD_PACKET_MOST];
    uint64_t data_end = message.from + message.length;
    message.is_fin = !message.is_reset && !message.is_syn && end->fin_wanted && data_end == end->written &&
                     (message.length > 0 || message.from == end->written);
    message.stamp = end->stamp_base + (uint32_t)(flow->world->now / NS_PER_MS);
    message.echo = end->stamp_of_peer;
    message.acked = message.is_reset ? message.acked : end->received;
    size_t header = make_header(flow, side, &message, data_end == end->written && message.length > 0, bytes);
    for (uint32_t i = 0; i < message.length; i++)
        bytes[header + i] = data_at(tcp->seed + (unsigned)side, message.from + i);
    end->unacked = 0;
    set_timer(flow, side, TOKEN_ACK, NSTIME_NEVER);
    world_send(flow, (enum pair_side)side,
               &(struct sending){.payload = bytes,
                                 .length = header + message.length,
                                 .data = message.length,
                                 .sequence = end->first + (uint32_t)message.from,
                                 .no_id = message.is_reset || (message.is_syn && message.is_ack),
                                 .burst = burst,
                                 .message = message});
}

static void send_ack(struct flow *flow, int side)
{
    struct end *end = &tcp_of(flow)->ends[side];
    send_segment(flow, side, (struct message){.is_ack = true, .from = end->next}, 0);
}

/* The end of the stream, with the FIN. */
static uint64_t limit_of(const struct end *end)
{
    return end->written + end->fin_wanted;
}

static void arm(struct flow *flow, int side)
{
    struct end *end = &tcp_of(flow)->ends[side];
    set_timer(flow, side, TOKEN_RTO, end->next > end->una ? flow->world->now + end->rto : NSTIME_NEVER);
}

static uint32_t piece_from(const struct end *end, uint64_t from)
{
    return (uint32_t)least(MSS, end->written > from ? end->written - from : 0);
}

/* Sends what the congestion window lets through. An end with offload hands many segments over at once. */
static void push(struct flow *flow, int side)
{
    struct end *end = &tcp_of(flow)->ends[side];
    bool was_idle = end->next == end->una;
    unsigned count = 0;
    uint32_t burst = ++flow->world->bursts;
    while (end->established && !end->closed && end->next < limit_of(end) &&
           end->next - end->una + MSS <= (uint64_t)end->window && count < BURST_MOST) {
        uint32_t length = piece_from(end, end->next);
        send_segment(flow, side, (struct message){.is_ack = true, .from = end->next, .length = length}, burst);
        count++;
        end->next += length;
        if (end->fin_wanted && end->next == end->written)
            end->next++;
    }
    if (count > 0 && was_idle)
        arm(flow, side);
}

static void resend_first(struct flow *flow, int side)
{
    struct end *end = &tcp_of(flow)->ends[side];
    send_segment(flow, side, (struct message){.is_ack = true, .from = end->una, .length = piece_from(end, end->una)},
                 0);
}

static void send_syn(struct flow *flow, int side)
{
    struct end *end = &tcp_of(flow)->ends[side];
    send_segment(flow, side, (struct message){.is_syn = true, .is_ack = side == PAIR_FAR}, 0);
    end->next = 1;
    set_timer(flow, side, TOKEN_RTO, flow->world->now + end->rto);
}

static void start(struct flow *flow)
{
    send_syn(flow, PAIR_NEAR);
    if (tcp_of(flow)->plan.forge_at != NSTIME_NEVER)
        set_timer(flow, PAIR_NEAR, TOKEN_FORGE, tcp_of(flow)->plan.forge_at);
}

/* ---- what the applications do ---- */

static void write_more(struct flow *flow, int side, uint32_t bytes)
{
    tcp_of(flow)->ends[side].written += bytes;
    push(flow, side);
}

static void finish(struct flow *flow, int side)
{
    struct end *end = &tcp_of(flow)->ends[side];
    if (end->fin_wanted || end->closed)
        return;
    end->fin_wanted = true;
    push(flow, side);
}

/* A has the whole response: the next request follows, or the end. */
static void client_advance(struct flow *flow)
{
    struct tcp *tcp = tcp_of(flow);
    const struct end *end = &tcp->ends[PAIR_NEAR];
    if (tcp->done >= tcp->plan.exchanges || end->received < 1 + (uint64_t)(tcp->done + 1) * tcp->plan.response)
        return;
    tcp->done++;
    if (tcp->done < tcp->plan.exchanges)
        set_timer(flow, PAIR_NEAR, TOKEN_THINK, flow->world->now + world_span(&flow->rng, tcp->plan.think));
    else if (!tcp->plan.keeps_open)
        finish(flow, PAIR_NEAR);
    else if (tcp->plan.keepalive)
        set_timer(flow, PAIR_NEAR, TOKEN_KEEPALIVE, flow->world->now + KEEPALIVE_AFTER);
}

static void server_advance(struct flow *flow)
{
    struct tcp *tcp = tcp_of(flow);
    struct end *end = &tcp->ends[PAIR_FAR];
    uint64_t requests = (end->received - 1) / tcp->plan.request, responses = (end->written - 1) / tcp->plan.response;
    if (!end->fin_wanted && requests > responses)
        write_more(flow, PAIR_FAR, tcp->plan.response);
    if (end->fin_known && end->received > end->fin_at)
        finish(flow, PAIR_FAR);
}

/* ---- reception ---- */

static void absorb(struct end *end)
{
    for (unsigned i = 0; i < end->piece_count;) {
        struct range *piece = &end->pieces[i];
        if (piece->from > end->received) {
            i++;
            continue;
        }
        end->received = most(end->received, piece->to);
        *piece = end->pieces[--end->piece_count];
        i = 0;
    }
}

static void take_data(struct flow *flow, int side, const struct message *message)
{
    struct end *end = &tcp_of(flow)->ends[side];
    uint64_t to = message->from + message->length + message->is_fin;
    bool ahead = message->from > end->received, old = to <= end->received;
    if (message->is_fin) {
        end->fin_known = true;
        end->fin_at = message->from + message->length;
    }
    if (ahead && end->piece_count < OUT_OF_ORDER)
        end->pieces[end->piece_count++] = (struct range){message->from, to};
    if (!ahead && !old) {
        end->received = to;
        absorb(end);
    }
    if (ahead || old || message->is_fin || end->piece_count > 0 || ++end->unacked >= 2)
        send_ack(flow, side);
    else
        set_timer(flow, side, TOKEN_ACK, flow->world->now + DELAYED_ACK);
}

static void measure(struct flow *flow, struct end *end, const struct message *message)
{
    nstime rtt =
        (nstime)(uint32_t)((uint32_t)(flow->world->now / NS_PER_MS) + end->stamp_base - message->echo) * NS_PER_MS;
    if (!tcp_of(flow)->plan.timestamps)
        rtt = flow->world->plan->ways[0].delay + flow->world->plan->ways[1].delay;
    end->rtt = end->rtt ? (7 * end->rtt + rtt) / 8 : rtt;
    end->rto = 2 * end->rtt > RTO_LEAST ? 2 * end->rtt : RTO_LEAST;
}

static void take_new_ack(struct flow *flow, int side, const struct message *message)
{
    struct end *end = &tcp_of(flow)->ends[side];
    uint64_t gained = message->acked - end->una;
    end->una = message->acked;
    end->next = most(end->next, end->una);
    end->same_acks = end->retries = 0;
    measure(flow, end, message);
    if (end->recovers && end->una < end->recover_at)
        resend_first(flow, side);
    else if (end->recovers) {
        end->recovers = false;
        end->window = (uint32_t)most(end->threshold, WINDOW_LEAST);
    } else
        end->window +=
            end->window < end->threshold ? (uint32_t)least(gained, MSS) : (uint32_t)(MSS * MSS / end->window);
    end->window = (uint32_t)least(end->window, WINDOW_MOST);
    arm(flow, side);
}

static void begin_recovery(struct end *end)
{
    end->threshold = (uint32_t)most((end->next - end->una) / 2, WINDOW_LEAST);
    end->recovers = true;
    end->recover_at = end->next;
}

static void take_ack(struct flow *flow, int side, const struct message *message)
{
    struct end *end = &tcp_of(flow)->ends[side];
    if (message->acked > end->una && message->acked <= most(end->next, limit_of(end)))
        take_new_ack(flow, side, message);
    else if (message->acked == end->una && end->next > end->una && message->length == 0 && !message->is_fin &&
             ++end->same_acks == 3 && !end->recovers) {
        begin_recovery(end);
        end->window = end->threshold;
        resend_first(flow, side);
    }
}

static void reset(struct flow *flow, int side, const struct message *cause)
{
    send_segment(flow, side, (struct message){.is_reset = true, .from = cause->acked}, 0);
}

static void close_end(struct end *end)
{
    end->closed = true;
    for (unsigned i = 0; i < TOKENS; i++)
        end->timers[i] = NSTIME_NEVER;
}

/* SYN and SYN/ACK. */
static void take_syn(struct flow *flow, int side, const struct message *message)
{
    struct end *end = &tcp_of(flow)->ends[side];
    if (end->established) {
        send_ack(flow, side);
        return;
    }
    end->received = 1;
    if (side == PAIR_FAR) {
        send_syn(flow, side);
        return;
    }
    end->established = true;
    end->una = message->acked;
    measure(flow, end, message);
    set_timer(flow, side, TOKEN_RTO, NSTIME_NEVER);
    send_ack(flow, side);
    write_more(flow, side, tcp_of(flow)->plan.request);
}

static void receive(struct flow *flow, enum pair_side at, const struct message *message)
{
    int side = (int)at;
    struct end *end = &tcp_of(flow)->ends[side];
    if (message->is_reset) {
        close_end(end);
        return;
    }
    if (end->closed) {
        reset(flow, side, message);
        return;
    }
    end->stamp_of_peer = message->stamp;
    if (message->is_syn) {
        take_syn(flow, side, message);
        return;
    }
    if (side == PAIR_FAR && end->received == 1 && message->acked >= 1)
        end->established = true;
    if (!end->established)
        return;
    if (message->is_ack)
        take_ack(flow, side, message);
    if (message->length > 0 || message->is_fin)
        take_data(flow, side, message);
    else if (message->from + 1 == end->received && message->from > 0 && message->acked == end->next)
        send_ack(flow, side); /* RFC 9293 3.8.4: a keepalive probe */
    if (side == PAIR_NEAR)
        client_advance(flow);
    else if (end->received > 0)
        server_advance(flow);
    push(flow, side);
}

/* ---- timers ---- */

static void expire(struct flow *flow, int side)
{
    struct end *end = &tcp_of(flow)->ends[side];
    if (++end->retries > RETRIES_MOST) {
        close_end(end);
        return;
    }
    end->rto *= 2;
    if (!end->established) {
        send_syn(flow, side);
        return;
    }
    begin_recovery(end);
    end->window = WINDOW_LEAST;
    resend_first(flow, side);
    arm(flow, side);
}

static void probe_peer(struct flow *flow, int side)
{
    struct end *end = &tcp_of(flow)->ends[side];
    send_segment(flow, side, (struct message){.is_ack = true, .from = end->next - 1}, 0);
    if (++end->retries <= RETRIES_MOST)
        set_timer(flow, side, TOKEN_KEEPALIVE, flow->world->now + KEEPALIVE_AFTER);
}

static void forge_reset(struct flow *flow, int victim)
{
    struct tcp *tcp = tcp_of(flow);
    const struct end *end = &tcp->ends[victim];
    uint8_t bytes[64];
    struct message message = {.is_reset = true, .from = end->received};
    const struct pair_rewrites *rewrites = &flow->world->plan->rewrites;
    size_t length = make_header(flow, !victim, &message, false, bytes);
    uint32_t sequence = tcp->ends[!victim].first + (uint32_t)end->received + rewrites->sequence[!victim];
    pkt_put16(bytes, flow->ports[victim][!victim]);
    pkt_put16(bytes + 2, flow->ports[victim][victim]);
    pkt_put32(bytes + 4, sequence);
    world_forge(flow, (enum pair_side)victim,
                &(struct sending){.payload = bytes, .length = length, .sequence = sequence, .message = message});
}

/* Data in place of B's: B's own, with the same numbers, follow. */
static void forge_data(struct flow *flow)
{
    struct tcp *tcp = tcp_of(flow);
    const struct end *end = &tcp->ends[PAIR_NEAR];
    uint8_t bytes[400];
    struct message message = {.is_ack = true, .from = end->received, .length = 120, .acked = end->next};
    message.stamp = end->stamp_of_peer;
    message.echo = end->stamp_base + (uint32_t)(flow->world->now / NS_PER_MS);
    size_t header = make_header(flow, PAIR_FAR, &message, true, bytes);
    uint32_t sequence = tcp->ends[PAIR_FAR].first + (uint32_t)message.from + flow->world->plan->rewrites.sequence[1];
    pkt_put16(bytes, flow->ports[PAIR_NEAR][1]);
    pkt_put16(bytes + 2, flow->ports[PAIR_NEAR][0]);
    pkt_put32(bytes + 4, sequence);
    pkt_put32(bytes + 8, end->first + (uint32_t)end->next);
    memset(bytes + header, 'x', message.length);
    world_forge(flow, PAIR_NEAR,
                &(struct sending){.payload = bytes,
                                  .length = header + message.length,
                                  .data = message.length,
                                  .sequence = sequence,
                                  .message = message});
}

static void forge(struct flow *flow)
{
    const struct tcp *tcp = tcp_of(flow);
    enum pair_forgery forgery = flow->world->plan->forgery;
    if (!tcp->ends[0].established || !tcp->ends[1].established || tcp->ends[0].closed || tcp->ends[1].closed)
        return;
    if (forgery == PAIR_FORGES_RST_TO_A || forgery == PAIR_FORGES_RST_TO_BOTH)
        forge_reset(flow, PAIR_NEAR);
    if (forgery == PAIR_FORGES_RST_TO_B || forgery == PAIR_FORGES_RST_TO_BOTH)
        forge_reset(flow, PAIR_FAR);
    if (forgery == PAIR_FORGES_DATA_TO_A)
        forge_data(flow);
}

static void timer(struct flow *flow, unsigned number)
{
    struct tcp *tcp = tcp_of(flow);
    int side = (int)(number % 2);
    enum token token = (enum token)(number / 2);
    struct end *end = &tcp->ends[side];
    if (end->timers[token] != flow->world->now)
        return; /* it was set anew since */
    end->timers[token] = NSTIME_NEVER;
    if (token == TOKEN_RTO)
        expire(flow, side);
    else if (token == TOKEN_ACK)
        send_ack(flow, side);
    else if (token == TOKEN_THINK)
        write_more(flow, side, tcp->plan.request);
    else if (token == TOKEN_KEEPALIVE)
        probe_peer(flow, side);
    else
        forge(flow);
}

const struct flow_kind flow_tcp = {"tcp", IP_TCP, start, receive, timer};

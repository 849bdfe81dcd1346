/* SPDX-License-Identifier: BSD-2-Clause */
/* connection: what the frames of a capture show of one TCP connection that our kernel opened. Floor 2; pure.
 * A UDP session, a query that was answered, is one as well as far as its state and times go.
 *
 * It takes the packets of one 5-tuple in capture order and keeps what crafted segments need: sequence and
 * acknowledgement numbers, timestamps, window. It must not send, allocate or know probes. So a live run, a replay and a
 * simulated network come to the same state. Numbers are those of RFC 9293 3.3.1, as 32 bits that wrap. */
#ifndef HOPSONDE_CONNECTION_CONNECTION_H
#define HOPSONDE_CONNECTION_CONNECTION_H

#include "base/nstime.h"
#include "packet/packet.h"

enum connection_state {
    CONNECTION_NONE,        /* no frame of it was seen */
    CONNECTION_OPENING,     /* our SYN left */
    CONNECTION_ANSWERED,    /* the target accepted it; our kernel's acknowledgement was not seen yet */
    CONNECTION_ESTABLISHED, /* segments may be crafted into it */
    CONNECTION_RESET,       /* it was established, and a RST of the target or of a device ended it */
    CONNECTION_CLOSED,      /* it was established, and we ended it */
    CONNECTION_REFUSED,     /* a RST or an ICMP error answered the SYN, and no acknowledgement of ours refutes that */
    CONNECTION_SILENT,      /* nothing answered the SYN: connection_give_up() */
};

struct connection {
    uint8_t state;       /* enum connection_state */
    bool has_timestamps; /* both sides use them (RFC 7323) */
    bool is_used;        /* probes were sent in it, or the target or a device ended it: `idle` is final */
    uint8_t syn_ack_ttl; /* as captured: tells the target's own packets from a device's; 0: there was none */
    uint16_t window;     /* as in our kernel's last segment: not scaled */
    uint16_t syn_ack_window;
    uint32_t flow_label; /* IPv6: of our kernel's segments; balancers may hash it */
    uint32_t snd_nxt;    /* the next sequence number of our kernel, */
    uint32_t rcv_nxt;    /* and the one that it expects from the target */
    uint32_t timestamp;  /* TSval of our kernel's last segment of the handshake */
    uint32_t echo;       /* the target's TSval in the handshake */
    nstime opened_at;    /* stamp of the first SYN; NSTIME_NONE: not seen */
    nstime answered_at;  /* of the SYN/ACK, the refusal, or our acknowledgement that refutes it; NSTIME_NONE: none */
    nstime ended_at;     /* of the RST; NSTIME_NONE: none */
    nstime fin_at;       /* of the target's FIN; NSTIME_NONE: none */
    nstime last_at;      /* of its last packet, until it is used; NSTIME_NONE: it was not established yet */
    nstime idle;         /* the longest time without a packet, until it was used */
    uint8_t end_ttl;     /* of the RST or the FIN, as captured */
    nstime kernel_at;    /* of our kernel's last segment without SYN or RST; NSTIME_NONE: none */
    uint64_t syn_frame, answer_frame,
        end_frame; /* numbers of these frames, the last of the RST or the FIN; 0: none, or no capture is kept */
};

/* What a packet is to the connection. */
enum segment {
    SEGMENT_NONE,      /* not of the connection, or its numbers do not fit */
    SEGMENT_HANDSHAKE, /* SYN, SYN/ACK, or the first acknowledgement */
    SEGMENT_REFUSAL,   /* answers the SYN: a RST */
    SEGMENT_KERNEL,    /* our kernel's own packet in an established connection: acknowledgement, FIN, RST */
    SEGMENT_DATA,      /* leaves with data at snd_nxt, where our kernel has sent none: crafted */
    SEGMENT_PEER,      /* the target's: acknowledgement, data, FIN */
    SEGMENT_RESET,     /* ends the established connection; its number lies in the window */
};

void connection_init(struct connection *connection);
/* Takes a packet whose addresses and ports are the connection's. `leaves`: it goes from us to the target. The
 * state changes as in RFC 9293 3.10 and RFC 5961 3.2. But crafted data change nothing, because our kernel did not send
 * them. */
enum segment connection_take(struct connection *connection, const struct headers *packet, bool leaves, nstime time,
                             uint64_t frame);
/* An ICMP error answered the SYN. */
void connection_refuse(struct connection *connection, nstime time, uint64_t frame);
/* Nothing answered the SYN in time. */
void connection_give_up(struct connection *connection);
/* The acknowledgement of an answered connection was not captured: the SYN/ACK stands in for it. */
void connection_assume_established(struct connection *connection);

/* A query of ours left, which is to begin a UDP session. */
void connection_query(struct connection *connection, nstime time, uint64_t frame);
/* The target answered it. */
void connection_answer(struct connection *connection, nstime time, uint64_t frame);
/* We ended it. */
void connection_close(struct connection *connection);
/* A probe was sent in it. */
void connection_use(struct connection *connection, nstime time);

static inline bool connection_is_open(const struct connection *connection)
{
    return connection->state == CONNECTION_ESTABLISHED;
}
/* Whether there was a connection, which may have ended. */
static inline bool connection_was_open(const struct connection *connection)
{
    return connection->state == CONNECTION_ESTABLISHED || connection->state == CONNECTION_RESET ||
           connection->state == CONNECTION_CLOSED;
}
/* Whether a handshake ended without a connection. */
static inline bool connection_failed(const struct connection *connection)
{
    return connection->state == CONNECTION_REFUSED || connection->state == CONNECTION_SILENT;
}

#endif

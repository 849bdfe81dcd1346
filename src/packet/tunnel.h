/* SPDX-License-Identifier: BSD-2-Clause */
/* tunnel: what the files that open encapsulations share. Floor 1; internal to packet/.
 *
 * Nothing but its bytes tells a tunnel's packet from a probe: tracers send UDP to any port, and bare packets of any IP
 * protocol. So a packet is a tunnel's only if all of it fits:
 * 1. It is whole, that is no fragment and not malformed. The capture may have cut its end.
 * 2. The encapsulation's flags are those that carry data, its reserved bits are zero, its lengths fit.
 * 3. It holds an IP packet, maybe in a frame, that passes ip_is_sound().
 * Else it counts as it stands, encrypted ones (ESP, WireGuard) among them.
 *
 * Then its own addresses and its TTL play no role: a tunnel may take over the TTL of what it carries, so that a low one
 * shows no tracer. One case is left: a tracer may put a sound packet into its probes. Of that, the TTL inside is high,
 * and it is a request, which nobody can take for a probe of a trace or for an answer. So nothing is lost if such a
 * packet stays closed where its outer TTL is one of a probe.
 *
 * A decoder gets the bytes behind the outer IP or UDP header. It steps over its own header and hands on to the link
 * layer's decoders, with their results. It sets encapsulation and id of `out`. */
#ifndef HOPSONDE_PACKET_TUNNEL_H
#define HOPSONDE_PACKET_TUNNEL_H

#include "packet/link.h"

typedef enum link_result tunnel_decoder(struct link_state *s, struct tunnel *out);

/* A tunnel may say that it cut the packets: so many bytes are missing at most. */
#define TUNNEL_CUT_MOST UINT16_MAX

tunnel_decoder tunnel_ipip, tunnel_gre, tunnel_vxlan, tunnel_geneve, tunnel_tzsp, tunnel_gtp, tunnel_l2tp_udp,
    tunnel_l2tp_ip, tunnel_teredo;

/* Bytes that the tunnel announces from the cursor on, those that the capture lacks included. */
static inline size_t tunnel_left(const struct link_state *s)
{
    return cursor_left(&s->cursor) + s->missing;
}

/* Bounds what follows to `length` bytes. False: there are not so many. */
bool tunnel_limit(struct link_state *s, size_t length);
void tunnel_set_id(struct tunnel *out, uint32_t id);

#endif

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
 * The outer addresses and TTL then play no role. Even a low outer TTL shows no tracer, because a tunnel may copy the
 * TTL of its payload.
 *
 * One case is ambiguous: a tracer may put a sound packet into its probes. The packet stays closed if
 * - its outer TTL is one of a probe,
 * - the TTL inside is high, and
 * - the packet inside is a request: a TCP SYN or an echo request.
 * No trace loses by this. Such a packet inside is neither a probe, whose TTL is low, nor an answer.
 *
 * A decoder gets the bytes behind the outer IP or UDP header. It steps over its own header and hands on to the link
 * layer's decoders, with their results. It sets encapsulation and id of `out`. */
#ifndef HOPSONDE_PACKET_TUNNELS_TUNNEL_H
#define HOPSONDE_PACKET_TUNNELS_TUNNEL_H

#include "packet/links/link.h"

typedef enum link_result tunnel_decoder(struct link_state *s, struct tunnel *out);

tunnel_decoder tunnel_ipip, tunnel_gre, tunnel_vxlan, tunnel_geneve, tunnel_tzsp, tunnel_gtp, tunnel_l2tp_udp,
    tunnel_l2tp_ip, tunnel_teredo;

/* Bounds what follows to `length` bytes. False: there are not so many. */
bool tunnel_limit(struct link_state *s, size_t length);
void tunnel_set_id(struct tunnel *out, uint32_t id);

#endif

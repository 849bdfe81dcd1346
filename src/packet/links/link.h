/* SPDX-License-Identifier: BSD-2-Clause */
/* link: what the files that decode link layers share. Floor 1; internal to packet/.
 *
 * A decoder steps over its header and hands on to the one that comes next; LINK_IP leaves the cursor at the IP header.
 * LINK_BROKEN: a header contradicts itself or ends early. An unknown header is LINK_OTHER. A decoder changes only its
 * state, so that a guess can be tried on a copy. Those of a capture's own header set direction and interface, too. */
#ifndef HOPSONDE_PACKET_LINKS_LINK_H
#define HOPSONDE_PACKET_LINKS_LINK_H

#include "packet/decode.h"

#define VLAN_TAGS_MOST 8
/* Ethernet, NSH and MPLS headers of one frame, those of failed guesses included: bounds time and stack for any bytes.
 */
#define LINK_LAYERS_MOST 16

enum link_result { LINK_IP, LINK_OTHER, LINK_BROKEN };

struct link_state {
    struct cursor cursor;
    struct packet *packet; /* for direction, interface and truncated */
    const char *broken;    /* with LINK_BROKEN: a constant text */
    uint32_t missing;      /* bytes that belong behind those of the cursor, but that the capture did not keep */
    uint8_t layers;        /* how many have been decoded */
};

typedef enum link_result link_decoder(struct link_state *s);

enum link_result link_broken(struct link_state *s, const char *reason);
/* Counts a layer that others may follow. False: there are too many. */
bool link_count_layer(struct link_state *s);
/* Tries a decoder behind `skip` bytes. True if it comes to an IP packet that passes ip_is_sound(); `s` is then there.
 * Else it stays where it was, and only its layers count. */
bool link_try(struct link_state *s, size_t skip, link_decoder *decode);

/* IEEE 802.3, and what an EtherType stands for. */
link_decoder link_ethernet;
enum link_result link_ethertype(struct link_state *s, uint16_t type);
/* IEEE 802.2 and, where it follows, SNAP (RFC 1042). */
link_decoder link_llc;
/* RFC 8300 2: network service header, and its next protocol, which VXLAN-GPE shares. */
link_decoder link_nsh;
enum link_result link_next_protocol(struct link_state *s, uint8_t protocol);
/* The IP packet itself: the first nibble is its version. */
link_decoder link_ip;

/* RFC 3032: a label stack, and the packet or pseudo-wire behind it. */
link_decoder link_mpls;

/* serial.c: point-to-point links. link_hdlc is PPP or Cisco HDLC, whose first bytes tell which. */
link_decoder link_ppp, link_ppp_with_direction, link_ppp_pppd, link_pppoe, link_hdlc, link_hdlc_with_direction,
    link_frame_relay, link_frame_relay_with_direction;

/* host.c: headers that an operating system puts before its packets. */
link_decoder link_raw, link_null, link_sll, link_sll2, link_pflog, link_nflog, link_enc;

/* IEEE 802.11: data frames as they are on the air, or behind a radiotap header. Of an A-MSDU, its first packet. A frame
 * is no IP if it is encrypted, a fragment, no data or damaged (says radiotap). */
link_decoder link_wlan, link_radiotap;

#endif

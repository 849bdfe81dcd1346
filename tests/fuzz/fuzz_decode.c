/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as a frame of any link type; the first byte chooses the link type and whether the capture cut the
 * frame. Then its tunnels are opened. Whatever the decoder says is at hand is touched. */
#include <stdlib.h>

#include "packet/packet.h"
#include "packet/rewrite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint16_t linktypes[] = {
    LINKTYPE_ETHERNET,     LINKTYPE_RAW,
    LINKTYPE_NULL,         LINKTYPE_LOOP,
    LINKTYPE_LINUX_SLL,    LINKTYPE_LINUX_SLL2,
    LINKTYPE_PPP,          LINKTYPE_PPP_HDLC,
    LINKTYPE_PPP_ETHER,    LINKTYPE_IPV4,
    LINKTYPE_IPV6,         9999,
    LINKTYPE_IEEE802_11,   LINKTYPE_IEEE802_11_RADIOTAP,
    LINKTYPE_C_HDLC,       LINKTYPE_C_HDLC_WITH_DIR,
    LINKTYPE_FRELAY,       LINKTYPE_FRELAY_WITH_DIR,
    LINKTYPE_PPP_WITH_DIR, LINKTYPE_PPP_PPPD,
    LINKTYPE_PFLOG,        LINKTYPE_NFLOG,
    LINKTYPE_ENC,          LINKTYPE_MPLS,
    LINKTYPE_RAW_12,       LINKTYPE_RAW_14,
    LINKTYPE_PKTAP,        LINKTYPE_PPI,
};

static void touch(const uint8_t *bytes, size_t count)
{
    volatile uint8_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum = (uint8_t)(sum + bytes[i]);
}

static void touch_headers(const struct headers *h)
{
    touch(h->bytes, h->captured);
    touch(h->transport.bytes, h->transport.captured);
    touch(h->transport.bytes, h->transport.header_length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t cut = 0x80;
    if (size == 0 || size > UINT16_MAX)
        return 0;
    struct frame frame = {
        .bytes = data + 1,
        .captured = (uint32_t)size - 1,
        .length = (uint32_t)size - 1 + (data[0] & cut ? 1000 : 0),
        .linktype = linktypes[(data[0] & ~cut) % (sizeof linktypes / sizeof *linktypes)],
    };
    struct packet packet;
    struct rewrite rewrites[REWRITES_MOST];
    packet_decode(&frame, &packet);
    touch_headers(&packet.outer);
    touch_headers(&packet.quote);
    packet_open_tunnels(&packet);
    touch_headers(&packet.outer);
    touch_headers(&packet.quote);
    if (packet.tunnels.count > TUNNELS_MOST)
        abort();
    rewrite_compare(&packet.outer, &packet.quote, rewrites);
    rewrite_compare(&packet.quote, &packet.quote, rewrites);
    return 0;
}

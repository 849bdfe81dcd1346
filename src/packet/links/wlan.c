/* SPDX-License-Identifier: BSD-2-Clause */
/* IEEE 802.11-2020 9.2.4 and 9.3.2: data frames; radiotap.org: what drivers put before them. Little-endian. */
#include "packet/links/link.h"

/* Frame control. */
#define CONTROL_VERSION_AND_TYPE 0x000fu
#define CONTROL_DATA 0x0008u    /* that type, of the only version */
#define CONTROL_NO_DATA 0x0040u /* subtypes of data that carry none: null frames and their kin */
#define CONTROL_QOS 0x0080u
#define CONTROL_TWO_BRIDGES 0x0300u /* to and from a distribution system: four addresses */
#define CONTROL_MORE_FRAGMENTS 0x0400u
#define CONTROL_PROTECTED 0x4000u
#define CONTROL_HT 0x8000u /* of QoS data; elsewhere the bit asks for strict order */

#define FRAGMENT_NUMBER 0x000fu
#define QOS_AMSDU 0x0080u

/* Radiotap: the first two fields, in the first of the words that say which are present. */
#define PRESENT_TSFT 0x00000001u
#define PRESENT_FLAGS 0x00000002u
#define PRESENT_MORE_WORDS 0x80000000u
#define FLAG_FCS 0x10u
#define FLAG_DATA_PAD 0x20u
#define FLAG_BAD_FCS 0x40u

#define RADIOTAP_BYTES 8u
#define TSFT_BYTES 8u
#define FCS_BYTES 4u

static uint16_t little_u16(struct cursor *c)
{
    return __builtin_bswap16(cursor_u16(c));
}

static uint32_t little_u32(struct cursor *c)
{
    return __builtin_bswap32(cursor_u32(c));
}

/* Zeros up to the next multiple of a power of two, counted from where `before` bytes were left. */
static void skip_to_multiple(struct cursor *c, size_t before, size_t of)
{
    cursor_skip(c, -(before - cursor_left(c)) & (of - 1));
}

/* The rest of a data frame's header, its cursor at the duration. */
static enum link_result wlan_data(struct link_state *s, uint16_t control, bool padded)
{
    struct cursor *c = &s->cursor;
    size_t before = cursor_left(c) + 2;
    cursor_skip(c, 2 + 3 * 6); /* duration, three addresses */
    uint16_t sequence = little_u16(c);
    if (control & CONTROL_MORE_FRAGMENTS || sequence & FRAGMENT_NUMBER)
        return LINK_OTHER;
    if ((control & CONTROL_TWO_BRIDGES) == CONTROL_TWO_BRIDGES)
        cursor_skip(c, 6);
    uint16_t qos = control & CONTROL_QOS ? little_u16(c) : 0;
    if (control & CONTROL_QOS && control & CONTROL_HT)
        cursor_skip(c, 4);
    if (padded)
        skip_to_multiple(c, before, 4);
    if (qos & QOS_AMSDU)
        cursor_skip(c, 2 * 6 + 2); /* of the first packet: destination, source, length */
    if (c->failed)
        return link_broken(s, "802.11 header cut short");
    bool empty = cursor_left(c) == 0 && s->missing == 0;
    return empty ? LINK_OTHER : link_llc(s);
}

static enum link_result wlan_frame(struct link_state *s, bool padded)
{
    uint16_t control = little_u16(&s->cursor);
    if (s->cursor.failed)
        return link_broken(s, "802.11 header cut short");
    if ((control & CONTROL_VERSION_AND_TYPE) != CONTROL_DATA || control & (CONTROL_NO_DATA | CONTROL_PROTECTED))
        return LINK_OTHER;
    return wlan_data(s, control, padded);
}

enum link_result link_wlan(struct link_state *s)
{
    return wlan_frame(s, false);
}

/* The flags field of the header that fills `c`; 0 where there is none. Each field stands at a multiple of its size. */
static uint8_t radiotap_flags(struct cursor *c)
{
    size_t before = cursor_left(c);
    cursor_skip(c, 4); /* version, padding, length */
    uint32_t present = little_u32(c);
    for (uint32_t word = present; word & PRESENT_MORE_WORDS;)
        word = little_u32(c);
    if (present & PRESENT_TSFT) {
        skip_to_multiple(c, before, TSFT_BYTES);
        cursor_skip(c, TSFT_BYTES);
    }
    return present & PRESENT_FLAGS ? cursor_u8(c) : 0;
}

/* Leaves out the checksum at the frame's end, as far as the capture kept it. */
static void drop_fcs(struct link_state *s)
{
    size_t left = cursor_left(&s->cursor), kept = s->missing < FCS_BYTES ? FCS_BYTES - s->missing : 0;
    s->cursor = cursor_sub(&s->cursor, left > kept ? left - kept : 0);
}

enum link_result link_radiotap(struct link_state *s)
{
    struct cursor ahead = s->cursor;
    uint8_t version = cursor_u8(&ahead);
    cursor_skip(&ahead, 1);
    uint16_t length = little_u16(&ahead);
    if (ahead.failed || length > cursor_left(&s->cursor))
        return link_broken(s, "radiotap header cut short");
    if (version != 0)
        return LINK_OTHER;
    if (length < RADIOTAP_BYTES)
        return link_broken(s, "radiotap header of an impossible length");
    struct cursor header = cursor_sub(&s->cursor, length);
    uint8_t flags = radiotap_flags(&header);
    if (header.failed)
        return link_broken(s, "radiotap fields beyond its header");
    if (flags & FLAG_BAD_FCS)
        return LINK_OTHER;
    if (flags & FLAG_FCS)
        drop_fcs(s);
    return wlan_frame(s, flags & FLAG_DATA_PAD);
}

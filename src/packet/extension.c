/* SPDX-License-Identifier: BSD-2-Clause */
/* What routers add to an ICMP error: the extension structure of RFC 4884 7 and the objects that we know. */
#include <string.h>

#include "packet/checksum.h"
#include "packet/decode.h"

#define OBJECT_HEADER 4

struct object {
    uint8_t class, type;
    struct cursor value;
};

/* The next object; false where its length makes no sense. */
static inline bool next_object(struct cursor *c, struct object *out)
{
    uint16_t length = cursor_u16(c);
    out->class = cursor_u8(c);
    out->type = cursor_u8(c);
    if (c->failed || length < OBJECT_HEADER || length > cursor_left(c) + OBJECT_HEADER)
        return false;
    out->value = cursor_sub(c, length - (size_t)OBJECT_HEADER);
    return true;
}

static bool objects_tile(struct cursor c)
{
    struct object object;
    if (cursor_left(&c) == 0)
        return false;
    while (cursor_left(&c) > 0)
        if (!next_object(&c, &object))
            return false;
    return true;
}

/* RFC 4950 2: the stack as the packet arrived with it, outermost label first. */
static void add_mpls(struct cursor c, struct icmp_extension *out)
{
    while (cursor_left(&c) >= 4 && out->mpls_count < MPLS_LABELS_MOST) {
        uint32_t entry = cursor_u32(&c);
        out->mpls[out->mpls_count++] = (struct mpls_label){
            .label = entry >> 12,
            .tc = entry >> 9 & 7,
            .bottom = entry >> 8 & 1,
            .ttl = entry & 0xff,
        };
    }
}

static void read_address(struct cursor *c, struct interface_info *info)
{
    enum { AFI_IPV4 = 1, AFI_IPV6 = 2 };
    uint16_t afi = cursor_u16(c);
    cursor_skip(c, 2);
    if (afi != AFI_IPV4 && afi != AFI_IPV6)
        cursor_fail(c);
    const uint8_t *bytes = cursor_bytes(c, afi == AFI_IPV4 ? 4 : 16);
    if (!bytes)
        return;
    info->address = addr_from_bytes(afi == AFI_IPV4 ? 4 : 6, bytes);
    info->has_address = true;
}

/* The length byte counts itself; RFC 5837 4.3 allows 64 bytes in all. */
static void read_name(struct cursor *c, struct interface_info *info)
{
    uint8_t length = cursor_u8(c);
    if (length == 0 || length > sizeof info->name)
        cursor_fail(c);
    const uint8_t *bytes = cursor_bytes(c, length - (size_t)1);
    if (!bytes)
        return;
    memcpy(info->name, bytes, length - (size_t)1);
    info->has_name = true;
}

/* RFC 5837 4.1: the bits of the c-type say what follows, in the order of the RFC. */
static bool read_interface(struct cursor c, uint8_t type, struct interface_info *info)
{
    enum { HAS_INDEX = 0x08, HAS_ADDRESS = 0x04, HAS_NAME = 0x02, HAS_MTU = 0x01 };
    *info = (struct interface_info){.role = type >> 6};
    if (type & HAS_INDEX) {
        info->index = cursor_u32(&c);
        info->has_index = !c.failed;
    }
    if (type & HAS_ADDRESS)
        read_address(&c, info);
    if (type & HAS_NAME)
        read_name(&c, info);
    if (type & HAS_MTU) {
        info->mtu = cursor_u32(&c);
        info->has_mtu = !c.failed;
    }
    return !c.failed;
}

static void add_interface(struct cursor c, uint8_t type, struct icmp_extension *out, const char **malformed)
{
    if (out->interface_count == INTERFACE_INFOS_MOST)
        return;
    if (!read_interface(c, type, &out->interfaces[out->interface_count++]))
        malformed_because(malformed, "interface information object cut short");
}

bool icmp_extension_decode(struct span bytes, struct icmp_extension *out, const char **malformed)
{
    enum { CLASS_MPLS = 1, CLASS_INTERFACE = 2, VERSION = 2 };
    struct cursor c = cursor_init(bytes.bytes, bytes.count);
    uint16_t version = cursor_u16(&c);
    uint16_t checksum = cursor_u16(&c);
    if (c.failed || version >> 12 != VERSION || !objects_tile(c))
        return false;
    if (checksum != 0 && checksum_finish(checksum_add(0, bytes.bytes, bytes.count)) != 0)
        return false;
    out->present = true;
    struct object object;
    while (cursor_left(&c) > 0 && next_object(&c, &object)) {
        if (object.class == CLASS_MPLS && object.type == 1)
            add_mpls(object.value, out);
        else if (object.class == CLASS_INTERFACE)
            add_interface(object.value, object.type, out, malformed);
    }
    return true;
}

void icmp_extension_copy(struct icmp_extension *to, const struct icmp_extension *from)
{
    to->present = from->present;
    to->non_compliant = from->non_compliant;
    to->mpls_count = from->mpls_count;
    to->interface_count = from->interface_count;
    for (unsigned i = 0; i < from->mpls_count; i++)
        to->mpls[i] = from->mpls[i];
    for (unsigned i = 0; i < from->interface_count; i++)
        to->interfaces[i] = from->interfaces[i];
}

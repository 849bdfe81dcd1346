/* SPDX-License-Identifier: BSD-2-Clause */
#include "probe/identity.h"

#include "packet/checksum.h"

/* Ids are 1 .. 65534: as UDP checksums, 0 means none and 65535 equals 0. */
#define IDS 65534u

uint32_t flow_tag_of(const struct flow *flow, enum tag_use use, uint32_t number)
{
    uint64_t parts[] = {
        flow->nonce,
        (uint64_t)flow->spec.protocol << 48 | (uint64_t)flow->spec.variant << 32 | (uint64_t)flow->source_port << 16 |
            flow->target_port,
        (uint64_t)use << 32 | number,
    };
    uint64_t hash = UINT64_C(0x9e3779b97f4a7c15);
    for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) {
        hash ^= parts[i];
        hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9); /* the mixer of splitmix64 */
        hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
        hash ^= hash >> 31;
    }
    return (uint32_t)(hash >> 32);
}

void flow_draw(const struct flow *flow, enum tag_use use, uint32_t number, uint8_t *out, size_t count)
{
    for (uint32_t i = 0; i < count / 4; i++)
        put32(out + 4 * i, flow_tag_of(flow, use, number << 4 | i));
}

uint32_t flow_tag(const struct flow *flow, enum tag_use use)
{
    return flow_tag_of(flow, use, 0);
}

uint8_t flow_protocol(const struct flow *flow)
{
    return probe_type_protocol(flow->spec.type, flow->target.family, flow->spec.protocol);
}

uint16_t flow_ip_header_size(uint8_t family)
{
    return family == 6 ? 40 : 20;
}

static uint32_t first_id(const struct flow *flow, enum tag_use use)
{
    return flow_tag(flow, flow->coding == CODING_ONE_NUMBER ? TAG_IP_ID : use) % IDS;
}

uint16_t identity_code(const struct flow *flow, enum tag_use use, uint16_t serial)
{
    return (uint16_t)(1 + (first_id(flow, use) + serial) % IDS);
}

uint16_t identity_decode(const struct flow *flow, enum tag_use use, uint16_t id)
{
    if (id == 0 || id > IDS)
        return 0;
    uint32_t serial = (id - 1u + IDS - first_id(flow, use)) % IDS;
    return serial_is_valid(serial) ? (uint16_t)serial : 0;
}

uint16_t flow_ip_id(const struct flow *flow, uint16_t serial)
{
    return identity_code(flow, TAG_IP_ID, serial);
}

uint16_t flow_serial_of_id(const struct flow *flow, uint16_t id)
{
    return identity_decode(flow, TAG_IP_ID, id);
}

uint16_t get16(const uint8_t *at)
{
    struct cursor c = cursor_init(at, 2);
    return cursor_u16(&c);
}

void put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

void put32(uint8_t *at, uint32_t value)
{
    put16(at, (uint16_t)(value >> 16));
    put16(at + 2, (uint16_t)value);
}

void identity_patch16(uint8_t *transport, size_t checksum_offset, size_t offset, uint16_t value)
{
    uint16_t checksum = get16(transport + checksum_offset);
    put16(transport + checksum_offset, checksum_update(checksum, get16(transport + offset), value));
    put16(transport + offset, value);
}

void identity_patch32(uint8_t *transport, size_t checksum_offset, size_t offset, uint32_t value)
{
    identity_patch16(transport, checksum_offset, offset, (uint16_t)(value >> 16));
    identity_patch16(transport, checksum_offset, offset + 2, (uint16_t)value);
}

uint16_t identity_checksum(const struct flow *flow, const uint8_t *transport, size_t length, size_t covered)
{
    uint32_t sum = checksum_pseudo(&flow->source, &flow->target, flow_protocol(flow), (uint32_t)length);
    return checksum_finish(checksum_add(sum, transport, covered));
}

/* One's complement: the sum of word and checksum stays the same for any value of the word. */
static uint16_t complement_sum(uint16_t a, uint16_t b, uint16_t minus)
{
    uint32_t sum = (uint32_t)a + b + (uint16_t)~minus;
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

uint16_t identity_steered_word(uint16_t word, uint16_t checksum, uint16_t wanted)
{
    return complement_sum(word, checksum, wanted);
}

uint16_t identity_checksum_of_word(uint16_t word, uint16_t checksum, uint16_t steered)
{
    return complement_sum(word, checksum, steered);
}

void identity_steer(uint8_t *transport, size_t checksum_offset, size_t word_offset, uint16_t wanted)
{
    uint16_t word = get16(transport + word_offset), checksum = get16(transport + checksum_offset);
    put16(transport + word_offset, identity_steered_word(word, checksum, wanted));
    put16(transport + checksum_offset, wanted);
}

void identity_fill(const struct flow *flow, uint8_t *payload, size_t length)
{
    static const char name[] = "hopsonde";
    for (size_t i = 0; i < length; i++)
        payload[i] = (uint8_t)name[i % (sizeof name - 1)];
    if (length < MARK_BYTES)
        return;
    put32(payload, 0);
    put32(payload + 4, flow_tag(flow, TAG_MARK));
}

struct mark identity_read(uint16_t serial, uint32_t tag, uint32_t own_tag)
{
    if (serial == 0 && tag == 0)
        return (struct mark){0};
    bool own = tag == own_tag && serial_is_valid(serial);
    return (struct mark){.present = true, .serial = own ? serial : 0};
}

struct mark identity_read_mark(const struct flow *flow, struct cursor payload)
{
    cursor_skip(&payload, MARK_SERIAL);
    uint16_t serial = cursor_u16(&payload);
    uint32_t tag = cursor_u32(&payload);
    if (payload.failed)
        return (struct mark){0};
    return identity_read(serial, tag, flow_tag(flow, TAG_MARK));
}

bool identity_steer_fits(const struct flow *flow, size_t checksum_offset, size_t word_offset, uint16_t serial,
                         uint16_t word)
{
    const uint8_t *transport = flow->template_bytes + flow_ip_header_size(flow->target.family);
    uint16_t checksum = checksum_update(get16(transport + checksum_offset), 0, serial);
    return word ==
           identity_steered_word(get16(transport + word_offset), checksum, identity_code(flow, TAG_CHECKSUM, serial));
}

uint16_t identity_read_echo(const struct flow *flow, struct cursor payload, size_t checksum_offset, size_t mark_offset)
{
    uint16_t serial = identity_read_mark(flow, payload).serial;
    uint16_t word = cursor_u16(&payload);
    return serial && identity_steer_fits(flow, checksum_offset, mark_offset, serial, word) ? serial : 0;
}

struct cursor transport_after(const struct transport *transport, size_t skip)
{
    struct cursor c = cursor_init(transport->bytes, transport->bytes ? transport->captured : 0);
    cursor_skip(&c, skip);
    return c;
}

unsigned identity_fit(const struct flow *flow, const struct headers *seen)
{
    const struct transport *t = &seen->transport;
    bool has_ports = flow->spec.type->has_port;
    unsigned fit = 0;
    if (addr_equal(&seen->ip.source, &flow->source))
        fit |= FIT_SOURCE;
    if (addr_equal(&seen->ip.target, &flow->target))
        fit |= FIT_TARGET;
    if (!has_ports || ((t->have & HAVE_PORTS) && t->source_port == flow->source_port))
        fit |= FIT_SOURCE_PORT;
    if (!has_ports || ((t->have & HAVE_PORTS) && t->target_port == flow->target_port))
        fit |= FIT_TARGET_PORT;
    return fit;
}

uint16_t identity_by_ip_id(const struct flow *flow, const struct headers *seen)
{
    return seen->ip.version == 4 ? flow_serial_of_id(flow, seen->ip.id) : 0;
}

static uint16_t untranslate_address(uint16_t checksum, const struct addr *seen, const struct addr *own)
{
    for (size_t i = 0; i + 1 < addr_length(own); i += 2)
        checksum = checksum_update(checksum, get16(seen->bytes + i), get16(own->bytes + i));
    return checksum;
}

uint16_t identity_untranslated_checksum(const struct flow *flow, const struct headers *seen)
{
    const struct transport *t = &seen->transport;
    uint16_t checksum = untranslate_address(t->checksum, &seen->ip.source, &flow->source);
    checksum = untranslate_address(checksum, &seen->ip.target, &flow->target);
    if (t->have & HAVE_PORTS) {
        checksum = checksum_update(checksum, t->source_port, flow->source_port);
        checksum = checksum_update(checksum, t->target_port, flow->target_port);
    }
    return checksum;
}

uint16_t identity_by_sum(const struct flow *flow, const struct headers *seen)
{
    if (!(seen->transport.have & HAVE_CHECKSUM) || seen->transport.checksum == 0)
        return 0;
    return identity_decode(flow, TAG_CHECKSUM, identity_untranslated_checksum(flow, seen));
}

/* Some routers quote the id in their own byte order. */
static bool id_is_swapped(const struct flow *flow, const struct headers *seen, uint16_t serial)
{
    uint16_t swapped = (uint16_t)(seen->ip.id << 8 | seen->ip.id >> 8);
    return seen->ip.version == 4 && serial && flow_serial_of_id(flow, swapped) == serial;
}

static struct flow_match match_untranslated(const struct flow *flow, const struct headers *seen,
                                            const struct mark *mark)
{
    uint16_t by_id = identity_by_ip_id(flow, seen);
    /* If mark and checksum disagree, a translator put the addresses back but not the checksum. */
    if (mark->present && mark->by_sum && mark->by_sum != mark->serial)
        return match_make(MATCH_REWRITTEN, mark->serial, "addresses, ports and mark, not the checksum");
    if (mark->present)
        return match_make(MATCH_EXACT, mark->serial, "addresses, ports and mark");
    if (by_id && by_id == mark->by_sum)
        return match_make(MATCH_EXACT, by_id, "addresses, ports, ip id and checksum");
    if (mark->by_sum && (!by_id || id_is_swapped(flow, seen, mark->by_sum)))
        return match_make(MATCH_EXACT, mark->by_sum, "addresses, ports and checksum");
    if (by_id && mark->by_sum)
        return match_make(MATCH_REWRITTEN, by_id, "addresses, ports and ip id, not the checksum");
    if (by_id)
        return match_make(MATCH_EXACT, by_id, "addresses, ports and ip id");
    return match_none();
}

struct flow_match identity_match(const struct flow *flow, const struct headers *seen, const struct mark *mark)
{
    /* 1. The mark of another flow decides, even if all else fits. */
    if (mark->present && !mark->serial)
        return match_none();
    /* 2. Nothing that a balancer hashes was translated: any identity will do. */
    unsigned fit = identity_fit(flow, seen);
    if (fit == FIT_ALL)
        return match_untranslated(flow, seen, mark);
    /* 3. Translated: the mark, or two identities that agree once the translation is undone. */
    if (mark->present && !mark->untagged)
        return match_make(MATCH_REWRITTEN, mark->serial, "mark");
    if (mark->by_sum && mark->by_sum == identity_by_ip_id(flow, seen))
        return match_make(MATCH_REWRITTEN, mark->by_sum, "ip id and checksum");
    /* 4. Half of it, and one identity. Over IPv6 that can only be the checksum. */
    if (seen->ip.version == 6 && mark->by_sum && (fit & FIT_RECEIVER) == FIT_RECEIVER && !(fit & FIT_SOURCE))
        return match_make(MATCH_WEAK, mark->by_sum, "target and checksum");
    return identity_match_by_ip_id(flow, seen);
}

struct flow_match identity_match_by_ip_id(const struct flow *flow, const struct headers *seen)
{
    unsigned fit = identity_fit(flow, seen);
    uint16_t serial = identity_by_ip_id(flow, seen);
    if (!serial)
        return match_none();
    if (fit == FIT_ALL)
        return match_make(MATCH_WEAK, serial, "addresses, ports and ip id only");
    /* Another packet of this host with other ports belongs to another program. */
    bool ports_unknown = flow->spec.type->has_port && !(seen->transport.have & HAVE_PORTS);
    if ((fit & FIT_TARGET) && (!(fit & FIT_SOURCE) || ports_unknown))
        return match_make(MATCH_WEAK, serial, "target and ip id");
    if (flow->spec.type->has_port && (fit & FIT_SENDER) == FIT_SENDER && !(fit & FIT_TARGET))
        return match_make(MATCH_WEAK, serial, "source port and ip id");
    return match_none();
}

bool identity_answer_ports_fit(const struct flow *flow, const struct transport *transport)
{
    return (transport->have & HAVE_PORTS) && transport->source_port == flow->target_port &&
           transport->target_port == flow->source_port;
}

void filter_with_ports(const struct flow *flow, struct strbuf *out)
{
    char source[ADDR_TEXT_BYTES], target[ADDR_TEXT_BYTES];
    addr_format(&flow->source, source);
    addr_format(&flow->target, target);
    if (!flow->target_port) {
        strbuf_addf(out,
                    "(%s and ((src host %s and dst host %s and src port %u) or "
                    "(src host %s and dst host %s and dst port %u)))",
                    flow->spec.type->name, source, target, flow->source_port, target, source, flow->source_port);
        return;
    }
    strbuf_addf(out,
                "(%s and ((src host %s and dst host %s and src port %u and dst port %u) or "
                "(src host %s and dst host %s and src port %u and dst port %u)))",
                flow->spec.type->name, source, target, flow->source_port, flow->target_port, target, source,
                flow->target_port, flow->source_port);
}

void filter_bare(const struct flow *flow, struct strbuf *out)
{
    char source[ADDR_TEXT_BYTES], target[ADDR_TEXT_BYTES];
    addr_format(&flow->source, source);
    addr_format(&flow->target, target);
    strbuf_addf(out, "(%s proto %u and ((src host %s and dst host %s) or (src host %s and dst host %s)))",
                flow->target.family == 6 ? "ip6" : "ip", flow_protocol(flow), source, target, target, source);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "base/captured.h"
#include "recognise/digest.h"

#define TCP_HEADER 20 /* bytes, without options */
#define SAME_BYTES 32 /* of a payload: so many tell packets apart that have neither id nor sequence number */

/* The two halves of the product of both. */
static uint64_t mix(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
    uint64_t a_low = (uint32_t)a, a_high = a >> 32, b_low = (uint32_t)b, b_high = b >> 32;
    uint64_t low = a_low * b_low, middle = a_high * b_low + (low >> 32), other = a_low * b_high + (uint32_t)middle;
    uint64_t high = a_high * b_high + (middle >> 32) + (other >> 32);
    return (other << 32 | (uint32_t)low) ^ high;
#endif
}

static uint64_t half(const struct addr *address, unsigned which)
{
    uint64_t value;
    memcpy(&value, address->bytes + (size_t)8 * which, sizeof value);
    return value;
}

uint64_t digest_pair_hash(const struct digester *digester, const struct addr *source, const struct addr *target,
                          uint8_t protocol)
{
    /* The author of a capture knows neither factor: if one could be made 0, the other would not count. */
    uint64_t secret = digester->secret, other = secret << 32 | secret >> 32;
    uint64_t hash = mix(half(source, 0) ^ secret, half(target, 0) ^ other ^ UINT64_C(0x9e3779b97f4a7c15) ^ protocol);
    if (source->family == 6)
        hash = mix(half(source, 1) ^ hash, half(target, 1) ^ UINT64_C(0xd6e8feb86659fd93) ^ other);
    return hash;
}

uint64_t digest_key(uint64_t pair_hash, uint32_t word, uint32_t extra)
{
    uint64_t value = (uint64_t)word << 32 | extra;
    return mix(value ^ pair_hash, UINT64_C(0xa0761d6478bd642f) ^ pair_hash);
}

/* Ports, or echo id and sequence number. */
static void read_word(const struct transport *t, struct digest *out)
{
    if (t->have & HAVE_PORTS)
        out->traits.word = (uint32_t)t->source_port << 16 | t->target_port;
    else if (t->have & HAVE_ECHO)
        out->traits.word = (uint32_t)t->echo_id << 16 | t->echo_seq;
    out->has_word = t->have & (HAVE_PORTS | HAVE_ECHO);
}

static uint32_t seq_of(const struct transport *t)
{
    if (t->have & HAVE_SEQ)
        return (uint32_t)t->seq;
    return t->have & HAVE_INIT_TAG ? t->init_tag : 0;
}

static void read_payload(const struct transport *t, struct traits *out)
{
    size_t header = t->header_length;
    out->payload_bytes = (uint16_t)(t->size > header ? t->size - header : 0);
    if (!t->bytes || t->captured <= header)
        return;
    size_t length = t->captured - header;
    out->payload_length = (uint8_t)(length < SHOWN_BYTES ? length : SHOWN_BYTES);
    if (length >= SHOWN_BYTES)
        memcpy(out->payload, t->bytes + header, SHOWN_BYTES); /* of a constant size: one load */
    else
        memcpy(out->payload, t->bytes + header, length);
}

static void read_traits(const struct headers *headers, struct traits *out)
{
    const struct ip_header *ip = &headers->ip;
    const struct transport *t = &headers->transport;
    out->flow_label = ip->flow_label;
    out->ip_id = ip->id;
    out->checksum = t->checksum;
    out->window = t->window;
    out->size = (uint16_t)ip->total_length;
    out->ttl = ip->ttl;
    out->tos = ip->tos;
    out->tcp_flags = t->flags;
    out->dont_fragment = ip->dont_fragment;
    out->has_options = (t->have & HAVE_FLAGS) && t->header_length > TCP_HEADER;
    read_payload(t, out);
}

/* What the key holds of a packet, beyond addresses and ports. */
static uint32_t key_extra(const struct probe_type *type, const struct headers *headers, const struct traits *traits)
{
    switch (type->identity) {
    case IDENTITY_SEQ:
        return traits->seq;
    case IDENTITY_ECHO:
        return 0;
    default:
        return headers->ip.id;
    }
}

static bool may_have_id(const struct digester *digester, uint8_t protocol, uint16_t port)
{
    return digester->query_ports[protocol] >> port % 64 & 1;
}

/* The packet as a probe. */
static void read_probe(const struct digester *digester, const struct headers *headers, struct digest *out)
{
    const struct ip_header *ip = &headers->ip;
    const struct transport *t = &headers->transport;
    const struct probe_type *type = digester->types[ip->protocol];
    out->source = ip->source;
    out->target = ip->target;
    out->protocol = ip->protocol;
    out->have = t->have;
    out->length = t->length;
    out->is_fragment = ip->fragment_offset != 0;
    out->pair_hash = digest_pair_hash(digester, &ip->source, &ip->target, ip->protocol);
    read_word(t, out);
    out->traits.seq = seq_of(t);
    out->traits.ack = t->have & HAVE_ACK ? (uint32_t)t->ack : 0;
    if (!out->is_fragment && (out->has_word || !type->protocol))
        out->shape = (uint8_t)(type->shape_of ? type->shape_of(headers) : type->shape);
    if (type->query_id && may_have_id(digester, ip->protocol, t->target_port))
        out->traits.query_id = type->query_id(headers);
    read_traits(headers, &out->traits);
    out->key = digest_key(out->pair_hash, out->traits.word, key_extra(type, headers, &out->traits));
}

/* Whether a packet can be a direct answer, and which. */
static bool may_answer(const struct probe_type *type, const struct headers *headers, enum reply_kind *kind)
{
    *kind = type->reply_kind;
    return !headers->ip.fragment_offset && (!type->reply_kind_of || type->reply_kind_of(headers, kind));
}

static void read_answer(const struct frame *frame, const struct packet *packet, struct digest *out)
{
    reply_of_packet(frame, packet, &out->answer);
    out->answer.file = out->file;
    out->extension = NULL;
}

/* An echo reply repeats its probe's key; a SYN/ACK or RST acknowledges it. A SYN or a FIN counts as one. */
static void set_answer_key(struct digest *out)
{
    bool is_echo = out->answer.kind == REPLY_ECHO;
    bool acknowledges =
        (out->answer.kind == REPLY_SYN_ACK || out->answer.kind == REPLY_RST) && (out->traits.tcp_flags & TCP_ACK);
    out->may_answer_key = is_echo || acknowledges;
    if (out->may_answer_key)
        out->answer_key = digest_key(out->answer_hash, digest_answered_word(out), is_echo ? 0 : out->traits.ack - 1);
}

static void read_error(const struct digester *digester, const struct frame *frame, const struct packet *packet,
                       struct digest *out)
{
    const struct headers *outer = &packet->outer;
    const struct transport *t = &outer->transport;
    read_answer(frame, packet, out);
    out->answer_hash = digest_pair_hash(digester, &outer->ip.target, &outer->ip.target, 0);
    out->answer.kind = (uint8_t)reply_kind_of_icmp(outer->ip.version, t->type, t->code);
    out->answer.quoted_ttl = packet->quote.ip.version ? packet->quote.ip.ttl : -1;
    out->extension = packet->extension.present ? &packet->extension : NULL;
    out->cut = packet->truncated && !(out->have & HAVE_PORTS) && t->captured < t->size;
}

/* --- what copies have in common --- */

/* The secret is left out: which sightings the table of copies.c forgets depends on these hashes, and results must not
 * depend on the secret. */
static uint64_t hash_addresses(const struct addr *source, const struct addr *target, uint8_t protocol)
{
    uint64_t hash = mix(half(source, 0) ^ UINT64_C(0x8bb84b93962eacc9), half(target, 0) ^ UINT64_C(0x2d358dccaa6c78a5));
    if (source->family == 6)
        hash = mix(half(source, 1) ^ hash, half(target, 1) ^ UINT64_C(0xd6e8feb86659fd93));
    return hash ^ protocol;
}

static uint64_t load(const uint8_t *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static uint64_t hash_bytes(uint64_t hash, const uint8_t *bytes, size_t count)
{
    uint8_t padded[SAME_BYTES] = {0};
    if (count < SAME_BYTES) {
        if (count)
            memcpy(padded, bytes, count);
        bytes = padded;
    }
    hash = mix(load(bytes) ^ hash, load(bytes + 8) ^ UINT64_C(0xe7037ed1a0b428db));
    return mix(load(bytes + 16) ^ hash, load(bytes + 24) ^ UINT64_C(0x8ebc6af09c88c6e3));
}

/* The fields of the IP header. Length and id alone tell most packets of IPv4 apart. */
static uint64_t hash_ip(uint64_t hash, const struct ip_header *ip)
{
    uint64_t lengths = (uint64_t)ip->total_length << 32 | (uint64_t)ip->id << 16 | ip->fragment_offset;
    return mix(lengths ^ hash, ((uint64_t)ip->flow_label << 32 | ip->fragment_id) ^ UINT64_C(0x589965cc75374cc3));
}

/* What follows the header, as far as it is captured. A SYN's options are left out, since routers clamp its MSS. */
static uint64_t hash_payload(uint64_t hash, const struct headers *headers)
{
    const struct transport *t = &headers->transport;
    size_t from = headers->ip.header_length;
    if (t->have)
        from += (t->have & HAVE_FLAGS) && !(t->flags & TCP_SYN) ? TCP_HEADER : t->header_length;
    return headers->captured > from ? hash_bytes(hash, headers->bytes + from, headers->captured - from)
                                    : hash_bytes(hash, NULL, 0);
}

/* `payload`: its hash. */
static uint64_t same_of_plain(const struct headers *headers, const struct digest *digest, uint64_t payload)
{
    const struct transport *t = &headers->transport;
    const struct traits *traits = &digest->traits;
    bool is_icmp = headers->ip.protocol == IP_ICMP || headers->ip.protocol == IP_ICMP6;
    uint32_t kind = (uint32_t)t->type << 24 | (uint32_t)t->code << 16 | (is_icmp ? traits->checksum : traits->window);
    uint64_t hash = hash_ip(payload ^ hash_addresses(&digest->source, &digest->target, digest->protocol), &headers->ip);
    return mix(((uint64_t)traits->word << 32 | traits->seq) ^ hash,
               ((uint64_t)traits->ack << 32 | kind) ^ UINT64_C(0x1d8e4e27c47d124f) ^ traits->tcp_flags);
}

/* The target, its port or sequence number, and the payload. */
static uint64_t same_beyond_nat(const struct headers *headers, const struct digest *digest, uint64_t payload)
{
    const struct ip_header *ip = &headers->ip;
    uint64_t hash = hash_ip(payload ^ ~hash_addresses(&ip->target, &ip->target, ip->protocol), ip);
    return 1 | mix(((uint64_t)(uint16_t)digest->traits.word << 32 | digest->traits.seq) ^ hash,
                   ((uint64_t)digest->shape << 32 | digest->traits.ack) ^ UINT64_C(0x4b33a62ed433d4a3));
}

static uint64_t same_of_error(const struct packet *packet, const struct digest *digest)
{
    const struct headers *outer = &packet->outer;
    const struct transport *t = &outer->transport;
    const struct traits *quoted = &digest->traits;
    uint64_t kind = (uint64_t)t->type << 56 | (uint64_t)t->code << 48 | (uint64_t)t->checksum << 32 | packet->mtu;
    kind ^= (uint64_t)quoted->ttl << 24;
    uint64_t hash = hash_ip(hash_addresses(&outer->ip.source, &outer->ip.target, outer->ip.protocol), &outer->ip);
    if (!packet->quote.ip.version)
        return hash_payload(hash ^ kind, outer);
    hash = mix(kind ^ hash, hash_addresses(&digest->source, &digest->target, digest->protocol));
    /* The checksum of the quoted IP header undoes the quoted TTL in that of the error. */
    uint64_t identity = (uint64_t)quoted->checksum << 32 | (uint64_t)quoted->ttl << 16 | quoted->ip_id;
    return mix(((uint64_t)quoted->word << 32 | quoted->seq) ^ hash, identity ^ UINT64_C(0x9fb21c651e98df25));
}

static uint64_t same_of_frame(const struct frame *frame)
{
    uint64_t lengths = (uint64_t)frame->length << 32 | frame->captured;
    return hash_bytes(mix(lengths, UINT64_C(0xa0761d6478bd642f)), frame->bytes, frame->captured);
}

void digest_packet(const struct digester *digester, unsigned file, const struct frame *frame,
                   const struct packet *packet, struct digest *out)
{
    const struct ip_header *ip = &packet->outer.ip;
    /* Field by field: for a large structure compilers emit an instruction with a slow start. */
    out->time = frame->time;
    out->frame = frame->number;
    out->interface = packet->interface;
    out->inside = packet->tunnels.count ? &packet->tunnels : NULL;
    out->name = NULL;
    out->kind = (uint8_t)packet->kind;
    out->direction = packet->direction;
    out->file = (uint8_t)file;
    out->malformed = packet->malformed || frame->clamped;
    out->shape = SHAPE_NONE;
    out->have = 0;
    out->protocol = 0;
    out->has_word = out->may_answer = out->may_answer_key = out->is_fragment = out->cut = false;
    out->source = out->target = (struct addr){0};
    out->traits = (struct traits){0};
    out->same_beyond_nat = 0;
    if (packet->kind == PACKET_ICMP_ERROR) {
        if (packet->quote.ip.version)
            read_probe(digester, &packet->quote, out);
        read_error(digester, frame, packet, out);
        out->same = same_of_error(packet, out);
    } else if (packet->kind == PACKET_PLAIN) {
        read_probe(digester, &packet->outer, out);
        uint64_t payload = hash_payload(0, &packet->outer); /* once for both */
        out->same = same_of_plain(&packet->outer, out, payload);
        if (out->shape != SHAPE_NONE && out->traits.ttl <= PROBE_TTL_MOST) /* others are no probes */
            out->same_beyond_nat = same_beyond_nat(&packet->outer, out, payload);
        const struct probe_type *type = digester->types[ip->protocol];
        enum reply_kind kind;
        out->may_answer = may_answer(type, &packet->outer, &kind);
        if (!out->may_answer)
            return;
        read_answer(frame, packet, out);
        out->answer.kind = (uint8_t)kind;
        out->answered_id = type->answered_id && may_have_id(digester, ip->protocol, packet->outer.transport.source_port)
                               ? type->answered_id(&packet->outer)
                               : 0;
        out->answer_hash = digest_pair_hash(digester, &ip->target, &ip->source, ip->protocol);
        set_answer_key(out);
    } else {
        out->same = same_of_frame(frame);
    }
}

struct carried_name *carried_name_copy(const struct carried_name *name)
{
    struct carried_name *copy = name ? malloc(sizeof *copy) : NULL;
    if (copy)
        *copy = *name;
    return copy;
}

bool carried_name_equal(const struct carried_name *a, const struct carried_name *b)
{
    return a == b || (a && b && a->variant == b->variant && strcmp(a->text, b->text) == 0);
}

void digest_read_name(const struct digester *digester, const struct packet *packet, struct carried_name *name,
                      struct digest *out)
{
    const struct transport *t = &packet->outer.transport;
    const struct probe_type *type = digester->types[packet->outer.ip.protocol];
    if (packet->kind != PACKET_PLAIN || out->shape == SHAPE_NONE || out->traits.ttl > PROBE_TTL_MOST ||
        !out->traits.payload_length)
        return;
    const struct cursor payload = cursor_init(t->bytes + t->header_length, t->captured - t->header_length);
    const struct probe_variant_row *row = probe_name_seen(type, t->target_port, payload, name->text);
    if (!row)
        return;
    name->variant = row->variant;
    out->name = name;
}

/* Bits of the ports to which queries of this type may bear an id. */
static uint64_t query_ports_of(const struct probe_type *type)
{
    uint64_t ports = 0;
    for (const struct probe_variant_row *const *row = type->variants; *row; row++)
        ports |= (*row)->port ? UINT64_C(1) << (*row)->port % 64 : 0;
    return ports ? ports : UINT64_MAX;
}

static void set_type(struct digester *digester, uint8_t protocol)
{
    const struct probe_type *type = probe_type_of_protocol(protocol);
    digester->types[protocol] = type;
    digester->query_ports[protocol] = query_ports_of(type);
}

/* Protocols without a row of their own have the same type as 0. */
void digest_init(struct digester *digester, uint64_t secret)
{
    digester->secret = secret;
    set_type(digester, 0);
    for (unsigned protocol = 1; protocol < 256; protocol++) {
        digester->types[protocol] = digester->types[0];
        digester->query_ports[protocol] = digester->query_ports[0];
    }
    for (unsigned i = 0; probe_types[i]; i++) {
        set_type(digester, probe_types[i]->protocol);
        set_type(digester, probe_types[i]->protocol_ipv6);
    }
}

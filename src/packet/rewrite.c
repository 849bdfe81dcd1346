/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet/rewrite.h"

#include <string.h>

#include "packet/checksum.h"
#include "packet/decode.h"

#define OPTION_BITS 63

/* All differences by field; later only some are reported. */
struct comparison {
    const struct headers *sent, *quoted;
    uint32_t have; /* transport fields that both hold */
    bool differs[REWRITE_FIELDS];
    struct rewrite rows[REWRITE_FIELDS];
};

static void compare_value(struct comparison *c, enum rewrite_field field, uint64_t sent, uint64_t quoted)
{
    c->differs[field] = sent != quoted;
    c->rows[field] = (struct rewrite){.field = field, .sent = sent, .quoted = quoted};
}

static void compare_address(struct comparison *c, enum rewrite_field field, const struct addr *sent,
                            const struct addr *quoted)
{
    c->differs[field] = !addr_equal(sent, quoted);
    c->rows[field] = (struct rewrite){.field = field, .sent_address = *sent, .quoted_address = *quoted};
}

/* Between IPv4 and IPv6 (RFC 7915) a translator makes another header, so only addresses are compared. */
static void compare_ip(struct comparison *c)
{
    const struct ip_header *sent = &c->sent->ip, *quoted = &c->quoted->ip;
    compare_address(c, REWRITE_IP_SOURCE, &sent->source, &quoted->source);
    compare_address(c, REWRITE_IP_TARGET, &sent->target, &quoted->target);
    if (sent->version != quoted->version)
        return;
    compare_value(c, REWRITE_IP_DSCP, sent->tos >> 2, quoted->tos >> 2);
    compare_value(c, REWRITE_IP_ECN, sent->tos & 3, quoted->tos & 3);
    if (sent->version == 6) {
        compare_value(c, REWRITE_IP_FLOW_LABEL, sent->flow_label, quoted->flow_label);
        return;
    }
    compare_value(c, REWRITE_IP_DF, sent->dont_fragment, quoted->dont_fragment);
    /* Some routers quote the id as zero or in their own byte order. */
    uint16_t swapped = (uint16_t)(sent->id << 8 | sent->id >> 8);
    if (quoted->id != 0 && quoted->id != swapped)
        compare_value(c, REWRITE_IP_ID, sent->id, quoted->id);
}

static uint64_t option_set(const struct tcp_options *o)
{
    uint64_t set = 0;
    for (unsigned i = 0; i < o->kind_count; i++)
        set |= UINT64_C(1) << (o->kinds[i] < OPTION_BITS ? o->kinds[i] : OPTION_BITS);
    return set;
}

static void compare_tcp_options(struct comparison *c)
{
    const struct tcp_options *sent = &c->sent->transport.tcp_options, *quoted = &c->quoted->transport.tcp_options;
    if (sent->malformed || quoted->malformed)
        return;
    compare_value(c, REWRITE_TCP_MSS, sent->has_mss ? sent->mss : 0, quoted->has_mss ? quoted->mss : 0);
    compare_value(c, REWRITE_TCP_OPTIONS, option_set(sent), option_set(quoted));
}

static void compare_transport(struct comparison *c)
{
    const struct transport *sent = &c->sent->transport, *quoted = &c->quoted->transport;
    if (c->have & HAVE_PORTS) {
        compare_value(c, REWRITE_SOURCE_PORT, sent->source_port, quoted->source_port);
        compare_value(c, REWRITE_TARGET_PORT, sent->target_port, quoted->target_port);
    }
    if ((c->have & HAVE_SEQ) && c->sent->ip.protocol == IP_TCP)
        compare_value(c, REWRITE_TCP_SEQ, sent->seq, quoted->seq);
    if ((c->have & HAVE_ACK) && c->sent->ip.protocol == IP_TCP)
        compare_value(c, REWRITE_TCP_ACK, sent->ack, quoted->ack);
    if (c->have & HAVE_FLAGS)
        compare_value(c, REWRITE_TCP_FLAGS, sent->flags, quoted->flags);
    if (c->have & HAVE_WINDOW)
        compare_value(c, REWRITE_TCP_WINDOW, sent->window, quoted->window);
    if (c->have & HAVE_OPTIONS)
        compare_tcp_options(c);
    if (c->have & HAVE_ECHO) {
        compare_value(c, REWRITE_ICMP_ID, sent->echo_id, quoted->echo_id);
        compare_value(c, REWRITE_ICMP_SEQ, sent->echo_seq, quoted->echo_seq);
    }
}

/* What stands behind the transport header; nothing where the end of that header is not known. */
static struct span payload_of(const struct headers *h)
{
    const struct transport *t = &h->transport;
    bool header_known = h->ip.protocol == IP_TCP ? t->have & HAVE_FLAGS : t->bytes != NULL;
    if (!header_known || t->captured <= t->header_length)
        return (struct span){0};
    return (struct span){t->bytes + t->header_length, t->captured - t->header_length};
}

/* CRC-32 (ISO 3309), reflected. */
static uint32_t digest(const uint8_t *bytes, size_t count)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
    }
    return ~crc;
}

/* Zeros at the end of a quote may be padding before an extension (RFC 4884 4.1), so they prove nothing. */
static void compare_payload(struct comparison *c)
{
    struct span sent = payload_of(c->sent), quoted = payload_of(c->quoted);
    while (quoted.count > 0 && quoted.bytes[quoted.count - 1] == 0)
        quoted.count--;
    size_t count = sent.count < quoted.count ? sent.count : quoted.count;
    if (count > 0 && memcmp(sent.bytes, quoted.bytes, count) != 0)
        compare_value(c, REWRITE_PAYLOAD, digest(sent.bytes, count), digest(quoted.bytes, count));
}

/* Bytes that the transport checksum covers; 0 where it is not the Internet checksum. */
static uint32_t covered_bytes(const struct headers *h)
{
    const struct transport *t = &h->transport;
    if (h->ip.protocol == IP_SCTP)
        return 0;
    bool partial = h->ip.protocol == IP_UDPLITE && t->length > 0 && t->length < t->size;
    return partial ? t->length : t->size;
}

/* A captured checksum proves something only if it is right. With offloading the network card fills it in later; the
 * capture then has zero or the sum of the pseudo-header. */
static bool checksum_is_right(const struct headers *h)
{
    const struct transport *t = &h->transport;
    uint32_t covered = covered_bytes(h);
    if (t->checksum == 0 || covered == 0 || t->captured < t->size || h->ip.more_fragments)
        return false;
    uint32_t sum = 0;
    if (h->ip.protocol != IP_ICMP)
        sum = checksum_pseudo(&h->ip.source, &h->ip.target, h->ip.protocol, t->size);
    return checksum_finish(checksum_add(sum, t->bytes, covered)) == 0;
}

static bool is_partial_sum(const struct headers *h)
{
    uint32_t sum = checksum_pseudo(&h->ip.source, &h->ip.target, h->ip.protocol, h->transport.size);
    uint16_t partial = (uint16_t)~checksum_finish(sum);
    return h->transport.checksum == partial;
}

/* Whether a difference that is already known explains that of the checksum. */
static bool checksum_is_explained(const struct comparison *c)
{
    const struct transport *sent = &c->sent->transport, *quoted = &c->quoted->transport;
    for (int field = REWRITE_SOURCE_PORT; field < REWRITE_FIELDS; field++)
        if (c->differs[field])
            return true;
    if (sent->type != quoted->type || sent->code != quoted->code || sent->length != quoted->length)
        return true;
    bool covers_addresses = c->sent->ip.protocol != IP_ICMP && c->sent->ip.protocol != IP_SCTP;
    return covers_addresses && (c->differs[REWRITE_IP_SOURCE] || c->differs[REWRITE_IP_TARGET]);
}

static void compare_checksum(struct comparison *c)
{
    const struct headers *sent = c->sent, *quoted = c->quoted;
    if (!(c->have & HAVE_CHECKSUM) || checksum_is_explained(c))
        return;
    if (sent->ip.protocol == IP_SCTP) {
        if (sent->transport.crc != 0 && quoted->transport.crc != 0)
            compare_value(c, REWRITE_CHECKSUM, sent->transport.crc, quoted->transport.crc);
    } else if (quoted->transport.checksum != 0 && !is_partial_sum(quoted) && checksum_is_right(sent)) {
        compare_value(c, REWRITE_CHECKSUM, sent->transport.checksum, quoted->transport.checksum);
    }
}

unsigned rewrite_compare(const struct headers *sent, const struct headers *quoted, struct rewrite out[REWRITES_MOST])
{
    if (sent->ip.version == 0 || quoted->ip.version == 0)
        return 0;
    struct comparison c = {.sent = sent, .quoted = quoted};
    compare_ip(&c);
    if (sent->ip.protocol == quoted->ip.protocol) {
        c.have = sent->transport.have & quoted->transport.have;
        compare_transport(&c);
        compare_payload(&c);
        compare_checksum(&c);
    }
    unsigned count = 0;
    for (int field = 0; field < REWRITE_FIELDS && count < REWRITES_MOST; field++)
        if (c.differs[field])
            out[count++] = c.rows[field];
    return count;
}

uint32_t rewrite_shown(const struct headers *sent, const struct headers *quoted)
{
    static const struct {
        uint32_t have;
        enum rewrite_field first, last;
    } parts[] = {
        {HAVE_PORTS, REWRITE_SOURCE_PORT, REWRITE_TARGET_PORT}, {HAVE_CHECKSUM, REWRITE_CHECKSUM, REWRITE_CHECKSUM},
        {HAVE_SEQ, REWRITE_TCP_SEQ, REWRITE_TCP_SEQ},           {HAVE_ACK, REWRITE_TCP_ACK, REWRITE_TCP_ACK},
        {HAVE_FLAGS, REWRITE_TCP_FLAGS, REWRITE_TCP_FLAGS},     {HAVE_WINDOW, REWRITE_TCP_WINDOW, REWRITE_TCP_WINDOW},
        {HAVE_OPTIONS, REWRITE_TCP_MSS, REWRITE_TCP_OPTIONS},   {HAVE_ECHO, REWRITE_ICMP_ID, REWRITE_ICMP_SEQ},
    };
    if (sent->ip.version == 0 || quoted->ip.version == 0)
        return 0;
    uint32_t shown = 0, have = sent->transport.have & quoted->transport.have;
    unsigned last = sent->ip.version == quoted->ip.version ? REWRITE_IP_FLOW_LABEL : REWRITE_IP_TARGET;
    for (unsigned field = REWRITE_IP_SOURCE; field <= last; field++)
        shown |= 1U << field;
    if (sent->ip.protocol != quoted->ip.protocol)
        return shown;
    for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++)
        for (unsigned field = parts[i].first; have & parts[i].have && field <= parts[i].last; field++)
            shown |= 1U << field;
    if (payload_of(sent).count && payload_of(quoted).count)
        shown |= 1U << REWRITE_PAYLOAD;
    return quoted->transport.captured >= sent->transport.size ? shown | REWRITE_SHOWN_WHOLE : shown;
}

const char *rewrite_field_name(enum rewrite_field field)
{
    static const char *const names[REWRITE_FIELDS] = {
        [REWRITE_IP_SOURCE] = "ip.source",
        [REWRITE_IP_TARGET] = "ip.target",
        [REWRITE_IP_ID] = "ip.id",
        [REWRITE_IP_DSCP] = "ip.dscp",
        [REWRITE_IP_ECN] = "ip.ecn",
        [REWRITE_IP_DF] = "ip.df",
        [REWRITE_IP_FLOW_LABEL] = "ip.flow_label",
        [REWRITE_SOURCE_PORT] = "source_port",
        [REWRITE_TARGET_PORT] = "destination_port",
        [REWRITE_CHECKSUM] = "checksum",
        [REWRITE_TCP_SEQ] = "tcp.seq",
        [REWRITE_TCP_ACK] = "tcp.ack",
        [REWRITE_TCP_FLAGS] = "tcp.flags",
        [REWRITE_TCP_WINDOW] = "tcp.window",
        [REWRITE_TCP_MSS] = "tcp.mss",
        [REWRITE_TCP_OPTIONS] = "tcp.options",
        [REWRITE_ICMP_ID] = "icmp.id",
        [REWRITE_ICMP_SEQ] = "icmp.seq",
        [REWRITE_PAYLOAD] = "payload",
    };
    return names[field];
}

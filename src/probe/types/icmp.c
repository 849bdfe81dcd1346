/* SPDX-License-Identifier: BSD-2-Clause */
/* Echo requests. Balancers hash the ICMP checksum, so it stays constant: what the sequence number adds, the
 * first word of the payload takes away (Augustin 2006). */
#include "packet/checksum.h"
#include "probe/craft.h"
#include "probe/identity.h"
#include "probe/types/types.h"

#define CHECKSUM 2
#define SEQ 6
#define PAYLOAD 8

#define ECHO_REQUEST 8
#define ECHO_REPLY 0
#define ECHO_REQUEST_6 128
#define ECHO_REPLY_6 129

static enum status build(struct craft *craft, const struct flow *flow, uint8_t *scratch, size_t length, struct err *err)
{
    identity_fill(flow, scratch, length - PAYLOAD);
    return craft_add_echo(craft, flow, scratch, length - PAYLOAD, err);
}

/* Neither 0 nor 0xffff: some middleboxes confuse them. */
static uint16_t constant_checksum(const struct flow *flow)
{
    return (uint16_t)(1 + flow_tag(flow, TAG_ECHO_CHECKSUM) % 65534);
}

static void stamp(const struct flow *flow, uint16_t serial, uint8_t *transport, size_t length)
{
    (void)length;
    identity_patch16(transport, CHECKSUM, SEQ, identity_code(flow, TAG_ECHO_SEQ, serial));
    identity_patch16(transport, CHECKSUM, PAYLOAD + MARK_SERIAL, serial);
    identity_steer(transport, CHECKSUM, PAYLOAD, constant_checksum(flow));
}

/* Whether the checksum is the flow's constant once what a translator changed is put back. */
static bool checksum_is_ours(const struct flow *flow, const struct headers *seen)
{
    uint16_t checksum = seen->transport.checksum;
    if (seen->ip.version == 6)
        checksum = identity_untranslated_checksum(flow, seen);
    checksum = checksum_update(checksum, seen->transport.echo_id, flow->source_port);
    return (seen->transport.have & HAVE_CHECKSUM) && checksum == constant_checksum(flow);
}

static unsigned quoted_bits(const struct flow *flow, const struct headers *sent, const struct headers *quoted)
{
    const struct transport *t = &quoted->transport;
    bool has_echo = t->have & HAVE_ECHO, has_mark = identity_read_mark(flow, transport_after(t, PAYLOAD)).serial;
    unsigned bits = has_echo && t->echo_id == flow->source_port ? identity_port_bits(flow) : 0;
    bits += identity_number_bits(flow, has_echo && t->echo_seq == sent->transport.echo_seq, sent, quoted);
    return bits + (checksum_is_ours(flow, quoted) ? NUMBER_BITS : 0) + (has_mark ? MARK_BITS : 0);
}

static struct flow_match recognise(const struct flow *flow, const struct headers *seen)
{
    const struct transport *t = &seen->transport;
    if ((t->have & HAVE_TYPE) && t->type != (seen->ip.version == 6 ? ECHO_REQUEST_6 : ECHO_REQUEST))
        return match_none();
    if (!(t->have & HAVE_ECHO))
        return identity_match_by_ip_id(flow, seen);
    unsigned fit = identity_fit(flow, seen);
    uint16_t serial = identity_decode(flow, TAG_ECHO_SEQ, t->echo_seq);
    struct mark mark = identity_read_mark(flow, transport_after(t, PAYLOAD));
    /* 1. The mark of another flow or of another sequence number decides. */
    if (mark.present && (!mark.serial || mark.serial != serial))
        return match_none();
    /* 2. Nothing was translated. */
    if (serial && fit == FIT_ALL && t->echo_id == flow->source_port)
        return match_make(MATCH_EXACT, serial, "addresses, echo id and seq");
    /* 3. Translated: the mark, or the constant checksum. */
    if (mark.present)
        return match_make(MATCH_REWRITTEN, mark.serial, "mark");
    if (serial && checksum_is_ours(flow, seen))
        return match_make(MATCH_REWRITTEN, serial, "seq and checksum");
    /* 4. Another echo request of this host belongs to another program; behind a translator the sequence number may fit.
     */
    if (serial && (fit & FIT_TARGET) && !(fit & FIT_SOURCE))
        return match_make(MATCH_WEAK, serial, "target and seq");
    return match_none();
}

static struct flow_match answer(const struct flow *flow, const struct packet *packet)
{
    const struct transport *t = &packet->outer.transport;
    if (!(t->have & HAVE_ECHO) || t->type != (packet->outer.ip.version == 6 ? ECHO_REPLY_6 : ECHO_REPLY) ||
        t->echo_id != flow->source_port)
        return match_none();
    uint16_t serial = identity_decode(flow, TAG_ECHO_SEQ, t->echo_seq);
    struct mark mark = identity_read_mark(flow, transport_after(t, PAYLOAD));
    if (!serial || (mark.present && mark.serial != serial))
        return match_none();
    return answer_make(flow, REPLY_ECHO, serial, NUMBER_BITS + (mark.present ? MARK_BITS : 0), "echo id and seq");
}

static void filter(const struct flow *flow, struct strbuf *out)
{
    char source[ADDR_TEXT_BYTES], target[ADDR_TEXT_BYTES];
    addr_format(&flow->source, source);
    addr_format(&flow->target, target);
    bool six = flow->target.family == 6;
    const char *word = six ? "icmp6" : "icmp";
    strbuf_addf(out,
                "(%s and %s[4:2] = %u and ((src host %s and dst host %s and %s[0] = %u) or "
                "(src host %s and dst host %s and %s[0] = %u)))",
                word, word, flow->source_port, source, target, word, six ? ECHO_REQUEST_6 : ECHO_REQUEST, target,
                source, word, six ? ECHO_REPLY_6 : ECHO_REPLY);
}

static enum probe_shape shape_of(const struct headers *seen)
{
    const struct transport *t = &seen->transport;
    bool is_request = t->type == (seen->ip.version == 6 ? ECHO_REQUEST_6 : ECHO_REQUEST);
    return (t->have & HAVE_ECHO) && is_request ? SHAPE_ECHO : SHAPE_NONE;
}

static bool reply_kind_of(const struct headers *seen, enum reply_kind *kind)
{
    const struct transport *t = &seen->transport;
    *kind = REPLY_ECHO;
    return (t->have & HAVE_ECHO) && t->type == (seen->ip.version == 6 ? ECHO_REPLY_6 : ECHO_REPLY);
}

static const struct probe_variant_row plain = {
    .variant = VARIANT_PLAIN, .name = "plain", .least = PAYLOAD + MARK_BYTES};
static const struct probe_variant_row *const variants[] = {&plain, NULL};

const struct probe_type probe_icmp = {
    .name = "icmp",
    .help = "ICMP or ICMPv6 echo request, as ping sends it",
    .protocol = IP_ICMP,
    .protocol_ipv6 = IP_ICMP6,
    .variants = variants,
    .build = build,
    .stamp = stamp,
    .recognise = recognise,
    .quoted_bits = quoted_bits,
    .answer = answer,
    .filter = filter,
    .identity = IDENTITY_ECHO,
    .shape_of = shape_of,
    .reply_kind_of = reply_kind_of,
};

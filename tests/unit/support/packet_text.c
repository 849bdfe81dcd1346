/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit/support/packet_text.h"

#include "packet/checksum.h"

static void add_number(struct strbuf *out, const char *name, uint64_t value)
{
    if (value != 0)
        strbuf_addf(out, " %s %llu", name, (unsigned long long)value);
}

static void add_flag(struct strbuf *out, const char *name, bool set)
{
    if (set)
        strbuf_addf(out, " %s", name);
}

static bool has_right_sum(const struct headers *h)
{
    return h->captured >= h->ip.header_length && !checksum_finish(checksum_add(0, h->bytes, h->ip.header_length));
}

static void add_ip(const struct headers *h, struct strbuf *out)
{
    const struct ip_header *ip = &h->ip;
    char source[ADDR_TEXT_BYTES], target[ADDR_TEXT_BYTES];
    addr_format(&ip->source, source);
    addr_format(&ip->target, target);
    strbuf_addf(out, "%s > %s ttl %u proto %u", source, target, ip->ttl, ip->protocol);
    strbuf_addf(out, " len %u/%u", ip->header_length, ip->total_length);
    add_number(out, "tos", ip->tos);
    add_number(out, "id", ip->id);
    add_number(out, "label", ip->flow_label);
    add_number(out, "fid", ip->fragment_id);
    add_number(out, "offset", ip->fragment_offset);
    add_flag(out, "df", ip->dont_fragment);
    add_flag(out, "mf", ip->more_fragments);
    add_flag(out, "opts", ip->has_options);
    add_flag(out, "badsum", ip->version == 4 && !has_right_sum(h));
}

static void add_tcp_options(const struct tcp_options *o, struct strbuf *out)
{
    strbuf_add(out, " options");
    for (unsigned i = 0; i < o->kind_count; i++)
        strbuf_addf(out, "%c%u", i > 0 ? ',' : ' ', o->kinds[i]);
    if (o->has_mss)
        strbuf_addf(out, " mss %u", o->mss);
    if (o->has_window_scale)
        strbuf_addf(out, " ws %u", o->window_scale);
    add_flag(out, "sack", o->has_sack_permitted);
    if (o->has_timestamps)
        strbuf_addf(out, " ts %u/%u", o->timestamp, o->timestamp_echo);
    add_flag(out, "malformed", o->malformed);
}

static void add_transport(const struct transport *t, struct strbuf *out)
{
    if (!t->bytes)
        return;
    strbuf_add(out, " |");
    if (t->have & HAVE_PORTS)
        strbuf_addf(out, " %u>%u", t->source_port, t->target_port);
    if (t->have & HAVE_TYPE)
        strbuf_addf(out, " type %u/%u", t->type, t->code);
    if (t->have & HAVE_LENGTH)
        strbuf_addf(out, " length %u", t->length);
    if (t->have & HAVE_CHECKSUM)
        strbuf_addf(out, " sum %x", t->crc != 0 ? t->crc : t->checksum);
    if (t->have & HAVE_SEQ)
        strbuf_addf(out, " seq %llu", (unsigned long long)t->seq);
    if (t->have & HAVE_ACK)
        strbuf_addf(out, " ack %llu", (unsigned long long)t->ack);
    if (t->have & HAVE_FLAGS)
        strbuf_addf(out, " flags %02x", t->flags);
    if (t->have & HAVE_WINDOW)
        strbuf_addf(out, " win %u", t->window);
    if (t->have & HAVE_ECHO)
        strbuf_addf(out, " echo %u/%u", t->echo_id, t->echo_seq);
    if (t->have & HAVE_TAG)
        strbuf_addf(out, " tag %u", t->tag);
    if (t->have & HAVE_INIT_TAG)
        strbuf_addf(out, " itag %u", t->init_tag);
    if (t->have & HAVE_OPTIONS)
        add_tcp_options(&t->tcp_options, out);
    strbuf_addf(out, " bytes %u/%u/%u", t->header_length, t->captured, t->size);
}

static void add_interface(const struct interface_info *info, struct strbuf *out)
{
    strbuf_addf(out, " if role %u", info->role);
    if (info->has_index)
        strbuf_addf(out, " index %u", info->index);
    if (info->has_address) {
        char address[ADDR_TEXT_BYTES];
        addr_format(&info->address, address);
        strbuf_addf(out, " address %s", address);
    }
    if (info->has_name)
        strbuf_addf(out, " name '%s'", info->name);
    if (info->has_mtu)
        strbuf_addf(out, " mtu %u", info->mtu);
}

static void add_extension(const struct icmp_extension *x, struct strbuf *out)
{
    if (!x->present)
        return;
    strbuf_addf(out, " | extension%s", x->non_compliant ? " non-compliant" : "");
    for (unsigned i = 0; i < x->mpls_count; i++)
        strbuf_addf(out, " mpls %u/%u/%u/%u", x->mpls[i].label, x->mpls[i].tc, x->mpls[i].bottom, x->mpls[i].ttl);
    for (unsigned i = 0; i < x->interface_count; i++)
        add_interface(&x->interfaces[i], out);
}

static void add_tunnel(const struct tunnel *tunnel, struct strbuf *out)
{
    char source[ADDR_TEXT_BYTES], target[ADDR_TEXT_BYTES];
    addr_format(&tunnel->source, source);
    addr_format(&tunnel->target, target);
    strbuf_addf(out, " | inside %s", encapsulation_name(tunnel->encapsulation));
    if (tunnel->has_id)
        strbuf_addf(out, " %u", tunnel->id);
    strbuf_addf(out, " %s > %s proto %u", source, target, tunnel->protocol);
    add_number(out, "port", tunnel->target_port);
}

void packet_text(const struct packet *packet, struct strbuf *out)
{
    static const char *const kinds[] = {"not-ip", "malformed", "plain", "error"};
    static const char *const directions[] = {"", " in", " out"};
    strbuf_addf(out, "%s%s", kinds[packet->kind], directions[packet->direction]);
    add_number(out, "interface", packet->interface);
    add_flag(out, "truncated", packet->truncated);
    for (unsigned i = 0; i < packet->tunnels.count; i++)
        add_tunnel(&packet->tunnels.at[i], out);
    if (packet->outer.ip.version != 0) {
        strbuf_add(out, " | ");
        add_ip(&packet->outer, out);
        add_transport(&packet->outer.transport, out);
    }
    if (packet->mtu != 0)
        strbuf_addf(out, " | mtu %u", packet->mtu);
    if (packet->quote.ip.version != 0) {
        strbuf_add(out, " | quote ");
        add_ip(&packet->quote, out);
        add_transport(&packet->quote.transport, out);
    }
    add_extension(&packet->extension, out);
    if (packet->malformed)
        strbuf_addf(out, " | malformed: %s", packet->malformed);
}

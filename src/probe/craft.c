/* SPDX-License-Identifier: BSD-2-Clause */
#include "probe/craft.h"

#include <stdlib.h>
#include <string.h>

/* libnet's header asks for _BSD_SOURCE, and glibc warns of that. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcpp"
#ifdef __clang__
#pragma clang diagnostic ignored "-W#warnings"
#endif
#include <libnet.h>
#pragma GCC diagnostic pop

#include "packet/packet.h"
#include "probe/identity.h"

#define TEMPLATE_TTL 64
#define DONT_FRAGMENT 0x4000

struct craft {
    libnet_t *net;
};

struct craft *craft_new(struct err *err)
{
    char cause[LIBNET_ERRBUF_SIZE] = "";
    struct craft *craft = malloc(sizeof *craft);
    if (craft)
        craft->net = libnet_init(LIBNET_NONE, NULL, cause);
    if (craft && craft->net)
        return craft;
    cause[strcspn(cause, "\n")] = '\0';
    err_set(err, STATUS_SYSTEM, "libnet: cannot start: %s", *cause ? cause : "out of memory");
    free(craft);
    return NULL;
}

void craft_free(struct craft *craft)
{
    if (!craft)
        return;
    libnet_destroy(craft->net);
    free(craft);
}

/* `result`: of a libnet builder, a tag; or -1, and libnet has a message that ends in a newline. */
static enum status check(struct craft *craft, int result, const char *what, struct err *err)
{
    if (result != -1)
        return STATUS_OK;
    const char *cause = libnet_geterror(craft->net);
    int length = cause ? (int)strcspn(cause, "\n") : 0;
    return err_set(err, STATUS_SYSTEM, "libnet: cannot build %s: %.*s", what, length, cause ? cause : "");
}

enum status craft_add_udp(struct craft *craft, const struct flow *flow, const uint8_t *payload, size_t length,
                          struct err *err)
{
    return check(craft,
                 libnet_build_udp(flow->source_port, flow->target_port, (uint16_t)(LIBNET_UDP_H + length), 0,
                                  length ? payload : NULL, (uint32_t)length, craft->net, 0),
                 "a UDP header", err);
}

enum status craft_add_tcp(struct craft *craft, const struct flow *flow, const struct craft_tcp *tcp,
                          const uint8_t *payload, size_t length, struct err *err)
{
    enum status status =
        check(craft, libnet_build_tcp_options(tcp->options, tcp->options_length, craft->net, 0), "TCP options", err);
    if (status != STATUS_OK)
        return status;
    size_t whole = LIBNET_TCP_H + (size_t)tcp->options_length + length;
    return check(craft,
                 libnet_build_tcp(flow->source_port, flow->target_port, tcp->seq, tcp->ack, tcp->flags, tcp->window, 0,
                                  0, (uint16_t)whole, length ? payload : NULL, (uint32_t)length, craft->net, 0),
                 "a TCP header", err);
}

enum status craft_add_echo(struct craft *craft, const struct flow *flow, uint8_t *payload, size_t length,
                           struct err *err)
{
    int result = flow->target.family == 6 ? libnet_build_icmpv6_echo(ICMP6_ECHO_REQUEST, 0, 0, flow->source_port, 0,
                                                                     payload, (uint32_t)length, craft->net, 0)
                                          : libnet_build_icmpv4_echo(ICMP_ECHO, 0, 0, flow->source_port, 0, payload,
                                                                     (uint32_t)length, craft->net, 0);
    return check(craft, result, "an echo request", err);
}

enum status craft_add_bytes(struct craft *craft, const uint8_t *bytes, size_t length, struct err *err)
{
    return check(craft, libnet_build_data(bytes, (uint32_t)length, craft->net, 0), "a payload", err);
}

static int build_ipv4(struct craft *craft, const struct flow *flow)
{
    uint32_t source, target;
    memcpy(&source, flow->source.bytes, sizeof source);
    memcpy(&target, flow->target.bytes, sizeof target);
    return libnet_build_ipv4(flow->size, flow->tos, flow_ip_id(flow, 0), flow->dont_fragment ? DONT_FRAGMENT : 0,
                             TEMPLATE_TTL, flow_protocol(flow), 0, source, target, NULL, 0, craft->net, 0);
}

static int build_ipv6(struct craft *craft, const struct flow *flow)
{
    struct libnet_in6_addr source, target;
    memcpy(&source, flow->source.bytes, sizeof source);
    memcpy(&target, flow->target.bytes, sizeof target);
    return libnet_build_ipv6(flow->tos, flow->flow_label, (uint16_t)(flow->size - LIBNET_IPV6_H), flow_protocol(flow),
                             TEMPLATE_TTL, source, target, NULL, 0, craft->net, 0);
}

enum status craft_finish(struct craft *craft, const struct flow *flow, uint8_t **packet, struct err *err)
{
    bool six = flow->target.family == 6;
    uint32_t size = 0;
    enum status status = check(craft, six ? build_ipv6(craft, flow) : build_ipv4(craft, flow),
                               six ? "an IPv6 header" : "an IPv4 header", err);
    if (status == STATUS_OK)
        status = check(craft, libnet_pblock_coalesce(craft->net, packet, &size), "the packet", err);
    if (status != STATUS_OK)
        return status;
    if (size != flow->size) {
        free(*packet);
        return err_set(err, STATUS_SYSTEM, "libnet: built %u bytes instead of %u", size, flow->size);
    }
    if (six) { /* libnet 1.1.6 writes the low byte of the flow label over its middle one */
        uint8_t *bytes = *packet;
        put32(bytes, UINT32_C(6) << 28 | (uint32_t)flow->tos << 20 | (flow->flow_label & 0xfffff));
    }
    return STATUS_OK;
}

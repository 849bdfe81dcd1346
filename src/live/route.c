/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/route.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A netlink socket with the buffer for one request and its answer at a time. */
struct netlink {
    struct mnl_socket *socket;
    unsigned sequence;
    char buffer[8192]; /* bytes; the most that MNL_SOCKET_BUFFER_SIZE can be */
};

/* The kernel's answer to RTM_GETROUTE or RTM_GETLINK. */
struct route_answer {
    uint8_t type; /* RTN_ */
    struct addr source;
    uint32_t interface_index;
    char interface[IF_NAMESIZE];
    uint32_t mtu;
    unsigned link_flags; /* IFF_ */
};

static int collect_route_attribute(const struct nlattr *attribute, void *context)
{
    struct route_answer *answer = context;
    uint16_t length = mnl_attr_get_payload_len(attribute);
    if (mnl_attr_get_type(attribute) == RTA_OIF && length == 4)
        answer->interface_index = mnl_attr_get_u32(attribute);
    if (mnl_attr_get_type(attribute) == RTA_PREFSRC && (length == 4 || length == 16))
        answer->source = addr_from_bytes(length == 4 ? 4 : 6, mnl_attr_get_payload(attribute));
    return MNL_CB_OK;
}

static int collect_route(const struct nlmsghdr *message, void *context)
{
    struct route_answer *answer = context;
    const struct rtmsg *route = mnl_nlmsg_get_payload(message);
    answer->type = route->rtm_type;
    mnl_attr_parse(message, sizeof *route, collect_route_attribute, answer);
    return MNL_CB_STOP;
}

static int collect_link_attribute(const struct nlattr *attribute, void *context)
{
    struct route_answer *answer = context;
    if (mnl_attr_get_type(attribute) == IFLA_MTU && mnl_attr_get_payload_len(attribute) == 4)
        answer->mtu = mnl_attr_get_u32(attribute);
    if (mnl_attr_get_type(attribute) == IFLA_IFNAME)
        snprintf(answer->interface, sizeof answer->interface, "%s", mnl_attr_get_str(attribute));
    return MNL_CB_OK;
}

static int collect_link(const struct nlmsghdr *message, void *context)
{
    struct route_answer *answer = context;
    const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
    answer->link_flags = link->ifi_flags;
    mnl_attr_parse(message, sizeof *link, collect_link_attribute, answer);
    return MNL_CB_STOP;
}

static struct nlmsghdr *netlink_begin(struct netlink *netlink, uint16_t type)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(netlink->buffer);
    message->nlmsg_type = type;
    message->nlmsg_flags = NLM_F_REQUEST;
    message->nlmsg_seq = ++netlink->sequence;
    return message;
}

/* Returns 0, or the errno in the kernel's answer. */
static int netlink_ask(struct netlink *netlink, const struct nlmsghdr *request, mnl_cb_t collect,
                       struct route_answer *out)
{
    unsigned port = mnl_socket_get_portid(netlink->socket);
    if (mnl_socket_sendto(netlink->socket, request, request->nlmsg_len) < 0)
        return errno;
    for (;;) {
        ssize_t got = mnl_socket_recvfrom(netlink->socket, netlink->buffer, sizeof netlink->buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        int code = mnl_cb_run(netlink->buffer, (size_t)got, netlink->sequence, port, collect, out);
        if (code < 0)
            return errno;
        if (code == MNL_CB_STOP)
            return 0;
    }
}

static int ask_route(struct netlink *netlink, const struct addr *target, const struct addr *source,
                     uint32_t interface_index, uint32_t fwmark, struct route_answer *out)
{
    struct nlmsghdr *request = netlink_begin(netlink, RTM_GETROUTE);
    struct rtmsg *route = mnl_nlmsg_put_extra_header(request, sizeof *route);
    size_t length = addr_length(target);
    route->rtm_family = target->family == 4 ? AF_INET : AF_INET6;
    route->rtm_dst_len = (uint8_t)(8 * length);
    mnl_attr_put(request, RTA_DST, length, target->bytes);
    if (!addr_is_none(source)) {
        route->rtm_src_len = (uint8_t)(8 * length);
        mnl_attr_put(request, RTA_SRC, length, source->bytes);
    }
    if (interface_index)
        mnl_attr_put_u32(request, RTA_OIF, interface_index);
    if (fwmark)
        mnl_attr_put_u32(request, RTA_MARK, fwmark);
    return netlink_ask(netlink, request, collect_route, out);
}

static int ask_link(struct netlink *netlink, uint32_t interface_index, struct route_answer *out)
{
    struct nlmsghdr *request = netlink_begin(netlink, RTM_GETLINK);
    struct ifinfomsg *link = mnl_nlmsg_put_extra_header(request, sizeof *link);
    link->ifi_family = AF_UNSPEC;
    link->ifi_index = (int)interface_index;
    return netlink_ask(netlink, request, collect_link, out);
}

/* Reports that there is no route. IPv4 gives an errno, IPv6 a route type. `interface`: the requested one, or "". */
static enum status no_route(const struct addr *target, const char *interface, int failure, uint8_t type,
                            struct err *err)
{
    char text[ADDR_TEXT_BYTES], check[ADDR_TEXT_BYTES + IF_NAMESIZE + 8];
    addr_format(target, text);
    snprintf(check, sizeof check, "%s%s%s", text, *interface ? " oif " : "", interface);
    if (failure == ENETUNREACH || type == RTN_THROW)
        return err_set(err, STATUS_SYSTEM, "no route to %s (check `ip route get %s`)", text, check);
    const char *kind = NULL;
    if (failure == EHOSTUNREACH || type == RTN_UNREACHABLE)
        kind = "unreachable";
    else if (failure == EACCES || type == RTN_PROHIBIT)
        kind = "prohibit";
    else if (failure == EINVAL || type == RTN_BLACKHOLE)
        kind = "blackhole";
    if (kind)
        return err_set(err, STATUS_SYSTEM, "no route to %s: its route is of type %s (check `ip route get %s`)", text,
                       kind, check);
    return err_set(err, STATUS_SYSTEM, "%s: cannot look up the route: %s", text, strerror(failure));
}

/* Checks that we can send from an address. The kernel allows bind() for exactly these addresses. */
static enum status check_source(const struct addr *source, const struct addr *target, uint32_t interface_index,
                                struct err *err)
{
    char text[ADDR_TEXT_BYTES];
    addr_format(source, text);
    if (source->family != target->family)
        return err_set(err, STATUS_USAGE, "%s: cannot send from this address: the target is an IPv%d address", text,
                       target->family);
    struct sockaddr_in local4 = {.sin_family = AF_INET};
    struct sockaddr_in6 local6 = {.sin6_family = AF_INET6};
    if (addr_is_link_local(source))
        local6.sin6_scope_id = interface_index;
    memcpy(source->family == 4 ? (void *)&local4.sin_addr : (void *)&local6.sin6_addr, source->bytes,
           addr_length(source));
    int fd = socket(source->family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set(err, STATUS_SYSTEM, "%s: cannot send from this address: %s", text, strerror(errno));
    int failed = source->family == 4 ? bind(fd, (const struct sockaddr *)&local4, sizeof local4)
                                     : bind(fd, (const struct sockaddr *)&local6, sizeof local6);
    int why = errno;
    close(fd);
    if (failed && why == EADDRNOTAVAIL)
        return err_set(err, STATUS_SYSTEM,
                       "%s: cannot send from this address: this host does not have it (`ip addr` lists them)", text);
    return failed ? err_set(err, STATUS_SYSTEM, "%s: cannot send from this address: %s", text, strerror(why))
                  : STATUS_OK;
}

static enum status route_ask(struct netlink *netlink, const struct addr *target, const struct addr *source,
                             uint32_t interface_index, uint32_t fwmark, struct route_answer *answer, struct err *err)
{
    int failure = interface_index ? ask_link(netlink, interface_index, answer) : 0;
    if (failure == 0 && interface_index && !(answer->link_flags & IFF_UP))
        return err_set(err, STATUS_SYSTEM, "%s: the interface is down (ip link set %s up)", answer->interface,
                       answer->interface);
    if (failure == 0)
        failure = ask_route(netlink, target, source, interface_index, fwmark, answer);
    if (failure || answer->type == RTN_UNREACHABLE || answer->type == RTN_PROHIBIT || answer->type == RTN_BLACKHOLE ||
        answer->type == RTN_THROW)
        return no_route(target, answer->interface, failure, answer->type, err);
    failure = ask_link(netlink, answer->interface_index, answer);
    if (failure)
        return no_route(target, answer->interface, failure, RTN_UNSPEC, err);
    if (answer->type == RTN_BROADCAST) {
        char text[ADDR_TEXT_BYTES];
        addr_format(target, text);
        return err_set(err, STATUS_USAGE,
                       "%s: not a host: this is a broadcast address of %s (give the address of one host)", text,
                       answer->interface);
    }
    if (addr_is_none(source) && addr_is_none(&answer->source))
        return err_set(err, STATUS_SYSTEM, "%s: the interface has no IPv%d address to send from (add one, or give -s)",
                       answer->interface, target->family);
    return STATUS_OK;
}

enum status route_lookup(const struct addr *target, const struct addr *source, const char *interface, uint32_t fwmark,
                         struct route *out, struct err *err)
{
    const struct addr any = {0};
    struct route_answer answer = {0};
    struct netlink netlink = {0};
    *out = (struct route){0};
    uint32_t interface_index = interface ? if_nametoindex(interface) : 0;
    if (interface && !interface_index)
        return err_set(err, STATUS_SYSTEM, "%s: no such interface (`ip link` lists them)", interface);
    char text[ADDR_TEXT_BYTES];
    addr_format(target, text);
    if (addr_is_link_local(target) && target->family == 6 && !interface)
        return err_set(err, STATUS_USAGE, "%s: a link-local address needs its interface (as %s%%eth0, or with -i)",
                       text, text);
    if (!source)
        source = &any;
    enum status status = addr_is_none(source) ? STATUS_OK : check_source(source, target, interface_index, err);
    if (status != STATUS_OK)
        return status;
    netlink.socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (!netlink.socket || mnl_socket_bind(netlink.socket, 0, MNL_SOCKET_AUTOPID) < 0)
        status = err_set(err, STATUS_SYSTEM, "%s: cannot look up the route: %s", text, strerror(errno));
    else
        status = route_ask(&netlink, target, source, interface_index, fwmark, &answer, err);
    if (netlink.socket)
        mnl_socket_close(netlink.socket);
    *out = (struct route){.source = addr_is_none(source) ? answer.source : *source,
                          .interface_index = answer.interface_index,
                          .mtu = answer.mtu,
                          .unrouted = status == STATUS_SYSTEM};
    memcpy(out->interface, answer.interface, sizeof out->interface);
    return status;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/inject.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SEND_TRIES 20        /* attempts to send into a full queue; then sending fails */
#define SEND_PAUSE_NS 500000 /* ns between attempts, 9.5 ms in all */

static enum status injector_fail(const char *subject, const char *action, struct err *err)
{
    const char *remedy = errno == EPERM ? " (run as root, or grant CAP_NET_RAW and CAP_NET_ADMIN)" : "";
    return err_set(err, STATUS_SYSTEM, "%s: %s: %s%s", subject, action, strerror(errno), remedy);
}

socklen_t endpoint_init(union endpoint *out, const struct addr *address, uint16_t port, uint32_t scope)
{
    *out = (union endpoint){0};
    if (address->family == 4) {
        out->ipv4.sin_family = AF_INET;
        out->ipv4.sin_port = htons(port);
        memcpy(&out->ipv4.sin_addr, address->bytes, 4);
        return sizeof out->ipv4;
    }
    out->ipv6.sin6_family = AF_INET6;
    out->ipv6.sin6_port = htons(port);
    memcpy(&out->ipv6.sin6_addr, address->bytes, 16);
    out->ipv6.sin6_scope_id = addr_is_link_local(address) ? scope : 0;
    return sizeof out->ipv6;
}

/* Disables the kernel's path MTU check. Otherwise, once a router has reported a path MTU, our kernel rejects larger
 * probes itself. */
static void ignore_path_mtu(const struct injector *injector)
{
    const int ipv4 = IP_PMTUDISC_PROBE, ipv6 = IPV6_PMTUDISC_PROBE;
    if (injector->family == 4)
        setsockopt(injector->fd, IPPROTO_IP, IP_MTU_DISCOVER, &ipv4, sizeof ipv4);
    else
        setsockopt(injector->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &ipv6, sizeof ipv6);
}

static enum status injector_configure(const struct injector *injector, const struct live_options *options,
                                      struct err *err)
{
    int fd = injector->fd;
    const int on = 1;
    ignore_path_mtu(injector);
    if (injector->family == 4 && setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) != 0)
        return injector_fail("raw socket", "cannot allow broadcasts", err);
    if (options->egress &&
        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, options->egress, (socklen_t)strlen(options->egress) + 1) != 0)
        return injector_fail(options->egress, "cannot send by this interface", err);
    if (options->fwmark && setsockopt(fd, SOL_SOCKET, SO_MARK, &options->fwmark, sizeof options->fwmark) != 0)
        return injector_fail("--fwmark", "cannot mark packets", err);
    if (!options->source || addr_is_none(options->source))
        return STATUS_OK;
    union endpoint local;
    socklen_t length = endpoint_init(&local, options->source, 0, injector->scope);
    if (bind(fd, &local.any, length) == 0)
        return STATUS_OK;
    char text[ADDR_TEXT_BYTES];
    addr_format(options->source, text);
    return injector_fail(text, "cannot send from this address", err);
}

enum status injector_open(const struct live_options *options, struct injector *out, struct err *err)
{
    *out = (struct injector){.family = options->family, .scope = options->egress ? if_nametoindex(options->egress) : 0};
    out->fd = socket(options->family == 4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    if (out->fd < 0)
        return injector_fail("raw socket", options->family == 4 ? "cannot send IPv4" : "cannot send IPv6", err);
    enum status status = injector_configure(out, options, err);
    if (status != STATUS_OK)
        injector_close(out);
    return status;
}

static int injector_try(const struct injector *injector, const struct addr *target, const uint8_t *packet,
                        size_t length)
{
    union endpoint to;
    socklen_t to_length = endpoint_init(&to, target, 0, injector->scope);
    ssize_t sent = sendto(injector->fd, packet, length, 0, &to.any, to_length);
    if (sent < 0)
        return errno;
    return (size_t)sent == length ? 0 : EIO;
}

int injector_send(const struct injector *injector, const struct addr *target, const uint8_t *packet, size_t length)
{
    const struct timespec pause = {.tv_nsec = SEND_PAUSE_NS};
    if (target->family != injector->family)
        return EAFNOSUPPORT;
    int failure = injector_try(injector, target, packet, length);
    for (int tries = 1; tries < SEND_TRIES && (failure == ENOBUFS || failure == EAGAIN || failure == EINTR); tries++) {
        if (failure != EINTR)
            nanosleep(&pause, NULL);
        failure = injector_try(injector, target, packet, length);
    }
    return failure;
}

void injector_close(struct injector *injector)
{
    if (injector->fd >= 0)
        close(injector->fd);
    injector->fd = -1;
}

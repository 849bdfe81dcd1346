/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "lookup/whois_link.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address/whois_text.h"

static bool start_connect(int fd, const struct addr *address, uint16_t port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    bool four = address->family == 4;
    memcpy(&v4.sin_addr, address->bytes, sizeof v4.sin_addr);
    memcpy(&v6.sin6_addr, address->bytes, sizeof v6.sin6_addr);
    int code = connect(fd, four ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6, four ? sizeof v4 : sizeof v6);
    return code == 0 || errno == EINPROGRESS;
}

bool whois_link_open(struct whois_link *link, const struct whois_server *server, const struct addr *address,
                     const struct addr *subject)
{
    *link = (struct whois_link){.fd = -1};
    link->query_bytes = whois_server_query(server, subject, link->query);
    link->answer = malloc(WHOISTEXT_BYTES);
    if (link->answer)
        link->fd = socket(address->family == 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (link->fd >= 0 && start_connect(link->fd, address, server->port))
        return true;
    whois_link_close(link);
    return false;
}

void whois_link_close(struct whois_link *link)
{
    if (link->fd >= 0)
        close(link->fd);
    free(link->answer);
    *link = (struct whois_link){.fd = -1};
}

static bool is_asked(const struct whois_link *link)
{
    return link->sent == link->query_bytes;
}

short whois_link_wants(const struct whois_link *link)
{
    return is_asked(link) ? POLLIN : POLLOUT;
}

static bool may_go_on(void)
{
    return errno == EAGAIN || errno == EINTR;
}

/* The first send() also reports the result of connect(). */
static enum whois_link_state ask(struct whois_link *link)
{
    ssize_t count = send(link->fd, link->query + link->sent, link->query_bytes - link->sent, MSG_NOSIGNAL);
    if (count < 0 && !may_go_on())
        return link->sent == 0 ? WHOIS_LINK_UNREACHABLE : WHOIS_LINK_BROKEN;
    link->sent += count > 0 ? (size_t)count : 0;
    return WHOIS_LINK_OPEN;
}

static enum whois_link_state listen_on(struct whois_link *link)
{
    ssize_t count = recv(link->fd, link->answer + link->answer_bytes, WHOISTEXT_BYTES - link->answer_bytes, 0);
    if (count < 0)
        return may_go_on() ? WHOIS_LINK_OPEN : WHOIS_LINK_BROKEN;
    link->answer_bytes += (size_t)count;
    if (count > 0 && link->answer_bytes < WHOISTEXT_BYTES)
        return WHOIS_LINK_OPEN;
    return link->answer_bytes > 0 ? WHOIS_LINK_ANSWERED : WHOIS_LINK_BROKEN;
}

enum whois_link_state whois_link_event(struct whois_link *link)
{
    return is_asked(link) ? listen_on(link) : ask(link);
}

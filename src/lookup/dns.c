/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "lookup/dns.h"

/* Versions after 1.18 mark functions of 1.18 as deprecated. */
#define CARES_NO_DEPRECATED
#include <ares.h>
#include <arpa/nameser.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "base/array.h"
#include "lookup/dns_server.h"

#define TRIES 2 /* tries per server; the second waits twice as long as the first */

/* A question that is queued or in flight. */
struct question {
    struct dns *dns;
    struct question *next; /* in the queue */
    char name[DNS_NAME_BYTES];
    uint16_t type;
    dns_take *take;
    void *context; /* borrowed */
};

struct dns {
    ares_channel channel;
    struct question *first, **last; /* the queue, owned */
    size_t out;
    struct pollfd *sockets; /* owned; the sockets and events that c-ares waits for */
    size_t socket_count, socket_capacity;
};

bool dns_ask(struct dns *dns, const char *name, uint16_t type, dns_take *take, void *context)
{
    struct question *question = calloc(1, sizeof *question);
    if (!question)
        return false;
    *question = (struct question){.dns = dns, .type = type, .take = take, .context = context};
    if (strlen(name) < sizeof question->name)
        strcpy(question->name, name);
    *dns->last = question;
    dns->last = &question->next;
    return true;
}

static void take_answer(void *context, int status, int timeouts, unsigned char *answer, int length)
{
    struct question *question = context;
    (void)timeouts;
    question->dns->out--;
    if (status != ARES_EDESTRUCTION)
        question->take(question->context, answer, answer ? (size_t)length : 0);
    free(question);
}

/* Sends queued questions. If no server can be reached, c-ares calls back before ares_query() returns. c-ares would
 * take the empty text for the root. */
static void send_questions(struct dns *dns)
{
    while (dns->first && dns->out < DNS_AT_ONCE) {
        struct question *question = dns->first;
        dns->first = question->next;
        if (!dns->first)
            dns->last = &dns->first;
        dns->out++;
        if (*question->name)
            ares_query(dns->channel, question->name, ns_c_in, question->type, take_answer, question);
        else
            take_answer(question, ARES_EBADNAME, 0, NULL, 0);
    }
}

/* If out of memory, the socket is not polled, and its questions time out. */
static void watch_socket(void *context, ares_socket_t socket, int readable, int writable)
{
    struct dns *dns = context;
    short events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
    size_t i = 0;
    while (i < dns->socket_count && dns->sockets[i].fd != socket)
        i++;
    if (i == dns->socket_count) {
        if (!events || !array_reserve((void **)&dns->sockets, &dns->socket_capacity, i + 1, sizeof *dns->sockets))
            return;
        dns->socket_count++;
    }
    dns->sockets[i] = (struct pollfd){.fd = socket, .events = events};
    if (!events)
        dns->sockets[i] = dns->sockets[--dns->socket_count];
}

size_t dns_poll_fds(const struct dns *dns, struct pollfd *fds, size_t room)
{
    size_t count = dns->socket_count < room ? dns->socket_count : room;
    if (count > 0)
        memcpy(fds, dns->sockets, count * sizeof *fds);
    return count;
}

nstime dns_wait(const struct dns *dns)
{
    struct timeval left;
    if (dns->first && dns->out < DNS_AT_ONCE)
        return 0;
    if (!ares_timeout(dns->channel, NULL, &left))
        return NSTIME_NEVER;
    /* c-ares cuts the span to milliseconds. One more keeps poll() from returning before the timeout. */
    return left.tv_sec * NS_PER_S + left.tv_usec * NS_PER_US + NS_PER_MS;
}

void dns_events(struct dns *dns, const struct pollfd *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool readable = fds[i].revents & (POLLIN | POLLERR | POLLHUP), writable = fds[i].revents & POLLOUT;
        if (readable || writable)
            ares_process_fd(dns->channel, readable ? fds[i].fd : ARES_SOCKET_BAD,
                            writable ? fds[i].fd : ARES_SOCKET_BAD);
    }
    ares_process_fd(dns->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD); /* handles expired timeouts */
    send_questions(dns);
}

static enum status refuse(int code, struct err *err)
{
    return err_set(err, STATUS_SYSTEM, "cannot look up names: %s", ares_strerror(code));
}

/* Counts the servers in the system's configuration. */
static int count_servers(size_t *count)
{
    ares_channel channel;
    struct ares_addr_port_node *servers = NULL;
    *count = 0;
    int code = ares_init(&channel);
    if (code != ARES_SUCCESS)
        return code;
    code = ares_get_servers_ports(channel, &servers);
    for (const struct ares_addr_port_node *server = servers; server; server = server->next)
        ++*count;
    ares_free_data(servers);
    ares_destroy(channel);
    return code;
}

/* Returns the timeout of a server's first try, such that all tries at all servers together take `timeout`. */
static int first_wait_ms(nstime timeout, size_t servers)
{
    nstime waits = ((1 << TRIES) - 1) * (nstime)(servers ? servers : 1);
    nstime wait = (timeout > 0 ? timeout : DNS_TIMEOUT) / NS_PER_MS / waits;
    return wait < 1 ? 1 : wait > INT_MAX ? INT_MAX : (int)wait;
}

static int open_channel(struct dns *dns, int wait_ms)
{
    struct ares_options options = {
        .timeout = wait_ms, .tries = TRIES, .sock_state_cb = watch_socket, .sock_state_cb_data = dns};
    int set = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
    return ares_init_options(&dns->channel, &options, set);
}

static int set_server(struct dns *dns, const struct addr *address, uint16_t port)
{
    char host[ADDR_TEXT_BYTES], text[ADDR_TEXT_BYTES + sizeof "[]:65535"];
    addr_format(address, host);
    snprintf(text, sizeof text, address->family == 6 ? "[%s]:%u" : "%s:%u", host, port);
    return ares_set_servers_ports_csv(dns->channel, text);
}

static int start(struct dns *dns, const struct dns_config *config, const struct addr *server, uint16_t port)
{
    size_t servers = 1;
    int code = config->server ? ARES_SUCCESS : count_servers(&servers);
    if (code == ARES_SUCCESS)
        code = open_channel(dns, first_wait_ms(config->timeout, servers));
    if (code == ARES_SUCCESS && config->server)
        code = set_server(dns, server, port);
    return code;
}

enum status dns_new(const struct dns_config *config, struct dns **out, struct err *err)
{
    struct addr server = {0};
    uint16_t port = 0;
    *out = NULL;
    enum status status = config->server ? dns_server_parse(config->server, &server, &port, err) : STATUS_OK;
    if (status != STATUS_OK)
        return status;
    struct dns *dns = calloc(1, sizeof *dns);
    int code = dns ? ares_library_init(ARES_LIB_INIT_ALL) : ARES_ENOMEM;
    if (code != ARES_SUCCESS) {
        free(dns);
        return refuse(code, err);
    }
    dns->last = &dns->first;
    code = start(dns, config, &server, port);
    if (code != ARES_SUCCESS) {
        dns_free(dns);
        return refuse(code, err);
    }
    *out = dns;
    return STATUS_OK;
}

void dns_free(struct dns *dns)
{
    if (!dns)
        return;
    if (dns->channel)
        ares_destroy(dns->channel);
    while (dns->first) {
        struct question *next = dns->first->next;
        free(dns->first);
        dns->first = next;
    }
    free(dns->sockets);
    ares_library_cleanup();
    free(dns);
}

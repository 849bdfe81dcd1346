/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "unit/support/dns_server.h"

#include <arpa/nameser.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/support/dnsmessage.h"

/* What the server does with a question. */
enum reply {
    REPLY_GOOD,      /* answers with the zone's name or address */
    REPLY_EMPTY,     /* no record */
    REPLY_NONE,      /* no such name */
    REPLY_FAILED,    /* SERVFAIL */
    REPLY_SILENT,    /* nothing */
    REPLY_WRONG_ID,  /* answers with another id */
    REPLY_WRONG_ASK, /* answers what was not asked */
    REPLY_ECHO,      /* sends the question back */
    REPLY_GARBAGE,   /* the question, and a record of nonsense */
    REPLY_CUT,       /* says that the answer is cut; over TCP it answers */
    REPLY_CIRCLE,    /* an alias of itself */
};

static const struct row {
    const char *name;
    uint16_t type;
    enum reply reply;
    const char *data;
} zone[] = {
    {"1.2.0.192.in-addr.arpa", ns_t_ptr, REPLY_GOOD, "r1.example"},
    {"2.2.0.192.in-addr.arpa", ns_t_ptr, REPLY_GOOD, "liar.example"},
    {"3.2.0.192.in-addr.arpa", ns_t_ptr, REPLY_GOOD, "gone.example"},
    {"4.2.0.192.in-addr.arpa", ns_t_ptr, REPLY_GOOD, "ill.example"},
    {"5.2.0.192.in-addr.arpa", ns_t_ptr, REPLY_GOOD, "a b.example"},
    {"6.2.0.192.in-addr.arpa", ns_t_ptr, REPLY_GOOD, "v6.example"},
    {"10.2.0.192.in-addr.arpa", ns_t_ptr, REPLY_EMPTY, NULL},
    {"11.2.0.192.in-addr.arpa", ns_t_ptr, REPLY_NONE, NULL},
    {"12.2.0.192.in-addr.arpa", ns_t_ptr, REPLY_FAILED, NULL},
    {"13.2.0.192.in-addr.arpa", ns_t_ptr, REPLY_ECHO, NULL},
    {"14.2.0.192.in-addr.arpa", ns_t_ptr, REPLY_GARBAGE, NULL},
    {"15.2.0.192.in-addr.arpa", ns_t_ptr, REPLY_CIRCLE, NULL},
    {"16.2.0.192.in-addr.arpa", ns_t_ptr, REPLY_CUT, "long.example"},
    {"20.2.0.192.in-addr.arpa", ns_t_ptr, REPLY_SILENT, NULL},
    {"21.2.0.192.in-addr.arpa", ns_t_ptr, REPLY_WRONG_ID, "wrong.example"},
    {"22.2.0.192.in-addr.arpa", ns_t_ptr, REPLY_WRONG_ASK, "wrong.example"},
    {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", ns_t_ptr, REPLY_GOOD, "r1.example"},
    {"r1.example", ns_t_a, REPLY_GOOD, "192.0.2.1"},
    {"r1.example", ns_t_aaaa, REPLY_GOOD, "2001:db8::1"},
    {"liar.example", ns_t_a, REPLY_GOOD, "192.0.2.99"},
    {"ill.example", ns_t_a, REPLY_FAILED, NULL},
    {"v6.example", ns_t_a, REPLY_EMPTY, NULL},
};

static int open_socket(int type, uint16_t port)
{
    struct sockaddr_in local = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&local, sizeof local) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* A port that is free for TCP may be in use for UDP. */
void dns_server_open(struct dns_server *server)
{
    for (unsigned tries = 0; tries < 10; tries++) {
        struct sockaddr_in local;
        socklen_t length = sizeof local;
        *server = (struct dns_server){.listener = open_socket(SOCK_STREAM, 0), .connection = -1};
        if (getsockname(server->listener, (struct sockaddr *)&local, &length) != 0 || listen(server->listener, 5) != 0)
            abort();
        server->port = ntohs(local.sin_port);
        server->udp = open_socket(SOCK_DGRAM, server->port);
        /* All that are sent at once must have room, were they too many too. */
        const int room = 1 << 20;
        if (server->udp >= 0 && setsockopt(server->udp, SOL_SOCKET, SO_RCVBUF, &room, sizeof room) == 0)
            return;
        close(server->listener);
    }
    abort();
}

void dns_server_close(struct dns_server *server)
{
    close(server->udp);
    close(server->listener);
    if (server->connection >= 0)
        close(server->connection);
}

/* What is asked for. */
static const struct row *read_question(const uint8_t *bytes, size_t length, ns_rr *question)
{
    static const struct row unknown = {"", ns_t_ptr, REPLY_GOOD, "many.example"};
    ns_msg message;
    if (ns_initparse(bytes, (int)length, &message) != 0 || ns_parserr(&message, ns_s_qd, 0, question) != 0)
        abort();
    for (size_t i = 0; i < sizeof zone / sizeof *zone; i++)
        if (strcmp(zone[i].name, ns_rr_name(*question)) == 0 && zone[i].type == ns_rr_type(*question))
            return &zone[i];
    static const struct row nothing = {"", ns_t_a, REPLY_NONE, NULL};
    return ns_rr_type(*question) == ns_t_ptr ? &unknown : &nothing;
}

static unsigned code_of(enum reply reply)
{
    return reply == REPLY_NONE ? ns_r_nxdomain : reply == REPLY_FAILED ? ns_r_servfail : ns_r_noerror;
}

/* False: nothing is sent. */
static bool write_answer(const uint8_t *question, size_t length, bool tcp, struct dnsmessage *answer)
{
    ns_rr asked;
    const struct row *row = read_question(question, length, &asked);
    const char *name = row->reply == REPLY_WRONG_ASK ? "9.9.9.9.in-addr.arpa" : ns_rr_name(asked);
    unsigned id = (unsigned)(question[0] << 8 | question[1]);
    dnsmessage_start(answer, name, (uint16_t)ns_rr_type(asked), code_of(row->reply));
    dnsmessage_set_id(answer, (uint16_t)(row->reply == REPLY_WRONG_ID ? id ^ 1 : id));
    if (row->reply == REPLY_CUT && !tcp)
        answer->bytes[2] |= 2; /* TC */
    else if (row->data && ns_rr_type(asked) == ns_t_ptr)
        dnsmessage_add_name(answer, name, ns_t_ptr, row->data);
    else if (row->data)
        dnsmessage_add_address(answer, name, row->data);
    if (row->reply == REPLY_ECHO)
        answer->bytes[2] &= 0x7f; /* QR */
    if (row->reply == REPLY_GARBAGE)
        dnsmessage_add(answer, name, ns_t_ptr,
                       "\x3f"
                       "abc",
                       4);
    if (row->reply == REPLY_CIRCLE)
        dnsmessage_add_name(answer, name, ns_t_cname, name);
    return row->reply != REPLY_SILENT;
}

void dns_server_udp(struct dns_server *server)
{
    uint8_t question[512];
    struct dnsmessage answer;
    struct sockaddr_in from;
    for (;;) {
        socklen_t from_length = sizeof from;
        ssize_t length = recvfrom(server->udp, question, sizeof question, 0, (struct sockaddr *)&from, &from_length);
        if (length <= 0)
            return;
        server->questions++;
        if (write_answer(question, (size_t)length, false, &answer))
            sendto(server->udp, answer.bytes, answer.length, 0, (const struct sockaddr *)&from, from_length);
    }
}

/* A question and its answer begin with their length (RFC 1035 4.2.2). */
void dns_server_tcp(struct dns_server *server)
{
    uint8_t question[514], answer[2 + DNSMESSAGE_BYTES];
    struct dnsmessage message;
    struct sockaddr_in from;
    socklen_t from_length = sizeof from;
    if (server->connection < 0) {
        server->connection =
            accept4(server->listener, (struct sockaddr *)&from, &from_length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (server->connection >= 0)
            server->client_tcp = ntohs(from.sin_port);
        return;
    }
    ssize_t length = recv(server->connection, question, sizeof question, 0);
    if (length > 2 && write_answer(question + 2, (size_t)length - 2, true, &message)) {
        answer[0] = (uint8_t)(message.length >> 8);
        answer[1] = (uint8_t)message.length;
        memcpy(answer + 2, message.bytes, message.length);
        send(server->connection, answer, 2 + message.length, MSG_NOSIGNAL);
    }
    if (length == 0) {
        close(server->connection);
        server->connection = -1;
    }
}

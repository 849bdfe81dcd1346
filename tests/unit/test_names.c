/* Names asked of a server that this test is itself: its sockets, on the loopback, are served in the same loop. */
#include "config.h"

#include "io/names.h"

#include <arpa/nameser.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dnsmessage.h"
#include "tap.h"

#define MANY 600
#define TURNS_MOST 20000 /* of the loop, before a test is given up */

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

struct server {
    int udp, listener, connection;
    uint16_t port, client_udp, client_tcp;
    unsigned questions;
};

static int open_socket(int type, uint16_t port)
{
    struct sockaddr_in local = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&local, sizeof local) != 0)
        return -1;
    return fd;
}

static void open_server(struct server *server)
{
    struct sockaddr_in local;
    socklen_t length = sizeof local;
    *server = (struct server){.listener = open_socket(SOCK_STREAM, 0), .connection = -1};
    if (getsockname(server->listener, (struct sockaddr *)&local, &length) != 0 || listen(server->listener, 5) != 0)
        abort();
    server->port = ntohs(local.sin_port);
    server->udp = open_socket(SOCK_DGRAM, server->port);
    if (server->udp < 0)
        abort();
}

static void close_server(struct server *server)
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

static void serve_udp(struct server *server)
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
        server->client_udp = ntohs(from.sin_port);
        if (write_answer(question, (size_t)length, false, &answer))
            sendto(server->udp, answer.bytes, answer.length, 0, (const struct sockaddr *)&from, from_length);
    }
}

/* A question and its answer begin with their length (RFC 1035 4.2.2). */
static void serve_tcp(struct server *server)
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

/* Serves both sides until all is settled. `server` may be NULL. */
static void run(struct names *names, struct server *server)
{
    struct dns *dns = names_dns(names);
    for (unsigned turn = 0; names_pending(names) > 0 && turn < TURNS_MOST; turn++) {
        struct pollfd fds[8];
        size_t ours = dns_poll_fds(dns, fds, 5), count = ours;
        if (server) {
            fds[count++] = (struct pollfd){.fd = server->udp, .events = POLLIN};
            fds[count++] =
                (struct pollfd){.fd = server->connection < 0 ? server->listener : server->connection, .events = POLLIN};
        }
        nstime wait = dns_wait(dns);
        if (poll(fds, count, wait > NS_PER_S ? 1000 : (int)(wait / NS_PER_MS)) < 0)
            abort();
        if (server) {
            serve_udp(server);
            if (fds[ours + 1].revents)
                serve_tcp(server);
        }
        dns_events(dns, fds, ours);
    }
}

static struct names *new_names(uint16_t port, nstime timeout, bool verify, struct about_book *book)
{
    char text[32];
    struct names *names;
    struct err err = {0};
    snprintf(text, sizeof text, "127.0.0.1:%u", port);
    struct names_config config = {.dns = {.server = text, .timeout = timeout}, .verify = verify};
    if (names_new(&config, book, &names, &err) != STATUS_OK) {
        printf("Bail out! %s\n", err.message);
        exit(1);
    }
    return names;
}

static struct addr address_of(const char *text)
{
    struct addr address;
    if (!addr_parse(text, &address))
        abort();
    return address;
}

/* What becomes of an address. */
struct outcome {
    const char *address;
    enum about_name state;
    const char *name;
};

static void is_outcome(struct server *server, nstime timeout, bool verify, const struct outcome *rows, size_t count)
{
    struct about_book *book = about_book_new();
    struct names *names = new_names(server->port, timeout, verify, book);
    const char *how = verify ? "verified" : "not verified";
    for (size_t i = 0; i < count; i++) {
        struct addr address = address_of(rows[i].address);
        names_ask(names, &address);
    }
    is_num(names_pending(names), count, "%s: all are pending", how);
    run(names, server);
    is_num(names_pending(names), 0, "%s: all are settled", how);
    for (size_t i = 0; i < count; i++) {
        struct addr address = address_of(rows[i].address);
        const struct about *about = about_book_find(book, &address);
        ok(names_is_settled(names, &address), "%s: %s is settled", how, rows[i].address);
        is_num(about->name_state, rows[i].state, "%s: %s: state", how, rows[i].address);
        is_text(about->name, rows[i].name, "%s: %s: name", how, rows[i].address);
    }
    names_free(names);
    about_book_free(book);
}

static void test_answers(struct server *server)
{
    static const struct outcome rows[] = {
        {"192.0.2.1", ABOUT_NAME_KNOWN, "r1.example"},
        {"2001:db8::1", ABOUT_NAME_KNOWN, "r1.example"},
        {"192.0.2.2", ABOUT_NAME_KNOWN, "liar.example"},
        {"192.0.2.5", ABOUT_NAME_KNOWN, "a\\032b.example"},
        {"192.0.2.10", ABOUT_NAME_NONE, ""},
        {"192.0.2.11", ABOUT_NAME_NONE, ""},
        {"192.0.2.12", ABOUT_NAME_UNKNOWN, ""},
        {"192.0.2.13", ABOUT_NAME_UNKNOWN, ""},
        {"192.0.2.14", ABOUT_NAME_UNKNOWN, ""},
        {"192.0.2.15", ABOUT_NAME_UNKNOWN, ""},
        {"192.0.2.16", ABOUT_NAME_KNOWN, "long.example"},
    };
    is_outcome(server, 0, false, rows, sizeof rows / sizeof *rows);
    ok(server->client_tcp != 0, "what is cut is asked for over TCP");
}

static void test_verified(struct server *server)
{
    static const struct outcome rows[] = {
        {"192.0.2.1", ABOUT_NAME_CONFIRMED, "r1.example"},
        {"2001:db8::1", ABOUT_NAME_CONFIRMED, "r1.example"},
        {"192.0.2.2", ABOUT_NAME_UNCONFIRMED, "liar.example"},
        {"192.0.2.3", ABOUT_NAME_UNCONFIRMED, "gone.example"},
        {"192.0.2.4", ABOUT_NAME_KNOWN, "ill.example"},
        {"192.0.2.5", ABOUT_NAME_KNOWN, "a\\032b.example"},
        {"192.0.2.6", ABOUT_NAME_UNCONFIRMED, "v6.example"},
        {"192.0.2.11", ABOUT_NAME_NONE, ""},
        {"192.0.2.12", ABOUT_NAME_UNKNOWN, ""},
    };
    is_outcome(server, 0, true, rows, sizeof rows / sizeof *rows);
}

/* The three that nobody answers are given up after 90 ms. */
static void test_silence(struct server *server)
{
    static const struct outcome rows[] = {
        {"192.0.2.20", ABOUT_NAME_UNKNOWN, ""},
        {"192.0.2.21", ABOUT_NAME_UNKNOWN, ""},
        {"192.0.2.22", ABOUT_NAME_UNKNOWN, ""},
    };
    server->questions = 0;
    is_outcome(server, 90 * NS_PER_MS, false, rows, sizeof rows / sizeof *rows);
    is_num(server->questions, 6, "each is asked for twice");
}

static void test_many(struct server *server)
{
    struct about_book *book = about_book_new();
    struct names *names = new_names(server->port, 0, false, book);
    server->questions = 0;
    for (unsigned n = 0; n < 2 * MANY; n++) {
        const uint8_t bytes[4] = {10, 0, (uint8_t)(n % MANY >> 8), (uint8_t)(n % MANY)};
        struct addr address = addr_from_bytes(4, bytes);
        names_ask(names, &address);
    }
    is_num(names_pending(names), MANY, "each address is asked for once");
    is_num(dns_wait(names_dns(names)), 0, "there is something to send");
    dns_events(names_dns(names), NULL, 0);
    ok(dns_wait(names_dns(names)) > 0, "and then to wait");
    serve_udp(server);
    is_num(server->questions, DNS_AT_ONCE, "not all at once");
    run(names, server);
    is_num(server->questions, MANY, "but all of them");
    unsigned known = 0;
    for (size_t i = 0; i < about_book_count(book); i++)
        known += about_book_at(book, i)->name_state == ABOUT_NAME_KNOWN;
    is_num(known, MANY, "every one has its name");
    is_num(dns_wait(names_dns(names)), NSTIME_NEVER, "nothing is left to wait for");
    names_free(names);
    about_book_free(book);
}

static void test_ports(struct server *server)
{
    struct about_book *book = about_book_new();
    struct names *names = new_names(server->port, 0, false, book);
    struct addr cut = address_of("192.0.2.16");
    const struct dns *dns = names_dns(names);
    names_ask(names, &cut);
    run(names, server);
    ok(dns_used_port(dns, IPPROTO_UDP, server->client_udp), "the port of its questions, UDP");
    ok(dns_used_port(dns, IPPROTO_TCP, server->client_tcp), "and TCP");
    ok(!dns_used_port(dns, IPPROTO_UDP, server->port), "no other port");
    ok(!dns_used_port(dns, IPPROTO_SCTP, server->client_udp), "no other protocol");
    ok(!dns_used_port(dns, IPPROTO_UDP, 0), "nor none");
    names_free(names);
    about_book_free(book);
}

struct hosts {
    unsigned calls;
    size_t count;
    char text[2][ADDR_TEXT_BYTES];
};

static void take_host(void *context, const struct addr *addresses, size_t count)
{
    struct hosts *hosts = context;
    hosts->calls++;
    hosts->count = count;
    for (size_t i = 0; i < count && i < 2; i++)
        addr_format(&addresses[i], hosts->text[i]);
}

static void test_forward(struct server *server)
{
    static const struct {
        const char *host;
        size_t count;
        const char *first, *second;
    } rows[] = {
        {"r1.example", 2, "192.0.2.1", "2001:db8::1"},
        {"liar.example", 1, "192.0.2.99", ""},
        {"ill.example", 0, "", ""},
        {"gone.example", 0, "", ""},
        {"192.0.2.1", 0, "", ""},
        {"", 0, "", ""},
        {"a..b", 0, "", ""},
    };
    struct names *names = new_names(server->port, 0, false, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hosts hosts = {0};
        names_forward(names, rows[i].host, take_host, &hosts);
        is_num(hosts.calls, 0, "\"%s\": not at once", rows[i].host);
        run(names, server);
        is_num(hosts.calls, 1, "\"%s\": found once", rows[i].host);
        is_num(hosts.count, rows[i].count, "\"%s\": addresses", rows[i].host);
        is_text(hosts.text[0], rows[i].first, "\"%s\": the first", rows[i].host);
        is_text(hosts.text[1], rows[i].second, "\"%s\": the second", rows[i].host);
    }
    names_free(names);
}

static void test_given_up(struct server *server)
{
    struct about_book *book = about_book_new();
    struct names *names = new_names(server->port, 0, true, book);
    struct addr address = address_of("192.0.2.20"), other = address_of("192.0.2.21");
    struct hosts hosts = {0};
    names_ask(names, &address);
    names_forward(names, "r1.example", take_host, &hosts);
    dns_events(names_dns(names), NULL, 0);
    names_ask(names, &other);
    ok(!names_is_settled(names, &address), "out, and not settled");
    names_free(names);
    is_num(hosts.calls, 0, "given up: nobody is called");
    is_num(about_book_find(book, &address)->name_state, ABOUT_NAME_UNKNOWN, "given up: the book stays as it is");
    about_book_free(book);
    names_free(NULL);
}

static void test_nobody(void)
{
    struct server gone;
    open_server(&gone);
    close_server(&gone);
    struct about_book *book = about_book_new();
    struct names *names = new_names(gone.port, 0, false, book);
    struct addr address = address_of("192.0.2.1"), never = address_of("192.0.2.2");
    names_ask(names, &address);
    run(names, NULL);
    ok(names_is_settled(names, &address), "no server: settled");
    is_num(about_book_find(book, &address)->name_state, ABOUT_NAME_UNKNOWN, "no server: not known");
    ok(!names_is_settled(names, &never), "what was never asked for is not settled");
    names_free(names);
    about_book_free(book);
}

static void test_system(void)
{
    struct names *names;
    struct err err = {0};
    struct names_config config = {.dns = {.server = NULL}};
    is_num(names_new(&config, NULL, &names, &err), STATUS_OK, "the system's server: %s", err.message);
    names_free(names);
    config.dns.server = "dns.example";
    is_num(names_new(&config, NULL, &names, &err), STATUS_USAGE, "a server that is none: %s", err.message);
    ok(!names, "nothing is left of it");
}

int main(void)
{
    struct server server;
    open_server(&server);
    test_answers(&server);
    test_verified(&server);
    test_silence(&server);
    test_many(&server);
    test_ports(&server);
    test_forward(&server);
    test_given_up(&server);
    close_server(&server);
    test_nobody();
    test_system();
    return tap_done();
}

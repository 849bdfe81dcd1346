/* SPDX-License-Identifier: BSD-2-Clause */
/* Names asked of a server that this test is itself (dns_server.h). */
#include "lookup/names.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live/privileges.h"
#include "tap.h"
#include "unit/support/dns_server.h"

#define MANY 600
#define NOT_HERE 77             /* a child's exit status: this system cannot do that */
#define PATIENT (60 * NS_PER_S) /* a busy machine is no silent server */
#define TURNS_MOST 20000        /* of the loop, before a test is given up */

/* Serves both sides until all is settled. `server` may be NULL. */
static void run(struct names *names, struct dns_server *server)
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
            dns_server_udp(server);
            if (fds[ours + 1].revents)
                dns_server_tcp(server);
        }
        dns_events(dns, fds, ours);
    }
}

static struct names *new_names(uint16_t port, nstime timeout, bool verify, struct address_book *book)
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
    enum address_name state;
    const char *name;
};

static void is_outcome(struct dns_server *server, nstime timeout, bool verify, const struct outcome *rows, size_t count)
{
    struct address_book *book = address_book_new();
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
        const struct address_facts *about = address_book_find(book, &address);
        ok(names_is_settled(names, &address), "%s: %s is settled", how, rows[i].address);
        is_num(about->name_state, rows[i].state, "%s: %s: state", how, rows[i].address);
        is_text(about->name, rows[i].name, "%s: %s: name", how, rows[i].address);
    }
    names_free(names);
    address_book_free(book);
}

static void test_answers(struct dns_server *server)
{
    static const struct outcome rows[] = {
        {"192.0.2.1", ADDRESS_NAME_KNOWN, "r1.example"},
        {"2001:db8::1", ADDRESS_NAME_KNOWN, "r1.example"},
        {"192.0.2.2", ADDRESS_NAME_KNOWN, "liar.example"},
        {"192.0.2.5", ADDRESS_NAME_KNOWN, "a\\032b.example"},
        {"192.0.2.10", ADDRESS_NAME_NONE, ""},
        {"192.0.2.11", ADDRESS_NAME_NONE, ""},
        {"192.0.2.12", ADDRESS_NAME_UNKNOWN, ""},
        {"192.0.2.13", ADDRESS_NAME_UNKNOWN, ""},
        {"192.0.2.14", ADDRESS_NAME_UNKNOWN, ""},
        {"192.0.2.15", ADDRESS_NAME_UNKNOWN, ""},
        {"192.0.2.16", ADDRESS_NAME_KNOWN, "long.example"},
    };
    is_outcome(server, PATIENT, false, rows, sizeof rows / sizeof *rows);
    ok(server->client_tcp != 0, "a cut answer is asked for again over TCP");
}

static void test_verified(struct dns_server *server)
{
    static const struct outcome rows[] = {
        {"192.0.2.1", ADDRESS_NAME_CONFIRMED, "r1.example"},
        {"2001:db8::1", ADDRESS_NAME_CONFIRMED, "r1.example"},
        {"192.0.2.2", ADDRESS_NAME_UNCONFIRMED, "liar.example"},
        {"192.0.2.3", ADDRESS_NAME_UNCONFIRMED, "gone.example"},
        {"192.0.2.4", ADDRESS_NAME_KNOWN, "ill.example"},
        {"192.0.2.5", ADDRESS_NAME_KNOWN, "a\\032b.example"},
        {"192.0.2.6", ADDRESS_NAME_UNCONFIRMED, "v6.example"},
        {"192.0.2.11", ADDRESS_NAME_NONE, ""},
        {"192.0.2.12", ADDRESS_NAME_UNKNOWN, ""},
    };
    is_outcome(server, PATIENT, true, rows, sizeof rows / sizeof *rows);
}

/* The client gives up the three queries without an answer after 90 ms. */
static void test_silence(struct dns_server *server)
{
    static const struct outcome rows[] = {
        {"192.0.2.20", ADDRESS_NAME_UNKNOWN, ""},
        {"192.0.2.21", ADDRESS_NAME_UNKNOWN, ""},
        {"192.0.2.22", ADDRESS_NAME_UNKNOWN, ""},
    };
    server->questions = 0;
    is_outcome(server, 90 * NS_PER_MS, false, rows, sizeof rows / sizeof *rows);
    is_num(server->questions, 6, "each is asked for twice");
}

static void test_many(struct dns_server *server)
{
    struct address_book *book = address_book_new();
    struct names *names = new_names(server->port, PATIENT, false, book);
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
    dns_server_udp(server);
    is_num(server->questions, DNS_AT_ONCE, "not all at once");
    run(names, server);
    is_num(server->questions, MANY, "but all of them");
    unsigned known = 0;
    for (size_t i = 0; i < address_book_count(book); i++)
        known += address_book_at(book, i)->name_state == ADDRESS_NAME_KNOWN;
    is_num(known, MANY, "every one has its name");
    is_num(dns_wait(names_dns(names)), NSTIME_NEVER, "nothing is left to wait for");
    names_free(names);
    address_book_free(book);
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

static void test_forward(struct dns_server *server)
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
    struct names *names = new_names(server->port, PATIENT, false, NULL);
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

static void test_given_up(struct dns_server *server)
{
    struct address_book *book = address_book_new();
    struct names *names = new_names(server->port, PATIENT, true, book);
    struct addr address = address_of("192.0.2.20"), other = address_of("192.0.2.21");
    struct hosts hosts = {0};
    names_ask(names, &address);
    names_forward(names, "r1.example", take_host, &hosts);
    struct dns *dns = names_dns(names);
    struct pollfd fds[1];
    dns_events(dns, NULL, 0);
    dns_server_udp(server);
    size_t count = dns_poll_fds(dns, fds, 1);
    poll(fds, count, 1000);
    dns_events(dns, fds, count); /* has the host's IPv4 address, and asks for the others */
    names_ask(names, &other);
    ok(!names_is_settled(names, &address), "out, and not settled");
    names_free(names);
    is_num(hosts.calls, 0, "given up: no callback");
    is_num(address_book_find(book, &address)->name_state, ADDRESS_NAME_UNKNOWN, "given up: the book stays as it is");
    address_book_free(book);
    names_free(NULL);
}

/* A run asks after it is sealed: c-ares must have read its files by then. */
static void test_sealed(struct dns_server *server)
{
    static const char title[] = "sealed: names can be asked for";
    int status = 1;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        struct address_book *book = address_book_new();
        struct names *names = new_names(server->port, PATIENT, true, book);
        struct addr address = address_of("192.0.2.1");
        if (privileges_seal(SEAL_ASK) != SEAL_DONE)
            _exit(NOT_HERE);
        names_ask(names, &address);
        run(names, server);
        _exit(address_book_find(book, &address)->name_state == ADDRESS_NAME_CONFIRMED ? 0 : 1);
    }
    waitpid(pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_HERE)
        printf("ok %d - %s # SKIP this system or build cannot do that\n", ++tap_count, title);
    else
        ok(status == 0, "%s (status %x)", title, (unsigned)status);
}

static void test_no_server(void)
{
    struct dns_server gone;
    dns_server_open(&gone);
    dns_server_close(&gone);
    struct address_book *book = address_book_new();
    struct names *names = new_names(gone.port, 0, false, book);
    struct addr address = address_of("192.0.2.1"), never = address_of("192.0.2.2");
    names_ask(names, &address);
    run(names, NULL);
    ok(names_is_settled(names, &address), "no server: settled");
    is_num(address_book_find(book, &address)->name_state, ADDRESS_NAME_UNKNOWN, "no server: not known");
    ok(!names_is_settled(names, &never), "a name that was never asked for is not settled");
    names_free(names);
    address_book_free(book);
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
    struct dns_server server;
    dns_server_open(&server);
    test_answers(&server);
    test_verified(&server);
    test_silence(&server);
    test_many(&server);
    test_forward(&server);
    test_given_up(&server);
    test_sealed(&server);
    dns_server_close(&server);
    test_no_server();
    test_system();
    return tap_done();
}

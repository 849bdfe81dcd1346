/* SPDX-License-Identifier: BSD-2-Clause */
/* The WHOIS client against servers of this test: sockets on 127.0.0.1 in one poll loop, and a clock that only the test
 * moves. */
#include "config.h"

#include "lookup/whois.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"

#define STUCK_MS 20000 /* nothing happens any more: the test has failed */
#define FLOOD_BYTES 10000000
#define PEERS 32

enum manner { ANSWERS, IS_SILENT, CLOSES, FLOODS, HAS_NO_SERVICE, HAS_NO_ADDRESS };

struct fake {
    const char *host;
    enum manner manner;
    char answer[512];
    size_t answer_bytes;
    int fd;
    uint16_t port;
    unsigned asked; /* queries that came whole */
    char query[WHOIS_QUERY_BYTES];
};

/* A connection to a fake server. */
struct peer {
    struct fake *fake; /* NULL: free */
    int fd;
    size_t got, sent;
};

struct world {
    struct fake fakes[3];
    struct peer peers[PEERS];
    unsigned most_open; /* connections of the client at once */
    unsigned sought;    /* names */
    struct address_book *book;
    struct whois_client *client;
    nstime now;
};

static struct addr address_of(const char *text)
{
    struct addr address = {0};
    addr_parse(text, &address);
    return address;
}

static void fake_open(struct fake *fake)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof name;
    fake->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (bind(fake->fd, (struct sockaddr *)&name, sizeof name) != 0 || listen(fake->fd, PEERS) != 0 ||
        getsockname(fake->fd, (struct sockaddr *)&name, &length) != 0)
        abort();
    fake->port = ntohs(name.sin_port);
    if (fake->manner == HAS_NO_SERVICE) {
        close(fake->fd);
        fake->fd = -1;
    }
}

/* "%1" in an answer is the port of the second fake, and so on. */
static void fake_answer(struct world *world, unsigned index, const char *answer)
{
    struct fake *fake = &world->fakes[index];
    fake->answer_bytes = 0;
    for (const char *c = answer; *c; c++) {
        if (*c == '%' && c[1] >= '0' && c[1] <= '2')
            fake->answer_bytes +=
                (size_t)snprintf(fake->answer + fake->answer_bytes, 6, "%u", (unsigned)world->fakes[*++c - '0'].port);
        else
            fake->answer[fake->answer_bytes++] = *c;
    }
}

static void world_open(struct world *world, const char *const answers[3], const enum manner manners[3], bool follows)
{
    static const char *const hosts[] = {"root.example", "registry.example", "carrier.example"};
    memset(world, 0, sizeof *world);
    for (unsigned i = 0; i < 3; i++) {
        world->fakes[i].host = hosts[i];
        world->fakes[i].manner = manners[i];
        fake_open(&world->fakes[i]);
    }
    for (unsigned i = 0; i < 3; i++)
        fake_answer(world, i, answers[i]);
    struct whois_server first = {.host = "root.example", .port = world->fakes[0].port};
    world->book = address_book_new();
    world->client = whois_client_new(world->book, &first, follows);
}

static void world_close(struct world *world)
{
    whois_client_free(world->client);
    address_book_free(world->book);
    for (unsigned i = 0; i < PEERS; i++)
        if (world->peers[i].fake)
            close(world->peers[i].fd);
    for (unsigned i = 0; i < 3; i++)
        if (world->fakes[i].fd >= 0)
            close(world->fakes[i].fd);
}

static void hang_up(struct peer *peer)
{
    close(peer->fd);
    peer->fake = NULL;
}

static void welcome(struct world *world, struct fake *fake)
{
    int fd = accept4(fake->fd, NULL, NULL, SOCK_NONBLOCK);
    for (unsigned i = 0; fd >= 0 && i < PEERS; i++) {
        if (world->peers[i].fake)
            continue;
        world->peers[i] = (struct peer){.fake = fake, .fd = fd};
        if (fake->manner == CLOSES)
            hang_up(&world->peers[i]);
        return;
    }
}

static void hear(struct peer *peer)
{
    struct fake *fake = peer->fake;
    ssize_t count = recv(peer->fd, fake->query + peer->got, sizeof fake->query - 1 - peer->got, 0);
    if (count <= 0) {
        hang_up(peer);
        return;
    }
    peer->got += (size_t)count;
    fake->query[peer->got] = '\0';
    if (!strstr(fake->query, "\r\n"))
        return;
    fake->asked++;
    if (fake->manner == ANSWERS) {
        send(peer->fd, fake->answer, fake->answer_bytes, MSG_NOSIGNAL);
        hang_up(peer);
    }
}

static void flood(struct peer *peer)
{
    const struct fake *fake = peer->fake;
    ssize_t count = send(peer->fd, fake->answer, fake->answer_bytes, MSG_NOSIGNAL);
    if (count > 0)
        peer->sent += (size_t)count;
    if (count <= 0 || peer->sent > FLOOD_BYTES)
        hang_up(peer);
}

static void name_servers(struct world *world)
{
    const struct addr loopback = address_of("127.0.0.1");
    const char *name;
    while ((name = whois_wanted_name(world->client))) {
        bool known = true;
        world->sought++;
        for (unsigned i = 0; i < 3; i++)
            if (strcmp(world->fakes[i].host, name) == 0)
                known = world->fakes[i].manner != HAS_NO_ADDRESS;
        whois_server_address(world->client, name, known ? &loopback : NULL);
    }
}

/* One turn of the loop. False: nothing happened for long. */
static bool turn(struct world *world)
{
    struct pollfd fds[64];
    name_servers(world);
    size_t own = whois_poll_fds(world->client, fds, 16), count = own;
    world->most_open = own > world->most_open ? (unsigned)own : world->most_open;
    for (unsigned i = 0; i < 3; i++)
        fds[count++] = (struct pollfd){.fd = world->fakes[i].fd, .events = POLLIN};
    for (unsigned i = 0; i < PEERS; i++) {
        const struct peer *peer = &world->peers[i];
        bool floods = peer->fake && peer->fake->manner == FLOODS && peer->got > 0;
        fds[count++] = (struct pollfd){.fd = peer->fake ? peer->fd : -1, .events = floods ? POLLOUT : POLLIN};
    }
    if (whois_pending(world->client) > 0 && poll(fds, (nfds_t)count, STUCK_MS) == 0)
        return false;
    for (unsigned i = 0; i < PEERS; i++) {
        const struct pollfd *fd = &fds[own + 3 + i];
        if (world->peers[i].fake && fd->fd == world->peers[i].fd && fd->revents)
            (fd->events == POLLOUT ? flood : hear)(&world->peers[i]);
    }
    for (unsigned i = 0; i < 3; i++)
        if (fds[own + i].revents & POLLIN)
            welcome(world, &world->fakes[i]);
    whois_events(world->client, fds, own, world->now);
    return true;
}

static void run(struct world *world)
{
    while (whois_pending(world->client) > 0 && turn(world))
        ;
    is_num(whois_pending(world->client), 0, "it comes to an end");
}

static void ask(struct world *world, const char *text)
{
    struct addr address = address_of(text);
    ok(whois_ask(world->client, &address, world->now), "%s is asked for", text);
}

static const struct address_whois *whois_of(const struct world *world, const char *text)
{
    static const struct address_whois none;
    struct addr address = address_of(text);
    const struct address_facts *entry = address_book_find(world->book, &address);
    return entry ? &entry->whois : &none;
}

static const enum manner all_answer[3] = {ANSWERS, ANSWERS, ANSWERS};

static const char root[] = "refer: registry.example:%1\n\ninetnum: 192.0.0.0 - 192.255.255.255\norganisation: REG\n";
static const char registry[] = "NetRange: 192.0.2.0 - 192.0.2.127\nNetName: PARENT\n\nOrgName: Parent\nCountry: "
                               "US\n\nReferralServer: whois://carrier.example:%2/\n";
static const char carrier[] = "inetnum: 192.0.2.0 - 192.0.2.63\r\nnetname: CHILD\r\ndescr: Child\r\ncountry: CA\r\n";

static void test_chain(void)
{
    struct world world;
    world_open(&world, (const char *const[3]){root, registry, carrier}, all_answer, true);
    is_num(whois_deadline(world.client), NSTIME_NEVER, "nothing is due before something is asked");
    ok(!whois_wanted_name(world.client), "and no name is sought");
    ask(&world, "192.0.2.1");
    ask(&world, "192.0.2.1");
    is_num(whois_pending(world.client), 1, "one address is pending");
    run(&world);
    is_text(whois_of(&world, "192.0.2.1")->netname, "CHILD", "the last of the chain knows best");
    is_text(whois_of(&world, "192.0.2.1")->country, "CA", "all of it is the last one's");
    is_text(world.fakes[0].query, "192.0.2.1\r\n", "what was asked");
    for (unsigned i = 0; i < 3; i++)
        is_num(world.fakes[i].asked, 1, "%s was asked once", world.fakes[i].host);

    ask(&world, "192.0.2.62");
    ask(&world, "192.0.2.1");
    is_num(whois_pending(world.client), 0, "the same network is not asked for");
    is_text(whois_of(&world, "192.0.2.62")->netname, "CHILD", "but known");

    ask(&world, "192.0.2.65");
    run(&world);
    is_num(world.fakes[0].asked, 1, "the referral counts for the block");
    is_num(world.fakes[1].asked, 2, "the registry is asked for another network");
    is_text(whois_of(&world, "192.0.2.65")->netname, "PARENT",
            "the registry knows a network that the carrier does not");
    is_num(world.sought, 3, "each name was sought once");
    is_num(whois_tally(world.client).known, 3, "all are known");
    world_close(&world);
}

static void test_loops(void)
{
    struct world world;
    static const char back[] = "refer: ROOT.example.:%0\n";
    world_open(&world, (const char *const[3]){root, back, ""}, all_answer, true);
    ask(&world, "192.0.2.1");
    run(&world);
    is_num(world.fakes[0].asked + world.fakes[1].asked, 2, "a loop of two ends");
    is_num(whois_tally(world.client).unknown, 1, "with nothing known");
    world_close(&world);

    world_open(&world, (const char *const[3]){"refer: root.example:%0\n", "", ""}, all_answer, true);
    ask(&world, "192.0.2.1");
    run(&world);
    is_num(world.fakes[0].asked, 1, "a server that refers to itself is not asked twice");
    world_close(&world);
}

/* Fresh names for one and the same server: only the count of referrals ends that. */
static void test_long_chain(void)
{
    struct world world;
    world_open(&world, (const char *const[3]){"refer: a.example:%0\n", "", ""}, all_answer, true);
    ask(&world, "192.0.2.1");
    for (char name[] = "b.example:%0"; whois_pending(world.client) > 0 && turn(&world);) {
        char answer[64];
        snprintf(answer, sizeof answer, "refer: %s\n", name);
        name[0] = (char)('b' + world.sought);
        fake_answer(&world, 0, answer);
    }
    is_num(world.fakes[0].asked, 1 + WHOIS_REFERRALS_MOST, "referrals are followed up to a limit");
    world_close(&world);
}

static void test_alone(void)
{
    struct world world;
    world_open(&world, (const char *const[3]){root, registry, carrier}, all_answer, false);
    ask(&world, "192.0.2.1");
    ask(&world, "10.0.0.1");
    run(&world);
    is_num(world.fakes[0].asked, 2, "a server of one's own is asked about any address");
    is_num(world.fakes[1].asked, 0, "and alone");
    world_close(&world);
}

static void test_private(void)
{
    struct world world;
    world_open(&world, (const char *const[3]){root, "", ""}, all_answer, true);
    ask(&world, "192.168.1.1");
    ask(&world, "fe80::1");
    is_num(whois_pending(world.client), 0, "private addresses are not asked for");
    ok(!whois_wanted_name(world.client), "not even a name is sought");
    is_num(whois_tally(world.client).unknown, 2, "they are unknown");
    world_close(&world);
}

static void test_silence(void)
{
    struct world world;
    const struct addr sixth = address_of("192.0.2.6");
    world_open(&world, (const char *const[3]){"", "", ""}, (const enum manner[3]){IS_SILENT}, true);
    world.now = 1000 * NS_PER_S;
    for (unsigned i = 1; i <= 5; i++) {
        char text[ADDR_TEXT_BYTES];
        snprintf(text, sizeof text, "192.0.2.%u", i);
        ask(&world, text);
    }
    is_num(whois_deadline(world.client), world.now + WHOIS_LIMIT, "the first address is due after the limit");
    while (world.fakes[0].asked < WHOIS_CONNECTIONS_MOST && turn(&world))
        ;
    is_num(world.most_open, WHOIS_CONNECTIONS_MOST, "as many connections as there may be");
    is_num(whois_pending(world.client), 5, "the fifth address waits");
    whois_events(world.client, NULL, 0, world.now + WHOIS_LIMIT - 1);
    is_num(whois_pending(world.client), 5, "a moment before the limit all wait");
    whois_ask(world.client, &sixth, world.now + 1);
    whois_events(world.client, NULL, 0, world.now + WHOIS_LIMIT);
    is_num(whois_pending(world.client), 1, "at the limit all are given up but the later one");
    is_num(whois_deadline(world.client), world.now + 1 + WHOIS_LIMIT, "which has its own");
    is_num(whois_tally(world.client).failed, 5, "they have failed");
    world_close(&world);
}

static void test_many(void)
{
    struct world world;
    world_open(&world, (const char *const[3]){"% no entries found\n", "", ""}, all_answer, true);
    for (unsigned i = 1; i <= 20; i++) {
        struct addr address = address_of("198.51.100.0");
        address.bytes[3] = (uint8_t)i;
        whois_ask(world.client, &address, world.now);
    }
    run(&world);
    is_num(world.fakes[0].asked, 20, "every address is asked for");
    is_num(world.most_open, WHOIS_CONNECTIONS_MOST, "never too many at once");
    is_num(whois_tally(world.client).unknown, 20, "none is known");
    ask(&world, "198.51.100.7");
    is_num(whois_pending(world.client), 0, "nor asked for again");
    world_close(&world);
}

/* What servers do that cannot or do not want to answer, when asked about two addresses. */
static void test_bad_servers(void)
{
    static const struct {
        const char *name;
        enum manner manner;
        const char *answer;
        unsigned asked, unknown, refused, failed;
    } rows[] = {
        {"closes at once", CLOSES, "", 0, 0, 0, 2},
        {"floods", FLOODS, "no line end ", 2, 2, 0, 0},
        {"refuses connections", HAS_NO_SERVICE, "", 0, 0, 0, 2},
        {"has no address", HAS_NO_ADDRESS, "", 0, 0, 0, 2},
        {"says nothing", ANSWERS, "", 2, 0, 0, 2},
        {"refuses", ANSWERS, "%ERROR:201: access denied for 127.0.0.1\n", 1, 0, 2, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world world;
        world_open(&world, (const char *const[3]){rows[i].answer, "", ""}, (const enum manner[3]){rows[i].manner},
                   true);
        ask(&world, "192.0.2.1");
        run(&world);
        ask(&world, "198.51.100.1");
        run(&world);
        struct whois_tally tally = whois_tally(world.client);
        is_num(world.fakes[0].asked, rows[i].asked, "a server that %s: queries", rows[i].name);
        is_num(tally.unknown, rows[i].unknown, "a server that %s: unknown", rows[i].name);
        is_num(tally.refused, rows[i].refused, "a server that %s: refused", rows[i].name);
        is_num(tally.failed, rows[i].failed, "a server that %s: failed", rows[i].name);
        world_close(&world);
    }
}

/* The registry's answer stands if the server that it refers to is gone. */
static void test_dead_referral(void)
{
    struct world world;
    world_open(&world, (const char *const[3]){root, registry, ""},
               (const enum manner[3]){ANSWERS, ANSWERS, HAS_NO_SERVICE}, true);
    ask(&world, "192.0.2.1");
    run(&world);
    is_text(whois_of(&world, "192.0.2.1")->organisation, "Parent", "a dead referral takes nothing away");
    world_close(&world);
}

static void test_foreign_bytes(void)
{
    struct world world;
    world_open(&world, (const char *const[3]){"inetnum: 192.0.2.0/24\nnetname: A\033\1\xff@B\nowner: O\n", "", ""},
               all_answer, true);
    *(char *)memchr(world.fakes[0].answer, '@', world.fakes[0].answer_bytes) = '\0';
    ask(&world, "192.0.2.1");
    run(&world);
    is_text(whois_of(&world, "192.0.2.1")->netname, "A\033\1\xff", "control characters stay, a NUL ends the text");
    is_text(whois_of(&world, "192.0.2.1")->organisation, "O", "and the rest is read");
    world_close(&world);
}

static void test_foreign_fds(void)
{
    struct world world;
    struct pollfd fds[8];
    world_open(&world, (const char *const[3]){"", "", ""}, (const enum manner[3]){IS_SILENT}, true);
    ask(&world, "192.0.2.1");
    name_servers(&world);
    is_num(whois_poll_fds(world.client, fds, 0), 0, "no more than there is room for");
    fds[0] = (struct pollfd){.fd = -1, .revents = POLLIN};
    fds[1] = (struct pollfd){.fd = world.fakes[0].fd, .revents = POLLIN};
    whois_events(world.client, fds, 2, world.now);
    is_num(whois_pending(world.client), 1, "sockets of others are passed over");
    world_close(&world);
    whois_client_free(NULL);
}

int main(void)
{
    test_chain();
    test_loops();
    test_long_chain();
    test_alone();
    test_private();
    test_silence();
    test_many();
    test_bad_servers();
    test_dead_referral();
    test_foreign_bytes();
    test_foreign_fds();
    return tap_done();
}

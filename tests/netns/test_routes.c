/* SPDX-License-Identifier: BSD-2-Clause */
/* Route look-ups against a routing table of our own making: needs root. */
#include "config.h"

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "live/route.h"
#include "tap.h"

static const char setup[] =
    "ip link set lo up && ip link add va type veth peer name vb && ip link add vc type veth peer name vd && "
    "ip link add down0 type veth peer name down1 && "
    "ip link set va mtu 1400 && ip addr add 10.9.0.1/24 dev va && ip addr add 10.9.0.3/24 dev va && "
    "ip addr add fd09::1/64 dev va nodad && ip addr add 10.8.0.1/24 dev vc && "
    "ip link set vb up && ip link set va up && ip link set vd up && ip link set vc up && "
    "ip route add 198.51.100.0/24 via 10.9.0.2 && ip -6 route add 2001:db8:1::/48 via fd09::2 && "
    "ip route add unreachable 203.0.113.1 && ip route add prohibit 203.0.113.2 && ip route add blackhole 203.0.113.3 "
    "&& ip -6 route add unreachable 2001:db8:2::1 && ip -6 route add prohibit 2001:db8:2::2 && "
    "ip -6 route add blackhole 2001:db8:2::3 && "
    "ip route add default via 10.8.0.2 table 7 && ip rule add fwmark 7 table 7 && "
    "ip rule add from 10.9.0.3 to 198.51.100.0/24 table 7";

static const struct {
    const char *target, *source, *interface;
    uint32_t fwmark;
    const char *want_source, *want_interface;
    unsigned want_mtu;
} found[] = {
    {"198.51.100.1", NULL, NULL, 0, "10.9.0.1", "va", 1400},
    {"198.51.100.1", "10.9.0.1", NULL, 0, "10.9.0.1", "va", 1400},
    {"198.51.100.1", "10.9.0.3", NULL, 0, "10.9.0.3", "vc", 1500},
    {"198.51.100.1", NULL, NULL, 7, "10.8.0.1", "vc", 1500},
    {"198.51.100.1", NULL, "vc", 0, "10.8.0.1", "vc", 1500},
    {"10.9.0.1", NULL, NULL, 0, "10.9.0.1", "lo", 65536},
    {"2001:db8:1::1", NULL, NULL, 0, "fd09::1", "va", 1400},
    {"2001:db8:1::1", "fd09::1", "va", 0, "fd09::1", "va", 1400},
};

static const struct {
    const char *target, *interface, *want;
} refused[] = {
    {"192.0.2.1", NULL, "no route to 192.0.2.1 (check `ip route get 192.0.2.1`)"},
    {"203.0.113.1", NULL,
     "no route to 203.0.113.1: its route is of type unreachable (check `ip route get 203.0.113.1`)"},
    {"203.0.113.2", NULL, "no route to 203.0.113.2: its route is of type prohibit (check `ip route get 203.0.113.2`)"},
    {"203.0.113.3", NULL, "no route to 203.0.113.3: its route is of type blackhole (check `ip route get 203.0.113.3`)"},
    {"2001:db8::1", NULL, "no route to 2001:db8::1 (check `ip route get 2001:db8::1`)"},
    {"2001:db8:2::1", NULL,
     "no route to 2001:db8:2::1: its route is of type unreachable (check `ip route get 2001:db8:2::1`)"},
    {"2001:db8:2::2", NULL,
     "no route to 2001:db8:2::2: its route is of type prohibit (check `ip route get 2001:db8:2::2`)"},
    {"2001:db8:2::3", NULL,
     "no route to 2001:db8:2::3: its route is of type blackhole (check `ip route get 2001:db8:2::3`)"},
    {"198.51.100.1", "down0", "down0: the interface is down (ip link set down0 up)"},
};

/* Before any address is there but those of lo. */
static void test_no_address(void)
{
    const struct addr target = {.family = 4, .bytes = {198, 51, 100, 1}};
    struct route route;
    struct err err = {0};
    ok(system("ip link add ve type veth peer name vg && ip link set vg up && ip link set ve up && ip route add default "
              "dev ve") == 0,
       "an interface");
    is_num(route_lookup(&target, NULL, NULL, 0, &route, &err), STATUS_SYSTEM, "an interface without address");
    is_text(err.message, "ve: the interface has no IPv4 address to send from (add one, or give -s)", "its message");
    ok(system("ip link del ve") == 0, "... and away");
}

static void test_found(void)
{
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        struct addr target, source = {0};
        struct route route;
        struct err err = {0};
        char text[ADDR_TEXT_BYTES];
        addr_parse(found[i].target, &target);
        if (found[i].source)
            addr_parse(found[i].source, &source);
        enum status status = route_lookup(&target, &source, found[i].interface, found[i].fwmark, &route, &err);
        ok(status == STATUS_OK, "row %zu: %s is found %s", i, found[i].target, err.message);
        addr_format(&route.source, text);
        is_text(text, found[i].want_source, "row %zu: source", i);
        is_text(route.interface, found[i].want_interface, "row %zu: interface", i);
        is_num(route.mtu, found[i].want_mtu, "row %zu: MTU", i);
    }
}

static void test_refused(void)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct addr target;
        struct route route;
        struct err err = {0};
        addr_parse(refused[i].target, &target);
        is_num(route_lookup(&target, NULL, refused[i].interface, 0, &route, &err), STATUS_SYSTEM, "%s is refused",
               refused[i].target);
        is_text(err.message, refused[i].want, "%s: message", refused[i].target);
    }
}

int main(void)
{
    if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0) {
        printf("1..0 # SKIP needs root, for a network namespace of its own\n");
        return 0;
    }
    test_no_address();
    if (!ok(system(setup) == 0, "interfaces and routes"))
        return tap_done();
    for (int i = 0; i < 100 && system("ip -6 route get 2001:db8:1::1 >/dev/null 2>&1") != 0; i++)
        usleep(20000); /* IPv6 becomes usable some time after the link is up */
    test_found();
    test_refused();
    return tap_done();
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Only what any host can answer without privilege: routes to itself, and errors. tests/netns has the rest. */
#include "live/route.h"

#include "tap.h"

static enum status look_up(const char *target, const char *source, const char *interface, struct route *out,
                           struct err *err)
{
    struct addr to, from = {0};
    *err = (struct err){0};
    addr_parse(target, &to);
    if (source)
        addr_parse(source, &from);
    return route_lookup(&to, source ? &from : NULL, interface, 0, out, err);
}

static void test_loopback(void)
{
    static const struct {
        const char *target, *source, *interface, *want;
    } rows[] = {
        {"127.0.0.1", NULL, NULL, "127.0.0.1"},
        {"127.0.0.1", "127.0.0.7", NULL, "127.0.0.7"},
        {"127.0.0.1", NULL, "lo", "127.0.0.1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct route route;
        struct err err;
        char source[ADDR_TEXT_BYTES];
        enum status status = look_up(rows[i].target, rows[i].source, rows[i].interface, &route, &err);
        if (!ok(status == STATUS_OK, "%s: route %s", rows[i].target, err.message))
            continue;
        addr_format(&route.source, source);
        is_text(source, rows[i].want, "%s: source", rows[i].target);
        is_text(route.interface, "lo", "%s: interface", rows[i].target);
        is_num(route.interface_index, 1, "%s: its index", rows[i].target);
        ok(route.mtu >= 1500, "%s: MTU %u", rows[i].target, route.mtu);
    }
}

static void test_errors(void)
{
    static const struct {
        const char *target, *source, *interface, *want;
        enum status status;
    } rows[] = {
        {"127.0.0.1", NULL, "nosuch0", "nosuch0: no such interface (`ip link` lists them)", STATUS_SYSTEM},
        {"127.0.0.1", "192.0.2.77", NULL,
         "192.0.2.77: cannot send from this address: this host does not have it (`ip addr` lists them)", STATUS_SYSTEM},
        {"127.0.0.1", "::1", NULL, "::1: cannot send from this address: the target is an IPv4 address", STATUS_USAGE},
        {"fe80::1", NULL, NULL, "fe80::1: a link-local address needs its interface (as fe80::1%eth0, or with -i)",
         STATUS_USAGE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct route route;
        struct err err;
        is_num(look_up(rows[i].target, rows[i].source, rows[i].interface, &route, &err), rows[i].status,
               "row %zu: status", i);
        is_text(err.message, rows[i].want, "row %zu: message", i);
    }
}

int main(void)
{
    test_loopback();
    test_errors();
    return tap_done();
}

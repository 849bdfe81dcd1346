/* SPDX-License-Identifier: BSD-2-Clause */
/* The recogniser: traces inside tunnels, errors about the tunnels' own packets, and probes that look like tunnels. */
#include "tap.h"
#include "unit/support/ladder.h"

#define NEAR "10.8.0.1"
#define FAR "10.8.0.2"
#define GRE 47

/* GRE's header with a key, and the packet; the outer TTL is 60 unless it is given. */
static struct made wrap(const struct bytes *inner, uint8_t ttl, bool back, uint8_t payload[2048])
{
    static const uint8_t gre[] = {0x20, 0, 0x08, 0, 0, 0, 0, 7};
    memcpy(payload, gre, sizeof gre);
    memcpy(payload + sizeof gre, inner->at, inner->length);
    return (struct made){.from = back ? FAR : NEAR,
                         .to = back ? NEAR : FAR,
                         .protocol = GRE,
                         .ttl = ttl ? ttl : 60,
                         .payload = (const char *)payload,
                         .payload_length = (uint16_t)(sizeof gre + inner->length)};
}

static void see_inside(double ms, const struct bytes *inner, bool back)
{
    uint8_t payload[2048];
    struct made outer = wrap(inner, 0, back, payload);
    scene_see(ms, &outer);
}

/* A router's answer to a probe, in the tunnel. */
static void error_inside(double ms, const struct made *quoted, unsigned hop_number)
{
    struct made_error error = {.from = router(hop_number), .ttl = (uint8_t)(64 - hop_number)};
    struct bytes bytes = make_error(&error, quoted);
    see_inside(ms, &bytes, true);
}

static bool is_inside_gre(const struct trace *trace, const char *from)
{
    char source[ADDR_TEXT_BYTES];
    const struct tunnels *inside = trace->inside;
    if (!inside || inside->count != 1)
        return false;
    addr_format(&inside->at[0].source, source);
    return inside->at[0].encapsulation == ENCAPSULATION_GRE && inside->at[0].id == 7 && strcmp(source, from) == 0;
}

static void test_trace_inside(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made m = udp(ttl, ttl);
        struct bytes probe = make_packet(&m);
        see_inside(ttl * 10, &probe, false);
        error_inside(ttl * 10 + RTT, &m, ttl);
    }
    const struct recognition *found = scene_result();
    is_text(scene_text(), "udp max-ttl: 1 r1; 2 r2; 3 r3;", "a trace inside a tunnel is found");
    ok(found->trace_count == 1 && is_inside_gre(found->traces[0], NEAR), "with the tunnel that its probes came in");
    scene_end();
}

/* A router below the tunnel forwards its packets, and the capture shows both sides. */
static void see_forwarded(bool has_id)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made m = udp(ttl, ttl);
        m.id = has_id ? m.id : 0;
        struct bytes probe = make_packet(&m);
        see_inside(ttl * 10, &probe, false);
        error_inside(ttl * 10 + RTT, &m, ttl);
        uint8_t payload[2048];
        struct made outer = wrap(&probe, 59, false, payload);
        scene_see(ttl * 10 + 3, &outer);
    }
}

static void test_forwarded(void)
{
    static const char want[] = "udp max-ttl: 1 r1; 2 r2; 3 r3; other: 3 copy of an earlier frame;";
    see_forwarded(true);
    scene_is(want, "packets of a tunnel that a router forwards are copies");
    see_forwarded(false);
    scene_is(want, "without an id as well");
}

static void test_replies_inside(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made m = udp(ttl, ttl);
        error_inside(ttl * 10, &m, ttl);
    }
    const struct recognition *found = scene_result();
    ok(found->trace_count == 1 && found->traces[0]->origin.inferred && is_inside_gre(found->traces[0], FAR),
       "of replies alone, the tunnel is theirs");
    scene_end();
}

/* The tunnel takes over the TTL of what it carries, so that routers below answer with errors about it. */
static void test_errors_about_tunnel(void)
{
    scene_begin(NULL);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        uint8_t payload[2048];
        struct made m = udp(ttl, ttl);
        struct bytes probe = make_packet(&m);
        struct made outer = wrap(&probe, ttl, false, payload);
        scene_see(ttl * 10, &outer);
        error_of(ttl * 10 + RTT, &outer, .from = router(ttl), .ttl = (uint8_t)(64 - ttl));
    }
    const struct recognition *found = scene_result();
    ok(found->error_count == 3, "errors about a tunnel's packets are about other traffic");
    ok(found->trace_count == 0 || !found->traces[0]->origin.inferred, "and make no trace");
    scene_end();
}

/* A tracer of bare GRE packets, between the ends of a tunnel. */
static void test_probes(void)
{
    struct made m = udp(9, 64);
    struct bytes other = make_packet(&m);
    scene_begin(NULL);
    see_inside(1, &other, false);
    for (uint8_t ttl = 1; ttl <= 3; ttl++) {
        struct made probe = {.from = NEAR, .to = FAR, .protocol = GRE, .ttl = ttl, .id = ttl, .payload = "a probe"};
        scene_see(ttl * 10, &probe);
        error_of(ttl * 10 + RTT, &probe, .from = router(ttl));
    }
    scene_is("ip max-ttl: 1 r1; 2 r2; 3 r3; other: 1 ordinary traffic;", "probes of a tunnel's protocol stay probes");
}

int main(void)
{
    test_trace_inside();
    test_forwarded();
    test_replies_inside();
    test_errors_about_tunnel();
    test_probes();
    return tap_done();
}

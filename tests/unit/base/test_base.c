/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/addr.h"
#include "base/cursor.h"
#include "base/err.h"
#include "base/nstime.h"
#include "base/rng.h"
#include "base/strbuf.h"
#include "tap.h"

static void test_cursor(void)
{
    static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};
    struct cursor c = cursor_init(bytes, sizeof bytes);
    is_num(cursor_u8(&c), 0x01, "u8");
    is_num(cursor_u16(&c), 0x0203, "u16");
    is_num(cursor_u24(&c), 0x040506, "u24");
    is_num(cursor_u32(&c), 0x0708090a, "u32");
    is_num(cursor_u64(&c), 0x0b0c0d0e0f101112, "u64");
    ok(cursor_left(&c) == 0 && !c.failed, "read to the end, not past it");
    is_num(cursor_u8(&c), 0, "past the end reads zero");
    ok(c.failed, "and fails");
    c = cursor_init(bytes, 3);
    is_num(cursor_u32(&c), 0, "a value that is not all there reads zero");
    ok(c.failed && cursor_left(&c) == 0 && cursor_bytes(&c, 0) == NULL, "failure sticks");
    c = cursor_init(bytes, 3);
    cursor_skip(&c, 3);
    ok(!c.failed && cursor_here(&c) == bytes + 3, "skip to the end");
    cursor_skip(&c, 1);
    ok(c.failed, "skip past the end");
    c = cursor_init(bytes, 3);
    cursor_fail(&c);
    ok(cursor_left(&c) == 0 && cursor_u8(&c) == 0 && cursor_bytes(&c, 0) == NULL, "made to fail, it reads zeros");
    c = cursor_init(bytes, 4);
    ok(cursor_bytes(&c, SIZE_MAX) == NULL, "a count that would wrap around");
    c = cursor_init(NULL, 0);
    ok(cursor_left(&c) == 0 && cursor_u8(&c) == 0 && c.failed, "an empty range");
}

static void test_sub_cursor(void)
{
    static const uint8_t bytes[] = {1, 2, 3, 4};
    struct cursor c = cursor_init(bytes, sizeof bytes);
    struct cursor sub = cursor_sub(&c, 2);
    is_num(cursor_u16(&sub), 0x0102, "a sub-cursor reads its part");
    is_num(cursor_u8(&sub), 0, "and no more");
    ok(sub.failed && !c.failed, "its failure is its own");
    sub = cursor_sub(&c, 10);
    ok(cursor_left(&sub) == 2 && !c.failed && cursor_left(&c) == 0, "it is no longer than its parent");
    cursor_u8(&c);
    sub = cursor_sub(&c, 0);
    ok(sub.failed, "out of a failed parent it has failed too");
}

static void test_nstime(void)
{
    static const struct {
        nstime time;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000000000Z"},
        {INT64_C(1767323045123456789), "2026-01-02T03:04:05.123456789Z"},
        {INT64_C(951782399) * NS_PER_S + 999999999, "2000-02-28T23:59:59.999999999Z"},
        {INT64_C(951782400) * NS_PER_S, "2000-02-29T00:00:00.000000000Z"},
        {INT64_C(951868800) * NS_PER_S, "2000-03-01T00:00:00.000000000Z"},
        {INT64_C(4107542399) * NS_PER_S, "2100-02-28T23:59:59.000000000Z"},
        {INT64_C(4107542400) * NS_PER_S, "2100-03-01T00:00:00.000000000Z"},
        {-1, "1969-12-31T23:59:59.999999999Z"},
        {-NS_PER_S, "1969-12-31T23:59:59.000000000Z"},
        {NSTIME_NEVER, "2262-04-11T23:47:16.854775807Z"},
        {NSTIME_NONE, ""},
    };
    char text[NSTIME_TEXT_BYTES];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        nstime_format(rows[i].time, text);
        is_text(text, rows[i].text, "time %lld", (long long)rows[i].time);
    }
    ok(nstime_ms(1500 * NS_PER_US) > 1.4999 && nstime_ms(1500 * NS_PER_US) < 1.5001, "milliseconds");
}

static void test_nstime_parse(void)
{
    static const struct {
        const char *text;
        const char *canonical; /* NULL: it is none */
    } rows[] = {
        {"2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05.123456789Z"},
        {"2026-01-02t03:04:05z", "2026-01-02T03:04:05.000000000Z"},
        {"2026-01-02 03:04", "2026-01-02T03:04:00.000000000Z"},
        {"2026-01-02", "2026-01-02T00:00:00.000000000Z"},
        {"2026-01-02T03:04:05.1234567899", "2026-01-02T03:04:05.123456789Z"},
        {"2026-01-02T03:04:05+05:30", "2026-01-01T21:34:05.000000000Z"},
        {"2026-01-02T23:04:05-01:00", "2026-01-03T00:04:05.000000000Z"},
        {"1970-01-01", "1970-01-01T00:00:00.000000000Z"},
        {"2000-02-29T23:59:60Z", "2000-03-01T00:00:00.000000000Z"},
        {"2100-03-01", "2100-03-01T00:00:00.000000000Z"},
        {"2261-12-31T23:59:59Z", "2261-12-31T23:59:59.000000000Z"},
        {"1970-01-01T00:00:00+00:01", NULL},
        {"2100-02-29", NULL},
        {"2026-04-31", NULL},
        {"2026-00-01", NULL},
        {"2026-13-01", NULL},
        {"2026-01-00", NULL},
        {"2262-01-01", NULL},
        {"1969-12-31", NULL},
        {"26-01-02", NULL},
        {"2026-01-02T", NULL},
        {"2026-01-02T03", NULL},
        {"2026-01-02T24:00", NULL},
        {"2026-01-02T03:60", NULL},
        {"2026-01-02T03:04:05.", NULL},
        {"2026-01-02T03:04:05Zx", NULL},
        {"2026-01-02T03:04:05+1:00", NULL},
        {"2026-01-02T03:04:05+01", NULL},
        {"2026-01-02x", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[NSTIME_TEXT_BYTES] = "";
        nstime time;
        if (nstime_parse(rows[i].text, &time))
            nstime_format(time, text);
        is_text(text, rows[i].canonical ? rows[i].canonical : "", "time '%s'", rows[i].text);
    }
    is_num(nstime_midnight(1767323045 * NS_PER_S + 7), 1767312000 * NS_PER_S, "midnight");
}

static void test_strbuf(void)
{
    struct strbuf b;
    strbuf_init(&b);
    is_text(b.text, "", "empty at first");
    strbuf_add(&b, "");
    ok(b.capacity == 0, "adding nothing takes no memory");
    strbuf_clear(&b);
    strbuf_addf(&b, "%s-%d", "a", 7);
    strbuf_add(&b, "|");
    strbuf_add_bytes(&b, "xyz", 2);
    is_text(b.text, "a-7|xy", "text, format and bytes");
    for (int i = 0; i < 1000; i++)
        strbuf_addf(&b, "%04d", i);
    ok(b.length == 4006 && strlen(b.text) == b.length && strcmp(b.text + 4002, "0999") == 0, "it grows");
    strbuf_clear(&b);
    is_text(b.text, "", "cleared");
    strbuf_add_bytes(&b, "x", SIZE_MAX / 2);
    ok(b.failed, "too much fails");
    strbuf_add(&b, "more");
    is_text(b.text, "", "and that sticks");
    strbuf_free(&b);
    is_text(b.text, "", "freed, it is empty and usable");
}

static void test_escape(void)
{
#define ROW(bytes, text)                                                                                               \
    {                                                                                                                  \
        bytes, sizeof bytes - 1, text                                                                                  \
    }
    static const struct {
        const char *bytes;
        size_t count;
        const char *text;
    } rows[] = {
        ROW("ge-0/0/1", "ge-0/0/1"),
        ROW("a\033[31mb", "a\\x1b[31mb"),
        ROW("a\0b\n\t\177", "a\\x00b\\x0a\\x09\\x7f"),
        ROW("back\\slash", "back\\x5cslash"),
        ROW("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"),
        ROW("\xc2\x9b", "\\xc2\\x9b"),                            /* U+009B, a control sequence introducer */
        ROW("\xc2\xa0", "\xc2\xa0"),                              /* the first that passes */
        ROW("\xc0\xaf\xe0\x80\xaf", "\\xc0\\xaf\\xe0\\x80\\xaf"), /* overlong */
        ROW("\xed\xa0\x80", "\\xed\\xa0\\x80"),                   /* a surrogate */
        ROW("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"),          /* beyond U+10FFFF */
        ROW("\xe2\x82", "\\xe2\\x82"),                            /* cut */
        ROW("\xe2"
            "A\xff",
            "\\xe2"
            "A\\xff"),
    };
#undef ROW
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf b;
        char *exact = malloc(rows[i].count); /* its own size, so that reading on would be seen */
        memcpy(exact, rows[i].bytes, rows[i].count);
        strbuf_init(&b);
        strbuf_add_escaped(&b, exact, rows[i].count);
        is_text(b.text, rows[i].text, "escape row %zu", i);
        strbuf_free(&b);
        free(exact);
    }
}

static void test_addr_text(void)
{
    static const struct {
        const char *text, *canonical; /* NULL: refused */
    } rows[] = {
        {"192.0.2.80", "192.0.2.80"},
        {"0.0.0.0", "0.0.0.0"},
        {"1.2.3", NULL},
        {"1.2.3.4.5", NULL},
        {"1.2.3.256", NULL},
        {"01.2.3.4", NULL},
        {"0x1.2.3.4", NULL},
        {" 1.2.3.4", NULL},
        {"", NULL},
        {"example", NULL},
        {"2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"}, /* RFC 5952 4.2.2: one group is not shortened */
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"::", "::"},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
        {"fe80::1%eth0", NULL},
        {"1::2::3", NULL},
        {"[::1]", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct addr a;
        char text[ADDR_TEXT_BYTES];
        bool parsed = addr_parse(rows[i].text, &a);
        if (!rows[i].canonical) {
            ok(!parsed, "\"%s\" is refused", rows[i].text);
            continue;
        }
        size_t length = addr_format(&a, text);
        is_text(parsed ? text : "", rows[i].canonical, "\"%s\"", rows[i].text);
        is_num(length, strlen(text), "and its length");
    }
}

static void test_addr(void)
{
    static const uint8_t four[] = {10, 0, 0, 1};
    struct addr none = {0}, a = addr_from_bytes(4, four), b, six;
    char text[ADDR_TEXT_BYTES];
    addr_format(&none, text);
    is_text(text, "", "no address");
    addr_parse("10.0.0.2", &b);
    addr_parse("a00:1::", &six);
    ok(addr_is_none(&none) && !addr_is_none(&a) && addr_length(&a) == 4 && addr_length(&six) == 16, "lengths");
    ok(addr_compare(&a, &b) < 0 && addr_compare(&b, &a) > 0 && addr_compare(&a, &a) == 0, "order by bytes");
    ok(addr_compare(&b, &six) < 0 && !addr_equal(&a, &six), "order by family first");
    ok(addr_equal(&none, &none) && !addr_equal(&none, &a), "none equals none only");
    static const struct {
        const char *text;
        bool multicast, link_local, loopback;
    } rows[] = {
        {"224.0.0.1", true, false, false},  {"239.255.255.255", true, false, false},
        {"240.0.0.1", false, false, false}, {"169.254.3.4", false, true, false},
        {"127.9.9.9", false, false, true},  {"ff02::1", true, false, false},
        {"fe80::1", false, true, false},    {"febf::1", false, true, false},
        {"fec0::1", false, false, false},   {"::1", false, false, true},
        {"::2", false, false, false},       {"192.0.2.1", false, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        addr_parse(rows[i].text, &b);
        ok(addr_is_multicast(&b) == rows[i].multicast && addr_is_link_local(&b) == rows[i].link_local &&
               addr_is_loopback(&b) == rows[i].loopback,
           "kind of %s", rows[i].text);
    }
}

static void test_err(void)
{
    struct err err;
    is_num(err_set(&err, STATUS_SYSTEM, "%s: cannot open: %s", "eth\033[0", "no\nway \\x07 \xe2\x80\xae\xc3\xa9\xff"),
           STATUS_SYSTEM, "its status");
    is_text(err.message, "eth\\x1b[0: cannot open: no\\x0away \\x07 \\xe2\\x80\\xae\xc3\xa9\\xff",
            "hidden characters are escaped, escapes stay");
    is_num(err.status, STATUS_SYSTEM, "kept with the message");
    is_num(err_set(NULL, STATUS_USAGE, "x"), STATUS_USAGE, "the caller wants no message");
    err_set(&err, STATUS_USAGE, "%0600d", 1);
    is_num(strlen(err.message), ERR_MESSAGE_BYTES - 1, "too long a message is cut");
    for (int lead = ERR_MESSAGE_BYTES - 4; lead <= ERR_MESSAGE_BYTES; lead++) {
        char want[ERR_MESSAGE_BYTES + 8];
        err_set(&err, STATUS_USAGE, "%0*d\xe2\x82\xac", lead, 1); /* U+20AC */
        snprintf(want, sizeof want, "%0*d%s", lead < ERR_MESSAGE_BYTES ? lead : ERR_MESSAGE_BYTES - 1,
                 lead < ERR_MESSAGE_BYTES ? 1 : 0, lead <= ERR_MESSAGE_BYTES - 4 ? "\xe2\x82\xac" : "");
        is_text(err.message, want, "between two characters: %d before the last", lead);
    }
}

static void test_rng(void)
{
    /* First values of the reference code of xoshiro256** for the state 1, 2, 3, 4. */
    static const uint64_t reference[] = {11520, 0, 1509978240, 1215971899390074240};
    struct rng r = {{1, 2, 3, 4}}, again;
    for (size_t i = 0; i < sizeof reference / sizeof *reference; i++)
        ok(rng_u64(&r) == reference[i], "xoshiro256** value %zu", i);
    /* splitmix64 of seed 1234567, likewise. */
    r = rng_init(1234567);
    ok(r.state[0] == UINT64_C(6457827717110365317) && r.state[1] == UINT64_C(3203168211198807973), "splitmix64");
    again = rng_init(1234567);
    ok(rng_u64(&r) == rng_u64(&again) && rng_u32(&r) == rng_u32(&again), "the same seed, the same values");
    unsigned counts[10] = {0}, outside = 0;
    for (int i = 0; i < 10000; i++) {
        uint32_t value = rng_below(&r, 10);
        if (value < 10)
            counts[value]++;
        else
            outside++;
    }
    unsigned uneven = 0;
    for (int i = 0; i < 10; i++)
        uneven += counts[i] < 850 || counts[i] > 1150;
    ok(outside == 0 && uneven == 0, "even below a bound");
    is_num(rng_below(&r, 0), 0, "bound 0");
    is_num(rng_below(&r, 1), 0, "bound 1");
    rng_below(&r, UINT32_MAX);
}

static void test_strbuf_wrapped(void)
{
    struct strbuf b;
    strbuf_init(&b);
    strbuf_add(&b, "ab");
    strbuf_add_wrapped(&b, "cd ef gh a-word-without-end ij", 2, 1, 9);
    is_text(b.text, "ab cd ef\n gh\n a-word-without-end\n ij", "wrapped: behind what is there, and by words");
    strbuf_clear(&b);
    strbuf_add_wrapped(&b, "", 0, 0, 9);
    is_text(b.text, "", "wrapped: nothing");
    strbuf_free(&b);
}

int main(void)
{
    test_strbuf_wrapped();
    test_cursor();
    test_sub_cursor();
    test_nstime();
    test_nstime_parse();
    test_strbuf();
    test_escape();
    test_addr_text();
    test_addr();
    test_err();
    test_rng();
    return tap_done();
}

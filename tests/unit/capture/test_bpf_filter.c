/* SPDX-License-Identifier: BSD-2-Clause */
/* Expressions of the user's over frames of several link types. */
#include "config.h"

#include "capture/bpf_filter.h"
#include "packet/packet.h"
#include "tap.h"

/* An IPv4 packet of UDP from 10.0.0.1 to 10.0.0.2, port 33434, behind what each link type puts before it. */
#define IP 0x45, 0, 0, 28, 0, 1, 0, 0, 1, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x80, 0, 0x82, 0x9a, 0, 8, 0, 0
static const uint8_t ethernet[] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, IP};
static const uint8_t raw[] = {IP};
static const uint8_t cooked[] = {0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0, IP};
static const uint8_t cooked2[] = {8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0, IP};

#define FRAME(type, data)                                                                                              \
    {                                                                                                                  \
        .bytes = data, .captured = sizeof data, .length = sizeof data, .linktype = type                                \
    }
static const struct frame frames[] = {
    FRAME(LINKTYPE_ETHERNET, ethernet),  FRAME(LINKTYPE_RAW, raw),  FRAME(LINKTYPE_LINUX_SLL, cooked),
    FRAME(LINKTYPE_LINUX_SLL2, cooked2), FRAME(LINKTYPE_IPV4, raw),
};
#define FRAMES (sizeof frames / sizeof *frames)

static struct bpf_filter *open_sieve(const char *expression)
{
    struct bpf_filter *sieve = NULL;
    struct err err = {0};
    is_num(bpf_filter_new(expression, &sieve, &err), STATUS_OK, "'%s' %s", expression, err.message);
    return sieve;
}

static void test_passing(void)
{
    static const struct {
        const char *expression, *passes; /* one digit a frame */
        unsigned problems;
    } rows[] = {
        {"udp port 33434", "11111", 0},
        {"host 10.0.0.2 and ip[8] = 1", "11111", 0},
        {"icmp", "00000", 0},
        {"ip6", "00000", 0},
        {"", "11111", 0},
        {"less 30", "01001", 0},
        {"ether host 02:00:00:00:00:01", "10000", 4},
        {"ether host 02:00:00:00:00:03", "00000", 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bpf_filter *sieve = open_sieve(rows[i].expression);
        struct err err;
        char got[FRAMES + 1] = "";
        unsigned problems = 0;
        for (size_t round = 0; sieve && round < 2; round++)
            for (size_t k = 0; k < FRAMES; k++) {
                got[k] = (char)('0' + bpf_filter_passes(sieve, &frames[k]));
                problems += bpf_filter_problem(sieve, &err);
            }
        is_text(got, rows[i].passes, "'%s': what passes", rows[i].expression);
        is_num(problems, rows[i].problems, "'%s': link types that it does not fit, each told once", rows[i].expression);
        bpf_filter_free(sieve);
    }
}

static void test_problem(void)
{
    struct bpf_filter *sieve = open_sieve("ether host 02:00:00:00:00:01");
    struct err err;
    if (!sieve)
        return;
    ok(!bpf_filter_problem(sieve, &err), "no problem before there is a frame");
    ok(!bpf_filter_passes(sieve, &frames[1]) && bpf_filter_problem(sieve, &err), "a problem with raw IP");
    ok(strncmp(err.message, "--bpf: cannot filter frames of link type 101 (RAW): ", 52) == 0 &&
           strstr(err.message, " (they are left out)"),
       "is told: %s", err.message);
    ok(!bpf_filter_problem(sieve, &err), "once");
    ok(bpf_filter_passes(sieve, &frames[0]), "other frames still pass");
    bpf_filter_free(sieve);
}

/* A frame that was cut has only what was captured; its length is that on the wire. */
static void test_cut(void)
{
    struct frame cut = frames[0];
    struct bpf_filter *port = open_sieve("udp port 33434"), *length = open_sieve("greater 42");
    cut.captured = 34;
    if (port && length)
        ok(!bpf_filter_passes(port, &cut) && bpf_filter_passes(length, &cut), "ports that were cut off are not there");
    bpf_filter_free(port);
    bpf_filter_free(length);
}

static void test_foreign(void)
{
    struct frame foreign = frames[0];
    struct bpf_filter *sieve = open_sieve("");
    struct err err;
    foreign.linktype = 189;
    if (sieve)
        ok(!bpf_filter_passes(sieve, &foreign) && !bpf_filter_problem(sieve, &err),
           "a frame that cannot be decoded does not pass");
    bpf_filter_free(sieve);
}

static void test_errors(void)
{
    static const struct {
        const char *expression, *message;
    } rows[] = {
        {"tcp prot 80",
         "--bpf: cannot compile 'tcp prot 80': can't parse filter expression: syntax error (see pcap-filter(7))"},
        {"tcp port 99999", "--bpf: cannot compile 'tcp port 99999': illegal port number 99999 > 65535 (see "
                           "pcap-filter(7))"},
        {"udp\nor",
         "--bpf: cannot compile 'udp\\x0aor': can't parse filter expression: syntax error (see pcap-filter(7))"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bpf_filter *sieve;
        struct err err = {0};
        is_num(bpf_filter_new(rows[i].expression, &sieve, &err), STATUS_USAGE, "expression %d", (int)i);
        is_text(err.message, rows[i].message, "is told to be wrong");
    }
    /* It fits one link type, and not the one that is tried first. */
    bpf_filter_free(open_sieve("wlan addr1 02:00:00:00:00:01"));
    bpf_filter_free(NULL);
}

/* The table of link types knows each that is decoded. */
static void test_linktypes(void)
{
    struct bpf_filter *sieve = open_sieve("");
    struct frame frame = frames[0];
    unsigned known = 0, passed = 0;
    for (uint32_t linktype = 0; sieve && linktype <= UINT16_MAX; linktype++) {
        frame.linktype = (uint16_t)linktype;
        known += linktype_is_known(frame.linktype);
        passed += bpf_filter_passes(sieve, &frame);
    }
    is_num(passed, known, "frames of all known link types can pass");
    bpf_filter_free(sieve);
}

int main(void)
{
    test_linktypes();
    test_passing();
    test_problem();
    test_cut();
    test_foreign();
    test_errors();
    return tap_done();
}

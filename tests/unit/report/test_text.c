/* SPDX-License-Identifier: BSD-2-Clause */
/* The text report of a run: golden lines, the time when they appear, and the notes below them. */
#include <errno.h>

#include "report/text/notes/verdicts.h"
#include "tap.h"
#include "unit/support/render.h"

static void repeat_hop(struct fake *fake, unsigned trace, uint8_t ttl, const char *from, const double ms[3])
{
    for (unsigned i = 0; i < 3; i++)
        fake_hop(fake, trace, ttl, from, ms[i]);
}

static void repeat_silence(struct fake *fake, unsigned trace, uint8_t ttl)
{
    for (unsigned i = 0; i < 3; i++)
        fake_silence(fake, trace, ttl);
}

static void repeat_answer(struct fake *fake, unsigned trace, uint8_t ttl, const struct fake_reply *reply)
{
    for (unsigned i = 0; i < 3; i++)
        fake_answer(fake, trace, fake_send(fake, trace, ttl), reply);
}

static const double rtts[3] = {2.310, 2.281, 2.290};

/* A whole path: udp is dropped behind hop 3, icmp shows hop 4, tcp/443  open at the target. */
static void fill_whole_path(struct fake *fake, const char *target_name)
{
    fake_init(fake, target_name, "192.0.2.80", "udp icmp tcp/443 tcp/80");
    fake->session.config.automatic = true;
    repeat_hop(fake, 0, 1, "10.0.0.1", (const double[]){0.412, 0.391, 0.402});
    fake_hop(fake, 0, 2, "10.0.1.2", 1.102);
    fake_hop(fake, 0, 2, "10.0.1.6", 1.091);
    fake_hop(fake, 0, 2, "10.0.1.6", 1.120);
    repeat_hop(fake, 0, 3, "10.0.2.1", (const double[]){1.913, 1.881, 1.902});
    for (uint8_t ttl = 4; ttl <= 6; ttl++)
        repeat_silence(fake, 0, ttl);
    repeat_hop(fake, 1, 4, "10.0.3.1", rtts);
    repeat_silence(fake, 1, 5);
    repeat_silence(fake, 1, 6);
    repeat_silence(fake, 2, 5);
    repeat_answer(fake, 2, 6, &(struct fake_reply){.from = "192.0.2.80", .ms = 3.002, .kind = REPLY_SYN_ACK});
}

static const char whole_text[] =
    "hopsonde to web.example (192.0.2.80), auto (udp, icmp, tcp/443, tcp/80), 30 hops max\n"
    " 1  10.0.0.1  0.412 ms  0.391 ms  0.402 ms\n"
    " 2  10.0.1.2  1.102 ms  10.0.1.6  1.091 ms  1.120 ms\n"
    " 3  10.0.2.1  1.913 ms  1.881 ms  1.902 ms\n"
    " 4  10.0.3.1  2.310 ms  2.281 ms  2.290 ms  [icmp]\n"
    " 5  * * *\n"
    " 6  web.example (192.0.2.80)  3.002 ms  3.002 ms  3.002 ms  [tcp/443 open]\n"
    "\n"
    "udp      dropped after hop 3 (10.0.2.1).\n"
    "tcp/443  open at the target.\n"
    "One finding.\n";

static void fill_whole_judgement(struct judgement *judgement)
{
    *judgement = (struct judgement){.verdict_count = 2, .finding_count = 1};
    strcpy(judgement->verdicts[0].text, "udp dropped after hop 3 (10.0.2.1).");
    strcpy(judgement->verdicts[1].text, "tcp/443 open at the target.");
    judgement->findings[0].kind = FINDING_NAT;
    strcpy(judgement->findings[0].text, "One finding.");
}

static void test_whole_path(void)
{
    static struct judgement judgement;
    struct fake fake;
    struct render r;
    fill_whole_path(&fake, "web.example");
    fill_whole_judgement(&judgement);
    render_begin(&r, "text", &fake, NULL);
    is_num(strlen(render_so_far(&r)), strcspn(whole_text, "\n") + 1, "the heading is out at once");
    render_hop(&r, &fake, 1);
    ok(strstr(render_so_far(&r), " 1  10.0.0.1  0.412 ms  0.391 ms  0.402 ms\n") != NULL, "a line is out at once");
    render_hops(&r, &fake, 2, 5);
    ok(!strstr(render_so_far(&r), "* * *"), "a silent hop is held back");
    render_hop(&r, &fake, 6);
    ok(strstr(render_so_far(&r), " 5  * * *\n 6") != NULL, "until a later one answers");
    is_text(render_end(&r, &fake, &judgement, NULL), whole_text, "the whole report");
    render_free(&r);
    fake_free(&fake);
}

static void test_quiet(void)
{
    static struct judgement judgement;
    struct fake fake;
    struct render r;
    fill_whole_path(&fake, "192.0.2.80");
    fill_whole_judgement(&judgement);
    fake.session.counters.dropped_by_kernel = 5;
    render_begin(&r, "text", &fake, &(struct output_options){.quiet = true});
    render_hop(&r, &fake, 1);
    is_text(render_end(&r, &fake, &judgement, NULL),
            " 1  10.0.0.1  0.412 ms  0.391 ms  0.402 ms\n\n"
            "udp      dropped after hop 3 (10.0.2.1).\ntcp/443  open at the target.\n",
            "quiet: hops and verdicts only");
    render_free(&r);
    render_begin(&r, "text", &fake, &(struct output_options){.quiet = true, .verdicts_only = true});
    render_hop(&r, &fake, 1);
    is_text(render_end(&r, &fake, &judgement, NULL),
            "udp      dropped after hop 3 (10.0.2.1).\ntcp/443  open at the target.\n", "--quiet: verdicts alone");
    render_free(&r);
    fake_free(&fake);
}

static const struct heading_row {
    const char *name, *address, *specs;
    bool automatic;
    const char *heading;
} heading_rows[] = {
    {"192.0.2.80", "192.0.2.80", "udp", false, "hopsonde to 192.0.2.80 (192.0.2.80), udp, 30 hops max\n"},
    {"", "192.0.2.80", "udp tcp/443", false, "hopsonde to 192.0.2.80 (192.0.2.80), udp, tcp/443, 30 hops max\n"},
    {"2001:DB8:0::80", "2001:db8::80", "icmp", false, "hopsonde to 2001:db8::80 (2001:db8::80), icmp, 30 hops max\n"},
    {"fe80::1%eth0", "fe80::1", "icmp", false, "hopsonde to fe80::1 (fe80::1), icmp, 30 hops max\n"},
    {"web.example", "2001:db8::80", "udp icmp", true,
     "hopsonde to web.example (2001:db8::80), auto (udp, icmp), 30 hops max\n"},
    {"a\033[2Jb\xff\\\n", "192.0.2.80", "udp", false,
     "hopsonde to a\\x1b[2Jb\\xff\\x5c\\x0a (192.0.2.80), udp, 30 hops max\n"},
    {"\xc2\x9b"
     "2J",
     "192.0.2.80", "udp", false, "hopsonde to \\xc2\\x9b2J (192.0.2.80), udp, 30 hops max\n"},
    {"m\xc3\xbcnchen.example", "192.0.2.80", "udp", false,
     "hopsonde to m\xc3\xbcnchen.example (192.0.2.80), udp, 30 hops max\n"},
};

static void test_headings(void)
{
    for (size_t i = 0; i < sizeof heading_rows / sizeof *heading_rows; i++) {
        struct fake fake;
        struct render r;
        fake_init(&fake, heading_rows[i].name, heading_rows[i].address, heading_rows[i].specs);
        fake.session.config.automatic = heading_rows[i].automatic;
        render_begin(&r, "text", &fake, NULL);
        is_text(render_end(&r, &fake, NULL, NULL), heading_rows[i].heading, "heading %zu", i);
        render_free(&r);
        fake_free(&fake);
    }
}

/* One hop's line with the options given, without the heading. */
static void is_line(struct fake *fake, uint8_t ttl, bool color, const char *want, const char *name)
{
    struct render r;
    render_begin(&r, "text", fake, &(struct output_options){.quiet = true, .color = color});
    render_hop(&r, fake, ttl);
    is_text(render_end(&r, fake, NULL, NULL), want, "%s", name);
    render_free(&r);
}

static const struct fake_reply prohibited = {
    .from = "10.0.3.1", .ms = 2, .kind = REPLY_UNREACHABLE, .type = 3, .code = 13};

static void test_stars_between(void)
{
    struct fake fake;
    fake_init(&fake, "", "192.0.2.80", "udp");
    fake.session.config.queries = 5;
    fake_silence(&fake, 0, 11);
    fake_hop(&fake, 0, 11, "10.0.3.1", 1);
    fake_silence(&fake, 0, 11);
    fake_hop(&fake, 0, 11, "10.0.3.1", 2.5);
    fake_hop(&fake, 0, 11, "10.0.3.2", 12.25);
    is_line(&fake, 11, false, "11  * 10.0.3.1  1.000 ms *  2.500 ms  10.0.3.2  12.250 ms\n", "stars between times");
    fake_free(&fake);
}

static void test_refusals(void)
{
    struct fake fake;
    fake_init(&fake, "", "192.0.2.80", "tcp/443");
    fake_answer(&fake, 0, fake_send(&fake, 0, 4), &prohibited);
    fake_answer(&fake, 0, fake_send(&fake, 0, 4), &prohibited);
    is_line(&fake, 4, false, " 4  10.0.3.1  2.000 ms !X  2.000 ms !X\n", "a mark stands behind each time");
    is_line(&fake, 4, true,
            "\033[2m 4\033[0m  \033[1m10.0.3.1\033[0m  2.000 ms \033[31m!X\033[0m  2.000 ms \033[31m!X\033[0m\n",
            "colours of a refusal");
    fake_free(&fake);
}

static void test_colours(void)
{
    struct fake fake;
    struct render r;
    fake_init(&fake, "web.example", "192.0.2.80", "tcp/443");
    fake_silence(&fake, 0, 3);
    fake_answer(&fake, 0, fake_send(&fake, 0, 4),
                &(struct fake_reply){.from = "192.0.2.80", .ms = 2, .kind = REPLY_SYN_ACK});
    render_begin(&r, "text", &fake, &(struct output_options){.quiet = true, .color = true});
    render_hops(&r, &fake, 3, 4);
    is_text(render_end(&r, &fake, NULL, NULL),
            "\033[2m 3\033[0m  \033[2m*\033[0m\n"
            "\033[2m 4\033[0m  \033[1mweb.example (192.0.2.80)\033[0m  2.000 ms  \033[32m[open]\033[0m\n",
            "colours of silence and of an open port");
    render_free(&r);
    fake_free(&fake);
}

static const struct bracket_row {
    const char *specs;
    unsigned trace;
    struct fake_reply reply;
    const char *line;
} bracket_rows[] = {
    {"icmp udp", 0, {.from = "192.0.2.80", .ms = 2, .kind = REPLY_ECHO}, " 4  192.0.2.80  2.000 ms\n"},
    {"udp icmp", 1, {.from = "192.0.2.80", .ms = 2, .kind = REPLY_ECHO}, " 4  192.0.2.80  2.000 ms  [icmp]\n"},
    {"udp icmp",
     0,
     {.from = "192.0.2.80", .ms = 2, .kind = REPLY_UNREACHABLE, .type = 3, .code = 3},
     " 4  192.0.2.80  2.000 ms\n"},
    {"icmp udp",
     1,
     {.from = "192.0.2.80", .ms = 2, .kind = REPLY_UNREACHABLE, .type = 3, .code = 3},
     " 4  192.0.2.80  2.000 ms  [udp]\n"},
    {"tcp/443", 0, {.from = "192.0.2.80", .ms = 2, .kind = REPLY_RST}, " 4  192.0.2.80  2.000 ms  [closed]\n"},
    {"udp tcp/80",
     1,
     {.from = "192.0.2.80", .ms = 2, .kind = REPLY_RST},
     " 4  192.0.2.80  2.000 ms  [tcp/80 closed]\n"},
    {"sctp/9899",
     0,
     {.from = "192.0.2.80", .ms = 2, .kind = REPLY_SCTP, .answer_type = 6},
     " 4  192.0.2.80  2.000 ms  [closed]\n"},
    {"udp/53", 0, {.from = "192.0.2.80", .ms = 2, .kind = REPLY_UDP}, " 4  192.0.2.80  2.000 ms  [open]\n"},
    {"udp icmp",
     1,
     {.from = "10.0.3.1", .ms = 2, .kind = REPLY_UNREACHABLE, .type = 3, .code = 13},
     " 4  10.0.3.1  2.000 ms !X  [icmp]\n"},
};

static void test_brackets(void)
{
    for (size_t i = 0; i < sizeof bracket_rows / sizeof *bracket_rows; i++) {
        const struct bracket_row *row = &bracket_rows[i];
        struct fake fake;
        fake_init(&fake, "", "192.0.2.80", row->specs);
        fake_answer(&fake, row->trace, fake_send(&fake, row->trace, 4), &row->reply);
        is_line(&fake, 4, false, row->line, row->specs);
        fake_free(&fake);
    }
}

/* Our own kernel's reset of a half-open connection makes an open port answer RST to every other SYN. */
static void test_open_outweighs_reset(void)
{
    struct fake fake;
    fake_init(&fake, "", "192.0.2.80", "tcp/443");
    const struct fake_reply syn_ack = {.from = "192.0.2.80", .ms = 2, .kind = REPLY_SYN_ACK};
    const struct fake_reply reset = {.from = "192.0.2.80", .ms = 2, .kind = REPLY_RST};
    fake_answer(&fake, 0, fake_send(&fake, 0, 4), &reset);
    fake_answer(&fake, 0, fake_send(&fake, 0, 4), &syn_ack);
    fake_answer(&fake, 0, fake_send(&fake, 0, 4), &reset);
    is_line(&fake, 4, false, " 4  192.0.2.80  2.000 ms  2.000 ms  2.000 ms  [open]\n", "one SYN/ACK makes it open");
    fake_free(&fake);
}

/* One router, another, and the first again; one and then another may be a route that changed. */
static void test_per_packet(void)
{
    static const struct {
        const char *from[4];
        const char *line;
    } rows[] = {
        {{"10.0.3.1", "10.1.3.1", "10.0.3.1", NULL},
         " 3  10.0.3.1  2.000 ms  10.1.3.1  2.000 ms  10.0.3.1  2.000 ms  [per packet]\n"},
        {{"10.0.3.1", "10.1.3.1", "10.1.3.1", NULL}, " 3  10.0.3.1  2.000 ms  10.1.3.1  2.000 ms  2.000 ms\n"},
        {{"10.0.3.1", "10.0.3.1", "10.0.3.1", NULL}, " 3  10.0.3.1  2.000 ms  2.000 ms  2.000 ms\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fake fake;
        fake_init(&fake, "", "192.0.2.80", "udp");
        for (unsigned k = 0; rows[i].from[k]; k++) {
            const struct fake_reply reply = {.from = rows[i].from[k], .ms = 2};
            fake_answer(&fake, 0, fake_send(&fake, 0, 3), &reply);
        }
        is_line(&fake, 3, false, rows[i].line, rows[i].line);
        fake_free(&fake);
    }
}

static void test_labels(void)
{
    struct icmp_extension one = {.present = true, .mpls_count = 1, .mpls = {{24001, 5, true, 1}}};
    struct icmp_extension two = {.present = true, .mpls_count = 2, .mpls = {{16, 0, false, 255}, {24001, 0, true, 1}}};
    const struct fake_reply with_one = {.from = "10.0.3.1", .ms = 2, .extension = &one};
    const struct fake_reply with_two = {.from = "10.0.3.1", .ms = 3, .extension = &two};
    struct fake fake;
    fake_init(&fake, "", "192.0.2.80", "udp");
    fake.session.config.queries = 4;
    fake_answer(&fake, 0, fake_send(&fake, 0, 4), &with_one);
    fake_answer(&fake, 0, fake_send(&fake, 0, 4), &with_one);
    fake_answer(&fake, 0, fake_send(&fake, 0, 4), &with_two);
    fake_hop(&fake, 0, 4, "10.0.3.9", 4);
    is_line(&fake, 4, false,
            " 4  10.0.3.1  2.000 ms  2.000 ms  [mpls L=24001 TC=5 S=1 TTL=1]  3.000 ms"
            "  [mpls L=16 TC=0 S=0 TTL=255 / L=24001 TC=0 S=1 TTL=1]  10.0.3.9  4.000 ms\n",
            "labels follow their router's times");
    fake_free(&fake);
}

/* `silent` hops after one that answers; `gap` and `max_ttl` are limits of the run. */
static void is_tail(unsigned silent, uint8_t gap, uint8_t max_ttl, bool interrupted, const char *want)
{
    struct fake fake;
    struct render r;
    fake_init(&fake, "", "192.0.2.80", "udp");
    fake.session.config.gap = gap;
    fake.session.config.max_ttl = max_ttl;
    fake_hop(&fake, 0, 9, "10.0.9.1", 1);
    for (unsigned i = 0; i < silent; i++)
        repeat_silence(&fake, 0, (uint8_t)(10 + i));
    fake.session.interrupted = interrupted;
    render_begin(&r, "text", &fake, &(struct output_options){.quiet = true});
    render_hops(&r, &fake, 9, (uint8_t)(9 + silent));
    is_text(render_end(&r, &fake, NULL, NULL), want, "a tail of %u silent hops, gap %u, max %u", silent, gap, max_ttl);
    render_free(&r);
    fake_free(&fake);
}

#define HOP9 " 9  10.0.9.1  1.000 ms\n"

static void test_tails(void)
{
    is_tail(8, 8, 30, false, HOP9 "10  * * *\n11-17 silent as well; gave up after 8 silent hops in a row\n");
    is_tail(3, 3, 30, false, HOP9 "10  * * *\n11-12 silent as well; gave up after 3 silent hops in a row\n");
    is_tail(2, 2, 30, false, HOP9 "10  * * *\n11  * * *\ngave up after 2 silent hops in a row\n");
    is_tail(1, 1, 30, false, HOP9 "10  * * *\ngave up after 1 silent hop in a row\n");
    is_tail(2, 8, 30, false, HOP9 "10  * * *\n11  * * *\n");
    is_tail(4, 8, 13, false, HOP9 "10  * * *\n11-13 silent as well; stopped at the maximum of 13 hops\n");
    is_tail(4, 8, 30, true, HOP9 "10  * * *\n11-13 silent as well\n");
    is_tail(0, 8, 30, false, HOP9);
}

static void test_held_hop_answered_late(void)
{
    struct fake fake;
    struct render r;
    fake_init(&fake, "", "192.0.2.80", "udp");
    for (uint8_t ttl = 1; ttl <= 4; ttl++)
        fake_silence(&fake, 0, ttl);
    render_begin(&r, "text", &fake, &(struct output_options){0});
    render_hops(&r, &fake, 1, 4);
    fake_answer(&fake, 0, 2, &(struct fake_reply){.from = "10.0.2.1", .ms = 1500});
    is_text(render_end(&r, &fake, NULL, NULL),
            "hopsonde to 192.0.2.80 (192.0.2.80), udp, 30 hops max\n 1  *\n 2  10.0.2.1  1500.000 ms\n 3  *\n 4  *\n",
            "a held line shows replies up to its printing, and no note repeats them");
    render_free(&r);
    fake_free(&fake);
}

static void test_late(void)
{
    struct fake fake;
    struct render r;
    fake_init(&fake, "", "192.0.2.80", "udp icmp");
    fake_hop(&fake, 0, 4, "10.0.2.1", 2);
    uint16_t shown = fake_send(&fake, 0, 4), other = fake_send(&fake, 1, 4), pending = fake_send(&fake, 1, 4);
    fake_expire(&fake, 0, shown);
    fake_expire(&fake, 1, other);
    render_begin(&r, "text", &fake, NULL);
    render_hop(&r, &fake, 4);
    fake_answer(&fake, 0, shown, &(struct fake_reply){.from = "10.0.2.1", .ms = 1203.4});
    fake_answer(&fake, 1, other, &(struct fake_reply){.from = "10.0.2.2", .ms = 999.6});
    fake_answer(&fake, 1, pending, &(struct fake_reply){.from = "10.0.2.2", .ms = 3});
    fake_hop(&fake, 1, 4, "10.0.2.2", 3);
    is_text(render_end(&r, &fake, NULL, NULL),
            "hopsonde to 192.0.2.80 (192.0.2.80), udp, icmp, 30 hops max\n 4  10.0.2.1  2.000 ms * *\n\n"
            "late: hop 4 (10.0.2.1) answered udp attempt 2 after 1203 ms\n"
            "late: hop 4 (10.0.2.2) answered icmp attempt 1 after 1000 ms\n",
            "late replies have notes; timely replies to another spec are not late");
    render_free(&r);
    fake_free(&fake);
}

static void test_notes(void)
{
    const struct source_file files[] = {{"whole.pcap", 9, false, NULL, NULL}, {"c\x1b[1mut.pcap", 5, true, NULL, NULL}};
    const struct result_source source = {.command = "trace", .files = files, .file_count = 2};
    struct fake fake;
    fake_init(&fake, "", "192.0.2.80", "udp");
    fake_hop(&fake, 0, 1, "10.0.0.1", 1);
    fake_answer(&fake, 0, 1, &(struct fake_reply){.from = "10.0.0.1", .ms = 2});
    fake.session.counters = (struct frame_counters){
        .malformed = 1, .strays = {{"not IP", 2}, {"later fragment", 1}}, .stray_kinds = 2, .dropped_by_kernel = 12};
    fake.session.unseen_probes = 1;
    fake.session.interrupted = true;
    static const char notes[] = "hopsonde to 192.0.2.80 (192.0.2.80), udp, 30 hops max\n"
                                " 1  10.0.0.1  1.000 ms\n"
                                "\n"
                                "duplicates: 1 reply to probes that had already been answered\n"
                                "the kernel dropped 12 frames: hops that look silent may have answered\n"
                                "unseen: 1 probe is not in the capture, and its send time is used instead\n"
                                "c\\x1b[1mut.pcap is cut short: the report covers only what came before the cut\n"
                                "stray: 2 frames: not IP\n"
                                "stray: 1 frame: later fragment\n"
                                "malformed: 1 frame\n";
    for (unsigned verbose = 0; verbose < 2; verbose++) {
        struct render r;
        render_begin(&r, "text", &fake, &(struct output_options){.verbose = verbose});
        render_hop(&r, &fake, 1);
        char want[sizeof notes];
        strcpy(want, notes);
        if (!verbose)
            *strstr(want, "stray") = '\0';
        is_text(render_end(&r, &fake, NULL, &source), want, "notes, -v %u times", verbose);
        render_free(&r);
    }
    struct render r;
    render_begin(&r, "text", &fake, NULL);
    ok(strstr(render_end(&r, &fake, NULL, NULL), "interrupted: the report covers only what was captured by then\n") !=
           NULL,
       "an interrupted run says so if no file is cut");
    render_free(&r);
    fake_free(&fake);
}

static void test_rows(void)
{
    struct icmp_extension one = {.present = true, .mpls_count = 1, .mpls = {{24001, 0, true, 1}}};
    struct fake fake;
    struct render r;
    fake_init(&fake, "web.example", "192.0.2.80", "udp");
    fake.session.config.queries = 11;
    for (unsigned i = 0; i < 11; i++)
        fake_answer(
            &fake, 0, fake_send(&fake, 0, 1),
            &(struct fake_reply){.from = i == 4 ? "10.0.0.5" : "10.0.0.1", .ms = i < 5 ? 1 : 3, .extension = &one});
    for (unsigned i = 0; i < 11; i++)
        fake_silence(&fake, 0, 2);
    for (unsigned i = 0; i < 8; i++)
        fake_answer(&fake, 0, fake_send(&fake, 0, 3), &prohibited);
    fake_silence(&fake, 0, 3);
    fake_silence(&fake, 0, 3);
    render_begin(&r, "text", &fake, &(struct output_options){.quiet = true});
    render_hops(&r, &fake, 1, 3);
    is_text(render_end(&r, &fake, NULL, NULL),
            "                                  Loss%   Snt   Best    Avg   Wrst  StDev   Jttr\n"
            " 1  10.0.0.1                       0.0%    11   1.00   2.09   3.00   1.04   0.20"
            "  [mpls L=24001 TC=0 S=1 TTL=1]  [per packet]\n"
            "    10.0.0.5\n"
            " 2  *                            100.0%    11\n"
            " 3  10.0.3.1                      20.0%    10   2.00   2.00   2.00   0.00   0.00 !X\n",
            "more than ten probes a hop: rows as in mtr");
    render_free(&r);
    fake_free(&fake);
}

/* --- as many columns as -q asks for --- */

static void test_retries(void)
{
    struct fake fake;
    struct render r;
    fake_init(&fake, "", "192.0.2.80", "udp icmp");
    fake_hop(&fake, 0, 1, "10.0.1.1", 1);
    fake_silence(&fake, 0, 1);
    fake_silence(&fake, 0, 1);
    fake_hop(&fake, 0, 1, "10.0.1.1", 4); /* takes the place of the first star */
    repeat_hop(&fake, 0, 2, "10.0.2.1", rtts);
    fake_hop(&fake, 0, 2, "10.0.2.9", 4); /* no star is left */
    repeat_silence(&fake, 0, 3);
    fake_silence(&fake, 0, 3); /* no further star */
    repeat_silence(&fake, 0, 4);
    fake_hop(&fake, 1, 4, "10.0.4.1", 4); /* another spec: the stars of the first fill the line */
    fake_silence(&fake, 0, 5);
    fake_hop(&fake, 1, 5, "10.0.5.1", 4);
    repeat_hop(&fake, 0, 6, "10.0.6.1", rtts);
    for (unsigned i = 0; i < 20; i++)
        fake_silence(&fake, 0, 6);
    render_begin(&r, "text", &fake, NULL);
    render_hops(&r, &fake, 1, 6);
    is_text(render_end(&r, &fake, NULL, NULL),
            "hopsonde to 192.0.2.80 (192.0.2.80), udp, icmp, 30 hops max\n"
            " 1  10.0.1.1  1.000 ms  4.000 ms *\n"
            " 2  10.0.2.1  2.310 ms  2.281 ms  2.290 ms\n"
            " 3  * * *\n"
            " 4  10.0.4.1  4.000 ms * *  [icmp]\n"
            " 5  10.0.5.1  4.000 ms *  [icmp]\n"
            " 6  10.0.6.1  2.310 ms  2.281 ms  2.290 ms\n"
            "\n"
            "sent again: 23 probes at hops 1-3, 6, 2 answered\n",
            "never more columns than -q, and never fewer where so many were sent");
    render_free(&r);
    fake_free(&fake);
}

static void test_retries_of_rows(void)
{
    struct fake fake;
    struct render r;
    fake_init(&fake, "", "192.0.2.80", "udp");
    fake.session.config.queries = 11;
    for (unsigned i = 0; i < 10; i++)
        fake_hop(&fake, 0, 1, "10.0.1.1", 1);
    fake_silence(&fake, 0, 1);
    fake_silence(&fake, 0, 1);
    fake_hop(&fake, 0, 1, "10.0.1.1", 1);
    render_begin(&r, "text", &fake, NULL);
    render_hop(&r, &fake, 1);
    is_text(render_end(&r, &fake, NULL, NULL),
            "hopsonde to 192.0.2.80 (192.0.2.80), udp, 30 hops max\n"
            "                                  Loss%   Snt   Best    Avg   Wrst  StDev   Jttr\n"
            " 1  10.0.1.1                       0.0%    11   1.00   1.00   1.00   0.00   0.00\n"
            "\n"
            "sent again: 2 probes at hop 1, 1 answered\n",
            "retries are not lost");
    render_free(&r);
    fake_free(&fake);
}

/* --- for scripts, and for terminals --- */

static void test_one_per_line(void)
{
    struct fake fake;
    struct render r;
    fake_init(&fake, "", "192.0.2.80", "udp");
    fake.session.config.gap = 4;
    fake_hop(&fake, 0, 9, "10.0.9.1", 1);
    for (uint8_t ttl = 10; ttl <= 13; ttl++)
        repeat_silence(&fake, 0, ttl);
    render_begin(&r, "text", &fake, &(struct output_options){.wrap = 60, .one_per_line = true});
    render_hops(&r, &fake, 9, 13);
    is_text(render_end(&r, &fake, NULL, NULL),
            "hopsonde to 192.0.2.80 (192.0.2.80), udp, 30 hops max\n" HOP9
            "10  * * *\n11  * * *\n12  * * *\n13  * * *\n\ngave up after 4 silent hops in a row\n",
            "each silent hop has a line, and no sentence stands in the table");
    render_free(&r);
    fake_free(&fake);
}

static const char narrow_text[] = "hopsonde to web.example (192.0.2.80), auto (udp, icmp,\n"
                                  "    tcp/443, tcp/80), 30 hops max\n"
                                  " 1  10.0.0.1  0.412 ms  0.391 ms  0.402 ms\n"
                                  " 2  10.0.1.2  1.102 ms  10.0.1.6  1.091 ms  1.120 ms\n"
                                  " 3  10.0.2.1  1.913 ms  1.881 ms  1.902 ms\n"
                                  " 4  10.0.3.1  2.310 ms  2.281 ms  2.290 ms  [icmp]\n"
                                  " 5  * * *\n"
                                  " 6  web.example (192.0.2.80)  3.002 ms  3.002 ms\n"
                                  "    3.002 ms  [tcp/443 open]\n"
                                  "\n"
                                  "udp      dropped after hop 3 (10.0.2.1).\n"
                                  "tcp/443  open at the target.\n"
                                  "One finding.\n";

static void test_narrow(void)
{
    static struct judgement judgement;
    struct fake fake;
    fill_whole_path(&fake, "web.example");
    fill_whole_judgement(&judgement);
    for (unsigned lines = 0; lines < 2; lines++) {
        struct render r;
        render_begin(&r, "text", &fake, &(struct output_options){.wrap = 54, .one_per_line = lines});
        render_hops(&r, &fake, 1, 6);
        const char *text = render_end(&r, &fake, &judgement, NULL);
        if (lines)
            ok(strstr(text, "3.002 ms  3.002 ms  3.002 ms  [tcp/443 open]\n") != NULL, "--one-per-line: one line");
        else
            is_text(text, narrow_text, "long lines break at words");
        render_free(&r);
    }
    fake_free(&fake);
}

/* The probe's name and its state. */
static void test_verdict_colours(void)
{
    static const struct {
        enum verdict_state state;
        const char *text, *want;
    } rows[] = {
        {VERDICT_OPEN, "icmp open at the target", "\033[32micmp  open\033[0m at the target\n"},
        {VERDICT_CLOSED, "udp closed", "\033[32mudp  closed\033[0m\n"},
        {VERDICT_REJECTED, "tcp/22 rejected at hop 4", "\033[31mtcp/22  rejected\033[0m at hop 4\n"},
        {VERDICT_DROPPED, "udp dropped after hop 3", "\033[31mudp  dropped\033[0m after hop 3\n"},
        {VERDICT_INTERCEPTED, "tcp intercepted at", "\033[31mtcp  intercepted\033[0m at\n"},
        {VERDICT_UNREACHABLE, "udp unreachable at", "\033[31mudp  unreachable\033[0m at\n"},
        {VERDICT_LOOPING, "udp looping", "\033[31mudp  looping\033[0m\n"},
        {VERDICT_UNANSWERED, "udp unanswered.", "\033[33mudp  unanswered\033[0m.\n"},
        {VERDICT_INCONCLUSIVE, "udp inconclusive: too few", "\033[33mudp  inconclusive\033[0m: too few\n"},
    };
    static struct judgement judgement;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf text;
        const struct output out = {.options.color = true};
        judgement = (struct judgement){.verdict_count = 1, .verdicts[0].state = rows[i].state};
        strcpy(judgement.verdicts[0].text, rows[i].text);
        strbuf_init(&text);
        verdicts_add(&text, &judgement, &out, false);
        is_text(text.text, rows[i].want, "colour: %s", rows[i].text);
        strbuf_free(&text);
    }
}

static void test_refused_and_unasked(void)
{
    struct fake fake;
    struct render r;
    fake_init(&fake, "", "2001:db8::80", "udp");
    uint16_t serial = fake_send(&fake, 0, 1);
    trace_find(fake_trace(&fake, 0), serial)->state = PROBE_REFUSED;
    trace_find(fake_trace(&fake, 0), serial)->send_errno = EPERM;
    fake_hop(&fake, 0, 3, "2001:db8:3::1", 1);
    render_begin(&r, "text", &fake, &(struct output_options){.quiet = true});
    render_hops(&r, &fake, 1, 3);
    is_text(render_end(&r, &fake, NULL, NULL), " 1  *\n 2  -\n 3  2001:db8:3::1  1.000 ms\n",
            "a failed send, a hop without probes, IPv6");
    render_free(&r);
    fake_free(&fake);
}

int main(void)
{
    test_whole_path();
    test_quiet();
    test_headings();
    test_stars_between();
    test_refusals();
    test_colours();
    test_brackets();
    test_open_outweighs_reset();
    test_per_packet();
    test_labels();
    test_tails();
    test_held_hop_answered_late();
    test_late();
    test_notes();
    test_rows();
    test_retries();
    test_retries_of_rows();
    test_one_per_line();
    test_narrow();
    test_verdict_colours();
    test_refused_and_unasked();
    return tap_done();
}

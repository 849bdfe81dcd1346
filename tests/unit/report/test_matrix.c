/* SPDX-License-Identifier: BSD-2-Clause */
/* The text of a diagnosis: the matrix, the packets behind a verdict, and the rest of the report. */
#include "report/text/table/matrix.h"

#include <stdlib.h>

#include "report/text/notes/evidence.h"
#include "strategies/strategies.h"
#include "tap.h"
#include "unit/support/render.h"

static void begin(struct fake *fake, const char *target_name, const char *target, const char *specs)
{
    fake_init(fake, target_name, target, specs);
    fake->session.config.strategy = &strategy_diagnose;
}

static void is_matrix_with(struct fake *fake, const struct output_options *options, const struct judgement *judgement,
                           const char *want, const char *name)
{
    struct strbuf text;
    strbuf_init(&text);
    struct result result = {.source = {.command = "diagnose"}};
    const struct output out = {.options = *options, .result = &result};
    result_of_session(&result, &fake->session);
    matrix_add(&text, &out, judgement);
    is_text(text.text, want, "%s", name);
    strbuf_free(&text);
}

static void is_matrix(struct fake *fake, bool color, const char *want, const char *name)
{
    is_matrix_with(fake, &(struct output_options){.width = 80, .color = color}, NULL, want, name);
}

static void answer(struct fake *fake, unsigned trace, uint8_t ttl, struct fake_reply reply)
{
    fake_answer(fake, trace, fake_send(fake, trace, ttl), &reply);
}

static const struct fake_reply
    opened = {.from = "192.0.2.80", .ms = 3, .kind = REPLY_SYN_ACK},
    reset = {.from = "192.0.2.80", .ms = 3, .kind = REPLY_RST},
    echoed = {.from = "192.0.2.80", .ms = 3.25, .kind = REPLY_ECHO},
    refused = {.from = "192.0.2.80", .ms = 3, .kind = REPLY_UNREACHABLE, .type = 3, .code = 3},
    prohibited = {.from = "10.0.2.1", .ms = 2, .kind = REPLY_UNREACHABLE, .type = 3, .code = 13};

/* icmp reaches the target, udp is dropped behind hop 2, tcp/22 rejected there, tcp/443 open, tcp/80 closed. */
static void fill(struct fake *fake, const char *target_name)
{
    begin(fake, target_name, "192.0.2.80", "icmp udp tcp/22 tcp/443 tcp/80");
    for (unsigned trace = 0; trace < 5; trace++) {
        fake_hop(fake, trace, 1, "10.0.1.1", 0.4);
        fake_hop(fake, trace, 2, "10.0.2.1", 12.3456);
    }
    fake_hop(fake, 0, 3, "10.0.3.1", 1234.5678);
    fake_silence(fake, 1, 3);
    answer(fake, 2, 3, prohibited);
    fake_hop(fake, 3, 3, "10.0.3.1", 99999.9);
    fake_hop(fake, 4, 3, "10.0.3.1", 999.9996);
    answer(fake, 0, 4, echoed);
    fake_silence(fake, 1, 4);
    answer(fake, 3, 4, opened);
    answer(fake, 4, 4, reset);
}

static void test_cells(void)
{
    struct fake fake;
    fill(&fake, "");
    is_matrix(&fake, false,
              "                          icmp     udp  tcp/22 tcp/443  tcp/80\n"
              " 1  10.0.1.1             0.400   0.400   0.400   0.400   0.400\n"
              " 2  10.0.2.1            12.346  12.346  12.346  12.346  12.346\n"
              " 3  10.0.3.1           1234.57       *      !X 99999.9 1000.00\n"
              " 4  192.0.2.80           3.250       *       -    open  closed\n",
              "cells");
    fake_free(&fake);
}

static void test_colours(void)
{
    struct fake fake;
    begin(&fake, "", "192.0.2.80", "tcp/22 tcp/443 udp tcp/80");
    answer(&fake, 0, 2, prohibited);
    answer(&fake, 1, 2, opened);
    fake_silence(&fake, 2, 2);
    answer(&fake, 3, 2, reset);
    is_matrix(&fake, true,
              "                        tcp/22 tcp/443     udp  tcp/80\n"
              "\033[2m 2\033[0m  \033[1m192.0.2.80\033[0m              \033[31m!X\033[0m    \033[32mopen\033[0m"
              "       \033[2m*\033[0m  \033[32mclosed\033[0m\n",
              "colours, and a first TTL of 2");
    fake_free(&fake);
}

static void test_headings(void)
{
    struct fake fake;
    begin(&fake, "", "192.0.2.80", "udp/53:empty tcp/33434:ack udplite sctp/12345 icmp tcp/80:fin udp/123 ip/50 dccp");
    for (unsigned trace = 0; trace < 9; trace++)
        fake_hop(&fake, trace, 1, "10.0.1.1", 1);
    fake_hop(&fake, 8, 2, "10.0.2.1", 1);
    is_matrix(&fake, false,
              "                                   tcp\n"
              "                        udp/53  /33434            sctp          tcp/80\n"
              "                        :empty    :ack udplite  /12345    icmp    :fin udp/123\n"
              " 1  10.0.1.1             1.000   1.000   1.000   1.000   1.000   1.000   1.000\n"
              " 2  10.0.2.1                 -       -       -       -       -       -       -\n"
              "\n"
              "                         ip/50    dccp\n"
              " 1  10.0.1.1             1.000   1.000\n"
              " 2  10.0.2.1                 -   1.000\n",
              "headings wrap, and more than 7 specs are two blocks");
    fake_free(&fake);
}

/* At most 18 columns precede the cells. */
static void test_addresses(void)
{
    struct fake fake;
    begin(&fake, "web.example", "2001:db8::80", "icmp udp");
    fake_hop(&fake, 0, 1, "2001:db8:0:1::1234", 1);
    fake_hop(&fake, 1, 1, "2001:db8:0:1::1234", 1);
    fake_hop(&fake, 0, 2, "2001:db8:0:1::1:2345", 1);
    fake_silence(&fake, 1, 2);
    answer(&fake, 0, 3, (struct fake_reply){.from = "2001:db8::80", .ms = 2, .kind = REPLY_ECHO});
    answer(&fake, 1, 3,
           (struct fake_reply){.from = "2001:db8::80", .ms = 2, .kind = REPLY_UNREACHABLE, .type = 1, .code = 4});
    is_matrix(&fake, false,
              "                          icmp     udp\n"
              " 1  2001:db8:0:1::1234   1.000   1.000\n"
              " 2  2001:db8:0:1::1:2345\n"
              "                         1.000       ~\n"
              " 3  web.example (2001:db8::80)\n"
              "                         2.000  closed\n"
              "~: the probe got further, and the router may have used up its replies for others\n",
              "long addresses have a line of their own");
    fake_free(&fake);
}

/* Two routers at hop 1; at hop 2 a reply comes from the target's address. */
static void test_several(void)
{
    struct fake fake;
    begin(&fake, "", "192.0.2.80", "icmp udp tcp/443 tcp/80");
    fake_hop(&fake, 0, 1, "10.0.1.1", 1);
    fake_hop(&fake, 1, 1, "10.0.1.2", 2);
    fake_hop(&fake, 1, 1, "10.0.1.1", 3);
    fake_hop(&fake, 2, 1, "10.0.1.2", 4);
    fake_silence(&fake, 3, 1);
    fake_hop(&fake, 0, 2, "10.0.2.1", 1);
    answer(&fake, 2, 2, opened);
    answer(&fake, 3, 2, prohibited);
    is_matrix(&fake, false,
              "                          icmp     udp tcp/443  tcp/80\n"
              " 1  10.0.1.1             1.000   3.000               ~\n"
              "    10.0.1.2                     2.000   4.000\n"
              " 2  10.0.2.1             1.000       -              !X\n"
              "    192.0.2.80                            open\n"
              "~: the probe got further, and the router may have used up its replies for others\n",
              "a row for each address of a hop");
    fake_free(&fake);
}

static void test_answers(void)
{
    struct fake fake;
    begin(&fake, "", "192.0.2.80", "tcp/80:ack tcp/443 udp ip/50 tcp/80");
    answer(&fake, 0, 1, reset);
    answer(&fake, 1, 1, reset);
    answer(&fake, 1, 1, opened);
    answer(&fake, 2, 1, refused);
    answer(&fake, 3, 1,
           (struct fake_reply){.from = "192.0.2.80", .ms = 3, .kind = REPLY_UNREACHABLE, .type = 3, .code = 2});
    answer(&fake, 4, 1,
           (struct fake_reply){.from = "10.0.1.1", .ms = 1, .kind = REPLY_TOO_BIG, .type = 3, .code = 4, .mtu = 65535});
    is_matrix(&fake, false,
              "                        tcp/80\n"
              "                          :ack tcp/443     udp   ip/50  tcp/80\n"
              " 1  192.0.2.80           3.000    open  closed  closed      !F\n",
              "a RST does not show the state of an ACK's port; an open port outweighs resets");
    fake_free(&fake);
}

static void test_refuser(void)
{
    struct fake fake;
    begin(&fake, "", "192.0.2.80", "icmp udp");
    fake_hop(&fake, 0, 1, "10.0.1.1", 1);
    fake_hop(&fake, 1, 1, "10.0.1.1", 1);
    answer(&fake, 0, 2, prohibited);
    answer(&fake, 1, 2, prohibited);
    is_matrix(&fake, false,
              "                          icmp     udp\n"
              " 1  10.0.1.1             1.000   1.000\n"
              " 2  10.0.2.1                !X      !X\n",
              "a hop with refusals only has the address of the device that refuses");
    fake_free(&fake);
}

static void test_silent_end(void)
{
    struct fake fake;
    begin(&fake, "", "192.0.2.80", "icmp udp");
    fake_hop(&fake, 0, 1, "10.0.1.1", 1);
    fake_silence(&fake, 1, 1);
    for (uint8_t ttl = 2; ttl <= 3; ttl++)
        fake_silence(&fake, 0, ttl);
    is_matrix(&fake, false,
              "                          icmp     udp\n"
              " 1  10.0.1.1             1.000       *\n"
              " 2                           *       -\n"
              " 3                           *       -\n",
              "two silent hops");
    fake_silence(&fake, 1, 4);
    is_matrix(&fake, false,
              "                          icmp     udp\n"
              " 1  10.0.1.1             1.000       *\n"
              " 2                           *       -\n"
              "3-4 silent as well\n",
              "more than that");
    fake_free(&fake);
    begin(&fake, "", "192.0.2.80", "icmp");
    for (uint8_t ttl = 1; ttl <= 8; ttl++)
        fake_silence(&fake, 0, ttl);
    is_matrix(&fake, false,
              "                          icmp\n"
              " 1                           *\n"
              "2-8 silent as well\n",
              "nothing but silence");
    fake_free(&fake);
}

static void test_kept_back(void)
{
    struct fake fake;
    begin(&fake, "", "192.0.2.80", "icmp udp");
    fake_hop(&fake, 0, 1, "10.0.1.1", 1);
    trace_find(fake_trace(&fake, 1), fake_send(&fake, 1, 1))->state = PROBE_REFUSED;
    is_matrix(&fake, false,
              "                          icmp     udp\n"
              " 1  10.0.1.1             1.000       -\n",
              "a failed send is no silence");
    fake_free(&fake);
}

static void test_circle(void)
{
    struct fake fake;
    begin(&fake, "", "192.0.2.80", "icmp udp");
    fake_hop(&fake, 0, 1, "10.0.1.1", 1);
    for (uint8_t ttl = 2; ttl <= 5; ttl++)
        fake_hop(&fake, 0, ttl, ttl % 2 ? "10.0.3.1" : "10.0.2.1", 1);
    fake_hop(&fake, 1, 6, "10.0.2.1", 1);
    fake_hop(&fake, 1, 7, "10.0.3.1", 1);
    fake_trace(&fake, 0)->loop_first = 2;
    fake_trace(&fake, 0)->loop_length = 2;
    is_matrix(&fake, false,
              "                          icmp     udp\n"
              " 1  10.0.1.1             1.000       -\n"
              " 2  10.0.2.1             1.000       -\n"
              " 3  10.0.3.1             1.000       -\n"
              " 4  10.0.2.1             1.000       -\n"
              " 5  10.0.3.1             1.000       -\n"
              "6-7 the same loop\n",
              "a loop is shown twice");
    fake_hop(&fake, 1, 8, "10.0.7.1", 1);
    is_matrix(&fake, false,
              "                          icmp     udp\n"
              " 1  10.0.1.1             1.000       -\n"
              " 2  10.0.2.1             1.000       -\n"
              " 3  10.0.3.1             1.000       -\n"
              " 4  10.0.2.1             1.000       -\n"
              " 5  10.0.3.1             1.000       -\n"
              " 6  10.0.2.1                 -   1.000\n"
              " 7  10.0.3.1                 -   1.000\n"
              " 8  10.0.7.1                 -   1.000\n",
              "where another spec leaves it, all is shown");
    fake_free(&fake);
}

static void test_one_per_line(void)
{
    struct fake fake;
    begin(&fake, "", "192.0.2.80", "icmp");
    for (uint8_t ttl = 1; ttl <= 4; ttl++)
        fake_silence(&fake, 0, ttl);
    is_matrix_with(&fake, &(struct output_options){.width = 80, .one_per_line = true}, NULL,
                   "                          icmp\n"
                   " 1                           *\n"
                   " 2                           *\n"
                   " 3                           *\n"
                   " 4                           *\n",
                   "a row for each silent hop");
    fake_free(&fake);
    begin(&fake, "", "192.0.2.80", "icmp");
    for (uint8_t ttl = 1; ttl <= 6; ttl++)
        fake_hop(&fake, 0, ttl, ttl % 2 ? "10.0.3.1" : "10.0.2.1", 1);
    fake_trace(&fake, 0)->loop_first = 1;
    fake_trace(&fake, 0)->loop_length = 2;
    is_matrix_with(&fake, &(struct output_options){.width = 80, .one_per_line = true}, NULL,
                   "                          icmp\n"
                   " 1  10.0.3.1             1.000\n"
                   " 2  10.0.2.1             1.000\n"
                   " 3  10.0.3.1             1.000\n"
                   " 4  10.0.2.1             1.000\n"
                   " 5  10.0.3.1             1.000\n"
                   " 6  10.0.2.1             1.000\n",
                   "a row for each hop of a loop");
    fake_free(&fake);
}

/* --- the row of a refusal --- */

static struct judgement placed;

static void place_verdict(const struct fake *fake, unsigned index, enum verdict_state state, uint8_t ttl,
                          const char *address)
{
    struct verdict *verdict = &placed.verdicts[index];
    *verdict = (struct verdict){.trace = &fake->session.traces[index], .state = state};
    verdict->at = (struct place){.known = ttl > 0, .ttl = ttl};
    if (ttl && !addr_parse(address, &verdict->at.address))
        abort();
    placed.verdict_count = index + 1;
}

static void is_placed(struct fake *fake, const char *want, const char *name)
{
    is_matrix_with(fake, &(struct output_options){.width = 80}, &placed, want, name);
}

/* icmp gets through; hop 2 refuses udp and tcp/22, from its TTL check on or behind it. */
static void fill_refusals(struct fake *fake)
{
    begin(fake, "", "192.0.2.80", "icmp udp tcp/22");
    for (unsigned trace = 0; trace < 3; trace++) {
        fake_hop(fake, trace, 1, "10.0.1.1", 1);
        fake_hop(fake, trace, 2, "10.0.2.1", 1);
    }
    fake_hop(fake, 0, 3, "10.0.3.1", 1);
    answer(fake, 0, 4, echoed);
    answer(fake, 1, 3, prohibited);
    answer(fake, 2, 3, prohibited);
    fake_silence(fake, 2, 4);
    placed = (struct judgement){0};
    place_verdict(fake, 0, VERDICT_OPEN, 4, "192.0.2.80");
    place_verdict(fake, 1, VERDICT_REJECTED, 2, "10.0.2.1");
    place_verdict(fake, 2, VERDICT_REJECTED, 2, "10.0.2.1");
}

static void test_refusal_rows(void)
{
    struct fake fake;
    fill_refusals(&fake);
    is_placed(&fake,
              "                          icmp     udp  tcp/22\n"
              " 1  10.0.1.1             1.000   1.000   1.000\n"
              " 2  10.0.2.1             1.000      !X      !X\n"
              " 3  10.0.3.1             1.000       -       -\n"
              " 4  192.0.2.80           3.250       -       -\n",
              "a refusal stands in the row of its device, and no probe got behind it");
    placed.verdicts[2].state = VERDICT_DROPPED;
    placed.verdicts[2].at = (struct place){0};
    is_placed(&fake,
              "                          icmp     udp  tcp/22\n"
              " 1  10.0.1.1             1.000   1.000   1.000\n"
              " 2  10.0.2.1             1.000      !X      !X\n"
              " 3  10.0.3.1             1.000       -       -\n"
              " 4  192.0.2.80           3.250       -       *\n",
              "the place is that of another verdict; silence behind it counts if this one is not rejected");
    fake_free(&fake);
}

static void test_refusal_rows_at_the_end(void)
{
    struct fake fake;
    begin(&fake, "", "192.0.2.80", "icmp udp");
    for (unsigned trace = 0; trace < 2; trace++) {
        fake_hop(&fake, trace, 1, "10.0.1.1", 1);
        fake_hop(&fake, trace, 2, "10.0.2.1", 1);
        answer(&fake, trace, 3, prohibited);
    }
    placed = (struct judgement){0};
    place_verdict(&fake, 0, VERDICT_REJECTED, 2, "10.0.2.1");
    place_verdict(&fake, 1, VERDICT_UNREACHABLE, 2, "10.0.2.1");
    is_placed(&fake,
              "                          icmp     udp\n"
              " 1  10.0.1.1             1.000   1.000\n"
              " 2  10.0.2.1                !X      !X\n",
              "a row that no probe reached is not shown at the end");
    fake_free(&fake);
}

/* Hop 2 has two routers, and the second one refuses. The run may begin behind the device. */
static void test_refusal_beside(void)
{
    struct fake fake;
    begin(&fake, "", "192.0.2.80", "icmp udp");
    fake_hop(&fake, 0, 2, "10.0.2.9", 1);
    fake_hop(&fake, 1, 2, "10.0.2.1", 1);
    fake_hop(&fake, 0, 3, "10.0.3.1", 1);
    answer(&fake, 1, 3, prohibited);
    placed = (struct judgement){0};
    place_verdict(&fake, 1, VERDICT_REJECTED, 2, "10.0.2.1");
    is_placed(&fake,
              "                          icmp     udp\n"
              " 2  10.0.2.9             1.000\n"
              "    10.0.2.1                        !X\n"
              " 3  10.0.3.1             1.000       -\n",
              "the refusal is beside the address that sent it");
    place_verdict(&fake, 1, VERDICT_REJECTED, 1, "10.0.2.1");
    is_placed(&fake,
              "                          icmp     udp\n"
              " 2  10.0.2.9             1.000\n"
              "    10.0.2.1                     1.000\n"
              " 3  10.0.3.1             1.000      !X\n",
              "without a row of its device, it stays at the probe's TTL");
    fake_free(&fake);
}

/* --- widths --- */

static unsigned longest_line(const char *text)
{
    size_t longest = 0;
    for (; *text; text += strcspn(text, "\n") + 1)
        longest = strcspn(text, "\n") > longest ? strcspn(text, "\n") : longest;
    return (unsigned)longest;
}

static void test_widths(void)
{
    static const struct {
        unsigned width, blocks, longest;
    } rows[] = {{60, 6, 54}, {80, 4, 78}, {85, 4, 78}, {86, 3, 86}, {132, 2, 126}, {200, 1, 198}, {10, 22, 30}};
    struct fake fake;
    begin(&fake, "", "192.0.2.80",
          "tcp/1 tcp/2 tcp/3 tcp/4 tcp/5 tcp/6 tcp/7 tcp/8 tcp/9 tcp/10 tcp/11 tcp/12 tcp/13 tcp/14 tcp/15 tcp/16 "
          "tcp/17 tcp/18 tcp/19 tcp/20 tcp/21 tcp/22");
    for (unsigned trace = 0; trace < 22; trace++)
        fake_hop(&fake, trace, 1, "10.0.1.1", 1);
    struct result result = {.source = {.command = "diagnose"}};
    result_of_session(&result, &fake.session);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct output out = {.options = {.width = rows[i].width}, .result = &result};
        unsigned blocks = 0;
        struct strbuf text;
        strbuf_init(&text);
        matrix_add(&text, &out, NULL);
        for (const char *at = text.text; (at = strstr(at, "10.0.1.1")); at++)
            blocks++;
        is_num(blocks, rows[i].blocks, "22 specs in %u columns: blocks", rows[i].width);
        is_num(longest_line(text.text), rows[i].longest, "and the longest line");
        strbuf_free(&text);
    }
    fake_free(&fake);
}

/* --- the report --- */

static struct judgement judgement;

static void judge(const struct fake *fake, unsigned index, enum verdict_state state, const char *sentence)
{
    struct verdict *verdict = &judgement.verdicts[index];
    *verdict = (struct verdict){.trace = &fake->session.traces[index], .state = state};
    strcpy(verdict->text, sentence);
    judgement.verdict_count = index + 1;
}

/* udp is dropped behind hop 1, as two frames of each spec show; tcp/443 reaches the target. */
static void fill_report(struct fake *fake)
{
    begin(fake, "web.example", "192.0.2.80", "udp tcp/443");
    fake_hop(fake, 0, 1, "10.0.1.1", 0.4);
    fake_hop(fake, 1, 1, "10.0.1.1", 0.4);
    fake_silence(fake, 0, 2);
    answer(fake, 1, 2, opened);
    judge(fake, 0, VERDICT_DROPPED, "udp dropped.");
    judge(fake, 1, VERDICT_OPEN, "tcp/443 open.");
    struct verdict *dropped = &judgement.verdicts[0];
    dropped->how = HOW_SILENT;
    dropped->after = (struct place){.known = true, .ttl = 1, .address = fake_trace(fake, 0)->probes[0].replies[0].from};
    judgement.findings[0] = (struct finding){.kind = FINDING_NAT, .text = "One finding."};
    judgement.finding_count = 1;
}

static const struct result_source diagnosed = {.command = "diagnose", .live = true, .interface = "any"};

static void is_report(const struct fake *fake, const struct output_options *options, const char *want, const char *name)
{
    struct render r;
    render_begin(&r, "text", fake, options);
    render_hops(&r, fake, 1, 2);
    is_text(render_end(&r, fake, &judgement, &diagnosed), want, "%s", name);
    render_free(&r);
}

#define HEADING "hopsonde diagnose to web.example (192.0.2.80), 2 probes side by side, 30 hops max\n"
#define MATRIX                                                                                                         \
    "                           udp tcp/443\n"                                                                         \
    " 1  10.0.1.1             0.400   0.400\n"                                                                         \
    " 2  web.example (192.0.2.80)\n"                                                                                   \
    "                             *    open\n\n"
#define ADVICE                                                                                                          \
    "\ntcp/443 gets furthest, to the target: hopsonde -P tcp/443 web.example\n"                                         \
    "\nPlease check the filter at 10.0.1.1 (hop 1) or the next device: UDP destination port 33434 (source port 41022) " \
    "from 10.0.0.2 to 192.0.2.80 is dropped there, while tcp/443 reaches the target (2026-01-02 03:04:05 UTC).\n"

static void test_report(void)
{
    struct fake fake;
    fill_report(&fake);
    is_report(&fake, NULL, HEADING MATRIX "udp      dropped.\ntcp/443  open.\nOne finding.\n" ADVICE, "a diagnosis");
    is_report(&fake, &(struct output_options){.quiet = true}, MATRIX "udp      dropped.\ntcp/443  open.\n",
              "quiet: matrix and verdicts only");
    is_report(&fake, &(struct output_options){.quiet = true, .verdicts_only = true},
              "udp      dropped.\ntcp/443  open.\n", "--quiet: verdicts alone");
    fake_free(&fake);
}

static void test_evidence(void)
{
    struct fake fake;
    fill_report(&fake);
    struct verdict *dropped = &judgement.verdicts[0], *opened_verdict = &judgement.verdicts[1];
    dropped->frames[0].number = 5;
    dropped->frames[1].number = 1;
    dropped->frames[2].number = 2;
    dropped->frame_count = 3;
    opened_verdict->frames[0].number = 7;
    opened_verdict->frames[1].number = 6;
    opened_verdict->frame_count = 2;
    is_report(&fake, &(struct output_options){.verbose = 1},
              HEADING MATRIX
              "udp      dropped.\n"
              "    frame 1    +0.000 ms  10.0.0.2:41022 > 192.0.2.80:33434  udp, TTL 1, attempt 1\n"
              "    frame 2    +0.400 ms  10.0.1.1 > 10.0.0.2  time exceeded with TTL 64, to the probe of TTL 1\n"
              "    frame 5    +2.000 ms  10.0.0.2:41022 > 192.0.2.80:33434  udp, TTL 2, attempt 1: no answer\n"
              "tcp/443  open.\n"
              "    frame 6    +3.000 ms  10.0.0.2:41023 > 192.0.2.80:443  tcp/443, TTL 2, attempt 1\n"
              "    frame 7    +6.000 ms  192.0.2.80:443 > 10.0.0.2:41023  syn-ack with TTL 64, to the probe of TTL 2\n"
              "One finding.\n" ADVICE,
              "-v: the frames behind each verdict, in their order");
    fake_free(&fake);
}

/* Without a capture: probes from the place on, without frame numbers, and replies to other specs after the silence. */
static void test_evidence_without_frames(void)
{
    struct fake fake;
    begin(&fake, "", "2001:db8::80", "udp icmp");
    fake.frame = 0;
    fake_hop(&fake, 0, 1, "2001:db8::1", 1);
    fake_silence(&fake, 0, 2);
    fake_hop(&fake, 1, 2, "2001:db8::2", 1);
    fake_silence(&fake, 1, 2);
    judgement = (struct judgement){.verdict_count = 2};
    judgement.verdicts[0] = (struct verdict){.trace = fake_trace(&fake, 0),
                                             .state = VERDICT_DROPPED,
                                             .after = {.known = true, .ttl = 1},
                                             .before = {.known = true, .ttl = 2}};
    judgement.verdicts[1].trace = fake_trace(&fake, 1);
    struct strbuf text;
    strbuf_init(&text);
    evidence_add(&text, &judgement, &judgement.verdicts[0], &render_live);
    is_text(text.text,
            "    +1.000 ms  [2001:db8::2]:41022 > [2001:db8::80]:33434  udp, TTL 2, attempt 1: no answer\n"
            "    +2.000 ms  2001:db8::2 > 2001:db8::80  icmp, TTL 2, attempt 1\n"
            "    +3.000 ms  2001:db8::2 > 2001:db8::2  time exceeded with TTL 64, to the probe of TTL 2\n",
            "no capture is kept");
    strbuf_free(&text);
    fake_free(&fake);
}

int main(void)
{
    test_cells();
    test_colours();
    test_headings();
    test_addresses();
    test_several();
    test_answers();
    test_refuser();
    test_silent_end();
    test_kept_back();
    test_circle();
    test_one_per_line();
    test_refusal_rows();
    test_refusal_rows_at_the_end();
    test_refusal_beside();
    test_widths();
    test_report();
    test_evidence();
    test_evidence_without_frames();
    return tap_done();
}

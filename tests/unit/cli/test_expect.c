/* SPDX-License-Identifier: BSD-2-Clause */
/* Expectations: correct lines, the messages of wrong ones, and differences from a judgement. */
#include <string.h>

#include "cli/shared/expect.h"
#include "tap.h"

static struct expect expect;

/* The rows understood, in one line; else what was said. */
static const char *parsed(const char *text)
{
    static char said[1024];
    struct err err = {0};
    char *at = said, *const end = said + sizeof said;
    expect_free(&expect);
    if (expect_parse("policy", text, strlen(text), &expect, &err) != STATUS_OK)
        return err.status == STATUS_USAGE ? strcpy(said, err.message) : "no usage error";
    *said = 0;
    for (unsigned i = 0; i < expect.count; i++) {
        const struct expectation *row = &expect.rows[i];
        char spec[PROBE_SPEC_TEXT_BYTES], address[ADDR_TEXT_BYTES];
        if (row->is_mtu)
            continue;
        probe_spec_format(&row->spec, spec);
        addr_format(&row->address, address);
        at += snprintf(at, (size_t)(end - at), "%s%u:%s=%s%s%s", i ? " " : "", row->line, spec,
                       verdict_state_name(row->state),
                       row->at      ? "@"
                       : row->after ? ">"
                                    : "",
                       address);
    }
    return said;
}

#define STATES                                                                                                         \
    "(open, closed, rejected, dropped, intercepted, unreachable, looping, unanswered, inconclusive, forwarded)"

static void test_lines(void)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"tcp/443 open", "1:tcp/443=open"},
        {"tcp/443 open\n", "1:tcp/443=open"},
        {"# policy\n\n \t# more\r\ntcp/443\topen # yes\r\nudp dropped", "4:tcp/443=open 5:udp=dropped"},
        {"TCP/https OPEN", "1:tcp/443=open"},
        {"tcp/22 rejected at 10.0.3.1\n udp/53 dropped AFTER 2001:db8::1",
         "1:tcp/22=rejected@10.0.3.1 2:udp/53=dropped>2001:db8::1"},
        {"icmp closed\nudp/53:empty unanswered\nip/50 inconclusive\ntcp looping\nsctp intercepted\ndccp unreachable",
         "1:icmp=closed 2:udp/53:empty=unanswered 3:ip/50=inconclusive 4:tcp/80=looping 5:sctp=intercepted "
         "6:dccp=unreachable"},
        {"", "policy:1: no expectations in this file (a line is PROBE STATE, as tcp/443 open)"},
        {"#x\n\n", "policy:2: no expectations in this file (a line is PROBE STATE, as tcp/443 open)"},
        {"tcp/443", "policy:1: tcp/443: the state is missing (PROBE STATE, as tcp/443 open)"},
        {"\nudp opne", "policy:2: opne: no such state " STATES},
        {"\n\n\033x open", "policy:3: \\x1bx: unknown protocol: expected PROTOCOL[/PORT], as tcp/443, of udp, icmp, "
                           "tcp, udplite, dccp, sctp, ip"},
        {"tcp/0 open", "policy:1: tcp/0: unknown port: expected 1 to 65535 or a name of /etc/services"},
        {"tcp/22 rejected by 10.0.3.1",
         "policy:1: by: expected `at ADDRESS` or `after ADDRESS`, or nothing after the state"},
        {"tcp/22 rejected at", "policy:1: at: the address is missing"},
        {"tcp/22 rejected at fw.example", "policy:1: fw.example: expected an IPv4 or IPv6 address"},
        {"tcp/22 rejected at 10.0.3.1 now", "policy:1: now: unexpected text after PROBE STATE [at|after ADDRESS]"},
        {"tcp/80 open\nudp open\ntcp open", "policy:3: tcp: line 1 already has this probe"},
        {"tcp/135-139,445 dropped after 10.0.3.2\ntcp/22,!22,80 open", "1:tcp/135=dropped>10.0.3.2 2:tcp/80=open"},
        {"tcp/1-1024 closed\nudp/80 open\ntcp/80 open", "policy:3: tcp/80: line 1 already has this probe"},
        {"tcp/80 open\ntcp/1-1024 closed", "policy:2: tcp/1-1024: line 1 already has this probe"},
        {"udp/50-60 closed\nudp/53:empty closed\nudp/53 open", "policy:3: udp/53: line 1 already has this probe"},
        {"tcp/80-22 open", "policy:1: tcp/80-22: 80-22: the range ends before it begins (exchange the two)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        is_text(parsed(rows[i].text), rows[i].want, "file %zu", i);
}

static void test_hostile_files(void)
{
    static char text[20000];
    struct err err;
    is_num(expect_parse("p", "udp\0 open", 9, &expect, &err), STATUS_USAGE, "a NUL");
    is_text(err.message, "p:1: this is not text", "says so");
    memset(text, 'x', 19000);
    text[19000] = 0;
    is_text(parsed(text), "policy:1: the line is too long (expected PROBE STATE [at|after ADDRESS])", "a long line");
    memset(text, '#', 19000);
    strcpy(text + 19000, "\nudp open");
    is_text(parsed(text), "2:udp=open", "a long comment");
    memset(text, 'x', 100);
    text[100] = 0;
    ok(strstr(parsed(text), "policy:1: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...: "), "a long word is cut");
    char *at = text;
    for (unsigned i = 0; i <= EXPECT_ROWS_MOST; i++)
        at += sprintf(at, "tcp/%u open\n", i + 1);
    is_text(parsed(text), "policy:257: tcp/257: too many lines (at most 256)", "more lines than are kept");
}

/* A judgement of three specs. */
static struct trace traces[3];
static struct judgement judgement;

static void judge(unsigned index, const char *spec, enum verdict_state state, const char *at, const char *after)
{
    struct verdict *verdict = &judgement.verdicts[index];
    struct err err;
    *verdict = (struct verdict){.trace = &traces[index], .state = state};
    bool good = probe_spec_parse(spec, &traces[index].flow.spec, &err) == STATUS_OK &&
                (!at || addr_parse(at, &verdict->at.address)) && (!after || addr_parse(after, &verdict->after.address));
    if (!good)
        printf("Bail out! %s\n", spec);
    judgement.verdict_count = index + 1;
}

static void test_comparison(void)
{
    static const struct {
        const char *text;
        unsigned differing;
        const char *want;
    } rows[] = {
        {"tcp/443 open", 0, "as expected: 1 of 1 probes (policy)\n"},
        {"tcp/443 open at 192.0.2.80\ntcp/22 rejected at 10.0.3.1\nudp dropped after 10.0.2.1", 0,
         "as expected: 3 of 3 probes (policy)\n"},
        {"tcp/22 open\nudp dropped", 1, "differs: tcp/22: expected open, found rejected at 10.0.3.1 (policy:1)\n"},
        {"\ntcp/22 rejected at 10.0.9.1", 1,
         "differs: tcp/22: expected rejected at 10.0.9.1, found rejected at 10.0.3.1 (policy:2)\n"},
        {"udp dropped after 10.0.9.1", 1,
         "differs: udp: expected dropped after 10.0.9.1, found dropped after 10.0.2.1 (policy:1)\n"},
        {"udp dropped at 10.0.2.1", 1,
         "differs: udp: expected dropped at 10.0.2.1, found dropped after 10.0.2.1 (policy:1)\n"},
        {"tcp/443 closed", 1, "differs: tcp/443: expected closed, found open (policy:1)\n"},
        {"tcp/22 rejected after 10.0.1.1", 1,
         "differs: tcp/22: expected rejected after 10.0.1.1, found rejected after 10.0.2.1 (policy:1)\n"},
        {"icmp open\ntcp/22 dropped", 2,
         "differs: icmp: expected open, not probed (policy:1)\n"
         "differs: tcp/22: expected dropped, found rejected at 10.0.3.1 (policy:2)\n"},
    };
    judge(0, "tcp/443", VERDICT_OPEN, "192.0.2.80", NULL);
    judge(1, "tcp/22", VERDICT_REJECTED, "10.0.3.1", "10.0.2.1");
    judge(2, "udp", VERDICT_DROPPED, NULL, "10.0.2.1");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf lines;
        strbuf_init(&lines);
        parsed(rows[i].text);
        struct result_expectation results[EXPECT_ROWS_MOST];
        is_num(expect_compare(&expect, &judgement, NULL, results), rows[i].differing, "comparison %zu", i);
        expect_add_lines(results, expect.count, &lines);
        is_text(lines.text, rows[i].want, "says what it found");
        strbuf_free(&lines);
    }
}

/* Links of 1400 behind hop 2 and 1300 behind hop 3. */
static void test_mtu(void)
{
    static const struct {
        const char *text;
        bool complete;
        const char *want;
    } rows[] = {
        {"mtu 1300", true, "as expected: 1 of 1 lines (policy)\n"},
        {"mtu >=1300\nmtu 1400 at 10.0.2.1\nMTU >=1400 at 10.0.1.1", true, "as expected: 3 of 3 lines (policy)\n"},
        {"mtu 1500 at 10.0.1.1", true, "as expected: 1 of 1 lines (policy)\n"},
        {"mtu >=1400", true, "differs: path MTU: expected mtu >=1400, found mtu 1300 (policy:1)\n"},
        {"mtu 1400", true, "differs: path MTU: expected mtu 1400, found mtu 1300 (policy:1)\n"},
        {"mtu >=1400 at 10.0.3.1", true,
         "differs: path MTU: expected mtu >=1400 at 10.0.3.1, found mtu 1300 (policy:1)\n"},
        {"mtu 1400 at 10.0.9.9", true,
         "differs: path MTU: expected mtu 1400 at 10.0.9.9, found 10.0.9.9 is not on the path (policy:1)\n"},
        {"mtu 1300", false, "differs: path MTU: expected mtu 1300, found mtu at most 1300 (policy:1)\n"},
    };
    struct trace trace;
    trace_init(&trace);
    struct path_mtu mtu = {.trace = &trace, .interface = 1500, .path = 1300, .end_ttl = 4, .step_count = 2};
    struct reply reply = {.kind = REPLY_TIME_EXCEEDED};
    addr_parse("10.0.1.1", &reply.from);
    trace_add_reply(&trace, trace_add_probe(&trace, 1, 1, 0), &reply);
    mtu.steps[0] = (struct mtu_step){.after_ttl = 2, .mtu = 1400};
    mtu.steps[1] = (struct mtu_step){.after_ttl = 3, .mtu = 1300};
    addr_parse("10.0.2.1", &mtu.steps[0].after);
    addr_parse("10.0.3.1", &mtu.steps[1].after);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf lines;
        strbuf_init(&lines);
        parsed(rows[i].text);
        mtu.complete = rows[i].complete;
        struct result_expectation results[EXPECT_ROWS_MOST];
        expect_compare(&expect, &judgement, &mtu, results);
        expect_add_lines(results, expect.count, &lines);
        is_text(lines.text, rows[i].want, "%s", rows[i].text);
        strbuf_free(&lines);
    }
    struct result_expectation result[EXPECT_ROWS_MOST];
    struct strbuf lines;
    strbuf_init(&lines);
    parsed("mtu 1300");
    is_num(expect_compare(&expect, &judgement, NULL, result), 1, "not measured: it differs");
    expect_add_lines(result, 1, &lines);
    is_text(lines.text, "differs: path MTU: expected mtu 1300, not measured (policy:1)\n", "not measured");
    is_text(parsed("mtu"), "policy:1: mtu: expected bytes, as mtu 1400 or mtu >=1400", "no MTU");
    is_text(parsed("mtu 12"), "policy:1: 12: expected bytes, as mtu 1400 or mtu >=1400", "too small");
    is_text(parsed("mtu 1400 after 10.0.0.1"), "policy:1: after: an MTU has `at ADDRESS` only", "after");
    is_text(parsed("mtu 1400 at x"), "policy:1: x: expected an IPv4 or IPv6 address", "no address");
    strbuf_free(&lines);
    trace_free(&trace);
}

int main(void)
{
    test_mtu();
    test_lines();
    test_hostile_files();
    test_comparison();
    return tap_done();
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The format map: its choice of a path, and the content of the map. */
#include <signal.h>
#include <stdlib.h>

#include "strategies/strategies.h"
#include "tap.h"
#include "unit/support/drawings.h"
#include "unit/support/graphs.h"
#include "unit/support/render.h"

/* One SVG file, and a well-formed one. */
static void check(const char *svg, const char *name, bool has_xmllint)
{
    is_num(count(svg, "<svg xmlns"), 1, "one drawing: %s", name);
    ok(strlen(svg) > 7 && strcmp(svg + strlen(svg) - 7, "</svg>\n") == 0, "to its end: %s", name);
    if (has_xmllint)
        ok(is_taken("xmllint --noout - >/dev/null 2>&1", svg), "well-formed: %s", name);
}

static struct address_facts *entry(struct address_book *book, const char *text)
{
    struct addr address;
    if (!addr_parse(text, &address))
        printf("Bail out! %s\n", text);
    return address_book_entry(book, &address);
}

static void put(struct address_book *book, const char *where, const char *city, double latitude, double longitude)
{
    struct address_place *place = &entry(book, where)->place;
    *place = (struct address_place){.has_position = true, .latitude = latitude, .longitude = longitude};
    address_copy(place->city, sizeof place->city, city, strlen(city));
}

static void name_it(struct address_book *book, const char *where, const char *name)
{
    struct address_facts *facts = entry(book, where);
    address_copy(facts->name, sizeof facts->name, name, strlen(name));
    facts->name_state = ADDRESS_NAME_KNOWN;
}

static struct address_book *make_book(void)
{
    struct address_book *book = address_book_new();
    put(book, "10.0.1.1", "Berlin", 52.52, 13.4);
    put(book, "10.0.2.1", "Tokyo", 35.68, 139.65);
    put(book, "192.0.2.80", "Paris", 48.86, 2.35);
    return book;
}

/* Hop 1 in Berlin, hop 2 silent, hop 3 in Tokyo, too fast. */
static void fill(struct fake *fake, const char *name)
{
    fake_init(fake, name, "192.0.2.80", "udp tcp/443");
    fake_hop(fake, 0, 1, "10.0.1.1", 2);
    fake_hop(fake, 0, 1, "10.0.1.1", 1);
    fake_silence(fake, 0, 2);
    fake_hop(fake, 0, 3, "10.0.2.1", 3);
}

static const char *draw(struct render *r, const struct fake *fake, const struct address_book *book)
{
    render_begin(r, "map", fake, NULL);
    r->report.first.result.book = book;
    return render_end(r, fake, NULL, NULL);
}

/* --- our own runs --- */

static void test_trace(bool has_xmllint)
{
    struct fake fake;
    struct render r;
    struct address_book *book = make_book();
    fill(&fake, "web.example");
    const char *svg = draw(&r, &fake, book);
    check(svg, "a trace", has_xmllint);
    ok(strstr(svg, "<title id=\"title\">path from 10.0.0.2 to web.example (192.0.2.80)</title>"), "what it is of");
    is_num(count(svg, "<g class=\"hop\">"), 3, "its hops");
    is_num(count(svg, "no answer"), 1, "the silent one, too");
    is_num(count(svg, "<g class=\"mark\">"), 2, "two places");
    ok(strstr(svg, "1.0 ms") || strstr(svg, "1.000 ms") || strstr(svg, "1.00 ms"), "the best RTT of a hop");
    ok(strstr(svg, "1 leg is too long"), "and a doubtful leg");
    render_free(&r);
    fake_free(&fake);
    address_book_free(book);
}

static void test_nothing_known(bool has_xmllint)
{
    struct fake fake;
    struct render r;
    fill(&fake, "");
    const char *svg = draw(&r, &fake, NULL);
    check(svg, "no book", has_xmllint);
    ok(strstr(svg, "No hop has a known place.") && count(svg, "<g class=\"hop\">") == 3, "no book: the hops alone");
    render_free(&r);
    fake_free(&fake);
    fake_init(&fake, "</title><script>\x1b", "192.0.2.80", "udp");
    svg = draw(&r, &fake, NULL);
    check(svg, "nothing sent", has_xmllint);
    ok(!strstr(svg, "<script"), "a hostile name is text");
    render_free(&r);
    fake_free(&fake);
}

static void test_guess(bool has_xmllint)
{
    struct fake fake;
    struct render r;
    struct address_book *book = make_book();
    fill(&fake, "");
    entry(book, "10.0.2.1")->place = (struct address_place){0};
    name_it(book, "10.0.2.1", "ae1.fra03.example.net");
    name_it(book, "10.0.1.1", "ae1.fra03.example.net");
    const char *svg = draw(&r, &fake, book);
    check(svg, "a guess", has_xmllint);
    ok(strstr(svg, "1 of them only from the hop's name"), "a guess from a name, but only if no place is known");
    ok(entry(book, "10.0.2.1")->place.has_position == false, "known facts stay as they are");
    render_free(&r);
    fake_free(&fake);
    address_book_free(book);
}

static void test_diagnosis(bool has_xmllint)
{
    struct fake fake;
    struct render r;
    fill(&fake, "");
    fake.session.config.strategy = &strategy_diagnose;
    fake_hop(&fake, 1, 1, "10.0.1.1", 2);
    fake_hop(&fake, 1, 4, "10.0.9.1", 2);
    const char *svg = draw(&r, &fake, NULL);
    check(svg, "a diagnosis", has_xmllint);
    ok(strstr(svg, ", tcp/443; 1 of 2 probes (choose by -P)</title>"), "the probe that got furthest");
    ok(strstr(svg, "10.0.9.1") && !strstr(svg, "10.0.2.1"), "and its hops");
    render_free(&r);
    fake_free(&fake);
}

static void test_paths(bool has_xmllint)
{
    struct fake fake;
    struct render r;
    struct made_graph made;
    struct address_book *book = make_book();
    fill(&fake, "");
    graphs_make_shape(&made, "chain");
    struct graph graphs[] = {made.graph, made.graph};
    render_begin(&r, "map", &fake, NULL);
    r.report.first.result.book = book;
    r.report.first.result.graphs = graphs;
    r.report.first.result.graph_count = 2;
    const char *svg = render_end(&r, &fake, NULL, NULL);
    check(svg, "paths", has_xmllint);
    ok(strstr(svg, "most used path from ") && strstr(svg, "1 of 2 graphs"), "the most used path of the first graph");
    is_num(count(svg, "<g class=\"hop\">"), 3, "its hops");
    is_num(count(svg, "<g class=\"mark\">"), 3, "and their places");
    render_free(&r);
    graphs_free(&made);
    fake_free(&fake);
    address_book_free(book);
}

static void test_several_runs(bool has_xmllint)
{
    struct fake fake;
    struct render r;
    fill(&fake, "");
    render_begin(&r, "map", &fake, NULL);
    report_take_session(&r.report, &fake.session);
    report_end(&r.report);
    report_begin(&r.report, &render_live, &fake.session);
    check(render_end(&r, &fake, NULL, NULL), "two runs", has_xmllint);
    render_free(&r);
    fake_free(&fake);
}

/* --- captures of any origin --- */

static void test_found(bool has_xmllint)
{
    struct fake fake, elsewhere;
    struct render r;
    fill(&fake, "");
    fake_hop(&fake, 1, 4, "10.0.9.1", 2);
    fake_init(&elsewhere, "", "198.51.100.9", "udp");
    fake_hop(&elsewhere, 0, 20, "10.0.8.1", 2);
    const struct trace *traces[] = {fake_trace(&fake, 0), fake_trace(&fake, 1), fake_trace(&elsewhere, 0)};
    const struct recognition found = {.traces = traces, .trace_count = 3};
    const struct result_source source = {.command = "replay"};
    render_open(&r, &output_map, NULL);
    report_begin(&r.report, &source, NULL);
    report_take_recognition(&r.report, &found);
    report_end(&r.report);
    report_begin(&r.report, &render_live, &fake.session);
    const char *svg = render_end(&r, &fake, NULL, NULL); /* a run of our own behind the capture has no map */
    check(svg, "other tools' traces", has_xmllint);
    ok(strstr(svg, "to 192.0.2.80, tcp/443; 1 of 3 traces (choose by --target, --source, -P)</title>"),
       "the trace that got furthest among those with the first one's ends");
    render_free(&r);

    const struct recognition empty = {.trace_count = 0};
    render_open(&r, &output_map, NULL);
    svg = render_recognition(&r, &empty, &source);
    check(svg, "no trace", has_xmllint);
    ok(strstr(svg, "<title id=\"title\">no trace found</title>"), "no trace found");
    render_free(&r);
    fake_free(&fake);
    fake_free(&elsewhere);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    bool has_xmllint = has_tool("xmllint");
    test_trace(has_xmllint);
    test_nothing_known(has_xmllint);
    test_guess(has_xmllint);
    test_diagnosis(has_xmllint);
    test_paths(has_xmllint);
    test_several_runs(has_xmllint);
    test_found(has_xmllint);
    return tap_done();
}

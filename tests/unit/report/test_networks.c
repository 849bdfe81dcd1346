/* SPDX-License-Identifier: BSD-2-Clause */
/* The networks and places below a table: exact lines. */
#include "report/text/notes/networks.h"

#include <stdlib.h>

#include "report/hops.h"
#include "strategies/strategies.h"
#include "tap.h"
#include "unit/support/graphs.h"
#include "unit/support/render.h"

#define NO_AS "AS path: no AS number is known for these hops\n"

/* --- paths made by hand --- */

static struct addr address(const char *text)
{
    struct addr a;
    if (!addr_parse(text, &a))
        printf("Bail out! %s\n", text);
    return a;
}

static struct address_facts *entry(struct address_book *book, const char *text)
{
    struct addr a = address(text);
    return address_book_entry(book, &a);
}

static void set(char *to, size_t bytes, const char *text)
{
    address_copy(to, bytes, text, strlen(text));
}

/* "10.0.0.1=64500:Example_Org": an address, its AS number and that one's name, in which "_" is a blank. */
static void add_hop(struct fake *fake, struct address_book *book, uint8_t ttl, char *word)
{
    char *number = strchr(word, '='), *name = number ? strchr(number, ':') : NULL;
    if (number)
        *number++ = '\0';
    if (name)
        *name++ = '\0';
    for (char *at = name; at && *at; at++)
        *at = *at == '_' ? ' ' : *at;
    if (strcmp(word, "*") == 0) {
        fake_silence(fake, 0, ttl);
        return;
    }
    fake_hop(fake, 0, ttl, word, ttl);
    if (!number)
        return;
    struct address_facts *facts = entry(book, word);
    facts->asn = (uint32_t)strtoul(number, NULL, 10);
    set(facts->as_name, sizeof facts->as_name, name ? name : "");
}

/* One hop for each word. */
static void add_hops(struct fake *fake, struct address_book *book, const char *words)
{
    char list[2048], *rest = list;
    uint8_t ttl = 1;
    snprintf(list, sizeof list, "%s", words);
    for (char *word = strtok_r(list, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        add_hop(fake, book, ttl++, word);
}

/* A path, the facts about it, and the output. */
struct scene {
    struct fake fake;
    struct result result;
    struct output out;
    struct address_book *book;
    struct strbuf text;
};

static void scene_init(struct scene *scene, const char *hops)
{
    fake_init(&scene->fake, "", "192.0.2.80", "udp");
    scene->book = address_book_new();
    scene->result = (struct result){.book = scene->book};
    scene->out = (struct output){.result = &scene->result, .options = {.width = 80, .wrap = 80}};
    strbuf_init(&scene->text);
    add_hops(&scene->fake, scene->book, hops);
}

static const char *tell(struct scene *scene)
{
    strbuf_clear(&scene->text);
    result_of_session(&scene->result, &scene->fake.session);
    networks_add_run(&scene->text, &scene->out);
    return scene->text.text;
}

static void scene_free(struct scene *scene)
{
    strbuf_free(&scene->text);
    address_book_free(scene->book);
    fake_free(&scene->fake);
}

/* --- AS path --- */

static const struct {
    const char *name, *hops, *lines;
} as_paths[] = {
    {"two ASes", "62.1.0.1=64500:Example 62.1.0.2=64500:Example 62.2.0.1=64501:Other_Net",
     "AS path: AS64500 Example (hop 1) > AS64501 Other Net (hop 3)\n"},
    {"no replies", "* * *", ""},
    {"no AS number", "62.1.0.1 * 10.0.0.1", NO_AS},
    {"silence within an AS", "62.1.0.1=1:A * 62.1.0.3=1:A * 62.2.0.1=2:B", "AS path: AS1 A (hop 1) > AS2 B (hop 5)\n"},
    {"no AS number within an AS and between two", "62.1.0.1=1:A 62.9.0.1 62.1.0.3=1:A 62.9.0.2 62.2.0.1=2:B",
     "AS path: AS1 A (hop 1) > AS2 B (hop 5)\n"},
    {"an AS again", "62.1.0.1=1:A 62.2.0.1=2:B 62.1.0.2=1:A",
     "AS path: AS1 A (hop 1) > AS2 B (hop 2) > AS1 A (hop 3)\n"},
    {"private before, between and behind", "192.168.1.1 10.0.0.1 62.1.0.1=1:A 10.1.0.1 62.2.0.1=2:B 172.16.0.1",
     "AS path: private (hop 1) > AS1 A (hop 3) > private (hop 4) > AS2 B (hop 5) >\n"
     "    private (hop 6)\n"},
    {"private within an AS", "62.1.0.1=1:A 10.1.0.1 100.64.0.1 62.1.0.2=1:A 10.1.0.2",
     "AS path: AS1 A (hop 1) > private (hop 5)\n"},
    {"shared and documentation", "10.0.0.1 100.64.0.1 62.1.0.1=1:A 203.0.113.1",
     "AS path: private (hop 1) > shared (CGN) (hop 2) > AS1 A (hop 3) > documentation\n"
     "    (hop 4)\n"},
    {"an exchange, announced by any AS", "62.1.0.1=1:A 80.81.192.5=6695:DE-CIX 80.81.192.6 62.2.0.1=2:B",
     "AS path: AS1 A (hop 1) > IXP DE-CIX Frankfurt (hop 2) > AS2 B (hop 4)\n"},
    {"an exchange within an AS", "62.1.0.1=1:A 80.81.192.5 10.0.0.1 62.1.0.2=1:A",
     "AS path: AS1 A (hop 1) > IXP DE-CIX Frankfurt (hop 2) > private (hop 3) > AS1 A\n"
     "    (hop 4)\n"},
    {"IXPs alone are no AS", "80.81.192.5", NO_AS},
    {"a private address of an AS", "10.0.0.1=65001:Lab", "AS path: AS65001 Lab (hop 1)\n"},
    {"special AS numbers without a name", "62.1.0.1=65001 62.2.0.1=64500 62.3.0.1=23456 62.4.0.1=4200000000 62.5.0.1=3",
     "AS path: AS65001 private (RFC 6996) (hop 1) > AS64500 documentation (RFC 5398)\n"
     "    (hop 2) > AS23456 AS_TRANS (RFC 6793) (hop 3) > AS4200000000 private (RFC\n"
     "    6996) (hop 4) > AS3 (hop 5)\n"},
    {"hostile names", "62.1.0.1=1:\x1b[2J\n 62.2.0.1=2:\xff\xc3\\%s",
     "AS path: AS1 \\x1b[2J\\x0a (hop 1) > AS2 \\xff\\xc3\\x5c%s (hop 2)\n"},
};

static void test_as_paths(void)
{
    for (size_t i = 0; i < sizeof as_paths / sizeof *as_paths; i++) {
        struct scene scene;
        scene_init(&scene, as_paths[i].hops);
        is_text(tell(&scene), "", "%s: not asked for", as_paths[i].name);
        scene.out.options.networks = true;
        is_text(tell(&scene), as_paths[i].lines, "%s", as_paths[i].name);
        scene_free(&scene);
    }
}

static size_t widest_line(const char *text)
{
    size_t widest = 0;
    for (; *text; text += strspn(text, "\n")) {
        size_t width = strcspn(text, "\n");
        widest = width > widest ? width : widest;
        text += width;
    }
    return widest;
}

static void test_width(void)
{
    struct scene scene;
    scene_init(&scene, "62.1.0.1=4200000001:A_name_of_some_length 62.2.0.1=4200000002:B 62.3.0.1=4200000003:C_D_E "
                       "62.4.0.1=4200000004:The_name_of_one_more_network_that_is_rather_long 62.5.0.1=4200000005:F");
    scene.out.options.networks = true;
    for (unsigned width = 40; width <= 120; width++) {
        scene.out.options.wrap = width;
        const char *text = tell(&scene);
        if (widest_line(text) > width || strstr(text, " \n"))
            ok(false, "%u columns: %s", width, text);
    }
    ok(strstr(tell(&scene), "(hop 5)\n"), "no line is wider than asked for");
    scene_free(&scene);
}

/* Hop 2 refuses what it is to forward: probes with the TTL of hop 3. */
static void test_refusing_hop(void)
{
    struct scene scene;
    struct hops path = {0}, all = {0};
    scene_init(&scene, "62.1.0.1=1:A 62.2.0.1=2:B");
    for (uint8_t ttl = 3; ttl <= 4; ttl++)
        fake_answer(
            &scene.fake, 0, fake_send(&scene.fake, 0, ttl),
            &(struct fake_reply){
                .from = ttl == 3 ? "62.2.0.1" : "62.9.0.1", .ms = 1, .kind = REPLY_UNREACHABLE, .type = 3, .code = 13});
    tell(&scene);
    hops_add_trace(&path, fake_trace(&scene.fake, 0), scene.book);
    hops_add_all_of_trace(&all, fake_trace(&scene.fake, 0), scene.book);
    is_num(path.count, 2, "a device that refuses is at its own hop alone: the path");
    is_num(all.count, 2, "and all addresses, up to the first refusal");
    hops_free(&path);
    hops_free(&all);
    scene_free(&scene);
    scene_init(&scene, "62.1.0.1=1:A");
    fake_answer(&scene.fake, 0, fake_send(&scene.fake, 0, 2),
                &(struct fake_reply){.from = "62.2.0.1", .ms = 1, .kind = REPLY_UNREACHABLE, .type = 3, .code = 13});
    tell(&scene);
    hops_add_trace(&path, fake_trace(&scene.fake, 0), scene.book);
    hops_add_all_of_trace(&all, fake_trace(&scene.fake, 0), scene.book);
    is_num(path.count, 2, "one that is known by its refusal alone has a hop");
    is_num(all.count, 2, "among all addresses, too");
    hops_free(&path);
    hops_free(&all);
    scene_free(&scene);
}

static void test_long_path(void)
{
    struct scene scene;
    scene_init(&scene, "");
    scene.out.options.networks = true;
    for (unsigned ttl = 1; ttl <= 255; ttl++) {
        char word[64];
        snprintf(word, sizeof word, "62.0.%u.1=%u:N", ttl, ttl);
        add_hop(&scene.fake, scene.book, (uint8_t)ttl, word);
    }
    fake_trace(&scene.fake, 0)->max_ttl = 255;
    ok(strstr(tell(&scene), "AS255 N (hop 255)\n"), "255 networks");
    scene_free(&scene);
}

static void test_nothing(void)
{
    struct scene scene;
    scene_init(&scene, "62.1.0.1=1:A");
    scene.out.options.networks = true;
    scene.out.options.quiet = true;
    is_text(tell(&scene), "", "--quiet");
    scene.out.options.quiet = false;
    scene.result.book = NULL;
    is_text(tell(&scene), "", "nothing is known");
    scene_free(&scene);
}

/* --- places --- */

static void put(struct scene *scene, const char *where, const char *city, const char *country, double latitude,
                double longitude)
{
    struct address_place *place = &entry(scene->book, where)->place;
    *place = (struct address_place){.has_position = true, .latitude = latitude, .longitude = longitude};
    set(place->city, sizeof place->city, city);
    set(place->country, sizeof place->country, country);
}

static void test_doubts(void)
{
    struct scene scene;
    scene_init(&scene, "10.0.0.1 62.1.0.1 * 62.1.0.3 62.1.0.4");
    put(&scene, "62.1.0.1", "Berlin", "DE", 52.52, 13.4);
    put(&scene, "62.1.0.4", "Tokyo", "JP", 35.68, 139.65);
    is_text(tell(&scene), "", "places are not requested");
    scene.out.options.places = true;
    is_text(tell(&scene),
            "doubtful: hop 2 (Berlin, DE) to hop 5 (Tokyo, JP): 8915 km, a round trip of\n"
            "    17731 km or more: light in fibre needs 88.7 ms, measured 5.0 ms; a place or\n"
            "    an RTT is wrong, or the packets took another path\n",
            "too far for its time");
    put(&scene, "62.1.0.4", "Potsdam", "DE", 52.39, 13.06);
    is_text(tell(&scene), "", "near enough");
    put(&scene, "62.1.0.4", "", "", 35.68, 139.65);
    put(&scene, "62.1.0.1", "\x1b\n", "", 52.52, 13.4);
    ok(strstr(tell(&scene), "doubtful: hop 2 (\\x1b\\x0a) to hop 5: 8915 km"), "without names, or with hostile ones");
    entry(scene.book, "62.1.0.4")->place = (struct address_place){0};
    set(entry(scene.book, "62.1.0.4")->name, ADDRESS_NAME_BYTES, "tyo1.nrt3.example.net");
    entry(scene.book, "62.1.0.4")->name_state = ADDRESS_NAME_CONFIRMED;
    is_text(tell(&scene), "", "a guessed place raises no doubt");
    scene_free(&scene);
}

static void test_slow_enough(void)
{
    struct scene scene;
    scene_init(&scene, "");
    scene.out.options.places = true;
    fake_hop(&scene.fake, 0, 1, "62.1.0.1", 1);
    fake_hop(&scene.fake, 0, 2, "62.1.0.2", 120);
    fake_hop(&scene.fake, 0, 2, "62.1.0.9", 3);
    put(&scene, "62.1.0.1", "Berlin", "DE", 52.52, 13.4);
    put(&scene, "62.1.0.2", "Tokyo", "JP", 35.68, 139.65);
    is_text(tell(&scene), "", "the RTT of another address at that hop does not count");
    fake_hop(&scene.fake, 0, 2, "62.1.0.2", 20);
    ok(strstr(tell(&scene), "measured 20.0 ms"), "its own best RTT does");
    scene_free(&scene);
}

/* --- registries --- */

static void register_as(struct scene *scene, const char *where, const char *netname, const char *organisation,
                        const char *country)
{
    struct address_whois *whois = &entry(scene->book, where)->whois;
    set(whois->netname, sizeof whois->netname, netname);
    set(whois->organisation, sizeof whois->organisation, organisation);
    set(whois->country, sizeof whois->country, country);
}

static void test_registries(void)
{
    struct scene scene;
    scene_init(&scene, "62.1.0.1 62.2.0.1 62.1.0.2 62.3.0.1 62.1.0.1 62.4.0.1");
    register_as(&scene, "62.1.0.1", "EXAMPLE-NET", "Example Org", "DE");
    register_as(&scene, "62.1.0.2", "EXAMPLE-NET", "Example Org", "DE");
    register_as(&scene, "62.2.0.1", "", "", "JP");
    register_as(&scene, "62.3.0.1", "A\nB", "\xff", "");
    is_text(tell(&scene),
            "whois: 62.1.0.1 (hop 1), 62.1.0.2 (hop 3): EXAMPLE-NET, Example Org, DE\n"
            "whois: 62.2.0.1 (hop 2): JP\n"
            "whois: 62.3.0.1 (hop 4): A\\x0aB, \\xff\n",
            "one line a registry entry, and each address once");
    fake_hop(&scene.fake, 0, 2, "62.5.0.1", 1);
    register_as(&scene, "62.5.0.1", "SECOND", "", "");
    ok(strstr(tell(&scene), "whois: 62.5.0.1 (hop 2): SECOND\n"), "the second to answer at a hop is there");
    scene_free(&scene);
}

/* --- a diagnosis, all paths, and other captures --- */

static void test_diagnosis(void)
{
    struct scene scene;
    scene_init(&scene, "");
    fake_free(&scene.fake);
    fake_init(&scene.fake, "", "192.0.2.80", "udp/53 tcp/443 icmp");
    scene.fake.session.config.strategy = &strategy_diagnose;
    scene.out.options.networks = scene.out.options.places = true;
    fake_hop(&scene.fake, 0, 1, "62.1.0.1", 1);
    fake_hop(&scene.fake, 1, 1, "62.1.0.2", 1);
    fake_hop(&scene.fake, 1, 2, "62.2.0.1", 1);
    fake_hop(&scene.fake, 2, 1, "62.1.0.1", 1);
    fake_hop(&scene.fake, 2, 2, "62.2.0.2", 1);
    is_text(tell(&scene), "AS path by tcp/443: no AS number is known for these hops\n", "nothing known: no list");
    entry(scene.book, "62.1.0.1")->asn = 1;
    entry(scene.book, "62.2.0.1")->asn = 2;
    set(entry(scene.book, "62.2.0.1")->name, ADDRESS_NAME_BYTES, "gw.example");
    entry(scene.book, "62.2.0.1")->name_state = ADDRESS_NAME_CONFIRMED;
    set(entry(scene.book, "62.2.0.1")->place.country, 3, "DE");
    is_text(tell(&scene),
            "hop 1   62.1.0.1 [AS1]\n"
            "hop 2   gw.example (62.2.0.1) [AS2] [DE]\n"
            "AS path by tcp/443: AS2 (hop 2)\n",
            "addresses with facts, each once; the path of the first trace that got furthest");
    scene_free(&scene);
}

static void test_graphs(void)
{
    struct scene scene;
    struct made_graph made;
    scene_init(&scene, "");
    graphs_make_shape(&made, "two diamonds");
    entry(scene.book, "10.0.1.1")->asn = 1;
    entry(scene.book, "10.0.4.1")->asn = 2;
    register_as(&scene, "10.0.5.4", "FOUR", "", "");
    struct graph graphs[] = {made.graph, made.graph};
    scene.result.graphs = graphs;
    scene.result.graph_count = 1;
    scene.out.options.networks = true;
    networks_add_graphs(&scene.text, &scene.out);
    is_text(scene.text.text,
            "AS path of most flows: AS1 (hop 1) > private (hop 2) > AS2 (hop 4) > private\n"
            "    (hop 5) > documentation (hop 6)\n"
            "whois: 10.0.5.4 (hop 5): FOUR\n",
            "the path that most flows took, and all nodes");
    scene.result.graph_count = 2;
    strbuf_clear(&scene.text);
    networks_add_graphs(&scene.text, &scene.out);
    ok(strstr(scene.text.text, " to 192.0.2.80: AS1 (hop 1)"), "several graphs are named");
    graphs_free(&made);
    scene_free(&scene);
}

static void test_trace(void)
{
    struct scene scene;
    scene_init(&scene, "10.0.0.1 62.1.0.1=1:A");
    scene.out.options.networks = true;
    networks_add_trace(&scene.text, fake_trace(&scene.fake, 0), &scene.out);
    is_text(scene.text.text, "AS path: private (hop 1) > AS1 A (hop 2)\n", "a trace of another tool's");
    scene_free(&scene);
}

/* More addresses at one hop than are listed. */
static void test_crowd(void)
{
    struct scene scene;
    struct hops hops = {0};
    scene_init(&scene, "62.1.0.1");
    for (unsigned i = 0; i < 100; i++) {
        char from[ADDR_TEXT_BYTES];
        snprintf(from, sizeof from, "62.2.0.%u", i);
        fake_hop(&scene.fake, 0, 2, from, 1);
    }
    hops_add_all_of_trace(&hops, fake_trace(&scene.fake, 0), NULL);
    is_num(hops.count, 1 + HOPS_AT_A_TTL_MOST, "a hop has a bounded number of addresses");
    hops_free(&hops);
    scene_free(&scene);
}

/* --- in the report --- */

static void test_place_in_report(void)
{
    struct scene scene;
    struct render r;
    scene_init(&scene, "62.1.0.1=1:A 62.2.0.1=2:B");
    render_begin(&r, "text", &scene.fake, &(struct output_options){.width = 80, .wrap = 80, .networks = true});
    r.report.first.result.book = scene.book;
    render_hops(&r, &scene.fake, 1, 2);
    const char *text = render_end(&r, &scene.fake, NULL, NULL);
    const char *path = strstr(text, "\n\nAS path: AS1 A (hop 1) > AS2 B (hop 2)\n");
    ok(path && strstr(text, "62.2.0.1") < path, "below the table, a blank line between");
    render_free(&r);
    scene_free(&scene);
}

static void test_place_in_diagnosis(void)
{
    struct scene scene;
    struct render r;
    scene_init(&scene, "62.1.0.1=1:A");
    scene.fake.session.config.strategy = &strategy_diagnose;
    render_begin(&r, "text", &scene.fake, &(struct output_options){.width = 80, .wrap = 80, .networks = true});
    r.report.first.result.book = scene.book;
    const char *text = render_end(&r, &scene.fake, NULL, NULL);
    const char *list = strstr(text, "\n\nhop 1   62.1.0.1 [AS1 A]\nAS path by udp: AS1 A (hop 1)\n");
    ok(list && strstr(text, " 1  62.1.0.1 ") < list, "below the matrix");
    render_free(&r);
    scene_free(&scene);
}

/* A capture of any origin. */
static void test_place_in_replay(void)
{
    static const struct judgement none;
    struct scene scene;
    char *text = NULL;
    size_t length;
    scene_init(&scene, "62.1.0.1=1:A");
    scene.out.options.networks = true;
    scene.out.file = open_memstream(&text, &length);
    const struct trace *trace = fake_trace(&scene.fake, 0);
    output_text.judged(&scene.out, &(struct judged_group){&trace, 1, &none, false});
    fclose(scene.out.file);
    const char *path = strstr(text, "\nAS path: AS1 A (hop 1)\n");
    ok(path && strstr(text, " 1  62.1.0.1 ") < path, "below a trace that is not our own");
    free(text);
    scene_free(&scene);
}

int main(void)
{
    test_as_paths();
    test_width();
    test_refusing_hop();
    test_long_path();
    test_nothing();
    test_doubts();
    test_slow_enough();
    test_registries();
    test_diagnosis();
    test_graphs();
    test_trace();
    test_crowd();
    test_place_in_report();
    test_place_in_diagnosis();
    test_place_in_replay();
    return tap_done();
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps of paths: their content and places; they are well-formed with any names. */
#include "report/map/map.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>

#include "report/map/coastline.h"
#include "tap.h"
#include "unit/support/drawings.h"

#define HOPS_MOST 255

/* A path made by hand, and its map. */
struct sheet {
    struct address_facts abouts[HOPS_MOST];
    struct path_hop hops[HOPS_MOST];
    struct address_place source;
    struct map_view view;
    char *svg;
};

static struct sheet *sheet_new(void)
{
    struct sheet *sheet = calloc(1, sizeof *sheet);
    sheet->view = (struct map_view){.title = "path to web.example", .hops = sheet->hops};
    return sheet;
}

static void sheet_free(struct sheet *sheet)
{
    free(sheet->svg);
    free(sheet);
}

static struct address_place place_at(const char *city, double latitude, double longitude)
{
    struct address_place place = {.country = "XX", .has_position = true, .latitude = latitude, .longitude = longitude};
    address_copy(place.city, sizeof place.city, city, strlen(city));
    return place;
}

/* A hop without facts. */
static struct path_hop *add_hop(struct sheet *sheet, double rtt_ms)
{
    size_t index = sheet->view.count++;
    const uint8_t bytes[4] = {192, 0, 2, (uint8_t)(index + 1)};
    struct path_hop *hop = &sheet->hops[index];
    hop->ttl = (uint8_t)(index + 1);
    hop->address = addr_from_bytes(4, bytes);
    hop->best_rtt = rtt_ms < 0 ? NSTIME_NEVER : (nstime)(rtt_ms * (double)NS_PER_MS);
    return hop;
}

static struct address_facts *add_placed(struct sheet *sheet, const char *city, double latitude, double longitude,
                                        double rtt_ms)
{
    struct address_facts *facts = &sheet->abouts[sheet->view.count];
    struct path_hop *hop = add_hop(sheet, rtt_ms);
    facts->address = hop->address;
    facts->place = place_at(city, latitude, longitude);
    hop->facts = facts;
    return facts;
}

static const char *draw(struct sheet *sheet)
{
    size_t length;
    free(sheet->svg);
    FILE *file = open_memstream(&sheet->svg, &length);
    bool drawn = map_draw(&sheet->view, file);
    fclose(file);
    ok(drawn && strlen(sheet->svg) == length, "drawn");
    return sheet->svg;
}

/* --- the coastline --- */

/* The number of times that a line to the north pole crosses a ring; `good`: all points of the ring are on Earth. */
static unsigned crossings(const int16_t *ring, double longitude, double latitude, bool *good)
{
    unsigned crossings = 0;
    double x = ring[1], y = ring[2];
    for (int i = 0; i < ring[0]; i++) {
        bool is_last = i + 1 == ring[0];
        double next_x = is_last ? ring[1] : x + ring[3 + 2 * i], next_y = is_last ? ring[2] : y + ring[4 + 2 * i];
        *good = *good && fabs(x) <= 18000 && fabs(y) <= 9000;
        if ((x > longitude * 100) != (next_x > longitude * 100))
            crossings += y + (next_y - y) * (longitude * 100 - x) / (next_x - x) > latitude * 100;
        x = next_x;
        y = next_y;
    }
    return crossings;
}

static void test_coastline(void)
{
    static const struct {
        const char *name;
        double longitude, latitude;
        bool is_land;
    } rows[] = {
        {"Berlin", 13.4, 52.5, true},     {"Denver", -105, 39.7, true},       {"Alice Springs", 133.9, -23.7, true},
        {"Dublin", -6.4, 53.3, true},     {"Chukotka", -175, 66.5, true},     {"the south pole", 1, -89, true},
        {"the Atlantic", -35, 40, false}, {"the Caspian Sea", 51, 42, false}, {"the Pacific", 179.5, 0, false},
    };
    bool good = true;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned odd = 0;
        size_t at = 0;
        for (; at < coastline_count && coastline[at] > 2; at += 1 + 2 * (size_t)coastline[at])
            odd += crossings(&coastline[at], rows[i].longitude, rows[i].latitude, &good);
        is_num(at, coastline_count, "coastline: its rings are whole");
        is_num(odd % 2, rows[i].is_land, "coastline: %s is %s", rows[i].name, rows[i].is_land ? "land" : "water");
    }
    ok(good, "coastline: all of it is on Earth");
}

/* --- well-formed --- */

/* All positions and sizes are numbers. */
static bool has_numbers_only(const char *svg)
{
    return !strstr(svg, "nan") && !strstr(svg, "inf\"") && !strstr(svg, "inf ");
}

static void check(const char *svg, const char *name, bool has_xmllint)
{
    ok(!strstr(svg, "href") && !strstr(svg, "<script") && count(svg, "http") == 1 && !strstr(svg, "url("),
       "needs no other file, and runs nothing: %s", name);
    ok(has_numbers_only(svg), "all positions are numbers: %s", name);
    ok(strstr(svg, "<title id=\"title\">") && strstr(svg, "<desc id=\"desc\">"), "says what it shows: %s", name);
    if (has_xmllint)
        ok(is_taken("xmllint --noout - >/dev/null 2>&1", svg), "well-formed: %s", name);
}

/* --- places --- */

/* The place of the mark whose tooltip begins so: "hop 3 ". */
static bool find_mark(const char *svg, const char *tooltip, double *x, double *y)
{
    char text[64];
    snprintf(text, sizeof text, "<g class=\"mark\"><title>%s", tooltip);
    const char *at = strstr(svg, text);
    const char *x_at = at ? strstr(at, "x=\"") : NULL;
    const char *y_at = x_at ? strstr(x_at, "y=\"") : NULL;
    return y_at && sscanf(x_at, "x=\"%lf", x) == 1 && sscanf(y_at, "y=\"%lf", y) == 1;
}

static void test_places(bool has_xmllint)
{
    struct sheet *sheet = sheet_new();
    double x[4], y[4];
    add_placed(sheet, "Berlin", 52.52, 13.4, 1);
    add_placed(sheet, "Berlin", 52.5, 13.42, 2);
    add_hop(sheet, 3);
    add_placed(sheet, "Paris", 48.86, 2.35, 20);
    add_placed(sheet, "Madrid", 40.4, -3.7, 40);
    sheet->hops[4].is_guess = true;
    add_hop(sheet, -1)->address = (struct addr){0};
    const char *svg = draw(sheet);
    check(svg, "Europe", has_xmllint);
    is_num(count(svg, "<g class=\"hop\">"), 6, "every hop has its row");
    is_num(count(svg, "<g class=\"mark\">"), 3, "every spot has its mark");
    is_num(count(svg, "<path class=\"leg"), 3, "a leg from each place to the next");
    is_num(count(svg, "<circle class=\"guess\""), 2, "a hint is hollow, in the map and in the legend");
    is_num(count(svg, "place unknown"), 1, "an unknown place is shown");
    is_num(count(svg, "no answer"), 1, "a silent hop is shown");
    ok(strstr(svg, "The place of 4 of 6 hops is known, 1 of them only from the hop's name."),
       "the head counts known places");
    ok(strstr(svg, "<tspan class=\"number\">1, 2</tspan> Berlin</text>"), "hops at one spot share a label");
    ok(find_mark(svg, "hop 1 ", &x[0], &y[0]) && find_mark(svg, "hop 4 ", &x[1], &y[1]) &&
           find_mark(svg, "hop 5 ", &x[2], &y[2]) && x[0] > x[1] && x[1] > x[2] && y[0] < y[1] && y[1] < y[2],
       "east is right, and north is up");
    double wide = (x[1] - x[2]) / 6.05 * 8.46 / (y[2] - y[1]);
    ok(wide > 0.64 && wide < 0.75, "a degree of longitude is as short as it is in the middle of the map");
    sheet_free(sheet);
}

static void test_runs(void)
{
    struct sheet *sheet = sheet_new();
    for (unsigned i = 0; i < 12; i++)
        add_placed(sheet, i % 4 == 3 ? "Far" : "Near", i % 4 == 3 ? 60 : 50, 10, 100);
    const char *svg = draw(sheet);
    ok(strstr(svg, ">1-3, 5-7, 9-11</tspan> Near<"), "hops in a row are a range");
    ok(strstr(svg, ">4, 8, 12</tspan> Far<"), "others stand each for itself");
    for (unsigned i = 12; i < 24; i++)
        add_placed(sheet, i % 2 ? "Far" : "Near", i % 2 ? 60 : 50, 10, 100);
    ok(strstr(draw(sheet), ">1-3, 5-7, 9-11, 13, ...</tspan> Near<"), "and more than a few are not all told");
    sheet_free(sheet);

    sheet = sheet_new();
    add_placed(sheet, "", 50, 10, 100);
    add_placed(sheet, "Here", 50, 10, 100);
    add_placed(sheet, "There", 50, 10, 100);
    add_placed(sheet, "Here", 50, 10, 100);
    sheet->hops[3].ttl = 6;
    ok(strstr(draw(sheet), ">1-3, 6</tspan> Here<"), "the first name is the spot's, and TTLs between are not");
    sheet_free(sheet);
}

/* --- the antimeridian --- */

static void test_pacific(bool has_xmllint)
{
    struct sheet *sheet = sheet_new();
    double x[2], y[2];
    add_placed(sheet, "Tokyo", 35.68, 139.65, 1);
    add_placed(sheet, "Los Angeles", 34.05, -118.24, 200);
    const char *svg = draw(sheet);
    check(svg, "Pacific", has_xmllint);
    ok(find_mark(svg, "hop 1 ", &x[0], &y[0]) && find_mark(svg, "hop 2 ", &x[1], &y[1]) && x[0] < x[1],
       "the Pacific is in the middle");
    ok(x[1] - x[0] > 600, "and fills the map");
    const char *leg = strstr(svg, "<path class=\"leg\" d=\"M");
    size_t length = leg ? strcspn(strchr(leg, 'M') + 1, "M\"") : 0;
    ok(length > 500 && strchr(leg, 'M')[1 + length] == '"', "the leg is one line");
    sheet_free(sheet);
}

static void test_around(bool has_xmllint)
{
    struct sheet *sheet = sheet_new();
    for (int longitude = -180; longitude <= 180; longitude += 60)
        add_placed(sheet, "", 1, longitude, 900);
    const char *svg = draw(sheet);
    check(svg, "around the world", has_xmllint);
    is_num(count(svg, "<g class=\"mark\">"), 6, "both names of the antimeridian are one place");
    is_num(count(svg, "<path class=\"leg\""), 6, "and all legs are there");
    sheet_free(sheet);

    sheet = sheet_new();
    add_placed(sheet, "", 90, 10, 900);
    add_placed(sheet, "", -90, 10, 900);
    add_placed(sheet, "", 80, 0, 900);
    add_placed(sheet, "", 80, 180, 900);
    check(draw(sheet), "poles", has_xmllint);
    sheet_free(sheet);
}

/* --- doubts --- */

static void test_doubts(void)
{
    struct sheet *sheet = sheet_new();
    sheet->source = place_at("Berlin", 52.52, 13.4);
    sheet->view.source = &sheet->source;
    add_placed(sheet, "Paris", 48.86, 2.35, 20);
    add_placed(sheet, "New York", 40.71, -74, 40);
    add_placed(sheet, "Chicago", 41.88, -87.6, -1);
    add_placed(sheet, "Boston", 42.36, -71.06, 90);
    const char *svg = draw(sheet);
    is_num(count(svg, "<path class=\"leg\""), 3, "legs that may be");
    is_num(count(svg, "<path class=\"leg doubt\" d=\"M0 0h40\""), 1, "the legend has the other kind");
    is_num(count(svg, "<path class=\"leg doubt\""), 2, "and the map has one of it");
    ok(strstr(svg, "<title>source to hop 1, 877 km</title>"), "a leg from the source");
    const char *doubt = strstr(svg, "<title>hop 1 to hop 2, 58");
    ok(doubt && strstr(doubt, "light in fibre needs 64.") && strstr(doubt, "measured 40.0 ms</title>"),
       "its tooltip says why");
    is_num(count(svg, "class=\"cell doubt\""), 1, "its row says so too");
    ok(strstr(svg, "; 1 leg is too long for the measured time."), "and the head");
    sheet->view.source = NULL;
    svg = draw(sheet);
    is_num(count(svg, "<path class=\"leg"), 4, "without a source, there is no leg from it");
    is_num(count(svg, "source"), 1, "nor a mark: its style is left");
    sheet->hops[1].best_rtt = 100 * NS_PER_MS;
    is_num(count(draw(sheet), "<path class=\"leg doubt\""), 0, "time enough");
    sheet_free(sheet);

    sheet = sheet_new();
    sheet->source = place_at("Berlin", 52.52, 13.4);
    sheet->view.source = &sheet->source;
    add_placed(sheet, "New York", 40.71, -74, 200);
    add_placed(sheet, "New York", 40.71, -74, 5);
    svg = draw(sheet);
    ok(strstr(svg, ">0 km, needs 63.") && count(svg, "<path class=\"leg") == 2,
       "a place too far from the source is doubtful, where no leg leads there either");
    sheet_free(sheet);
}

/* --- nothing to show --- */

static void test_nowhere(bool has_xmllint)
{
    struct sheet *sheet = sheet_new();
    const char *svg = draw(sheet);
    check(svg, "no hop", has_xmllint);
    ok(strstr(svg, "No hop has a known place."), "no hop: the head says so");
    add_hop(sheet, 5);
    struct address_facts *facts = add_placed(sheet, "Nowhere", (double)NAN, (double)INFINITY, 6);
    svg = draw(sheet);
    check(svg, "no place", has_xmllint);
    is_num(count(svg, "<desc id=\"desc\">No hop has a known place.</desc>"), 1, "no place: said to be so");
    is_num(count(svg, "<g class=\"mark\">") + count(svg, "<path class=\"leg"), 0, "and nothing is on the map");
    ok(strstr(svg, "Nowhere, XX <tspan class=\"faint\">(not on the map)</tspan>"), "a name without a position");
    facts->place = (struct address_place){.has_position = true};
    svg = draw(sheet);
    ok(strstr(svg, "without a name") && count(svg, "<g class=\"mark\">") == 1, "and a position without a name");
    sheet->view.title = NULL;
    check(draw(sheet), "no title", has_xmllint);
    sheet_free(sheet);
}

/* --- foreign text --- */

static const char *const hostile[] = {
    "</title></text></svg><script>alert(1)</script>",
    "\"'><image href=\"http://x\"/>",
    "]]>&#x41;&lt;<!--",
    "\x1b]0;x\x07\n\r\t",
    "\xef\xbf\xbe\xef\xbf\xbf\xed\xa0\x80\xff",
    "\xe2\x80\xae\xc2\x9b\\",
    "\xc3",
    "%s%n",
    "a very long name of a place that has no end, nor any use for one, as far as anybody knows",
};

static void test_names(bool has_xmllint)
{
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        struct sheet *sheet = sheet_new();
        sheet->view.title = hostile[i];
        struct address_facts *facts = add_placed(sheet, hostile[i], 10, 20, 5);
        address_copy(facts->place.country, sizeof facts->place.country, hostile[i], strlen(hostile[i]));
        address_copy(facts->name, sizeof facts->name, hostile[i], strlen(hostile[i]));
        facts->name_state = ADDRESS_NAME_KNOWN;
        const char *svg = draw(sheet);
        ok(!strstr(svg, "<script") && !strstr(svg, "<image"), "no element of theirs");
        is_num(count(svg, "<g class=\"hop\">"), 1, "one row");
        if (has_xmllint)
            ok(is_taken("xmllint --noout - >/dev/null 2>&1", svg), "well-formed: hostile name %zu", i);
        sheet_free(sheet);
    }
}

static void test_long_names(void)
{
    struct sheet *sheet = sheet_new();
    char title[400] = "";
    for (unsigned i = 0; i < 100; i++)
        strcat(title, "\xe6\x9d\xb1");
    sheet->view.title = title;
    const char *svg = draw(sheet);
    const char *cut = strstr(svg, "class=\"title\"");
    cut = cut ? strstr(cut, "</title>") : NULL;
    is_num(cut ? strcspn(cut + 8, "<") : 0, 46 * 3, "a long title of wide characters ends between two of them");
    is_num(count(svg, title), 2, "and is in its tooltip and in the name of the drawing");
    sheet_free(sheet);
}

static void test_name_states(void)
{
    struct sheet *sheet = sheet_new();
    struct address_facts *facts = add_placed(sheet, "Berlin", 52.52, 13.4, 1);
    address_copy(facts->name, sizeof facts->name, "ber1.example", 12);
    facts->name_state = ADDRESS_NAME_UNCONFIRMED;
    const char *svg = draw(sheet);
    ok(!strstr(svg, "ber1.example") && strstr(svg, ">192.0.2.1<"), "a name that has another address is not told");
    facts->name_state = ADDRESS_NAME_CONFIRMED;
    ok(strstr(draw(sheet), ">ber1.example<"), "one that has this address is");
    sheet_free(sheet);
}

/* --- many --- */

struct rectangle {
    double left, top, right;
};

/* The labels of the marks, by their anchors and a width of at least 5 pixels a byte of ASCII. */
static size_t read_labels(const char *svg, struct rectangle *labels)
{
    size_t found = 0;
    for (const char *at = svg; (at = strstr(at, "<text class=\"label\" text-anchor=\"")); at++) {
        char anchor[8];
        double x, y, width = 0;
        sscanf(at, "<text class=\"label\" text-anchor=\"%7[a-z]\" x=\"%lf\" y=\"%lf\"", anchor, &x, &y);
        const char *end = strstr(at, "</text>");
        for (bool inside = false; at < end; at++) {
            width += inside && *at != '<' ? 5 : 0;
            inside = *at == '>' || (inside && *at != '<');
        }
        double left = *anchor == 's' ? x : *anchor == 'e' ? x - width : x - width / 2;
        labels[found++] = (struct rectangle){left, y, left + width};
    }
    return found;
}

static void test_many(bool has_xmllint)
{
    struct sheet *sheet = sheet_new();
    for (unsigned i = 0; i < HOPS_MOST; i++) {
        char city[32];
        snprintf(city, sizeof city, "City %u", i);
        add_placed(sheet, city, 35 + i * 37 % 101 * 0.25, -8 + i * 53 % 97 * 0.35, 90);
    }
    const char *svg = draw(sheet);
    check(svg, "255 hops", has_xmllint);
    is_num(count(svg, "<g class=\"hop\">"), HOPS_MOST, "255 hops, each in its row");
    is_num(count(svg, "\nhop ") + count(svg, "<title>hop ") - count(svg, " km</title>"), HOPS_MOST,
           "and each in one tooltip");
    sheet_free(sheet);
}

static void test_labels(void)
{
    struct sheet *sheet = sheet_new();
    for (unsigned i = 0; i < HOPS_MOST; i++) {
        char city[32];
        snprintf(city, sizeof city, "City %u", i);
        add_placed(sheet, city, 20 + fmod(i * 0.618, 1) * 50, -60 + fmod(i * 0.755, 1) * 120, -1);
    }
    static struct rectangle labels[HOPS_MOST];
    size_t found = read_labels(draw(sheet), labels);
    unsigned covered = 0;
    for (size_t i = 0; i < found; i++)
        for (size_t k = 0; k < i; k++)
            covered += labels[i].left < labels[k].right && labels[k].left < labels[i].right &&
                       fabs(labels[i].top - labels[k].top) < 14;
    ok(found > 100, "most marks have room for a label: %zu", found);
    is_num(covered, 0, "and no label covers another");
    sheet_free(sheet);

    sheet = sheet_new();
    add_placed(sheet, "West", 0, 0, -1);
    add_placed(sheet, "East", 0, 20, -1);
    const char *svg = draw(sheet);
    const char *west = strstr(svg, "text-anchor=\"end\""), *east = strstr(svg, "text-anchor=\"start\"");
    ok(west && east && strstr(west, " West<") < east && strstr(east, " East<"), "nor a leg, where it can be helped");
    sheet_free(sheet);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    bool has_xmllint = has_tool("xmllint");
    test_coastline();
    test_places(has_xmllint);
    test_runs();
    test_pacific(has_xmllint);
    test_around(has_xmllint);
    test_doubts();
    test_nowhere(has_xmllint);
    test_names(has_xmllint);
    test_long_names();
    test_name_states();
    test_many(has_xmllint);
    test_labels();
    return tap_done();
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* What databases say of networks and places; the test makes them. */
#include "config.h"

#include <linux/seccomp.h>
#include <math.h>
#include <maxminddb.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"
#include "unit/support/places_folder.h"

/* ---- what records say ---- */

struct record_row {
    const char *what, *json;
    uint32_t asn;
    const char *as_name;
    const char *country, *city;
    double latitude, longitude; /* both 0: no position */
};

static const struct record_row record_rows[] = {
    {"GeoLite2 ASN", "{\"autonomous_system_number\": 64500, \"autonomous_system_organization\": \"Example\"}", 64500,
     "Example", "", "", 0, 0},
    {"GeoIP2 Enterprise",
     "{\"traits\": {\"autonomous_system_number\": 64501, \"autonomous_system_organization\": \"Deep\"}}", 64501, "Deep",
     "", "", 0, 0},
    {"GeoLite2 City",
     "{\"city\": {\"names\": {\"de\": \"Genf\", \"en\": \"Geneva\"}}, \"country\": {\"iso_code\": \"CH\", \"names\": "
     "{\"en\": \"Switzerland\"}}, \"location\": {\"latitude\": 46.2, \"longitude\": 6.1}}",
     0, "", "CH", "Geneva", 46.2, 6.1},
    {"GeoLite2 Country", "{\"continent\": {\"code\": \"EU\"}, \"country\": {\"iso_code\": \"SE\"}}", 0, "", "SE", "", 0,
     0},
    {"where the owner is", "{\"registered_country\": {\"iso_code\": \"US\"}, \"x\": {}}", 0, "", "", "", 0, 0},
    {"IPinfo Lite",
     "{\"asn\": \"AS64502\", \"as_name\": \"Lite\", \"as_domain\": \"x.example\", \"country\": \"Germany\", "
     "\"country_code\": \"DE\", \"continent\": \"Europe\"}",
     64502, "Lite", "DE", "", 0, 0},
    {"IPinfo country and ASN", "{\"country\": \"JP\", \"asn\": \"AS64503\", \"as_name\": \"Arc\"}", 64503, "Arc", "JP",
     "", 0, 0},
    {"IPinfo ASN", "{\"asn\": \"AS64504\", \"name\": \"Named\", \"route\": \"192.0.2.0/24\"}", 64504, "Named", "", "",
     0, 0},
    {"IPinfo ASN with the AS's country", "{\"asn\": \"AS64504\", \"name\": \"Named\", \"country\": \"US\"}", 64504,
     "Named", "", "", 0, 0},
    {"an AS's country code", "{\"asn\": \"AS64504\", \"country_code\": \"US\"}", 64504, "", "", "", 0, 0},
    {"IPinfo where no AS is known", "{\"asn\": \"\", \"as_name\": \"\", \"country\": \"CN\"}", 0, "", "CN", "", 0, 0},
    {"IPinfo Core",
     "{\"city\": \"Porto\", \"country\": \"Portugal\", \"country_code\": \"PT\", \"latitude\": 41.1, \"longitude\": "
     "-8.6, \"asn\": \"AS64506\", \"as_name\": \"Core\"}",
     64506, "Core", "PT", "Porto", 41.1, -8.6},
    {"IPinfo location",
     "{\"city\": \"Lyon\", \"country\": \"FR\", \"lat\": \"45.75\", \"lng\": \"4.85\", \"region\": \"Rh\"}", 0, "",
     "FR", "Lyon", 45.75, 4.85},
    {"IPinfo, other keys", "{\"latitude\": \"-33.9\", \"longitude\": \"+18.4\", \"city\": \"Cape Town\"}", 0, "", "",
     "Cape Town", -33.9, 18.4},
    {"both degrees in one", "{\"loc\": \"37.4,-122.1\"}", 0, "", "", "", 37.4, -122.1},
    {"a number without AS", "{\"asn\": \"64505\"}", 64505, "", "", "", 0, 0},
    {"a number with as", "{\"asn\": \"as64505\"}", 64505, "", "", "", 0, 0},
    {"a lower-case country", "{\"country_code\": \"nl\"}", 0, "", "NL", "", 0, 0},
    {"the largest number", "{\"asn\": \"AS4294967295\"}", 4294967295, "", "", "", 0, 0},
    {"poles and the date line", "{\"lat\": -90.0, \"lng\": 180.0}", 0, "", "", "", -90, 180},
    {"on the equator", "{\"lat\": 0.0, \"lng\": 10.5}", 0, "", "", "", 0, 10.5},
    {"a name without a number", "{\"as_name\": \"Nobody\", \"autonomous_system_organization\": \"Nobody\"}", 0, "", "",
     "", 0, 0},
    {"AS 0", "{\"autonomous_system_number\": 0, \"as_name\": \"Zero\"}", 0, "", "", "", 0, 0},
    {"too great a number", "{\"asn\": \"AS4294967296\"}", 0, "", "", "", 0, 0},
    {"far too great a number", "{\"asn\": \"99999999999999999999999\"}", 0, "", "", "", 0, 0},
    {"a negative number", "{\"asn\": \"AS-1\"}", 0, "", "", "", 0, 0},
    {"a blank before the number", "{\"asn\": \"AS 1\"}", 0, "", "", "", 0, 0},
    {"something behind the number", "{\"asn\": \"AS1 Example\"}", 0, "", "", "", 0, 0},
    {"a NUL behind the number", "{\"asn\": \"AS1\\u0000\"}", 0, "", "", "", 0, 0},
    {"no number", "{\"asn\": \"\"}", 0, "", "", "", 0, 0},
    {"only AS", "{\"asn\": \"AS\"}", 0, "", "", "", 0, 0},
    {"a number of another type", "{\"asn\": 64500.0, \"as_name\": true}", 0, "", "", "", 0, 0},
    {"a list of numbers", "{\"asn\": [64500], \"autonomous_system_number\": {\"a\": 1}}", 0, "", "", "", 0, 0},
    {"a name of another type", "{\"asn\": \"AS1\", \"as_name\": 7}", 1, "", "", "", 0, 0},
    {"a country's name", "{\"country\": \"Sweden\"}", 0, "", "", "", 0, 0},
    {"a country of digits", "{\"country\": {\"iso_code\": \"A1\"}}", 0, "", "", "", 0, 0},
    {"no country", "{\"country\": {\"iso_code\": \"ZZ\"}, \"city\": \"-\"}", 0, "", "", "", 0, 0},
    {"a country of another type", "{\"country\": {\"iso_code\": 49}, \"country_code\": [\"DE\"]}", 0, "", "", "", 0, 0},
    {"too far north", "{\"lat\": 1e9, \"lng\": 1.0}", 0, "", "", "", 0, 0},
    {"just too far north", "{\"lat\": 90.001, \"lng\": 1.0}", 0, "", "", "", 0, 0},
    {"too far west", "{\"lat\": 1.0, \"lng\": -180.5}", 0, "", "", "", 0, 0},
    {"half a position", "{\"lat\": 1.0, \"location\": {\"longitude\": 1.0}}", 0, "", "", "", 0, 0},
    {"no position at 0, 0", "{\"lat\": \"0\", \"lng\": \"0\"}", 0, "", "", "", 0, 0},
    {"degrees that are none", "{\"lat\": \"nan\", \"lng\": \"1\"}", 0, "", "", "", 0, 0},
    {"hexadecimal degrees", "{\"lat\": \"0x10\", \"lng\": \"1\"}", 0, "", "", "", 0, 0},
    {"infinite degrees", "{\"lat\": \"1\", \"lng\": \"-inf\"}", 0, "", "", "", 0, 0},
    {"two points", "{\"lat\": \"1.1.1\", \"lng\": \"1\"}", 0, "", "", "", 0, 0},
    {"one degree in both", "{\"loc\": \"37.4\"}", 0, "", "", "", 0, 0},
    {"an empty one in both", "{\"loc\": \"37.4,\"}", 0, "", "", "", 0, 0},
    {"a list as a record", "[\"asn\", \"AS1\"]", 0, "", "", "", 0, 0},
    {"text as a record", "\"AS1\"", 0, "", "", "", 0, 0},
};

static void check_place(const struct record_row *row, const struct address_place *place)
{
    bool has_position = row->latitude != 0 || row->longitude != 0;
    is_text(place->country, row->country, "%s: country", row->what);
    is_text(place->city, row->city, "%s: city", row->what);
    is_num(place->has_position, has_position, "%s: has a position", row->what);
    ok(fabs(place->latitude - row->latitude) < 1e-9 && fabs(place->longitude - row->longitude) < 1e-9, "%s: position",
       row->what);
}

static void test_records(const struct folder *folder)
{
    for (size_t i = 0; i < sizeof record_rows / sizeof *record_rows; i++) {
        const struct record_row *row = &record_rows[i];
        bool has_place = *row->country || *row->city || row->latitude != 0 || row->longitude != 0;
        struct err err = {0};
        folder_save_record(folder, "record.mmdb", row->json);
        struct places *places = folder_open(folder, "record.mmdb", row->asn != 0, has_place, &err);
        struct places *of_numbers = folder_open(folder, "record.mmdb", true, false, &err);
        struct places *of_places = folder_open(folder, "record.mmdb", false, true, &err);
        is_num(of_numbers != NULL, row->asn != 0, "%s: has AS numbers", row->what);
        is_num(of_places != NULL, has_place, "%s: has places", row->what);
        struct address_facts about = look_up(places, "192.0.2.1");
        is_num(about.asn, row->asn, "%s: AS number", row->what);
        is_text(about.as_name, row->as_name, "%s: AS name", row->what);
        check_place(row, &about.place);
        places_free(places);
        places_free(of_numbers);
        places_free(of_places);
    }
}

/* ---- what JSON cannot say ---- */

struct name_row {
    const char *what, *name, *want;
};

static const struct name_row name_rows[] = {
    {"two bytes", "Z\xc3\xbcrich", "Z\xc3\xbcrich"},
    {"three and four bytes", "\xe5\x8c\x97 \xf0\x9f\x8c\x8d", "\xe5\x8c\x97 \xf0\x9f\x8c\x8d"},
    {"the last character", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
    {"Latin-1", "Z\xfcrich", ""},
    {"cut within a character", "Z\xc3", ""},
    {"too long a form", "\xc0\xaf", ""},
    {"too long a form of three bytes", "\xe0\x80\xaf", ""},
    {"too long a form of four bytes", "\xf0\x80\x80\xaf", ""},
    {"a surrogate", "\xed\xa0\x80", ""},
    {"beyond Unicode", "\xf4\x90\x80\x80", ""},
    {"far beyond Unicode", "\xf5\x80\x80\x80", ""},
    {"a lone following byte", "a\x80", ""},
    {"control characters, which are escaped where they are printed", "a\x1b[2J", "a\x1b[2J"},
};

static void test_names(const struct folder *folder)
{
    for (size_t i = 0; i < sizeof name_rows / sizeof *name_rows; i++) {
        const struct name_row *row = &name_rows[i];
        struct mmdb_writer w;
        struct err err = {0};
        mmdb_writer_init(&w, 4);
        mmdb_add_map(&w.data, 2);
        mmdb_add_json(&w.data, "\"asn\"");
        mmdb_add_json(&w.data, "\"AS1\"");
        mmdb_add_json(&w.data, "\"as_name\"");
        mmdb_add_text(&w.data, row->name, strlen(row->name));
        mmdb_writer_put(&w, "192.0.2.0", 24, 0);
        folder_save_database(folder, "name.mmdb", &w);
        mmdb_writer_free(&w);
        struct places *places = folder_open(folder, "name.mmdb", true, false, &err);
        struct address_facts about = look_up(places, "192.0.2.1");
        is_text(about.as_name, row->want, "a name with %s", row->what);
        is_num(about.asn, 1, "a name with %s: its number stands", row->what);
        places_free(places);
    }
}

static void add_position(struct strbuf *data, double latitude, double longitude)
{
    mmdb_add_map(data, 3);
    mmdb_add_json(data, "\"country\"");
    mmdb_add_json(data, "\"DE\"");
    mmdb_add_json(data, "\"lat\"");
    mmdb_add_double(data, latitude);
    mmdb_add_json(data, "\"lng\"");
    mmdb_add_double(data, longitude);
}

static void test_nan(const struct folder *folder)
{
    static const double bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 2 * sizeof bad / sizeof *bad; i++) {
        struct mmdb_writer w;
        struct err err = {0};
        mmdb_writer_init(&w, 4);
        add_position(&w.data, i % 2 ? bad[i / 2] : 1, i % 2 ? 1 : bad[i / 2]);
        mmdb_writer_put(&w, "192.0.2.0", 24, 0);
        folder_save_database(folder, "nan.mmdb", &w);
        mmdb_writer_free(&w);
        struct places *places = folder_open(folder, "nan.mmdb", false, true, &err);
        struct address_facts about = look_up(places, "192.0.2.1");
        ok(!about.place.has_position && about.place.latitude == 0 && about.place.longitude == 0,
           "%f degrees are no position", bad[i / 2]);
        is_text(about.place.country, "DE", "and the country stands");
        places_free(places);
    }
}

static void test_number_types(const struct folder *folder)
{
    static const unsigned types[] = {MMDB_DATA_TYPE_UINT16, MMDB_DATA_TYPE_UINT32, MMDB_DATA_TYPE_UINT64,
                                     MMDB_DATA_TYPE_INT32, MMDB_DATA_TYPE_UINT128};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct mmdb_writer w;
        struct err err = {0};
        mmdb_writer_init(&w, 4);
        mmdb_add_map(&w.data, 1);
        mmdb_add_json(&w.data, "\"asn\"");
        mmdb_add_number(&w.data, types[i], 64500);
        mmdb_writer_put(&w, "192.0.2.0", 24, 0);
        folder_save_database(folder, "number.mmdb", &w);
        mmdb_writer_free(&w);
        struct places *places = folder_open(folder, "number.mmdb", true, false, &err);
        is_num(places != NULL, i < 3, "an AS number of type %u", types[i]);
        places_free(places);
    }
}

/* ---- trees ---- */

struct tree_row {
    const char *address;
    uint32_t v4, v6; /* AS number, of a database of IPv4 and of one of both */
};

static const struct tree_row tree_rows[] = {
    {"192.0.2.1", 1, 1},    {"192.0.2.255", 1, 1},      {"192.0.3.0", 0, 0},   {"198.51.100.7", 2, 2},
    {"198.51.100.8", 0, 0}, {"2001:db8::1", 0, 3},      {"2001:db9::1", 0, 0}, {"::192.0.2.1", 0, 0},
    {"::1", 0, 0},          {"::ffff:192.0.2.1", 0, 0}, {"0.0.0.1", 4, 4},     {"255.255.255.255", 0, 0},
};

static void test_trees(const struct folder *folder)
{
    for (unsigned version = 4; version <= 6; version += 2) {
        struct mmdb_writer w;
        struct err err = {0};
        fill_tree(&w, version);
        folder_save_database(folder, "tree.mmdb", &w);
        mmdb_writer_free(&w);
        struct places *places = folder_open(folder, "tree.mmdb", true, false, &err);
        for (size_t i = 0; i < sizeof tree_rows / sizeof *tree_rows; i++)
            is_num(look_up(places, tree_rows[i].address).asn, version == 4 ? tree_rows[i].v4 : tree_rows[i].v6,
                   "%s in an IPv%u tree", tree_rows[i].address, version);
        struct address_facts about = {.asn = 7, .as_name = "kept"};
        struct addr none = {0}, unknown;
        addr_parse("203.0.113.1", &unknown);
        places_look_up(places, &none, &about);
        places_look_up(places, &unknown, &about);
        ok(about.asn == 7 && strcmp(about.as_name, "kept") == 0, "an unknown address leaves all as it is");
        places_free(places);
    }
}

/* In strict mode the kernel kills a process that asks for more than read(), write() and exit(). */
static void look_up_sealed(const struct places *places)
{
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
        _exit(2);
    struct address_facts about = look_up(places, "192.0.2.1");
    bool good = about.asn == 1 && strcmp(about.place.country, "DE") == 0 && about.place.has_position;
    syscall(SYS_exit, good ? 0 : 1);
}

static void test_sealed(const struct folder *folder)
{
    struct err err = {0};
    int status = 0;
    folder_save_record(
        folder, "sealed.mmdb",
        "{\"asn\": \"AS1\", \"as_name\": \"A\", \"country\": \"DE\", \"lat\": \"1.5\", \"lng\": \"2.5\"}");
    struct places *places = folder_open(folder, "sealed.mmdb", true, true, &err);
    pid_t child = fork();
    if (child == 0)
        look_up_sealed(places);
    bool waited = child > 0 && waitpid(child, &status, 0) == child;
    if (waited && WIFEXITED(status) && WEXITSTATUS(status) == 2)
        ok(true, "lookups make no system call # SKIP the kernel has no seccomp");
    else
        ok(waited && WIFEXITED(status) && WEXITSTATUS(status) == 0, "lookups make no system call");
    places_free(places);
}

int main(void)
{
    struct folder folder;
    folder_make(&folder);
    test_records(&folder);
    test_names(&folder);
    test_nan(&folder);
    test_number_types(&folder);
    test_trees(&folder);
    test_sealed(&folder);
    folder_remove(&folder);
    return tap_done();
}

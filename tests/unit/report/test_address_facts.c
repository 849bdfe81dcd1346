/* SPDX-License-Identifier: BSD-2-Clause */
/* Facts about addresses in JSON, JSON lines and CSV. */
#include <jansson.h>
#include <stdlib.h>

#include "report/csv/csv_address.h"
#include "report/json/json_address.h"
#include "tap.h"
#include "unit/support/books.h"
#include "unit/support/render.h"

static const struct output_options all = {.width = 80, .networks = true, .places = true};

static void copy(char *to, const char *text)
{
    address_copy(to, ADDRESS_TEXT_BYTES, text, strlen(text));
}

/* 10.0.2.1 has all facts; 10.0.3.1 has an unconfirmed name that gives a place; 192.0.2.80 has no name. */
static struct address_book *make_book(void)
{
    struct address_book *book = address_book_new();
    struct address_facts *facts = book_put(book, "10.0.2.1", ADDRESS_NAME_CONFIRMED, "gw.example");
    facts->asn = 64500;
    copy(facts->as_name, "Example, Inc.");
    facts->place = (struct address_place){"CL", "Quer\xc3\xa9taro \"Q\"", true, -33.45, -70.6667};
    facts->whois = (struct address_whois){.netname = "EXAMPLE-NET", .country = "CL"};
    book_put(book, "10.0.3.1", ADDRESS_NAME_UNCONFIRMED, "ae1.fra03.example.net");
    book_put(book, "192.0.2.80", ADDRESS_NAME_NONE, "");
    return book;
}

/* --- the members --- */

#define NOBODY_KNOWS "{\"name\": null, \"asn\": null, \"as_name\": null, \"place\": null}"

static void is_members(const struct address_book *book, struct output_options options, const char *address,
                       const char *want)
{
    struct addr key = {0};
    const struct result result = {.book = book};
    struct output out = {.options = options, .result = &result};
    json_t *object = json_object();
    addr_parse(address, &key);
    json_facts_set(object, &key, &out);
    char *text = json_dumps(object, JSON_REAL_PRECISION(15));
    is_text(text, want, "%s", address);
    free(text);
    json_decref(object);
}

static void test_members(void)
{
    struct address_book *book = make_book();
    is_members(book, all, "10.0.2.1",
               "{\"name\": \"gw.example\", \"name_confirmed\": true, \"asn\": 64500, \"as_name\": \"Example, Inc.\", "
               "\"special\": \"private\", \"place\": {\"country\": \"CL\", \"city\": \"Quer\xc3\xa9taro \\\"Q\\\"\", "
               "\"latitude\": -33.45, \"longitude\": -70.6667}, \"whois\": {\"netname\": \"EXAMPLE-NET\", "
               "\"organisation\": null, \"country\": \"CL\"}}");
    is_members(book, all, "10.0.3.1",
               "{\"name\": \"ae1.fra03.example.net\", \"name_confirmed\": false, \"asn\": null, \"as_name\": null, "
               "\"special\": \"private\", \"place\": {\"country\": \"DE\", \"city\": \"Frankfurt\", \"latitude\": "
               "50.11, \"longitude\": 8.68, \"guess\": true}}");
    is_members(book, all, "8.8.8.8", NOBODY_KNOWS);
    book_put(book, "8.8.8.8", ADDRESS_NAME_NONE, "");
    is_members(book, all, "8.8.8.8", NOBODY_KNOWS);
    book_put(book, "8.8.8.8", ADDRESS_NAME_KNOWN, "x.example")->place.country[0] = '?';
    is_members(book, all, "8.8.8.8",
               "{\"name\": \"x.example\", \"asn\": null, \"as_name\": null, \"place\": {\"country\": \"?\", "
               "\"city\": null, \"latitude\": null, \"longitude\": null}}");
    book_put(book, "9.9.9.9", ADDRESS_NAME_KNOWN, "ae1.fra03.example.net")->place =
        (struct address_place){.has_position = true, .latitude = 1.5, .longitude = -2};
    is_members(book, (struct output_options){.places = true}, "9.9.9.9",
               "{\"name\": \"ae1.fra03.example.net\", \"place\": {\"country\": null, \"city\": null, "
               "\"latitude\": 1.5, \"longitude\": -2.0}}");
    const struct output_options networks = {.networks = true}, places = {.places = true}, none = {0};
    is_members(book, none, "10.0.3.1", "{\"name\": \"ae1.fra03.example.net\", \"name_confirmed\": false}");
    is_members(book, networks, "1.1.1.1", "{\"name\": null, \"asn\": null, \"as_name\": null}");
    is_members(book, places, "1.1.1.1", "{\"name\": null, \"place\": null}");
    is_members(NULL, all, "10.0.2.1", "{}");
    is_members(book, all, "no address", "{}");
    address_book_free(book);
}

/* --- the reports --- */

static void fill(struct fake *fake)
{
    fake_init(fake, "web.example", "192.0.2.80", "udp");
    fake_hop(fake, 0, 1, "10.0.2.1", 1);
    fake_hop(fake, 0, 1, "10.0.2.1", 2);
    fake_hop(fake, 0, 2, "10.0.3.1", 3);
    fake_silence(fake, 0, 3);
}

static const char *render(struct render *r, const char *format, const struct address_book *book)
{
    struct fake fake;
    fill(&fake);
    render_open(r, output_format_find(format), &all);
    r->report.first.result.book = book;
    report_begin(&r->report, &render_live, &fake.session);
    const struct trace *trace = session_trace(&fake.session, 0);
    for (uint16_t i = 0; i < trace->probe_count; i++)
        render_probe(r, &fake, trace, &trace->probes[i]);
    render_end(r, &fake, NULL, NULL);
    fake_free(&fake);
    return r->text;
}

static const json_t *reply_of(const json_t *document, size_t hop, size_t probe)
{
    const json_t *trace = json_array_get(json_object_get(document, "traces"), 0);
    const json_t *probes = json_object_get(json_array_get(json_object_get(trace, "hops"), hop), "probes");
    return json_array_get(json_object_get(json_array_get(probes, probe), "replies"), 0);
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void test_json(void)
{
    struct address_book *book = make_book();
    struct render r;
    render(&r, "json", book);
    ok(strstr(r.text, "{\"from\": \"10.0.3.1\", \"name\": \"ae1.fra03.example.net\", \"name_confirmed\": false, ") &&
           strstr(r.text, "\"guess\": true}, \"frame\": 6, "),
       "json: between \"from\" and \"frame\"");
    json_t *document = json_loads(r.text, JSON_REJECT_DUPLICATES, NULL);
    is_text(text_of(reply_of(document, 0, 0), "name"), "gw.example", "a reply's name");
    is_text(text_of(reply_of(document, 0, 1), "name"), "gw.example", "the next reply from the same address");
    is_text(text_of(reply_of(document, 1, 0), "name"), "ae1.fra03.example.net", "a reply from another address");
    json_decref(document);
    render_free(&r);
    ok(!strstr(render(&r, "json", NULL), "\"asn\""), "json: nothing without a book");
    render_free(&r);
    address_book_free(book);
}

static void test_jsonl(void)
{
    static const char *const want[] = {"probe",   "probe",   "probe",   "probe", "trace",
                                       "address", "address", "address", "run"};
    static const char *const addresses[] = {"10.0.2.1", "10.0.3.1", "192.0.2.80"};
    struct address_book *book = make_book();
    struct render r;
    size_t lines = 0;
    for (char *rest = NULL, *line = strtok_r((render(&r, "jsonl", book), r.text), "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest), lines++) {
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        is_text(text_of(object, "type"), lines < 9 ? want[lines] : "none", "jsonl: line %zu", lines);
        if (lines >= 5 && lines < 8)
            is_text(text_of(object, "address"), addresses[lines - 5], "in the book's order");
        if (lines == 5)
            ok(json_integer_value(json_object_get(object, "asn")) == 64500, "the first has all facts");
        ok(lines >= 5 || !strstr(line, "\"name_confirmed\""), "no other line has \"name_confirmed\"");
        json_decref(object);
    }
    is_num(lines, 9, "no more lines");
    render_free(&r);
    ok(!strstr(render(&r, "jsonl", NULL), "\"type\": \"address\""), "jsonl: none without a book");
    render_free(&r);
    address_book_free(book);
}

static void test_csv(void)
{
    struct address_book *book = make_book();
    struct render r;
    is_text(render(&r, "csv", book),
            "file,trace,target,probe,ttl,attempt,frame,sent,from,reply_frame,rtt_ms,kind,icmp_type,icmp_code,"
            "reply_ttl,matched,late,duplicate,name,asn,as_name,country,city\n"
            "0,0,192.0.2.80,udp,1,1,1,2026-01-02T03:04:05.123456789Z,10.0.2.1,2,1.0,time-exceeded,11,0,64,exact,"
            "false,false,gw.example,64500,\"Example, Inc.\",CL,\"Quer\xc3\xa9taro \"\"Q\"\"\"\n"
            "0,0,192.0.2.80,udp,1,2,3,2026-01-02T03:04:05.124456789Z,10.0.2.1,4,2.0,time-exceeded,11,0,64,exact,"
            "false,false,gw.example,64500,\"Example, Inc.\",CL,\"Quer\xc3\xa9taro \"\"Q\"\"\"\n"
            "0,0,192.0.2.80,udp,2,1,5,2026-01-02T03:04:05.125456789Z,10.0.3.1,6,3.0,time-exceeded,11,0,64,exact,"
            "false,false,,,,,\n"
            "0,0,192.0.2.80,udp,3,1,7,2026-01-02T03:04:05.126456789Z,,,,,,,,,,,,,,,\n",
            "csv: five more columns; uncertain facts are left out");
    render_free(&r);
    address_book_free(book);
}

/* --- fields --- */

static const struct field_row {
    const char *name, *want;
} field_rows[] = {
    {"plain.example", "plain.example"},
    {"a,b", "\"a,b\""},
    {"say \"x\"", "\"say \"\"x\"\"\""},
    {"a\nb\r", "a\\x0ab\\x0d"},
    {"\xff", "\\xff"},
    {"m\xc3\xbc", "m\xc3\xbc"},
    {"=1+1", "\\x3d1+1"},
    {"+1", "\\x2b1"},
    {"-1,2", "\"\\x2d1,2\""},
    {"@SUM(A1)", "\\x40SUM(A1)"},
    {"\t=1", "\\x09=1"},
    {"\xef\xbc\x9d"
     "1",
     "\\xef\\xbc\\x9d1"},
    {"\xef\xbc\x9e", "\xef\xbc\x9e"},
    {"a=1", "a=1"},
    {"\\x3d", "\\x5cx3d"},
};

static void test_fields(void)
{
    for (size_t i = 0; i < sizeof field_rows / sizeof *field_rows; i++) {
        struct address_book *book = address_book_new();
        const struct result result = {.book = book};
        struct output out = {.options = {.networks = true}, .result = &result};
        struct address_facts *facts = book_put(book, "192.0.2.1", ADDRESS_NAME_KNOWN, field_rows[i].name);
        struct strbuf row, want;
        copy(facts->as_name, field_rows[i].name);
        strbuf_init(&row);
        strbuf_init(&want);
        strbuf_addf(&want, ",%s,,%s,,", field_rows[i].want, field_rows[i].want);
        csv_facts_add(&row, &facts->address, &out);
        is_text(row.text, want.text, "field %zu", i);
        strbuf_free(&row);
        strbuf_free(&want);
        address_book_free(book);
    }
}

/* --- hostile text --- */

/* The number of fields in the first row; 0: a quote does not end, or a byte is not printable. */
static unsigned count_fields(const char *row)
{
    unsigned fields = 1;
    bool quoted = false;
    for (; *row && *row != '\n'; row++) {
        quoted = quoted != (*row == '"');
        fields += !quoted && *row == ',';
        if ((unsigned char)*row < 0x20 || *row == 0x7f)
            return 0;
    }
    return quoted ? 0 : fields;
}

static void put_everywhere(struct address_book *book, const char *address, const char *text)
{
    struct address_facts *facts = book_put(book, address, ADDRESS_NAME_KNOWN, text);
    copy(facts->as_name, text);
    copy(facts->place.city, text);
    copy(facts->whois.netname, text);
    copy(facts->whois.organisation, text);
    address_copy(facts->place.country, sizeof facts->place.country, text, 2);
    address_copy(facts->whois.country, sizeof facts->whois.country, text, 2);
}

static void test_hostile(void)
{
    for (const char *const *name = hostile_names; *name; name++) {
        size_t i = (size_t)(name - hostile_names);
        struct address_book *book = address_book_new();
        struct render r;
        put_everywhere(book, "10.0.2.1", *name);
        json_t *document = json_loads(render(&r, "json", book), JSON_REJECT_DUPLICATES, NULL);
        ok(text_of(reply_of(document, 0, 1), "name"), "json: hostile name %zu", i);
        ok(text_of(json_object_get(reply_of(document, 0, 1), "whois"), "organisation"), "and in every other text");
        json_decref(document);
        render_free(&r);
        const char *line = strstr(render(&r, "jsonl", book), "{\"type\": \"address\"");
        json_t *object = json_loads(line, JSON_DISABLE_EOF_CHECK, NULL);
        ok(text_of(object, "name") && strstr(line, "\n{\"type\": \"run\""), "jsonl: hostile name %zu", i);
        json_decref(object);
        render_free(&r);
        const char *row = strchr(render(&r, "csv", book), '\n') + 1;
        is_num(count_fields(row), 23, "csv: hostile name %zu", i);
        render_free(&r);
        address_book_free(book);
    }
}

int main(void)
{
    test_members();
    test_json();
    test_jsonl();
    test_csv();
    test_fields();
    test_hostile();
    return tap_done();
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses with their facts, in lines that wait for these. */
#include <stdlib.h>

#include "report/address_text.h"
#include "report/text/table/held_lines.h"
#include "tap.h"

#define MS NS_PER_MS

static struct addr address_of(const char *text)
{
    struct addr address = {0};
    addr_parse(text, &address);
    return address;
}

static void know(struct address_book *book, const char *address, enum address_name state, const char *name)
{
    const struct addr key = address_of(address);
    struct address_facts *facts = address_book_entry(book, &key);
    facts->name_state = state;
    address_copy(facts->name, sizeof facts->name, name, strlen(name));
}

static void test_words(void)
{
    static const struct {
        const char *address;
        enum address_name state;
        const char *name;
        uint32_t asn;
        const char *as_name, *country, *city;
        bool networks, places;
        const char *want;
    } rows[] = {
        {.address = "192.0.2.1", .want = "192.0.2.1"},
        {.address = "192.0.2.1", .state = ADDRESS_NAME_KNOWN, .name = "gw.example", .want = "gw.example (192.0.2.1)"},
        {.address = "192.0.2.1",
         .state = ADDRESS_NAME_CONFIRMED,
         .name = "gw.example",
         .want = "gw.example (192.0.2.1)"},
        {.address = "192.0.2.1",
         .state = ADDRESS_NAME_UNCONFIRMED,
         .name = "gw.example",
         .want = "gw.example (unconfirmed, 192.0.2.1)"},
        {.address = "2001:db8::1", .state = ADDRESS_NAME_NONE, .want = "2001:db8::1"},
        {.address = "192.0.2.1",
         .state = ADDRESS_NAME_KNOWN,
         .name = "a\x1b[31m\x01"
                 "b",
         .want = "a\\x1b[31m\\x01b (192.0.2.1)"},
        {.address = "8.8.8.8", .asn = 64500, .as_name = "Example", .want = "8.8.8.8"},
        {.address = "8.8.8.8",
         .asn = 64500,
         .as_name = "Ex\nample",
         .networks = true,
         .want = "8.8.8.8 [AS64500 Ex\\x0aample]"},
        {.address = "8.8.8.8", .asn = 4294967294, .as_name = "", .networks = true, .want = "8.8.8.8 [AS4294967294]"},
        {.address = "8.8.8.8", .networks = true, .want = "8.8.8.8"},
        {.address = "10.0.0.1", .networks = true, .want = "10.0.0.1 [private]"},
        {.address = "10.0.0.1", .asn = 64500, .as_name = "Own", .networks = true, .want = "10.0.0.1 [AS64500 Own]"},
        {.address = "8.8.8.8", .country = "DE", .city = "Berlin", .want = "8.8.8.8"},
        {.address = "8.8.8.8", .country = "DE", .city = "Berlin", .places = true, .want = "8.8.8.8 [Berlin, DE]"},
        {.address = "8.8.8.8", .country = "DE", .city = "", .places = true, .want = "8.8.8.8 [DE]"},
        {.address = "8.8.8.8",
         .state = ADDRESS_NAME_KNOWN,
         .name = "fra03.core.carrier.example",
         .places = true,
         .want = "fra03.core.carrier.example (8.8.8.8) [Frankfurt, DE?]"},
        {.address = "8.8.8.8",
         .state = ADDRESS_NAME_KNOWN,
         .name = "fra03.core.carrier.example",
         .country = "NL",
         .city = "Amsterdam",
         .places = true,
         .want = "fra03.core.carrier.example (8.8.8.8) [Amsterdam, NL]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct address_book *book = address_book_new();
        const struct addr address = address_of(rows[i].address);
        struct address_facts *facts = address_book_entry(book, &address);
        facts->asn = rows[i].asn;
        if (rows[i].name)
            know(book, rows[i].address, rows[i].state, rows[i].name);
        if (rows[i].as_name)
            address_copy(facts->as_name, sizeof facts->as_name, rows[i].as_name, strlen(rows[i].as_name));
        if (rows[i].country) {
            address_copy(facts->place.country, sizeof facts->place.country, rows[i].country, 2);
            address_copy(facts->place.city, sizeof facts->place.city, rows[i].city, strlen(rows[i].city));
        }
        const struct result result = {.book = book};
        const struct output out = {.result = &result,
                                   .options = {.networks = rows[i].networks, .places = rows[i].places}};
        struct strbuf text;
        strbuf_init(&text);
        address_text_add(&text, &address, &out);
        is_text(text.text, rows[i].want, "%s", rows[i].want);
        strbuf_free(&text);
        address_book_free(book);
    }
}

static void test_columns(void)
{
    struct address_book *book = address_book_new();
    const struct result result = {.book = book};
    const struct output out = {.result = &result};
    const struct addr one = address_of("192.0.2.1"), two = address_of("192.0.2.2");
    struct strbuf line, text;
    know(book, "192.0.2.2", ADDRESS_NAME_KNOWN, "gw.example");
    strbuf_init(&line);
    strbuf_init(&text);
    strbuf_add(&line, " 1  ");
    address_text_mark_column(&line, &one);
    strbuf_add(&line, "x\n 2  ");
    address_text_mark_column(&line, &two);
    strbuf_add(&line, "y ");
    address_text_mark(&line, &two);
    strbuf_add(&line, "\x01no mark\x02 \x01");
    address_text_expand(&text, line.text, 4, 12, &out);
    is_text(text.text,
            " 1  192.0.2.1   x\n"
            " 2  gw.example (192.0.2.2)\n"
            "                y gw.example (192.0.2.2)\x01no mark\x02 \x01",
            "a column is padded or continues on the next line; text that is no mark stays");
    strbuf_free(&line);
    strbuf_free(&text);
    address_book_free(book);
}

/* Addresses with a name in the book are settled. */
static bool is_named(void *context, const struct addr *address)
{
    const struct address_facts *facts = address_book_find(context, address);
    return facts && facts->name[0];
}

/* The content of the output's file so far. */
static const char *written(struct output *out, char text[512])
{
    long end = ftell(out->file);
    rewind(out->file);
    text[fread(text, 1, 511, out->file)] = '\0';
    fseek(out->file, end, SEEK_SET);
    return text;
}

static void print_marked(struct held_lines *hold, struct output *out, const char *address)
{
    const struct addr key = address_of(address);
    struct strbuf line;
    strbuf_init(&line);
    address_text_mark(&line, &key);
    strbuf_add(&line, "\n");
    held_lines_print(hold, out, line.text, false);
    strbuf_free(&line);
}

static void test_waiting(void)
{
    struct address_book *book = address_book_new();
    struct held_lines hold = {0};
    char text[512] = "";
    struct result result = {.book = book, .is_settled = is_named, .settled_context = book};
    struct output out = {.result = &result, .file = tmpfile()};
    held_lines_print(&hold, &out, "head\n", false);
    is_text(written(&out, text), "head\n", "a line without addresses waits for none");
    print_marked(&hold, &out, "192.0.2.1");
    held_lines_print(&hold, &out, "between\n", false);
    print_marked(&hold, &out, "192.0.2.2");
    is_text(written(&out, text), "head\n", "a line waits for its name, and those behind it for that line");
    ok(held_lines_release(&hold, &out, 1000 * MS, false), "no name is known yet");
    know(book, "192.0.2.2", ADDRESS_NAME_KNOWN, "two.example");
    ok(held_lines_release(&hold, &out, 1100 * MS, false), "the second name alone releases no line");
    is_text(written(&out, text), "head\n", "as lines keep their order");
    know(book, "192.0.2.1", ADDRESS_NAME_KNOWN, "one.example");
    ok(!held_lines_release(&hold, &out, 1200 * MS, false), "the first name releases all lines");
    is_text(written(&out, text), "head\none.example (192.0.2.1)\nbetween\ntwo.example (192.0.2.2)\n",
            "with their names");

    print_marked(&hold, &out, "192.0.2.3");
    held_lines_release(&hold, &out, 2000 * MS, false);
    print_marked(&hold, &out, "192.0.2.4");
    held_lines_release(&hold, &out, 2300 * MS, false);
    ok(held_lines_release(&hold, &out, 2499 * MS, false), "a line without a name waits");
    ok(!strstr(written(&out, text), "192.0.2.3"), "for half a second");
    ok(held_lines_release(&hold, &out, 2500 * MS, false),
       "then it is written without a name, and the next still waits");
    ok(strstr(written(&out, text), "\n192.0.2.3\n") && !strstr(text, "192.0.2.4"), "each for its own half second");
    ok(!held_lines_release(&hold, &out, 2501 * MS, true), "or until all are released");
    ok(strstr(written(&out, text), "\n192.0.2.3\n192.0.2.4\n"), "in their order");
    print_marked(&hold, &out, "192.0.2.5");
    held_lines_free(&hold);
    result.is_settled = NULL;
    print_marked(&hold, &out, "192.0.2.6");
    ok(strstr(written(&out, text), "\n192.0.2.4\n192.0.2.6\n"), "without lookups no line waits");
    held_lines_free(&hold);
    fclose(out.file);
    address_book_free(book);
}

int main(void)
{
    test_words();
    test_columns();
    test_waiting();
    return tap_done();
}

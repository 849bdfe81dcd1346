/* SPDX-License-Identifier: BSD-2-Clause */
/* Databases that are cut or damaged, or made to do harm. */
#include "config.h"

#include "tap.h"
#include "unit/support/places_folder.h"

static const char *const asked[] = {"0.0.0.0",     "192.0.2.1", "198.51.100.7", "255.255.255.255",
                                    "2001:db8::1", "::",        "ffff::"};

/* Opens the bytes as either kind and looks addresses up. False: they are refused without a word, or a name has no end.
 * Worse harm ends the test. */
static bool does_no_harm(const struct folder *folder, const char *bytes, size_t length)
{
    bool good = true;
    folder_save(folder, "damaged.mmdb", bytes, length);
    for (unsigned kind = 0; kind < 2; kind++) {
        struct err err = {0};
        struct places *places = folder_open(folder, "damaged.mmdb", kind == 0, kind == 1, &err);
        good = good && (places || err.message[0]);
        for (size_t i = 0; places && i < sizeof asked / sizeof *asked; i++) {
            struct address_facts about = look_up(places, asked[i]);
            good = good && memchr(about.as_name, '\0', sizeof about.as_name);
        }
        places_free(places);
    }
    return good;
}

/* Cut at the end, the marker or what is behind it is lost; cut at the start, the tree or a part of it. */
static void test_cut(const struct folder *folder)
{
    struct mmdb_writer w;
    fill_tree(&w, 6);
    struct strbuf file = mmdb_writer_file(&w);
    unsigned accepted = 0, harms = 0;
    for (size_t length = 0; length < file.length; length++) {
        struct err err = {0};
        folder_save(folder, "cut.mmdb", file.text, length);
        struct places *places = folder_open(folder, "cut.mmdb", true, false, &err);
        accepted += places || !err.message[0];
        places_free(places);
    }
    is_num(accepted, 0, "a file cut at any of %zu lengths is refused", file.length);
    for (size_t start = 1; start < file.length; start++)
        harms += !does_no_harm(folder, file.text + start, file.length - start);
    is_num(harms, 0, "a file whose start is lost does no harm");
    strbuf_free(&file);
    mmdb_writer_free(&w);
}

static void test_changed(const struct folder *folder)
{
    static const unsigned char changes[] = {0x01, 0x20, 0xff};
    struct mmdb_writer w;
    fill_tree(&w, 4);
    struct strbuf file = mmdb_writer_file(&w);
    unsigned harms = 0;
    for (size_t i = 0; i < file.length * sizeof changes; i++) {
        char *at = &file.text[i / sizeof changes], kept = *at;
        *at = (char)((unsigned char)kept ^ changes[i % sizeof changes]);
        harms += !does_no_harm(folder, file.text, file.length);
        *at = kept;
    }
    is_num(harms, 0, "a file with any byte changed does no harm");
    strbuf_free(&file);
    mmdb_writer_free(&w);
}

/* A database whose second record, that of 198.51.100.0/24, is made by the caller at the end of `data`. */
static void start_second(struct mmdb_writer *w)
{
    mmdb_writer_init(w, 4);
    mmdb_writer_put_json(w, "192.0.2.0", 24, "{\"asn\": \"AS1\"}");
    mmdb_writer_put(w, "198.51.100.0", 24, (uint32_t)w->data.length);
}

static void end_second(const struct folder *folder, struct mmdb_writer *w, const char *what)
{
    struct err err = {0};
    folder_save_database(folder, "second.mmdb", w);
    mmdb_writer_free(w);
    struct places *places = folder_open(folder, "second.mmdb", true, false, &err);
    if (!ok(places != NULL, "%s: is opened", what))
        return;
    is_num(look_up(places, "192.0.2.1").asn, 1, "%s: the other record stands", what);
    is_num(look_up(places, "198.51.100.1").asn, 0, "%s: nothing is known", what);
    places_free(places);
}

/* {"": {"": ... }} before a number. libmaxminddb would need a stack frame for each level. */
static void test_deep(const struct folder *folder)
{
    struct mmdb_writer w;
    start_second(&w);
    mmdb_add_map(&w.data, 2);
    for (unsigned i = 0; i < 1000000; i++) {
        mmdb_add_text(&w.data, "", 0);
        mmdb_add_map(&w.data, 1);
    }
    mmdb_add_json(&w.data, "\"\"");
    mmdb_add_json(&w.data, "1");
    mmdb_add_json(&w.data, "\"asn\"");
    mmdb_add_json(&w.data, "\"AS2\"");
    end_second(folder, &w, "a million maps, each in the one before");
}

static void test_loops(const struct folder *folder)
{
    struct mmdb_writer w;
    start_second(&w);
    mmdb_add_pointer(&w.data, (uint32_t)w.data.length);
    end_second(folder, &w, "a pointer to itself");

    start_second(&w);
    size_t record = w.data.length;
    mmdb_add_map(&w.data, 2);
    mmdb_add_text(&w.data, "self", 4);
    mmdb_add_pointer(&w.data, (uint32_t)record);
    mmdb_add_json(&w.data, "\"asn\"");
    mmdb_add_pointer(&w.data, (uint32_t)record);
    end_second(folder, &w, "a map in itself");

    start_second(&w);
    mmdb_add_map(&w.data, 1);
    mmdb_add_json(&w.data, "\"asn\"");
    mmdb_add_pointer(&w.data, 0x7fffffff);
    end_second(folder, &w, "a pointer out of the file");

    start_second(&w);
    mmdb_add_map(&w.data, 16000000);
    end_second(folder, &w, "a map of more than there is");
}

/* A record that points between tree and data. */
static void test_between(const struct folder *folder)
{
    struct mmdb_writer w;
    for (unsigned back = 1; back <= 16; back++) {
        mmdb_writer_init(&w, 4);
        mmdb_writer_put_json(&w, "192.0.2.0", 24, "{\"asn\": \"AS1\"}");
        mmdb_writer_put(&w, "198.51.100.0", 24, 0x7fffffff & -back);
        end_second(folder, &w, "a record between tree and data");
    }
}

int main(void)
{
    struct folder folder;
    folder_make(&folder);
    test_cut(&folder);
    test_changed(&folder);
    test_deep(&folder);
    test_loops(&folder);
    test_between(&folder);
    folder_remove(&folder);
    return tap_done();
}

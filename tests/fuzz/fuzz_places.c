/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as a database of AS numbers and of places: it is opened or refused with one line of printable text, and
 * the facts about addresses are within the bounds of address_book.h. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input_file.h"
#include "lookup/places.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libmaxminddb before 1.12 forgets some kB of each file whose metadata it refuses. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libmaxminddb";
}

static void must(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "fuzz_places: %s\n", what);
    abort();
}

static void check_message(const char *message)
{
    must(*message, "it is refused without a word");
    for (const char *c = message; *c; c++)
        must((unsigned char)*c >= ' ' && *c != 0x7f, "a message is not one line");
}

static void check_about(const struct address_facts *about)
{
    const struct address_place *place = &about->place;
    must(about->asn || !about->as_name[0], "an AS has a name and no number");
    must(strnlen(about->as_name, ADDRESS_TEXT_BYTES) < ADDRESS_TEXT_BYTES, "a name has no end");
    must(strnlen(place->city, ADDRESS_TEXT_BYTES) < ADDRESS_TEXT_BYTES, "a city has no end");
    size_t letters = strnlen(place->country, sizeof place->country);
    must(letters == 0 || letters == 2, "a country has not two letters");
    must(!place->has_position ||
             (place->latitude >= -90 && place->latitude <= 90 && place->longitude >= -180 && place->longitude <= 180),
         "a position is not on this earth");
}

static void look_up(const struct places *places)
{
    static const char *const asked[] = {"0.0.0.0",         "1.2.3.4",     "192.0.2.1", "198.51.100.7",
                                        "255.255.255.255", "2001:db8::1", "::",        "ffff::"};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        struct addr address;
        struct address_facts about = {0};
        must(addr_parse(asked[i], &address), "an address is none");
        places_look_up(places, &address, &about);
        check_about(&about);
    }
}

/* What was refused is left out. */
static void add(struct places *places, const struct places_paths *paths, enum db_kind kind)
{
    struct places_file file;
    struct err err = {0};
    must(places_file_open(paths, kind, &file, &err) == STATUS_OK, "the file is not there");
    if (places_add(places, &file, &err) != STATUS_OK)
        check_message(err.message);
    places_file_close(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = input_file(data, size);
    const struct places_paths paths = {.asn_db = path, .geo_db = path};
    for (unsigned kinds = 1; kinds <= 3; kinds++) {
        struct places *places = places_new();
        must(places != NULL, "no memory");
        for (enum db_kind kind = DB_ASN; kind <= DB_GEO; kind++)
            if (kinds & 1u << kind)
                add(places, &paths, kind);
        look_up(places);
        places_free(places);
    }
    return 0;
}

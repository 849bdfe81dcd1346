/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "unit/support/places_folder.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static void must(bool condition, const char *what)
{
    if (condition)
        return;
    printf("Bail out! places_folder: %s\n", what);
    exit(1);
}

void folder_make(struct folder *folder)
{
    strcpy(folder->path, "/tmp/hopsonde-places.XXXXXX");
    must(mkdtemp(folder->path), folder->path);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status, (void)type, (void)place;
    return remove(path);
}

void folder_remove(const struct folder *folder)
{
    must(nftw(folder->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS) == 0, folder->path);
}

const char *folder_path(const struct folder *folder, const char *name, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%s/%s", folder->path, name);
    return path;
}

void folder_add(const struct folder *folder, const char *name)
{
    char path[PATH_BYTES];
    must(mkdir(folder_path(folder, name, path), 0700) == 0, name);
}

void folder_save(const struct folder *folder, const char *name, const char *bytes, size_t length)
{
    char path[PATH_BYTES];
    FILE *file = fopen(folder_path(folder, name, path), "wb");
    must(file && fwrite(bytes, 1, length, file) == length && fclose(file) == 0, name);
}

void folder_save_database(const struct folder *folder, const char *name, const struct mmdb_writer *w)
{
    struct strbuf file = mmdb_writer_file(w);
    folder_save(folder, name, file.text, file.length);
    strbuf_free(&file);
}

void folder_save_record(const struct folder *folder, const char *name, const char *json)
{
    struct mmdb_writer w;
    mmdb_writer_init(&w, 6);
    mmdb_writer_put_json(&w, "192.0.2.0", 24, json);
    folder_save_database(folder, name, &w);
    mmdb_writer_free(&w);
}

struct places *open_places(const struct places_paths *paths, bool want_asn, bool want_geo, struct err *err)
{
    const bool wanted[] = {[DB_ASN] = want_asn, [DB_GEO] = want_geo};
    struct places *places = places_new();
    enum status status = STATUS_OK;
    for (enum db_kind kind = DB_ASN; kind <= DB_GEO && status == STATUS_OK; kind++) {
        struct places_file file;
        if (!wanted[kind])
            continue;
        status = places_file_open(paths, kind, &file, err);
        if (status == STATUS_OK)
            status = places_add(places, &file, err);
        places_file_close(&file);
    }
    if (status == STATUS_OK)
        return places;
    places_free(places);
    return NULL;
}

struct places *folder_open(const struct folder *folder, const char *name, bool want_asn, bool want_geo, struct err *err)
{
    char path[PATH_BYTES];
    const char *file = folder_path(folder, name, path);
    return open_places(&(struct places_paths){.asn_db = file, .geo_db = file}, want_asn, want_geo, err);
}

struct address_facts look_up(const struct places *places, const char *address)
{
    struct address_facts about = {0};
    must(addr_parse(address, &about.address), address);
    places_look_up(places, &about.address, &about);
    return about;
}

void fill_tree(struct mmdb_writer *w, unsigned ip_version)
{
    mmdb_writer_init(w, ip_version);
    mmdb_writer_put_json(w, "192.0.2.0", 24, "{\"autonomous_system_number\": 1}");
    mmdb_writer_put_json(w, "198.51.100.7", 32, "{\"autonomous_system_number\": 2}");
    mmdb_writer_put_json(w, "0.0.0.0", 8, "{\"autonomous_system_number\": 4}");
    if (ip_version == 6)
        mmdb_writer_put_json(w, "2001:db8::", 32, "{\"autonomous_system_number\": 3}");
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "lookup/places.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "lookup/db_find.h"
#include "lookup/mmdb.h"
#include "lookup/mmdb_record.h"

struct database {
    bool is_open;
    MMDB_s file;
};

struct places {
    struct database databases[2]; /* by kind */
    struct prefix_table *table;   /* replaces the database of AS numbers; NULL: none */
    struct prefix_table_faults faults;
};

static const struct {
    mmdb_reader *reader;
    const char *lacks; /* error and remedy for a database of another kind */
} kinds[] = {
    [DB_ASN] = {mmdb_record_network, "it has no AS numbers (name a database of AS numbers with --asn-db)"},
    [DB_GEO] = {mmdb_record_place, "it has no places (name a database of cities or countries with --geo-db)"},
};

static enum status open_file(struct database *database, enum db_kind kind, const char *path, struct err *err)
{
    enum status status = mmdb_open(path, &database->file, err);
    database->is_open = status == STATUS_OK;
    if (database->is_open && !mmdb_has(&database->file, kinds[kind].reader))
        return err_set(err, STATUS_SYSTEM, "%s: cannot use the database: %s", path, kinds[kind].lacks);
    return status;
}

static enum status read_all(const char *path, struct strbuf *text, struct err *err)
{
    char piece[65536];
    FILE *file = fopen(path, "re");
    size_t got = 0;
    while (file && (got = fread(piece, 1, sizeof piece, file)) > 0)
        strbuf_add_bytes(text, piece, got);
    int code = !file || ferror(file) ? errno : text->failed ? ENOMEM : 0;
    if (file)
        fclose(file);
    return code ? err_set(err, STATUS_SYSTEM, "%s: cannot read the table of AS numbers: %s", path, strerror(code))
                : STATUS_OK;
}

static enum status read_table(struct places *p, const char *path, struct err *err)
{
    struct strbuf text;
    strbuf_init(&text);
    enum status status = read_all(path, &text, err);
    if (status == STATUS_OK)
        p->table = prefix_table_new(path, text.text, text.length, &p->faults, err);
    strbuf_free(&text);
    return status == STATUS_OK && !p->table ? err->status : status;
}

/* A file of AS numbers may be text. */
static enum status open_named(struct places *p, enum db_kind kind, const char *path, struct err *err)
{
    bool is_mmdb = true;
    enum status status = kind == DB_ASN ? mmdb_recognise(path, &is_mmdb, err) : STATUS_OK;
    if (status != STATUS_OK)
        return status;
    return is_mmdb ? open_file(&p->databases[kind], kind, path, err) : read_table(p, path, err);
}

static enum status open_kind(struct places *p, enum db_kind kind, const char *named, const char *directories,
                             struct err *err)
{
    char *found;
    if (named)
        return open_named(p, kind, named, err);
    enum status status = db_find(kind, directories, &found, err);
    if (status != STATUS_OK)
        return status;
    status = open_file(&p->databases[kind], kind, found, err);
    free(found);
    return status;
}

const struct prefix_table_faults *places_faults(const struct places *places)
{
    return &places->faults;
}

enum status places_open(const struct places_paths *paths, bool want_asn, bool want_geo, struct places **out,
                        struct err *err)
{
    enum status status = STATUS_OK;
    struct places *p = calloc(1, sizeof *p);
    if (!p)
        return err_set(err, STATUS_SYSTEM, "databases: cannot open: %s", strerror(ENOMEM));
    if (want_asn)
        status = open_kind(p, DB_ASN, paths->asn_db, paths->directories, err);
    if (want_geo && status == STATUS_OK)
        status = open_kind(p, DB_GEO, paths->geo_db, paths->directories, err);
    if (status != STATUS_OK) {
        places_free(p);
        return status;
    }
    *out = p;
    return STATUS_OK;
}

void places_free(struct places *places)
{
    if (!places)
        return;
    for (unsigned kind = DB_ASN; kind <= DB_GEO; kind++)
        if (places->databases[kind].is_open)
            MMDB_close(&places->databases[kind].file);
    prefix_table_free(places->table);
    free(places);
}

void places_look_up(const struct places *places, const struct addr *address, struct address_facts *out)
{
    MMDB_entry_s record;
    struct prefix prefix;
    if (places->table && prefix_table_find(places->table, address, &prefix) && prefix.asn) {
        out->asn = prefix.asn;
        address_copy(out->as_name, sizeof out->as_name, prefix.name, strlen(prefix.name));
    }
    for (unsigned kind = DB_ASN; kind <= DB_GEO; kind++) {
        const struct database *database = &places->databases[kind];
        if (database->is_open && mmdb_look_up(&database->file, address, &record))
            kinds[kind].reader(record, out);
    }
}

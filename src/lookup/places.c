/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "lookup/places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static enum status open_database(struct database *database, enum db_kind kind, int fd, const char *path,
                                 struct err *err)
{
    enum status status = mmdb_open(fd, path, &database->file, err);
    database->is_open = status == STATUS_OK;
    if (database->is_open && !mmdb_has(&database->file, kinds[kind].reader))
        status = err_set(err, STATUS_SYSTEM, "%s: cannot use the database: %s", path, kinds[kind].lacks);
    if (database->is_open && status != STATUS_OK) {
        MMDB_close(&database->file);
        database->is_open = false;
    }
    return status;
}

/* Bytes of a line of a table. No line of a real one has as many.
 * Unit: bytes. Source: chosen. Effect: a smaller one refuses tables with long names; a larger one reads more of a file
 * that is none before it refuses it. */
#define LINE_MOST 65536

/* The length of the last line so far. It had `before` bytes when this piece came. */
static size_t last_line(size_t before, const char *piece, size_t length)
{
    for (size_t i = length; i-- > 0;)
        if (piece[i] == '\n')
            return length - i - 1;
    return before + length;
}

static enum status read_all(int fd, const char *path, struct strbuf *text, struct err *err)
{
    char piece[LINE_MOST];
    size_t line = 0;
    ssize_t got = 0;
    for (off_t at = 0;
         line <= LINE_MOST && text->length <= PREFIX_TABLE_TEXT_MOST && (got = pread(fd, piece, sizeof piece, at)) > 0;
         at += got) {
        strbuf_add_bytes(text, piece, (size_t)got);
        line = last_line(line, piece, (size_t)got);
    }
    if (line > LINE_MOST)
        return err_set(err, STATUS_SYSTEM, "%s: cannot read the table of AS numbers: a line has more than %d bytes",
                       path, LINE_MOST);
    int code = got < 0 ? errno : text->failed ? ENOMEM : 0;
    return code ? err_set(err, STATUS_SYSTEM, "%s: cannot read the table of AS numbers: %s", path, strerror(code))
                : STATUS_OK;
}

static enum status read_table(struct places *p, int fd, const char *path, struct err *err)
{
    struct strbuf text;
    strbuf_init(&text);
    enum status status = read_all(fd, path, &text, err);
    if (status == STATUS_OK)
        p->table = prefix_table_new(path, text.text, text.length, &p->faults, err);
    strbuf_free(&text);
    return status == STATUS_OK && !p->table ? err->status : status;
}

enum status places_file_open(const struct places_paths *paths, enum db_kind kind, struct places_file *out,
                             struct err *err)
{
    const char *named = kind == DB_ASN ? paths->asn_db : paths->geo_db;
    *out = (struct places_file){.kind = kind, .named = named, .fd = -1};
    if (!named) {
        enum status status = db_find(kind, paths->directories, &out->found, err);
        if (status != STATUS_OK)
            return status;
    }
    return mmdb_file_open(named ? named : out->found, &out->fd, err);
}

void places_file_close(struct places_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    free(file->found);
    file->fd = -1;
    file->found = NULL;
}

/* A file of AS numbers that is named may be text. */
enum status places_add(struct places *places, const struct places_file *file, struct err *err)
{
    bool is_mmdb = true;
    enum status status = STATUS_OK;
    const char *path = file->named ? file->named : file->found;
    if (file->named && file->kind == DB_ASN)
        status = mmdb_recognise(file->fd, path, &is_mmdb, err);
    if (status != STATUS_OK)
        return status;
    return is_mmdb ? open_database(&places->databases[file->kind], file->kind, file->fd, path, err)
                   : read_table(places, file->fd, path, err);
}

struct places *places_new(void)
{
    return calloc(1, sizeof(struct places));
}

const struct prefix_table_faults *places_faults(const struct places *places)
{
    return &places->faults;
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

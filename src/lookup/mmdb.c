/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "lookup/mmdb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lookup/mmdb_check.h"

#define TAIL_BYTES 131072 /* bytes at the end that hold the metadata ("Database Metadata" of the specification) */
#define NODES_MOST 2000   /* nodes searched for the kind of data in a database */
#define WAITING_MOST 160  /* nodes in the queue of that search; a tree is at most 128 deep */

static const char marker[] = "\xab\xcd\xefMaxMind.com"; /* precedes the metadata */
#define MARKER_BYTES (sizeof marker - 1)

/* The end of a file. */
struct tail {
    uint8_t *bytes; /* owned */
    size_t length;
    const uint8_t *metadata; /* points into `bytes`, after the last marker; NULL: no marker */
};

static enum status say(struct err *err, const char *path, const char *problem)
{
    return err_set(err, STATUS_SYSTEM, "%s: cannot read the database: %s", path, problem);
}

static enum status say_errno(struct err *err, const char *path, int code)
{
    const char *remedy = code == ENOENT ? "check the name" : code == EACCES ? "check its permissions" : "try again";
    return err_set(err, STATUS_SYSTEM, "%s: cannot read the database: %s (%s)", path, strerror(code), remedy);
}

static const uint8_t *find_metadata(const uint8_t *bytes, size_t length)
{
    const uint8_t *found = NULL, *end = bytes + length, *at = bytes;
    while ((at = memmem(at, (size_t)(end - at), marker, MARKER_BYTES)))
        found = at += MARKER_BYTES;
    return found;
}

/* O_NONBLOCK: opening a named pipe without a writer must not block. */
enum status mmdb_file_open(const char *path, int *fd, struct err *err)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return *fd < 0 ? say_errno(err, path, errno) : STATUS_OK;
}

static enum status read_tail(int fd, const char *path, struct tail *tail, struct err *err)
{
    struct stat file;
    *tail = (struct tail){0};
    if (fstat(fd, &file) != 0)
        return say_errno(err, path, errno);
    if (!S_ISREG(file.st_mode))
        return say(err, path,
                   S_ISDIR(file.st_mode) ? "it is a directory (name a file in it)"
                                         : "it is not a regular file (name a database file)");
    if (file.st_size == 0)
        return say(err, path, "it is empty (download it again)");
    off_t start = file.st_size > TAIL_BYTES ? file.st_size - TAIL_BYTES : 0;
    tail->bytes = malloc(TAIL_BYTES);
    if (!tail->bytes)
        return say_errno(err, path, ENOMEM);
    ssize_t got = pread(fd, tail->bytes, TAIL_BYTES, start);
    if (got < 0)
        return say_errno(err, path, errno);
    tail->length = (size_t)got;
    tail->metadata = find_metadata(tail->bytes, tail->length);
    return STATUS_OK;
}

enum status mmdb_recognise(int fd, const char *path, bool *is_mmdb, struct err *err)
{
    struct tail tail;
    enum status status = read_tail(fd, path, &tail, err);
    *is_mmdb = status == STATUS_OK && tail.metadata;
    free(tail.bytes);
    return status;
}

static enum status check_tail(const struct tail *tail, const char *path, struct err *err)
{
    if (!tail->metadata)
        return say(err, path, "it is not a MaxMind DB file, or it is truncated (download it again)");
    size_t length = (size_t)(tail->bytes + tail->length - tail->metadata);
    if (!mmdb_value_is_sound(tail->metadata, length, 0))
        return say(err, path, "its metadata is damaged (download it again)");
    return STATUS_OK;
}

static enum status say_library(struct err *err, const char *path, int code)
{
    switch (code) {
    case MMDB_FILE_OPEN_ERROR:
    case MMDB_IO_ERROR:
        return say_errno(err, path, errno);
    case MMDB_OUT_OF_MEMORY_ERROR:
        return say_errno(err, path, ENOMEM);
    case MMDB_UNKNOWN_DATABASE_FORMAT_ERROR:
        return say(err, path, "its format is not version 2 of MaxMind DB (download it again, or a newer hopsonde)");
    case MMDB_INVALID_METADATA_ERROR:
        return say(err, path, "its metadata is damaged, or its start is missing (download it again)");
    default:
        return say(err, path, "it is damaged (download it again)");
    }
}

/* A copy of the file in memory, which any user may open; -1 with errno. */
static int copy_file(int fd)
{
    char piece[65536];
    int copy = memfd_create("database", MFD_CLOEXEC);
    ssize_t got = 0;
    for (off_t at = 0; copy >= 0 && (got = pread(fd, piece, sizeof piece, at)) > 0; at += got)
        if (write(copy, piece, (size_t)got) != got)
            got = -1;
    if (copy < 0 || got == 0)
        return copy;
    int code = errno;
    close(copy);
    errno = code;
    return -1;
}

static int open_link(int fd, MMDB_s *out)
{
    char link[sizeof "/proc/self/fd/" + 3 * sizeof fd];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return MMDB_open(link, MMDB_MODE_MMAP, out);
}

/* libmaxminddb opens files by name alone. Our process may have opened the file as another user, so the name is that of
 * the descriptor. Without /proc it is the path. */
static int open_library(int fd, const char *path, MMDB_s *out)
{
    int code = open_link(fd, out);
    if (code == MMDB_FILE_OPEN_ERROR && errno == EACCES) {
        int copy = copy_file(fd);
        if (copy < 0)
            return MMDB_IO_ERROR;
        code = open_link(copy, out);
        close(copy);
    }
    return code == MMDB_FILE_OPEN_ERROR ? MMDB_open(path, MMDB_MODE_MMAP, out) : code;
}

enum status mmdb_open(int fd, const char *path, MMDB_s *out, struct err *err)
{
    struct tail tail;
    enum status status = read_tail(fd, path, &tail, err);
    if (status == STATUS_OK)
        status = check_tail(&tail, path, err);
    free(tail.bytes);
    if (status != STATUS_OK)
        return status;
    int code = open_library(fd, path, out);
    return code == MMDB_SUCCESS ? STATUS_OK : say_library(err, path, code);
}

static bool is_sound(const MMDB_s *database, const MMDB_entry_s *record)
{
    return mmdb_value_is_sound(database->data_section, database->data_section_size, record->offset);
}

static MMDB_lookup_result_s look_up_v4(const MMDB_s *database, const struct addr *address, int *code)
{
    struct sockaddr_in socket_address = {.sin_family = AF_INET};
    memcpy(&socket_address.sin_addr, address->bytes, sizeof socket_address.sin_addr);
    return MMDB_lookup_sockaddr(database, (const struct sockaddr *)&socket_address, code);
}

static MMDB_lookup_result_s look_up_v6(const MMDB_s *database, const struct addr *address, int *code)
{
    struct sockaddr_in6 socket_address = {.sin6_family = AF_INET6};
    memcpy(&socket_address.sin6_addr, address->bytes, sizeof socket_address.sin6_addr);
    return MMDB_lookup_sockaddr(database, (const struct sockaddr *)&socket_address, code);
}

/* ::/96, where an IPv6 tree keeps the IPv4 addresses. ::1 must not be looked up as 0.0.0.1. */
static bool is_in_place_of_v4(const struct addr *address)
{
    static const uint8_t zero[12] = {0};
    return address->family == 6 && memcmp(address->bytes, zero, sizeof zero) == 0;
}

bool mmdb_look_up(const MMDB_s *database, const struct addr *address, MMDB_entry_s *record)
{
    int code;
    if (addr_is_none(address) || is_in_place_of_v4(address))
        return false;
    MMDB_lookup_result_s result =
        address->family == 4 ? look_up_v4(database, address, &code) : look_up_v6(database, address, &code);
    *record = result.entry;
    return code == MMDB_SUCCESS && result.found_entry && is_sound(database, record);
}

static bool says(const MMDB_s *database, uint8_t type, MMDB_entry_s record, mmdb_reader *reader)
{
    struct address_facts unused;
    return type == MMDB_RECORD_TYPE_DATA && is_sound(database, &record) && reader(record, &unused);
}

/* Searches depth first, and the left side of a node, with the lower addresses, before the right. The limits end the
 * search even if the nodes of a damaged file form a loop. */
bool mmdb_has(const MMDB_s *database, mmdb_reader *reader)
{
    uint64_t waiting[WAITING_MOST] = {0}; /* the first is the root, 0 */
    unsigned count = 1;
    for (unsigned visited = 0; count > 0 && visited < NODES_MOST; visited++) {
        MMDB_search_node_s node;
        if (MMDB_read_node(database, (uint32_t)waiting[--count], &node) != MMDB_SUCCESS)
            continue;
        if (says(database, node.left_record_type, node.left_record_entry, reader) ||
            says(database, node.right_record_type, node.right_record_entry, reader))
            return true;
        if (node.right_record_type == MMDB_RECORD_TYPE_SEARCH_NODE && count < WAITING_MOST)
            waiting[count++] = node.right_record;
        if (node.left_record_type == MMDB_RECORD_TYPE_SEARCH_NODE && count < WAITING_MOST)
            waiting[count++] = node.left_record;
    }
    return false;
}

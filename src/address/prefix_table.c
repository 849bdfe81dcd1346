/* SPDX-License-Identifier: BSD-2-Clause */
#include "address/prefix_table.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/strbuf.h"

/* Bytes of text: with this limit, line numbers and offsets in the pool of names fit 32 bits. */

#define NO_ROW UINT32_MAX /* index that stands for no row */

/* 32 bytes: glibc sorts larger elements through pointers, which takes longer and more memory. */
struct row {
    struct addr network;
    uint8_t length; /* bits */
    uint32_t asn;
    uint32_t name; /* offset in the pool; 0: no name */
    union {
        uint32_t line;   /* until the rows are linked: line of the text, from 1 */
        uint32_t parent; /* afterwards: the longest shorter prefix that covers this one, or NO_ROW */
    };
};
_Static_assert(sizeof(struct row) == 32, "a row has grown");

/* Rows are sorted by address, then length. The longest prefix of an address is the last row not behind it, or a
 * parent of that row. */
struct prefix_table {
    struct row *rows; /* owned */
    size_t count, capacity;
    struct strbuf names; /* each with its NUL; the first is "" */
};

/* A piece of the text. */
struct span {
    const char *at;
    size_t length;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct span trim(struct span line)
{
    while (line.length > 0 && is_blank(line.at[0])) {
        line.at++;
        line.length--;
    }
    while (line.length > 0 && (is_blank(line.at[line.length - 1]) || line.at[line.length - 1] == '\r'))
        line.length--;
    return line;
}

/* Takes the first word off the line, and the blanks after it. */
static struct span take_word(struct span *line)
{
    struct span word = {.at = line->at};
    while (word.length < line->length && !is_blank(line->at[word.length]))
        word.length++;
    *line = trim((struct span){line->at + word.length, line->length - word.length});
    return word;
}

/* Accepts decimal digits only. */
static bool parse_number(struct span text, uint32_t most, uint32_t *out)
{
    uint64_t number = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(text.at[i] - '0');
        if (number > most)
            return false;
    }
    *out = (uint32_t)number;
    return text.length > 0;
}

static bool parse_asn(struct span text, uint32_t *out)
{
    bool marked = text.length > 2 && (text.at[0] | 0x20) == 'a' && (text.at[1] | 0x20) == 's';
    return parse_number(marked ? (struct span){text.at + 2, text.length - 2} : text, UINT32_MAX, out);
}

static bool parse_address(struct span text, struct addr *out)
{
    char copy[ADDR_TEXT_BYTES];
    if (text.length >= sizeof copy || memchr(text.at, '\0', text.length))
        return false;
    memcpy(copy, text.at, text.length);
    copy[text.length] = '\0';
    return addr_parse(copy, out);
}

bool prefix_covers(const struct addr *network, unsigned length, const struct addr *address)
{
    unsigned bytes = length / 8, rest = length % 8;
    if (network->family != address->family || memcmp(network->bytes, address->bytes, bytes) != 0)
        return false;
    return rest == 0 || (network->bytes[bytes] ^ address->bytes[bytes]) >> (8 - rest) == 0;
}

static bool has_bits_beyond(const struct row *row)
{
    static const uint8_t zero[16];
    size_t byte = row->length / 8;
    if (row->length % 8 && (row->network.bytes[byte++] & (0xff >> row->length % 8)))
        return true;
    return memcmp(row->network.bytes + byte, zero, sizeof zero - byte) != 0;
}

/* Returns NULL, or the error. */
static const char *parse_prefix(struct span word, struct row *row)
{
    const char *slash = memchr(word.at, '/', word.length);
    size_t end = slash ? (size_t)(slash - word.at) : word.length;
    if (!parse_address((struct span){word.at, end}, &row->network))
        return "not an address";
    uint32_t most = (uint32_t)addr_length(&row->network) * 8, length = most;
    if (slash && !parse_number((struct span){slash + 1, word.length - end - 1}, most, &length))
        return "not a prefix length";
    row->length = (uint8_t)length;
    return has_bits_beyond(row) ? "address bits beyond the prefix length" : NULL;
}

/* Returns NULL, or the error. If out of memory, `names` has failed. */
static const char *parse_row(struct span line, struct row *row, struct strbuf *names)
{
    const char *wrong = parse_prefix(take_word(&line), row);
    if (wrong)
        return wrong;
    if (!parse_asn(take_word(&line), &row->asn))
        return "not an AS number";
    if (line.length == 0)
        return NULL;
    if (memchr(line.at, '\0', line.length))
        return "a NUL in the name";
    row->name = (uint32_t)names->length;
    strbuf_add_bytes(names, line.at, line.length);
    strbuf_add_bytes(names, "", 1);
    return NULL;
}

static void note_fault(struct prefix_table_faults *faults, uint32_t line, const char *wrong)
{
    if (faults->malformed++ > 0)
        return;
    faults->first_line = line;
    faults->first_what = wrong;
}

static bool add_line(struct prefix_table *table, struct span line, uint32_t number, struct prefix_table_faults *faults)
{
    struct row row = {.line = number};
    line = trim(line);
    if (line.length == 0 || line.at[0] == '#')
        return true;
    const char *wrong = parse_row(line, &row, &table->names);
    if (wrong) {
        note_fault(faults, number, wrong);
        return true;
    }
    if (!array_reserve((void **)&table->rows, &table->capacity, table->count + 1, sizeof row))
        return false;
    table->rows[table->count++] = row;
    return !table->names.failed;
}

static bool add_lines(struct prefix_table *table, const char *text, size_t length, struct prefix_table_faults *faults)
{
    uint32_t number = 0;
    for (size_t at = 0; at < length;) {
        const char *newline = memchr(text + at, '\n', length - at);
        struct span line = {text + at, newline ? (size_t)(newline - text) - at : length - at};
        if (!add_line(table, line, ++number, faults))
            return false;
        at += line.length + (newline != NULL);
    }
    return true;
}

static int compare_prefixes(const struct row *a, const struct row *b)
{
    int order = addr_compare(&a->network, &b->network);
    return order ? order : (a->length > b->length) - (a->length < b->length);
}

static int compare_rows(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    int order = compare_prefixes(a, b);
    return order ? order : (a->line > b->line) - (a->line < b->line);
}

/* Of rows with the same prefix, keeps the last. */
static void drop_repeated(struct prefix_table *table)
{
    size_t kept = 0;
    for (size_t i = 0; i < table->count; i++) {
        if (i + 1 < table->count && compare_prefixes(&table->rows[i], &table->rows[i + 1]) == 0)
            continue;
        table->rows[kept++] = table->rows[i];
    }
    table->count = kept;
}

/* Returns the row, or its nearest parent, that covers the address; NO_ROW if none does. */
static uint32_t covering_row(const struct prefix_table *table, uint32_t row, const struct addr *address)
{
    while (row != NO_ROW && !prefix_covers(&table->rows[row].network, table->rows[row].length, address))
        row = table->rows[row].parent;
    return row;
}

static void link_parents(struct prefix_table *table)
{
    for (uint32_t i = 0; i < table->count; i++)
        table->rows[i].parent = i > 0 ? covering_row(table, i - 1, &table->rows[i].network) : NO_ROW;
}

/* Frees the unused part of the array. */
static void shrink(struct prefix_table *table)
{
    struct row *smaller = realloc(table->rows, table->count * sizeof *smaller);
    if (!smaller)
        return;
    table->rows = smaller;
    table->capacity = table->count;
}

static enum status refuse(const char *subject, const struct prefix_table_faults *faults, struct err *err)
{
    static const char remedy[] = "expected on each line: prefix, AS number, name";
    if (faults->malformed == 0)
        return err_set(err, STATUS_SYSTEM, "%s: cannot read prefixes: it has no rows (%s)", subject, remedy);
    return err_set(err, STATUS_SYSTEM, "%s: cannot read prefixes: line %zu: %s (%s)", subject, faults->first_line,
                   faults->first_what, remedy);
}

static enum status fill(struct prefix_table *table, const char *subject, const char *text, size_t length,
                        struct prefix_table_faults *faults, struct err *err)
{
    if (length > PREFIX_TABLE_TEXT_MOST)
        return err_set(err, STATUS_SYSTEM, "%s: cannot read prefixes: it has more than %u bytes", subject,
                       PREFIX_TABLE_TEXT_MOST);
    strbuf_add_bytes(&table->names, "", 1);
    if (!add_lines(table, text, length, faults) || table->names.failed)
        return err_set(err, STATUS_SYSTEM, "%s: cannot read prefixes: out of memory", subject);
    if (table->count == 0)
        return refuse(subject, faults, err);
    qsort(table->rows, table->count, sizeof table->rows[0], compare_rows);
    drop_repeated(table);
    link_parents(table);
    shrink(table);
    return STATUS_OK;
}

struct prefix_table *prefix_table_new(const char *subject, const char *text, size_t length,
                                      struct prefix_table_faults *faults, struct err *err)
{
    *faults = (struct prefix_table_faults){0};
    struct prefix_table *table = calloc(1, sizeof *table);
    if (!table) {
        err_set(err, STATUS_SYSTEM, "%s: cannot read prefixes: out of memory", subject);
        return NULL;
    }
    strbuf_init(&table->names);
    if (fill(table, subject, text, length, faults, err) == STATUS_OK)
        return table;
    prefix_table_free(table);
    return NULL;
}

void prefix_table_free(struct prefix_table *table)
{
    if (!table)
        return;
    free(table->rows);
    strbuf_free(&table->names);
    free(table);
}

size_t prefix_table_count(const struct prefix_table *table)
{
    return table->count;
}

/* Returns the last row whose network is not behind the address; NO_ROW if all are. */
static uint32_t last_not_behind(const struct prefix_table *table, const struct addr *address)
{
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (addr_compare(&table->rows[middle].network, address) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? (uint32_t)(low - 1) : NO_ROW;
}

bool prefix_table_find(const struct prefix_table *table, const struct addr *address, struct prefix *out)
{
    uint32_t index = covering_row(table, last_not_behind(table, address), address);
    if (index == NO_ROW)
        return false;
    const struct row *row = &table->rows[index];
    *out = (struct prefix){row->network, row->length, row->asn, table->names.text + row->name};
    return true;
}

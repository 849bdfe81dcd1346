/* SPDX-License-Identifier: BSD-2-Clause */
#include "address/address_book.h"

#include <search.h>
#include <stdlib.h>

#include "base/array.h"

struct address_book {
    struct address_facts **entries; /* owned */
    size_t count, capacity;
    void *tree; /* a tree of tsearch(): the same entries, by address */
};

static int compare_entries(const void *left, const void *right)
{
    const struct address_facts *a = left, *b = right;
    return addr_compare(&a->address, &b->address);
}

struct address_book *address_book_new(void)
{
    return calloc(1, sizeof(struct address_book));
}

void address_book_free(struct address_book *book)
{
    if (!book)
        return;
    for (size_t i = 0; i < book->count; i++) {
        tdelete(book->entries[i], &book->tree, compare_entries);
        free(book->entries[i]);
    }
    free(book->entries);
    free(book);
}

struct address_facts *address_book_entry(struct address_book *book, const struct addr *address)
{
    struct address_facts key = {.address = *address};
    struct address_facts **found = tfind(&key, &book->tree, compare_entries);
    if (found)
        return *found;
    if (!array_reserve((void **)&book->entries, &book->capacity, book->count + 1, sizeof(struct address_facts *)))
        return NULL;
    struct address_facts *entry = calloc(1, sizeof *entry);
    if (!entry)
        return NULL;
    entry->address = *address;
    if (!tsearch(entry, &book->tree, compare_entries)) {
        free(entry);
        return NULL;
    }
    book->entries[book->count++] = entry;
    return entry;
}

const struct address_facts *address_book_find(const struct address_book *book, const struct addr *address)
{
    struct address_facts key = {.address = *address};
    struct address_facts **found = book ? tfind(&key, &book->tree, compare_entries) : NULL;
    return found ? *found : NULL;
}

size_t address_book_count(const struct address_book *book)
{
    return book->count;
}

const struct address_facts *address_book_at(const struct address_book *book, size_t index)
{
    return book->entries[index];
}

void address_copy(char *to, size_t bytes, const char *text, size_t length)
{
    size_t end = strnlen(text, length);
    if (end >= bytes) {
        end = bytes - 1;
        while (end > 0 && ((unsigned char)text[end] & 0xc0) == 0x80)
            end--;
    }
    memcpy(to, text, end);
    to[end] = '\0';
}

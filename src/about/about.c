#include "about/about.h"

#include <search.h>
#include <stdlib.h>

#include "base/array.h"

struct about_book {
    struct about **entries; /* owned */
    size_t count, capacity;
    void *tree; /* of tsearch(): the same entries, by address */
};

static int compare_entries(const void *left, const void *right)
{
    const struct about *a = left, *b = right;
    return addr_compare(&a->address, &b->address);
}

struct about_book *about_book_new(void)
{
    return calloc(1, sizeof(struct about_book));
}

void about_book_free(struct about_book *book)
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

struct about *about_book_entry(struct about_book *book, const struct addr *address)
{
    struct about key = {.address = *address};
    struct about **found = tfind(&key, &book->tree, compare_entries);
    if (found)
        return *found;
    if (!array_reserve((void **)&book->entries, &book->capacity, book->count + 1, sizeof(struct about *)))
        return NULL;
    struct about *entry = calloc(1, sizeof *entry);
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

const struct about *about_book_find(const struct about_book *book, const struct addr *address)
{
    struct about key = {.address = *address};
    struct about **found = book ? tfind(&key, &book->tree, compare_entries) : NULL;
    return found ? *found : NULL;
}

size_t about_book_count(const struct about_book *book)
{
    return book->count;
}

const struct about *about_book_at(const struct about_book *book, size_t index)
{
    return book->entries[index];
}

void about_copy(char *to, size_t bytes, const char *text, size_t length)
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

/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as the body of a name resolution block, in the byte order that the first one says. The
 * entries are written and read again: they must be the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/name_block.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "fuzz_nameblock: %s\n", what);
    abort();
}

static struct address_book *read_body(const void *bytes, size_t length, bool little, struct address_book *book)
{
    const struct record_options body = {.left = cursor_init(bytes, length), .little = little};
    must(book != NULL, "no memory");
    name_block_read(&body, book);
    return book;
}

static bool is_little(const struct strbuf *block)
{
    return block->text[0] != 0; /* the type, in this machine's order */
}

static struct address_book *write_and_read(const struct address_book *book)
{
    struct address_book *again = address_book_new();
    struct strbuf block, scratch;
    strbuf_init(&block);
    strbuf_init(&scratch);
    for (size_t next = 0; name_block_write(&block, &scratch, book, &next);)
        read_body(block.text + 8, block.length - 12, is_little(&block), again);
    strbuf_free(&block);
    strbuf_free(&scratch);
    return again;
}

static void check_same(const struct address_facts *a, const struct address_facts *b)
{
    must(b != NULL, "an address is lost");
    must(a->name_state == b->name_state && strcmp(a->name, b->name) == 0, "another name");
    must(a->asn == b->asn && strcmp(a->as_name, b->as_name) == 0, "another AS");
    must(strcmp(a->place.country, b->place.country) == 0 && strcmp(a->place.city, b->place.city) == 0, "another place");
    must(a->place.has_position == b->place.has_position, "a position comes or goes");
    must(!a->place.has_position || (a->place.latitude == b->place.latitude && a->place.longitude == b->place.longitude),
         "another position");
    must(strcmp(a->whois.netname, b->whois.netname) == 0, "another network");
    must(strcmp(a->whois.organisation, b->whois.organisation) == 0, "another organisation");
    must(strcmp(a->whois.country, b->whois.country) == 0, "another country");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct address_facts blank;
    if (size == 0)
        return 0;
    struct address_book *book = read_body(data + 1, size - 1, data[0] & 1, address_book_new());
    struct address_book *again = write_and_read(book);
    for (size_t i = 0; i < address_book_count(book); i++) {
        const struct address_facts *about = address_book_at(book, i),
                                   *other = address_book_find(again, &about->address);
        must(!addr_is_none(&about->address), "no address");
        check_same(about, other ? other : &blank); /* of some only the address is told */
    }
    address_book_free(again);
    address_book_free(book);
    return 0;
}

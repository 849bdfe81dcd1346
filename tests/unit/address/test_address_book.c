/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of addresses beyond the packets. */
#include "address/address_book.h"

#include "tap.h"

static struct addr address_of(uint32_t n)
{
    const uint8_t bytes[4] = {10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    return addr_from_bytes(4, bytes);
}

static void test_book(void)
{
    struct address_book *book = address_book_new();
    struct addr a = address_of(1);
    ok(!address_book_find(NULL, &a), "no book knows nothing");
    ok(!address_book_find(book, &a), "an empty one neither");
    unsigned wrong = 0;
    for (uint32_t n = 0; n < 1000; n++) {
        struct addr address = address_of(n * 7919 % 1000);
        struct address_facts *entry = address_book_entry(book, &address);
        entry->asn = n + 1;
    }
    is_num(address_book_count(book), 1000, "an entry an address");
    for (uint32_t n = 0; n < 1000; n++) {
        struct addr address = address_of(n * 7919 % 1000);
        const struct address_facts *entry = address_book_find(book, &address);
        wrong += !entry || entry->asn != n + 1 || address_book_at(book, n) != entry ||
                 address_book_entry(book, &address) != entry;
    }
    is_num(wrong, 0, "found again, in the order in which they came");
    address_book_free(book);
    address_book_free(NULL);
}

static void test_copy(void)
{
    char text[5];
    address_copy(text, sizeof text, "abcdef", 3);
    is_text(text, "abc", "as long as it is said to be");
    address_copy(text, sizeof text, "abcdef", 6);
    is_text(text, "abcd", "cut to the room there is");
    address_copy(text, sizeof text, "abc\xc3\xa9", 5);
    is_text(text, "abc", "never within a character");
    address_copy(text, sizeof text, "a\0b", 3);
    is_text(text, "a", "and ends at a NUL");
    address_copy(text, sizeof text, "\x80\x80\x80\x80\x80\x80", 6);
    is_text(text, "", "bytes that are no character are no text");
}

int main(void)
{
    test_book();
    test_copy();
    return tap_done();
}

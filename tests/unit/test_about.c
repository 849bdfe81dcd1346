/* What is known of addresses beyond the packets. */
#include "about/about.h"

#include "tap.h"

static struct addr address_of(uint32_t n)
{
    const uint8_t bytes[4] = {10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    return addr_from_bytes(4, bytes);
}

static void test_book(void)
{
    struct about_book *book = about_book_new();
    struct addr a = address_of(1);
    ok(!about_book_find(NULL, &a), "no book knows nothing");
    ok(!about_book_find(book, &a), "an empty one neither");
    unsigned wrong = 0;
    for (uint32_t n = 0; n < 1000; n++) {
        struct addr address = address_of(n * 7919 % 1000);
        struct about *entry = about_book_entry(book, &address);
        entry->asn = n + 1;
    }
    is_num(about_book_count(book), 1000, "an entry an address");
    for (uint32_t n = 0; n < 1000; n++) {
        struct addr address = address_of(n * 7919 % 1000);
        const struct about *entry = about_book_find(book, &address);
        wrong += !entry || entry->asn != n + 1 || about_book_at(book, n) != entry ||
                 about_book_entry(book, &address) != entry;
    }
    is_num(wrong, 0, "found again, in the order in which they came");
    about_book_free(book);
    about_book_free(NULL);
}

static void test_copy(void)
{
    char text[5];
    about_copy(text, sizeof text, "abcdef", 3);
    is_text(text, "abc", "as long as it is said to be");
    about_copy(text, sizeof text, "abcdef", 6);
    is_text(text, "abcd", "cut to the room there is");
    about_copy(text, sizeof text, "abc\xc3\xa9", 5);
    is_text(text, "abc", "never within a character");
    about_copy(text, sizeof text, "a\0b", 3);
    is_text(text, "a", "and ends at a NUL");
    about_copy(text, sizeof text, "\x80\x80\x80\x80\x80\x80", 6);
    is_text(text, "", "what is no character at all is no text");
}

int main(void)
{
    test_book();
    test_copy();
    return tap_done();
}

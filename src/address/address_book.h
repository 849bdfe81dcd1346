/* SPDX-License-Identifier: BSD-2-Clause */
/* address_book: facts about addresses that the packets do not carry: names, AS numbers, places, WHOIS. Floor 1;
 * pure.
 *
 * It only stores facts; lookup/ finds them. All text in it comes from outside and must be escaped before it is
 * printed. */
#ifndef HOPSONDE_ADDRESS_ADDRESS_BOOK_H
#define HOPSONDE_ADDRESS_ADDRESS_BOOK_H

#include <stdint.h>

#include "base/addr.h"

#define ADDRESS_NAME_BYTES                                                                                             \
    256                       /* bytes: 253 characters (RFC 1035 2.3.4), the NUL, and two spare for oversized names    \
                               */
#define ADDRESS_TEXT_BYTES 80 /* bytes of the other texts; longer ones are cut between characters */

enum address_name {
    ADDRESS_NAME_UNKNOWN,     /* not looked up, or no reply so far */
    ADDRESS_NAME_NONE,        /* the address has no name */
    ADDRESS_NAME_KNOWN,       /* the PTR record gives a name */
    ADDRESS_NAME_CONFIRMED,   /* that name has this address (forward-confirmed reverse DNS) */
    ADDRESS_NAME_UNCONFIRMED, /* that name was looked up and does not have this address */
};

/* The place that a database or a name gives for an address. */
struct address_place {
    char country[3];               /* ISO 3166-1 alpha-2; "": unknown */
    char city[ADDRESS_TEXT_BYTES]; /* "": unknown */
    bool has_position;
    double latitude, longitude; /* degrees, north and east positive; -90 to 90 and -180 to 180 */
};

/* A registry's data on the network of an address; "": no data. */
struct address_whois {
    char netname[ADDRESS_TEXT_BYTES];
    char organisation[ADDRESS_TEXT_BYTES];
    char country[3];
};

struct address_facts {
    struct addr address;
    enum address_name name_state;
    char name[ADDRESS_NAME_BYTES]; /* without the root's dot; "" if the state says that there is none */
    uint32_t asn;                  /* 0: unknown (RFC 7607 reserves AS 0) */
    char as_name[ADDRESS_TEXT_BYTES];
    struct address_place place;
    struct address_whois whois;
};

/* One entry per address, in order of insertion. */
struct address_book;

struct address_book *address_book_new(void); /* NULL if out of memory */
void address_book_free(struct address_book *book);
/* Returns the entry of the address and creates it if needed. It is valid as long as the book. NULL if out of memory. */
struct address_facts *address_book_entry(struct address_book *book, const struct addr *address);
/* Returns NULL if there is no entry. `book` may be NULL. */
const struct address_facts *address_book_find(const struct address_book *book, const struct addr *address);
size_t address_book_count(const struct address_book *book);
const struct address_facts *address_book_at(const struct address_book *book, size_t index);

/* Copies text up to `length` or its first NUL. Cuts it to `bytes` including the NUL, never within a UTF-8 character. */
void address_copy(char *to, size_t bytes, const char *text, size_t length);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* address_book: facts about addresses that are not in the packets: names, AS numbers, places, WHOIS. Floor 1; pure.
 *
 * Who finds it out is io/; this only keeps it. All text in here is foreign: it is escaped where it is printed. */
#ifndef HOPSONDE_ADDRESS_ADDRESS_BOOK_H
#define HOPSONDE_ADDRESS_ADDRESS_BOOK_H

#include <stdint.h>

#include "base/addr.h"

#define ADDRESS_NAME_BYTES 256 /* 253 characters (RFC 1035 2.3.4) and the NUL, and room for what is not quite one */
#define ADDRESS_TEXT_BYTES 80  /* of the other texts; longer ones are cut between characters */

enum address_name {
    ADDRESS_NAME_UNKNOWN,     /* not asked, or no answer so far */
    ADDRESS_NAME_NONE,        /* it has none */
    ADDRESS_NAME_KNOWN,       /* its PTR record's */
    ADDRESS_NAME_CONFIRMED,   /* that name has this address (forward-confirmed reverse DNS) */
    ADDRESS_NAME_UNCONFIRMED, /* that name was asked for, and does not have this address */
};

/* Where an address is said to be. */
struct address_place {
    char country[3];               /* ISO 3166-1 alpha-2; "": not known */
    char city[ADDRESS_TEXT_BYTES]; /* "": not known */
    bool has_position;
    double latitude, longitude; /* degrees, north and east positive; -90 to 90 and -180 to 180 */
};

/* What a registry says of the network of an address; "": nothing. */
struct address_whois {
    char netname[ADDRESS_TEXT_BYTES];
    char organisation[ADDRESS_TEXT_BYTES];
    char country[3];
};

struct address_facts {
    struct addr address;
    enum address_name name_state;
    char name[ADDRESS_NAME_BYTES]; /* without the root's dot; "" where the state says that there is none */
    uint32_t asn;                  /* 0: not known (RFC 7607: it is nobody's) */
    char as_name[ADDRESS_TEXT_BYTES];
    struct address_place place;
    struct address_whois whois;
};

/* One entry an address, in the order in which they came. */
struct address_book;

struct address_book *address_book_new(void); /* NULL: memory is short */
void address_book_free(struct address_book *book);
/* The entry of the address, made where there is none; valid as long as the book. NULL: memory is short. */
struct address_facts *address_book_entry(struct address_book *book, const struct addr *address);
/* NULL: there is none. `book` may be NULL. */
const struct address_facts *address_book_find(const struct address_book *book, const struct addr *address);
size_t address_book_count(const struct address_book *book);
const struct address_facts *address_book_at(const struct address_book *book, size_t index);

/* Copies text of a length, cut to `bytes` with the NUL, never within a UTF-8 character; ends at the first NUL. */
void address_copy(char *to, size_t bytes, const char *text, size_t length);

#endif

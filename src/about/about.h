/* about: what is known of addresses beyond the packets: names, AS numbers, places, WHOIS. Floor 1; pure.
 *
 * Who finds it out is io/; this only keeps it. All text in here is foreign: it is escaped where it is printed. */
#ifndef HOPSONDE_ABOUT_ABOUT_H
#define HOPSONDE_ABOUT_ABOUT_H

#include <stdint.h>

#include "base/addr.h"

#define ABOUT_NAME_BYTES 256 /* 253 characters (RFC 1035 2.3.4) and the NUL, and room for what is not quite one */
#define ABOUT_TEXT_BYTES 80  /* of the other texts; longer ones are cut between characters */

enum about_name {
    ABOUT_NAME_UNKNOWN,     /* not asked, or no answer so far */
    ABOUT_NAME_NONE,        /* it has none */
    ABOUT_NAME_KNOWN,       /* its PTR record's */
    ABOUT_NAME_CONFIRMED,   /* that name has this address (forward-confirmed reverse DNS) */
    ABOUT_NAME_UNCONFIRMED, /* that name was asked for, and does not have this address */
};

/* Where an address is said to be. */
struct about_place {
    char country[3];             /* ISO 3166-1 alpha-2; "": not known */
    char city[ABOUT_TEXT_BYTES]; /* "": not known */
    bool has_position;
    double latitude, longitude; /* degrees, north and east positive; -90 to 90 and -180 to 180 */
};

/* What a registry says of the network of an address; "": nothing. */
struct about_whois {
    char netname[ABOUT_TEXT_BYTES];
    char organisation[ABOUT_TEXT_BYTES];
    char country[3];
};

struct about {
    struct addr address;
    enum about_name name_state;
    char name[ABOUT_NAME_BYTES]; /* without the root's dot; "" where the state says that there is none */
    uint32_t asn;                /* 0: not known (RFC 7607: it is nobody's) */
    char as_name[ABOUT_TEXT_BYTES];
    struct about_place place;
    struct about_whois whois;
};

/* One entry an address, in the order in which they came. */
struct about_book;

struct about_book *about_book_new(void); /* NULL: memory is short */
void about_book_free(struct about_book *book);
/* The entry of the address, made where there is none; valid as long as the book. NULL: memory is short. */
struct about *about_book_entry(struct about_book *book, const struct addr *address);
/* NULL: there is none. `book` may be NULL. */
const struct about *about_book_find(const struct about_book *book, const struct addr *address);
size_t about_book_count(const struct about_book *book);
const struct about *about_book_at(const struct about_book *book, size_t index);

/* Copies text of a length, cut to `bytes` with the NUL, never within a UTF-8 character; ends at the first NUL. */
void about_copy(char *to, size_t bytes, const char *text, size_t length);

#endif

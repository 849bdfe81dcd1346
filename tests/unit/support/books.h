/* SPDX-License-Identifier: BSD-2-Clause */
/* books: what is known of addresses, put down by hand. For tests only. */
#ifndef HOPSONDE_TESTS_UNIT_BOOKS_H
#define HOPSONDE_TESTS_UNIT_BOOKS_H

#include "address/address_book.h"

/* The entry of the address, with this name; for more to be put down. Aborts on what is no address. */
struct address_facts *book_put(struct address_book *book, const char *address, enum address_name state,
                               const char *name);

/* Names as bad as they come, some of them 255 bytes long. Ended by NULL. */
extern const char *const hostile_names[];

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* books: address books filled by hand. For tests only. */
#ifndef HOPSONDE_TESTS_UNIT_BOOKS_H
#define HOPSONDE_TESTS_UNIT_BOOKS_H

#include "address/address_book.h"

/* Adds the address with this name, and returns its entry. Aborts if `address` is no address. */
struct address_facts *book_put(struct address_book *book, const char *address, enum address_name state,
                               const char *name);

/* Names with quotes, controls, markup and broken UTF-8, some of them 255 bytes long. NULL-terminated. */
extern const char *const hostile_names[];

#endif

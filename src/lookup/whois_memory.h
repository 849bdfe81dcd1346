/* SPDX-License-Identifier: BSD-2-Clause */
/* whois_memory: the WHOIS answers of this run, by network. Floor 5; internal to lookup/. */
#ifndef HOPSONDE_LOOKUP_WHOIS_MEMORY_H
#define HOPSONDE_LOOKUP_WHOIS_MEMORY_H

#include "address/address_book.h"
#include "address/whois_range.h"
#include "address/whois_server.h"

struct whois_lesson {
    struct whois_range range;
    struct address_whois whois; /* all empty: no data */
    struct whois_server server; /* server with more data, for other addresses of the range; `host` "": none */
};

struct whois_memory {
    struct whois_lesson *lessons; /* owned; a run has few, so a linear search is enough */
    size_t count, capacity;
};

void whois_memory_free(struct whois_memory *memory);
/* Stores a lesson. If out of memory it is dropped, and the server is queried again. */
void whois_memory_add(struct whois_memory *memory, const struct whois_lesson *lesson);
/* Returns the lesson with the narrowest range that holds the address; NULL: none. Valid until the next addition. */
const struct whois_lesson *whois_memory_find(const struct whois_memory *memory, const struct addr *address);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* whois_memory: the WHOIS answers of this run, by network. Floor 5; internal to lookup/. */
#ifndef HOPSONDE_LOOKUP_WHOIS_MEMORY_H
#define HOPSONDE_LOOKUP_WHOIS_MEMORY_H

#include "address/address_book.h"
#include "address/whois_range.h"
#include "address/whois_server.h"

struct whois_lesson {
    struct whois_range range;
    struct address_whois whois; /* all of it empty: nothing is known */
    struct whois_server server; /* who knows more, for addresses that were not asked for; `host` "": nobody */
};

struct whois_memory {
    struct whois_lesson *lessons; /* owned; a run has few, so they are searched one by one */
    size_t count, capacity;
};

void whois_memory_free(struct whois_memory *memory);
/* Where memory is short it is forgotten, and asked for again. */
void whois_memory_add(struct whois_memory *memory, const struct whois_lesson *lesson);
/* The lesson of the narrowest range that holds the address; NULL: none. Valid until one is added. */
const struct whois_lesson *whois_memory_find(const struct whois_memory *memory, const struct addr *address);

#endif

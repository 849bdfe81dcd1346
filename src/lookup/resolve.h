/* SPDX-License-Identifier: BSD-2-Clause */
/* resolve: turns a HOST argument into an address, through getaddrinfo. Floor 5.
 *
 * The answer of a name server is hostile. So resolve_ask(), which parses it, can run in another process (confined.h
 * of live/); resolve_take() checks what comes from there. */
#ifndef HOPSONDE_LOOKUP_RESOLVE_H
#define HOPSONDE_LOOKUP_RESOLVE_H

#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

/* A name that resolve_literal() takes for one. */
struct resolve_question {
    const char *host; /* borrowed */
    uint8_t family;   /* 4, 6, or 0 for getaddrinfo's first choice */
};

/* Bytes without pointers. */
struct resolve_answer {
    int code, error; /* of getaddrinfo(), and errno with it; code 0: there is an address */
    uint8_t family;  /* 4 or 6 */
    uint8_t bytes[16];
    uint32_t zone; /* interface index of an IPv6 address, else 0 */
};

/* Checks a host without the resolver. Sets `out` if it is an address; for a name, `out` stays empty. `host` has no
 * brackets; "%zone" of an IPv6 address sets `zone` (interface index, else 0).
 * STATUS_USAGE: it cannot be a host; a short IPv4 form ("1.2.3"), an address of the other family than `family`, or one
 * that is not one host's (unspecified, multicast, broadcast, IPv4-mapped). STATUS_SYSTEM: there is no such zone. */
enum status resolve_literal(const char *host, uint8_t family, struct addr *out, uint32_t *zone, struct err *err);

/* Asks the resolver. `question` is a struct resolve_question, `answer` a struct resolve_answer, all zero. */
void resolve_ask(const void *question, void *answer);
/* All addresses of a name, as a name server answers. Bytes without pointers. */
#define RESOLVE_ADDRESSES_MOST 64
struct resolve_addresses {
    int code; /* of getaddrinfo(); 0: there are some */
    uint32_t count;
    struct addr list[RESOLVE_ADDRESSES_MOST]; /* in the order of getaddrinfo() */
};

/* The same for `question`; `answer` is a struct resolve_addresses, all zero. Those of no single host are left out. */
void resolve_ask_all(const void *question, void *answer);
/* What a name server says may be hostile: whether a list is sound, and has only addresses of hosts of the family. */
bool resolve_check_all(const struct resolve_addresses *answer, uint8_t family);

/* Takes any answer. STATUS_SYSTEM: an unknown name, or a name whose address is not one host's. `out` is then empty. */
enum status resolve_take(const struct resolve_question *question, const struct resolve_answer *answer, struct addr *out,
                         uint32_t *zone, struct err *err);

#endif

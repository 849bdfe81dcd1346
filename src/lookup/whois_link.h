/* SPDX-License-Identifier: BSD-2-Clause */
/* whois_link: one query to a WHOIS server and its answer, over TCP (RFC 3912 2). Floor 5; internal to lookup/. */
#ifndef HOPSONDE_LOOKUP_WHOIS_LINK_H
#define HOPSONDE_LOOKUP_WHOIS_LINK_H

#include "address/whois_server.h"

enum whois_link_state {
    WHOIS_LINK_OPEN,        /* poll again */
    WHOIS_LINK_ANSWERED,    /* the server has closed, or sent WHOISTEXT_BYTES */
    WHOIS_LINK_BROKEN,      /* the connection broke, or the server closed it without data */
    WHOIS_LINK_UNREACHABLE, /* the connection failed */
};

struct whois_link {
    int fd; /* -1: closed */
    char query[WHOIS_QUERY_BYTES];
    size_t query_bytes, sent;
    char *answer; /* owned; of WHOISTEXT_BYTES */
    size_t answer_bytes;
};

/* Starts to connect to `server` at `address`, to query `subject`. Returns false on failure; `link` is then closed. */
bool whois_link_open(struct whois_link *link, const struct whois_server *server, const struct addr *address,
                     const struct addr *subject);
void whois_link_close(struct whois_link *link);
/* Returns the events to poll for. */
short whois_link_wants(const struct whois_link *link);
/* Call it after poll(). */
enum whois_link_state whois_link_event(struct whois_link *link);

#endif

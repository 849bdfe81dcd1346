/* SPDX-License-Identifier: BSD-2-Clause */
/* dns: many questions to a DNS server at once, through c-ares; no threads, nothing blocks. Floor 5.
 *
 * dns_ask() puts a question in line. The caller's loop waits with poll() for what dns_poll_fds() tells, no longer than
 * dns_wait() tells, and calls dns_events(), which does all else: it sends (DNS_AT_ONCE questions are out, the rest
 * waits in line), reads answers, asks a silent server again, asks over TCP where an answer was cut (TC, RFC
 * 1035 4.2.1), and gives up.
 *
 * All that c-ares reads (/etc/resolv.conf, RES_OPTIONS in the environment, random bytes) it reads in dns_new(), once.
 * Its sockets come and go with the questions, so a sealed process needs privileges_seal() with sockets. */
#ifndef HOPSONDE_LOOKUP_DNS_H
#define HOPSONDE_LOOKUP_DNS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/nstime.h"

#define DNS_AT_ONCE 256
#define DNS_TIMEOUT (5 * NS_PER_S)
#define DNS_NAME_BYTES 256 /* of a name to be asked for, with the NUL */

struct dns_config {
    const char *server; /* as dns_server_parse() reads it; NULL: the system's. Borrowed for the call */
    nstime timeout;     /* of one question once it is sent, over all servers and tries, in whole ms; 0: DNS_TIMEOUT */
};

struct dns;

/* STATUS_USAGE: the server's text is none. */
enum status dns_new(const struct dns_config *config, struct dns **out, struct err *err);
/* Questions in line and out are given up; nobody is called. `dns` may be NULL. */
void dns_free(struct dns *dns);

/* Called once a question, from dns_events() only: the whole message that answers it, with whatever code, to be read
 * with dnsanswer.h and borrowed for the call; NULL: none came. It may call dns_ask(). */
typedef void dns_take(void *context, const uint8_t *answer, size_t length);
/* `type` is a record type of <arpa/nameser.h>. Names are taken as complete: no search list is tried. A text that is no
 * name gets no answer. False: memory is short, nobody will be called. */
bool dns_ask(struct dns *dns, const char *name, uint16_t type, dns_take *take, void *context);

/* Fills in what poll() is to wait for and returns how many: two a server at most (UDP and TCP), `room` at most. What
 * has no room is not heard, and its questions time out. */
size_t dns_poll_fds(const struct dns *dns, struct pollfd *fds, size_t room);
/* A span, because c-ares counts on a clock of its own (CLOCK_MONOTONIC). 0: there is something to send. NSTIME_NEVER:
 * nothing is in line or out. */
nstime dns_wait(const struct dns *dns);
/* After poll(), also where nothing is ready; `fds` as dns_poll_fds() filled them in, with their revents. */
void dns_events(struct dns *dns, const struct pollfd *fds, size_t count);

#endif

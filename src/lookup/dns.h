/* SPDX-License-Identifier: BSD-2-Clause */
/* dns: many concurrent DNS questions through c-ares. Floor 5; uses no threads and never blocks.
 *
 * dns_ask() queues a question. The caller's loop polls the sockets of dns_poll_fds() for at most dns_wait(), then
 * calls dns_events(). That function does all the work:
 * - it sends queued questions, with at most DNS_AT_ONCE in flight;
 * - it reads answers;
 * - it retries if a server does not answer;
 * - it repeats a question over TCP if the answer was truncated (TC, RFC 1035 4.2.1);
 * - it gives up after the timeout.
 *
 * c-ares reads all its input once, in dns_new(): /etc/resolv.conf, RES_OPTIONS in the environment, random bytes. It
 * opens and closes sockets during the run, so a sealed process needs privileges_seal() with sockets. */
#ifndef HOPSONDE_LOOKUP_DNS_H
#define HOPSONDE_LOOKUP_DNS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/nstime.h"

#define DNS_AT_ONCE 256            /* questions in flight at most; further ones wait in the queue */
#define DNS_TIMEOUT (5 * NS_PER_S) /* default timeout of a question */
#define DNS_NAME_BYTES 256         /* bytes of the longest name in a question, with the NUL */

struct dns_config {
    const char *server; /* in the form of dns_server_parse(); NULL: the system's. Borrowed for the call */
    nstime timeout;     /* per question from its sending, over all servers and tries, in whole ms; 0: DNS_TIMEOUT */
};

struct dns;

/* Returns STATUS_USAGE if the server's text is malformed. */
enum status dns_new(const struct dns_config *config, struct dns **out, struct err *err);
/* Drops queued questions and those in flight without a callback. `dns` may be NULL. */
void dns_free(struct dns *dns);

/* The callback of a question: dns_events() calls it once. `answer` is the whole message with any response code, for
 * dns_answer.h, and is borrowed for the call. NULL: no answer came. The callback may call dns_ask(). */
typedef void dns_take(void *context, const uint8_t *answer, size_t length);
/* Queues a question. `type` is a record type of <arpa/nameser.h>. Names are complete: no search list is tried. A
 * malformed name gets no answer. Returns false if out of memory; there is then no callback. */
bool dns_ask(struct dns *dns, const char *name, uint16_t type, dns_take *take, void *context);

/* Fills in the sockets for poll() and returns their count: at most two per server (UDP and TCP), and at most `room`.
 * Sockets without room are not polled, and their questions time out. */
size_t dns_poll_fds(const struct dns *dns, struct pollfd *fds, size_t room);
/* Returns the longest wait for poll(). It is a span, because c-ares has a clock of its own (CLOCK_MONOTONIC). 0: a
 * question can be sent. NSTIME_NEVER: no question is queued or in flight. */
nstime dns_wait(const struct dns *dns);
/* Call it after every poll(), even if no socket is ready. `fds` are those of dns_poll_fds(), with their revents. */
void dns_events(struct dns *dns, const struct pollfd *fds, size_t count);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* dns_server: a DNS server on the loopback, served from the loop of the test that asks it. For tests only. */
#ifndef HOPSONDE_TESTS_DNS_SERVER_H
#define HOPSONDE_TESTS_DNS_SERVER_H

#include <stdint.h>

struct dns_server {
    int udp, listener, connection; /* -1: none */
    uint16_t port;                 /* of both */
    uint16_t client_tcp;           /* the port that last asked over TCP */
    unsigned questions;            /* by datagrams; a test that counts sets it to 0 */
};

void dns_server_open(struct dns_server *server);
void dns_server_close(struct dns_server *server);
/* Answers the queries that have come by datagrams, as the zone in dns_server.c has it; an address in no row is
 * many.example. */
void dns_server_udp(struct dns_server *server);
/* Takes a connection, or where there is one the next question on it. */
void dns_server_tcp(struct dns_server *server);

#endif

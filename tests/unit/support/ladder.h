/* SPDX-License-Identifier: BSD-2-Clause */
/* ladder: probes that the tests of recognise/ send. */
#ifndef HOPSONDE_TESTS_LADDER_H
#define HOPSONDE_TESTS_LADDER_H

#include "unit/support/scene.h"

/* Every router and target answers so many milliseconds after it was asked. */
#define RTT 0.4
#define LINUX_PAYLOAD "@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_"

/* The address of a hop's router, static; rN in a scene's text. */
const char *router(unsigned hop);
const char *router6(unsigned hop);
/* A port that looks random, another for each `n`. */
uint16_t some_port(unsigned n);

/* Linux traceroute: ports rise, or all to port 80; the source port is random. `run` is the number of the run. */
struct made linux_udp(unsigned run, unsigned n, uint8_t ttl);
struct made linux_syn(unsigned run, unsigned n, uint8_t ttl);
struct made echo(uint16_t id, uint16_t seq, uint8_t ttl);
/* One source port, a rising target port. */
struct made udp(uint16_t n, uint8_t ttl);
/* Equal SYNs, as tcptraceroute sends them: only the IP id differs. */
struct made syn(uint16_t n, uint8_t ttl);

/* Sends, and the router of that TTL lets it expire. */
void hop(double ms, const struct made *made);
/* Sends, and the target says port unreachable. */
void target_ttl(double ms, const struct made *made);
/* Sends an echo request, and the target answers. */
void pong(double ms, const struct made *made);
/* Frames of ordinary traffic: time goes on. */
void pass(double ms);

#endif

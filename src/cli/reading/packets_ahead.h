/* SPDX-License-Identifier: BSD-2-Clause */
/* packets_ahead: reads and decodes the packets of one capture point before they are paired. Top floor.
 *
 * For large files, a separate thread reads some batches ahead. For others the caller's thread reads each batch on
 * demand. Both ways give the same packets in the same order. */
#ifndef HOPSONDE_CLI_READING_PACKETS_AHEAD_H
#define HOPSONDE_CLI_READING_PACKETS_AHEAD_H

#include <pthread.h>

#include "pairing/pairing.h"

struct packets_ahead;

/* Reads the next packet. False: the end. With a thread, that thread calls it. */
typedef bool (*packet_reader)(void *context, struct pairing_packet *out);

/* Takes over the reader until packets_ahead_stop(). NULL: out of memory. */
struct packets_ahead *packets_ahead_start(packet_reader reader, void *context, bool threaded);
/* Pairs the packets of two points, in the order of the near clock. False: out of memory. */
bool packets_ahead_pair(struct packets_ahead *near, struct packets_ahead *far, struct pairing *pairing);
void packets_ahead_stop(struct packets_ahead *ahead); /* may be NULL */

/* Runs a function in a thread of its own that blocks all signals. False: no thread could be started. */
bool packets_ahead_run(pthread_t *thread, void *(*run)(void *context), void *context);

#endif

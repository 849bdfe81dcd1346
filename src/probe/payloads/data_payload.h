/* SPDX-License-Identifier: BSD-2-Clause */
/* data_payload: what a segment of data carries, by the target port; a name in a spec says more. Floor 2; internal to
 * probe/.
 *
 * A payload is a request that the service of the port understands and that does no harm. All probes of a flow carry the
 * same bytes, since they are copies of one segment. A payload is one row of the table in data_payload.c. */
#ifndef HOPSONDE_PROBE_PAYLOADS_DATA_PAYLOAD_H
#define HOPSONDE_PROBE_PAYLOADS_DATA_PAYLOAD_H

#include "probe/flow.h"

#define DATA_PORTS_MOST 4

struct data_payload {
    uint16_t ports[DATA_PORTS_MOST]; /* services; unused entries are 0. None: any other port */
    uint8_t variant;                 /* of specs with a name, which it serves at any port; 0: none */
    /* The least bytes of the payload. */
    uint16_t (*length)(const struct probe_spec *spec);
    /* Writes `length` bytes, at least the least; a longer payload must still be one request. */
    enum status (*fill)(const struct flow *flow, uint8_t *payload, size_t length, struct err *err);
    const char *line; /* for rows that send one line of text: without its end of line */
};

/* The row of the spec's port; never NULL. */
const struct data_payload *data_payload_of(const struct probe_spec *spec);
uint16_t data_payload_length(const struct probe_spec *spec);
enum status data_payload_fill(const struct flow *flow, uint8_t *payload, size_t length, struct err *err);

#endif

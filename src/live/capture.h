/* SPDX-License-Identifier: BSD-2-Clause */
/* capture: a libpcap handle, configured for the live wire. Floor 5; internal to live/.
 *
 * It uses immediate mode, a ring of 4 MiB against losses in bursts, and nanosecond stamps if libpcap has them. On
 * "any" it uses SLL2, which names the interface of each frame. It is never promiscuous. */
#ifndef HOPSONDE_LIVE_CAPTURE_H
#define HOPSONDE_LIVE_CAPTURE_H

#include <stdbool.h>

#include <pcap.h>

#include "base/err.h"
#include "packet/frame.h"

struct capture {
    pcap_t *pcap;          /* owned */
    const char *interface; /* borrowed; "any" for every interface */
    bool on_any;
    bool waits; /* while the interface is down */
    uint16_t linktype;
    nstime stamp_unit; /* nanoseconds per unit of tv_usec: 1 or 1000 */
};

/* Opens the capture. `interface` NULL: every interface. `snaplen`: bytes captured of each frame. Sets the first of
 * the two filters (BPF text) that compiles and that the kernel accepts, and locks it: nothing in the process can change
 * it any more. Both may be NULL: every frame passes. */
enum status capture_open(const char *interface, unsigned snaplen, const char *filter, const char *short_filter,
                         struct capture *out, struct err *err);
void capture_close(struct capture *capture);

/* Does not wait. 1: `frame` is filled and valid until the next call. 0: no frame is waiting. -1: failed, `err` is
 * set. */
int capture_next(struct capture *capture, struct frame *frame, struct err *err);
/* After the descriptor reported an error: true if the capture continues. An interface of "any" may vanish; the only
 * interface may go down if the capture waits for it. */
bool capture_survives(struct capture *capture, struct err *err);
/* Frames dropped so far because the ring was full. */
uint64_t capture_dropped(struct capture *capture);

#endif

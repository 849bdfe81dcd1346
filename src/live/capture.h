/* SPDX-License-Identifier: BSD-2-Clause */
/* capture: a libpcap handle, opened as the live wire wants it. Floor 5; internal to live/.
 *
 * Immediate mode and a ring of 4 MiB, because bursts are lost otherwise; nanosecond stamps where libpcap has them; SLL2
 * on "any", which tells the interface of each frame; not promiscuous. */
#ifndef HOPSONDE_LIVE_CAPTURE_H
#define HOPSONDE_LIVE_CAPTURE_H

#include <stdbool.h>

#include <pcap.h>

#include "base/err.h"
#include "packet/frame.h"

struct capture {
    pcap_t *pcap;          /* owned */
    const char *interface; /* borrowed; "any" where every interface is meant */
    bool on_any;
    uint16_t linktype;
    nstime stamp_unit; /* what tv_usec counts: 1 or 1000 ns */
};

/* `interface` NULL: every one. `snaplen`: bytes kept of a frame. Of the filters (BPF text) the first that compiles and
 * that the kernel takes is set; both may be NULL: everything passes. */
enum status capture_open(const char *interface, unsigned snaplen, const char *filter, const char *short_filter,
                         struct capture *out, struct err *err);
void capture_close(struct capture *capture);

/* 1: `frame` is filled, valid until the next call. 0: nothing is waiting; does not wait. -1: failed, `err` is set. */
int capture_next(struct capture *capture, struct frame *frame, struct err *err);
/* After the descriptor told of an error: whether the capture goes on. An interface of "any" may vanish; the only one
 * may not. */
bool capture_survives(struct capture *capture, struct err *err);
/* Frames dropped for want of room in the ring so far. */
uint64_t capture_dropped(struct capture *capture);

#endif

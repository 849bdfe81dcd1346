/* SPDX-License-Identifier: BSD-2-Clause */
/* bpf_filter: the user's filter on the frames of a capture file (`--bpf`). Floor 5; libpcap.
 *
 * As tcpdump does with a file, but a file may hold several link types: the expression is compiled for each as it comes.
 * It looks at the frame as captured; a name in it may be looked up in the DNS, by libpcap. */
#ifndef HOPSONDE_CAPTURE_BPF_FILTER_H
#define HOPSONDE_CAPTURE_BPF_FILTER_H

#include "base/err.h"
#include "packet/frame.h"

struct bpf_filter;

/* STATUS_USAGE: the expression makes sense for no link type that hopsonde reads. */
enum status bpf_filter_new(const char *expression, struct bpf_filter **out, struct err *err);
/* Frames of a link type that the expression does not fit do not pass, nor those that hopsonde cannot decode. */
bool bpf_filter_passes(struct bpf_filter *filter, const struct frame *frame);
/* Once after each link type that the expression turned out not to fit: `err` says so (with STATUS_OK: a warning). */
bool bpf_filter_problem(struct bpf_filter *filter, struct err *err);
/* NULL is allowed. */
void bpf_filter_free(struct bpf_filter *filter);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* bpf_filter: the user's filter on the frames of a capture file (`--bpf`). Floor 5; libpcap.
 *
 * It works as tcpdump's filter on a file does. A file may hold several link types, so the expression is compiled for
 * each one. It sees the frame as captured. libpcap may look up names of services and hosts in it, in files and in the
 * DNS; this happens in bpf_filter_new() alone. */
#ifndef HOPSONDE_CAPTURE_BPF_FILTER_H
#define HOPSONDE_CAPTURE_BPF_FILTER_H

#include "base/err.h"
#include "packet/frame.h"

struct bpf_filter;

/* Compiles the expression. STATUS_USAGE: it is invalid for every link type that hopsonde reads. */
enum status bpf_filter_new(const char *expression, struct bpf_filter **out, struct err *err);
/* True if the frame matches. False also if the expression is invalid for its link type, or hopsonde cannot decode
 * it. */
bool bpf_filter_passes(struct bpf_filter *filter, const struct frame *frame);
/* True once for each link type for which the expression is invalid. `err` then holds a warning with STATUS_OK. */
bool bpf_filter_problem(struct bpf_filter *filter, struct err *err);
/* Accepts NULL. */
void bpf_filter_free(struct bpf_filter *filter);

#endif

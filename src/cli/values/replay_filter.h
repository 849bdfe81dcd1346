/* SPDX-License-Identifier: BSD-2-Clause */
/* replay_filter: which traces and frames of a capture a replay reports. Top floor; pure.
 *
 * Time and --bpf select frames, before traces are recognised. Addresses, family and probes select whole traces. A trace
 * must match all criteria that were given; of several probes, one. */
#ifndef HOPSONDE_CLI_VALUES_REPLAY_FILTER_H
#define HOPSONDE_CLI_VALUES_REPLAY_FILTER_H

#include "cli/values/values.h"
#include "recognise/recognise.h"

/* One -P of a replay. */
struct replay_filter_probe {
    struct probe_spec spec;
    bool any_port;    /* the protocol alone was given: every port and variant of it */
    bool any_variant; /* no variant was given */
};

struct replay_filter {
    const char *host;              /* "": any. Borrowed */
    struct network target, source; /* family 0: any */
    uint8_t family;                /* 4, 6, 0: either */
    struct replay_filter_probe probes[SPECS_MOST];
    unsigned probe_count; /* 0: any */
    struct instant since, until;
    const char *bpf; /* NULL: none. Borrowed */
};

/* Whether it may select a part of a saved run: some of its frames, or the traces of some of its probes. */
bool replay_filter_is_of_parts(const struct replay_filter *filter);
/* The selected times, from `since` until before `until`; the first frame of the capture is at `first`. */
void replay_filter_window(const struct replay_filter *filter, nstime first, nstime *since, nstime *until);

/* Whether HOST is a name: only hopsonde's own captures hold names. */
bool replay_filter_has_name(const struct replay_filter *filter);
/* `name`: the target's name, from a capture of hopsonde; NULL: none. */
bool replay_filter_wants(const struct replay_filter *filter, const struct addr *source, const struct addr *target,
                         const char *name, const struct probe_spec *spec);
bool replay_filter_wants_error(const struct replay_filter *filter, const struct other_error *error);

#endif

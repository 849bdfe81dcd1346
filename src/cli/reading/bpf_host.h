/* SPDX-License-Identifier: BSD-2-Clause */
/* bpf_host: recognises a filter expression that names one host, as users of tcpdump write it. Top floor; pure. */
#ifndef HOPSONDE_CLI_READING_BPF_HOST_H
#define HOPSONDE_CLI_READING_BPF_HOST_H

#include <stdbool.h>

#include "base/addr.h"

/* Returns true if the expression selects one host, and at most ports of it: "host 192.0.2.80", "ip dst host 192.0.2.80
 * and tcp port 80". Such a filter drops the replies of routers. `out` is the host's address; none for a name. */
bool bpf_host_find(const char *expression, struct addr *out);

#endif

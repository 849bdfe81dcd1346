/* SPDX-License-Identifier: BSD-2-Clause */
/* confine: gives up what a command does not need, before it parses what others wrote. Top floor.
 *
 * A command that reads files calls, in this order: confine_as_caller() to open them all, confine_drop(),
 * confine_prepare(), what still opens or asks (lookup_open(), bpf_filter_new()), confine_seal(). */
#ifndef HOPSONDE_CLI_COMMANDS_CONFINE_H
#define HOPSONDE_CLI_COMMANDS_CONFINE_H

#include "base/err.h"
#include "cli/options/options.h"

/* Calls `open` with the rights of the user who called us: files that it makes belong to that user. */
enum status confine_as_caller(enum status (*open)(void *context, struct err *err), void *context, struct err *err);
/* Becomes another user than root and gives up all privileges, permanently. -v: says if the kernel keeps root's uid. */
enum status confine_drop(const struct options *options, struct err *err);
/* Allows only what reads files and asks the resolver: SEAL_PREPARE. */
void confine_prepare(void);
/* Allows only the system calls of `rights`, of enum seal_rights (privileges.h). A failure is told, and the run goes on;
 * a kernel without seccomp is told with -v. */
void confine_seal(const struct options *options, unsigned rights);

#endif

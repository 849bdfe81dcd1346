/* SPDX-License-Identifier: BSD-2-Clause */
/* lookup: finds names, networks, places and WHOIS data of addresses during a run. Top floor. */
#ifndef HOPSONDE_CLI_COMMANDS_LOOKUP_H
#define HOPSONDE_CLI_COMMANDS_LOOKUP_H

#include <signal.h>

#include "capture/file.h"
#include "cli/options/options.h"
#include "cli/shared/loop.h"
#include "cli/shared/report.h"

struct lookup;

/* Opens the databases that the options name, with the calling user's rights, and reads nothing of them. `out` is NULL
 * if no lookup is wanted and the run is not a replay that may show saved facts. `directories` is HOPSONDE_DB_PATH, or
 * NULL. A live run says on stderr which database it does without. */
enum status lookup_find(const struct options *options, const char *directories, struct lookup **out, struct err *err);
/* Reads the databases and the resolver's configuration. The process may have given up its rights and be sealed with
 * SEAL_PREPARE. */
enum status lookup_open(struct lookup *lookup, struct err *err);
void lookup_free(struct lookup *lookup); /* NULL is fine */

/* Return true if networks, or places, are wanted and their database was found. */
bool lookup_has_networks(const struct lookup *lookup);
bool lookup_has_places(const struct lookup *lookup);
/* Returns true if it looks anything up, and not only holds a capture's facts. */
bool lookup_finds(const struct lookup *lookup);
/* Returns true if it needs sockets: SEAL_ASK. NULL: it does not. */
bool lookup_asks(const struct lookup *lookup);
/* Returns the book of facts, which `lookup` owns. */
struct address_book *lookup_book(struct lookup *lookup);
/* Starts the lookups of an address, once. */
void lookup_ask(struct lookup *lookup, const struct addr *address, nstime now);
/* Returns true if the name of an address is known, or will not become known. Starts a lookup if there was none,
 * since a hop's line may be ready before its last reply was handled. For report_book(). */
bool lookup_is_settled(void *lookup, const struct addr *address);

/* Returns the book to read a capture's facts into. NULL: ignore them. */
struct address_book *lookup_book_of_capture(struct lookup *lookup);

/* Checks that a database was found, or that the capture holds what the options would look up there. A replay opens
 * without a database. */
enum status lookup_check_capture(struct lookup *lookup, const struct saved_run *saved, struct err *err);

/* For the replay of a saved run. Between begin and tell the report's lines wait, because the names may stand at the
 * end of the file. Networks and places are then shown if the saved run showed them or the options ask for them. The
 * companion looks up every replying address if lookups are wanted. */
struct companion lookup_begin_saved(struct lookup *lookup, struct report *report);
void lookup_tell_saved(struct lookup *lookup, struct report *report, const struct saved_run *saved,
                       const volatile sig_atomic_t *stop);
/* For other captures: call the first before the report begins, the second after all is read. */
void lookup_begin_found(struct lookup *lookup, struct report *report);
void lookup_tell_found(struct lookup *lookup, struct report *report, const struct recognition *found,
                       const volatile sig_atomic_t *stop);

/* Returns a companion that looks up every replying address of a run, and writes the lines of `report` as their names
 * become known. It borrows both. */
struct companion lookup_companion(struct lookup *lookup, struct report *report);
/* Waits for pending names after a run, at most as long as a line of the report may wait. It waits for WHOIS, an
 * explicit option, until all lookups end. `stop` ends both. */
void lookup_wait(struct lookup *lookup, struct report *report, const volatile sig_atomic_t *stop);

#endif

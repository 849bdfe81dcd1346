/* SPDX-License-Identifier: BSD-2-Clause */
/* lookup: what is found out about the addresses of a run, while it runs: names, networks, places, WHOIS. Top floor. */
#ifndef HOPSONDE_CLI_LOOKUP_H
#define HOPSONDE_CLI_LOOKUP_H

#include <signal.h>

#include "capture/file.h"
#include "cli/loop.h"
#include "cli/options/options.h"
#include "cli/report.h"

struct lookup;

/* Opens what the options ask for, with the rights of who calls. NULL in `out` where that is nothing, and no replay that
 * may tell what was saved. `directories` is HOPSONDE_DB_PATH, or NULL. */
enum status lookup_open(const struct options *options, const char *directories, struct lookup **out, struct err *err);
void lookup_free(struct lookup *lookup); /* NULL is fine */

/* Whether it finds anything out, and does not just keep what a capture says. */
bool lookup_finds(const struct lookup *lookup);
/* Whether sockets are needed: privileges_seal(). */
bool lookup_asks(const struct lookup *lookup);
/* What is known; owned by `lookup`. */
struct address_book *lookup_book(struct lookup *lookup);
/* Begins to find out about an address, once. */
void lookup_ask(struct lookup *lookup, const struct addr *address, nstime now);
/* Whether the name of an address is known, or will not be; begins to find out about one that nobody has asked for,
 * since a hop's line may be made before its last answer was heard. For struct output. */
bool lookup_is_settled(void *lookup, const struct addr *address);

/* The book into which a capture is to be read; NULL: what it says is left aside. */
struct address_book *lookup_book_of_capture(struct lookup *lookup);

/* Of a saved run that is replayed: from its report's begin on its lines wait, as names may stand at the file's end;
 * then they are told, with networks and places where the run showed them or the options ask for them. The companion
 * asks for whoever is heard, if anything is to be found out. */
struct companion lookup_begin_saved(struct lookup *lookup, struct report *report);
void lookup_tell_saved(struct lookup *lookup, struct report *report, const struct saved_run *saved,
                       const volatile sig_atomic_t *stop);
/* Of other captures: before the report begins, and when all is read. */
void lookup_begin_found(struct lookup *lookup, struct report *report);
void lookup_tell_found(struct lookup *lookup, struct report *report, const struct recognition *found,
                       const volatile sig_atomic_t *stop);

/* What asks for whoever is heard in a run, and writes the lines of `report` as their names become known; both are
 * borrowed as long as it is used. */
struct companion lookup_companion(struct lookup *lookup, struct report *report);
/* After a run: waits for names that are not there yet, no longer than a line of the report may; for WHOIS, which was
 * asked for by name, as long as it takes. `stop` ends it. */
void lookup_wait(struct lookup *lookup, struct report *report, const volatile sig_atomic_t *stop);

#endif

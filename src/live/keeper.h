/* SPDX-License-Identifier: BSD-2-Clause */
/* keeper: a process that opens, renames and removes files while a run goes on. Floor 5.
 *
 * A run gives up the right to open files before it parses what others wrote. An output that is replaced each round
 * needs that right, and so does a capture in parts. So the keeper is started before, with the rights of the user who
 * called. It knows its paths from the start, reads nothing but the fixed requests below, and is sealed. It ends with
 * the run, and removes what was not replaced. */
#ifndef HOPSONDE_LIVE_KEEPER_H
#define HOPSONDE_LIVE_KEEPER_H

#include "base/err.h"

#define KEEPER_PATHS_MOST 16

struct keeper;

/* Starts it for these paths, which it copies. Called as the user who is to own the files. */
enum status keeper_start(const char *const *paths, unsigned count, struct keeper **out, struct err *err);
/* Opens an empty file beside the path, which takes its place at keeper_replace(). Returns a descriptor that the caller
 * closes, or -1 with errno. */
int keeper_open_beside(struct keeper *keeper, unsigned path);
/* Returns 0, or -1 with errno. */
int keeper_replace(struct keeper *keeper, unsigned path);
/* The name of a part of a file, from 1: run-00001.pcapng of run.pcapng. The caller frees it. NULL: memory is short. */
char *keeper_part_name(const char *path, unsigned part);
/* Opens a part of the file, empty. The part that is `keep` parts older is removed; 0: none is. Returns a descriptor
 * that the caller closes, or -1 with errno. */
int keeper_open_part(struct keeper *keeper, unsigned path, unsigned part, unsigned keep);
/* The process ends then. NULL: there is none. */
void keeper_end(struct keeper *keeper);

#endif

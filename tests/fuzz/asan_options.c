/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of AddressSanitizer for the targets of the whole core. */

/* Freed blocks that AddressSanitizer keeps unused, to find later accesses. Unit: MB. Source: measured; of the corpus
 * all inputs but one free 2 MB or less, and no block outlives its input. Effect: with 8 MB blocks have left the caches
 * before they are used again, and a target runs 15 % fewer inputs a second; with the usual 256 MB still fewer. */
#define QUARANTINE "2"

const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "quarantine_size_mb=" QUARANTINE;
}

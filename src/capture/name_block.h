/* SPDX-License-Identifier: BSD-2-Clause */
/* name_block: facts about addresses, in the name resolution blocks of a pcapng (draft-ietf-opsawg-pcapng, section
 * 4.5). Floor 5; internal to capture/; pure: it looks up nothing.
 *
 * A block has a record for each name, which Wireshark and others show. The facts that records cannot hold are in the
 * block's comments, one for each address, for the replay: "hopsonde:about address=192.0.2.1 name_state=confirmed
 * name=a.example asn=64496 ..." (fields.h). Unknown facts have no key. A comment repeats the name, so that its facts
 * stay correct if another program changes the records. */
#ifndef HOPSONDE_CAPTURE_NAME_BLOCK_H
#define HOPSONDE_CAPTURE_NAME_BLOCK_H

#include "address/address_book.h"
#include "base/strbuf.h"
#include "capture/record.h"

#define NAME_BLOCK_ENTRIES_MOST 256     /* entries per written block, which limits it to about 600 kB */
#define NAME_BLOCK_ADDRESSES_MOST 65536 /* entries in a book while a file is read; further addresses are ignored */

/* Makes a block (pcapng.h) from the entries at `*next` on and advances `*next`. Entries without any known fact are
 * included, because the run looked them up without a result. `scratch` must be empty and is empty afterwards. If
 * memory is short, `scratch` or `block` is marked as failed. False if no entries are left. */
bool name_block_write(struct strbuf *block, struct strbuf *scratch, const struct address_book *book, size_t *next);
/* Adds the facts from a block's records and comments (any bytes) to the book.
 *
 * Rules:
 * - The name in a record is ADDRESS_NAME_KNOWN, because its origin is unknown.
 * - A comment's name replaces a name that is only KNOWN.
 * - Otherwise the first value stays. This applies separately to name, AS, place and WHOIS, so files with different
 *   facts complement each other.
 * - Addresses of a wrong length and comments with an invalid value are ignored. So are names that are empty,
 *   unterminated or too long; a cut name would be a different name. */
void name_block_read(const struct record_options *records, struct address_book *book);

#endif

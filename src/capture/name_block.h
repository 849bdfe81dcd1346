/* SPDX-License-Identifier: BSD-2-Clause */
/* name_block: facts about addresses, in the name resolution blocks of a pcapng (draft-ietf-opsawg-pcapng, section
 * 4.5). Floor 5; internal to capture/; pure.
 *
 * A block has a record for each name, which Wireshark and others show. What they have no place for is in the block's
 * comments, one an address, for the replay: "hopsonde:about address=192.0.2.1 name_state=confirmed name=a.example
 * asn=64496 ..." (fields.h), with no key for what is not known. A comment tells its name itself, so that nothing is
 * said of another when somebody has changed the records. */
#ifndef HOPSONDE_CAPTURE_NAME_BLOCK_H
#define HOPSONDE_CAPTURE_NAME_BLOCK_H

#include "address/address_book.h"
#include "base/strbuf.h"
#include "capture/record.h"

#define NAME_BLOCK_ENTRIES_MOST 256     /* of a block that is written: some 600 kB at the most */
#define NAME_BLOCK_ADDRESSES_MOST 65536 /* in a book into which a file is read; further ones are left out */

/* Makes the block (pcapng.h) about the entries from `*next` on, and moves `*next` behind them. Those of which nothing
 * is known are there, too: they were asked about in vain. `scratch` is empty before and after. Where memory is short it
 * has failed, or `block` has. False: there is nothing more to tell. */
bool name_block_write(struct strbuf *block, struct strbuf *scratch, const struct address_book *book, size_t *next);
/* Adds what the records and comments of a block say (any bytes). A name of a record is ADDRESS_NAME_KNOWN: nothing
 * tells where its writer had it from. A comment stands above records. Otherwise what the book has stays, name, AS,
 * place and WHOIS each for itself: files that know different things of an address complement each other, and of two
 * that contradict each other the first stands. A name that is KNOWN and no more gives way to any comment's. Left out is
 * what makes no sense: addresses of a wrong length, names that are empty, not terminated or too long (a part of a name
 * would be another one), and comments with such a value in them. */
void name_block_read(const struct record_options *records, struct address_book *book);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* whois_object: a WHOIS answer as objects with attributes. Floor 1; pure; internal to address/.
 *
 * An object is a run of lines without an empty line or a comment. An attribute is "key: value", or JPNIC's "a. [Key]
 * value", with its continuation lines (RFC 2622 2). Keys are case-insensitive. */
#ifndef HOPSONDE_ADDRESS_WHOIS_OBJECT_H
#define HOPSONDE_ADDRESS_WHOIS_OBJECT_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the answer; borrowed. */
struct whois_span {
    const char *at, *end;
};

/* Meanings of the registries' keys. Other keys are ignored. */
enum whois_field {
    WHOIS_NONE,
    WHOIS_RANGE,
    WHOIS_NETNAME,
    WHOIS_COUNTRY,
    WHOIS_DESCR,
    WHOIS_ORG,              /* the handle of an organisation object */
    WHOIS_ORGANISATION,     /* that object's handle if it comes first; otherwise IANA's key for a name */
    WHOIS_ORG_NAME,         /* the name in such an object */
    WHOIS_OWNER,            /* a name in the network object itself */
    WHOIS_OWNER_AND_HANDLE, /* such a name followed by " (HANDLE)" */
    WHOIS_HOLDER,           /* a name in a separate object after the network */
    WHOIS_REFER,
    WHOIS_REFERRAL_URL,
};

size_t whois_span_length(struct whois_span s);
/* Returns the span without surrounding blanks. */
struct whois_span whois_span_trim(struct whois_span s);
/* Returns true if the span equals, or contains, this text, ignoring case. */
bool whois_span_is(struct whois_span s, const char *text);
bool whois_span_has(struct whois_span s, const char *text);

/* Takes the next object off the front of `rest`. Returns false if there is none. */
bool whois_object_next(struct whois_span *rest, struct whois_span *object);
/* Returns the value of the object's first attribute. False if that attribute is of another field. */
bool whois_object_starts(struct whois_span object, enum whois_field wanted, struct whois_span *value);
/* Finds the first value of this field that is not empty, in any object of the text. Strips surrounding blanks. */
bool whois_find(struct whois_span text, enum whois_field wanted, struct whois_span *value);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* whois_object: a WHOIS answer as objects with attributes. Floor 1; pure; internal to address/.
 *
 * An object is lines without an empty line or a comment between them. An attribute is "key: value", or JPNIC's
 * "a. [Key] value", with the lines that go on with it (RFC 2622 2). Keys are without case. */
#ifndef HOPSONDE_ADDRESS_WHOIS_OBJECT_H
#define HOPSONDE_ADDRESS_WHOIS_OBJECT_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the answer; borrowed. */
struct whois_span {
    const char *at, *end;
};

/* What the keys of the registries mean; those of no field are passed over. */
enum whois_field {
    WHOIS_NONE,
    WHOIS_RANGE,
    WHOIS_NETNAME,
    WHOIS_COUNTRY,
    WHOIS_DESCR,
    WHOIS_ORG,              /* the handle of an organisation object */
    WHOIS_ORGANISATION,     /* such an object's handle where it comes first, or else IANA's word for a name */
    WHOIS_ORG_NAME,         /* in such an object */
    WHOIS_OWNER,            /* a name in the network itself */
    WHOIS_OWNER_AND_HANDLE, /* the same with " (HANDLE)" behind it */
    WHOIS_HOLDER,           /* a name in an object of its own that follows the network */
    WHOIS_REFER,
    WHOIS_REFERRAL_URL,
};

size_t whois_span_length(struct whois_span s);
/* Without the blanks around it. */
struct whois_span whois_span_trim(struct whois_span s);
/* Is this text, without case. */
bool whois_span_is(struct whois_span s, const char *text);
bool whois_span_has(struct whois_span s, const char *text);

/* Takes the next object off the front of `rest`. False: there is none. */
bool whois_object_next(struct whois_span *rest, struct whois_span *object);
/* The value of the object's first attribute. False: that is of another field. */
bool whois_object_starts(struct whois_span object, enum whois_field wanted, struct whois_span *value);
/* The first value of this field in a text of any objects that is not empty, without the blanks around it. */
bool whois_find(struct whois_span text, enum whois_field wanted, struct whois_span *value);

#endif

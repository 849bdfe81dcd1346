/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "lookup/dns_answer.h"

#include <arpa/nameser.h>
#include <resolv.h>
#include <strings.h>

#define ALIASES_MOST 16 /* aliases in a row; name servers themselves follow no more */

/* Accepts a record of the wanted type, or rejects it. */
typedef enum dnsanswer visit_record(const ns_msg *message, const ns_rr *record, void *context);

/* Reads the name that is all the data of a PTR or CNAME record. */
static bool read_name(const ns_msg *message, const ns_rr *record, char text[NS_MAXDNAME])
{
    int used = dn_expand(ns_msg_base(*message), ns_msg_end(*message), ns_rr_rdata(*record), text, NS_MAXDNAME);
    return used >= 0 && used == ns_rr_rdlen(*record);
}

/* Visits the records of `owner`. If none is of the type but one is an alias, sets `owner` to the alias's target and
 * `aliased` to true. */
static enum dnsanswer visit_owned(ns_msg *message, char owner[NS_MAXDNAME], ns_type type, visit_record *visit,
                                  void *context, bool *aliased)
{
    char alias[NS_MAXDNAME];
    enum dnsanswer best = DNS_ANSWER_NONE;
    *aliased = false;
    for (int i = 0; i < ns_msg_count(*message, ns_s_an); i++) {
        ns_rr record;
        if (ns_parserr(message, ns_s_an, i, &record) != 0)
            return DNS_ANSWER_BAD;
        if (ns_rr_class(record) != ns_c_in || strcasecmp(ns_rr_name(record), owner) != 0)
            continue;
        enum dnsanswer one = DNS_ANSWER_NONE;
        if (ns_rr_type(record) == type)
            one = visit(message, &record, context);
        else if (ns_rr_type(record) == ns_t_cname && read_name(message, &record, alias))
            *aliased = true;
        else if (ns_rr_type(record) == ns_t_cname)
            one = DNS_ANSWER_BAD;
        best = one > best ? one : best;
    }
    *aliased = *aliased && best == DNS_ANSWER_NONE;
    if (*aliased)
        strcpy(owner, alias);
    return best;
}

/* Parses an answer to one question, and that question. */
static enum dnsanswer open_answer(const uint8_t *bytes, size_t length, ns_msg *message, ns_rr *question)
{
    if (!bytes || length > NS_MAXMSG || ns_initparse(bytes, (int)length, message) != 0)
        return DNS_ANSWER_BAD;
    int code = ns_msg_getflag(*message, ns_f_rcode);
    if (!ns_msg_getflag(*message, ns_f_qr) || (code != ns_r_noerror && code != ns_r_nxdomain))
        return DNS_ANSWER_BAD;
    if (ns_msg_count(*message, ns_s_qd) != 1 || ns_parserr(message, ns_s_qd, 0, question) != 0)
        return DNS_ANSWER_BAD;
    return code == ns_r_nxdomain ? DNS_ANSWER_NONE : DNS_ANSWER_FOUND;
}

static enum dnsanswer visit_answer(const uint8_t *bytes, size_t length, ns_type type, visit_record *visit,
                                   void *context)
{
    ns_msg message;
    ns_rr question;
    char owner[NS_MAXDNAME];
    enum dnsanswer opened = open_answer(bytes, length, &message, &question);
    if (opened != DNS_ANSWER_FOUND)
        return opened;
    if (ns_rr_type(question) != type)
        return DNS_ANSWER_BAD;
    strcpy(owner, ns_rr_name(question));
    for (unsigned i = 0; i <= ALIASES_MOST; i++) {
        bool aliased;
        enum dnsanswer found = visit_owned(&message, owner, type, visit, context, &aliased);
        if (!aliased)
            return found;
    }
    return DNS_ANSWER_BAD;
}

static enum dnsanswer take_name(const ns_msg *message, const ns_rr *record, void *context)
{
    char text[NS_MAXDNAME], *name = context;
    if (!read_name(message, record, text) || strlen(text) >= ADDRESS_NAME_BYTES)
        return DNS_ANSWER_BAD;
    if (!*text)
        return DNS_ANSWER_NONE;
    if (!*name || strcmp(text, name) < 0)
        strcpy(name, text);
    return DNS_ANSWER_FOUND;
}

enum dnsanswer dns_answer_name(const uint8_t *bytes, size_t length, char name[ADDRESS_NAME_BYTES])
{
    char smallest[ADDRESS_NAME_BYTES] = "";
    enum dnsanswer found = visit_answer(bytes, length, ns_t_ptr, take_name, smallest);
    if (found == DNS_ANSWER_FOUND)
        memcpy(name, smallest, sizeof smallest);
    return found;
}

static bool read_address(const ns_rr *record, struct addr *address)
{
    uint8_t family = ns_rr_type(*record) == ns_t_a ? 4 : 6;
    if (ns_rr_rdlen(*record) != (family == 4 ? NS_INADDRSZ : NS_IN6ADDRSZ))
        return false;
    *address = addr_from_bytes(family, ns_rr_rdata(*record));
    return true;
}

static ns_type type_of(uint8_t family)
{
    return family == 4 ? ns_t_a : ns_t_aaaa;
}

/* The address that dns_answer_has() searches for. Another address is no match, but it is a valid record of the name. */
struct sought {
    const struct addr *address;
    bool seen;
};

static enum dnsanswer compare_address(const ns_msg *message, const ns_rr *record, void *context)
{
    struct sought *sought = context;
    struct addr address;
    (void)message;
    if (!read_address(record, &address))
        return DNS_ANSWER_BAD;
    sought->seen = sought->seen || addr_equal(&address, sought->address);
    return DNS_ANSWER_FOUND;
}

enum dnsanswer dns_answer_has(const uint8_t *bytes, size_t length, const struct addr *address)
{
    struct sought sought = {.address = address};
    enum dnsanswer found = visit_answer(bytes, length, type_of(address->family), compare_address, &sought);
    return found == DNS_ANSWER_FOUND && !sought.seen ? DNS_ANSWER_NONE : found;
}

struct gathered {
    struct addr *addresses; /* borrowed */
    size_t most, count;
};

static enum dnsanswer gather_address(const ns_msg *message, const ns_rr *record, void *context)
{
    struct gathered *gathered = context;
    struct addr address;
    (void)message;
    if (!read_address(record, &address))
        return DNS_ANSWER_BAD;
    if (gathered->count < gathered->most)
        gathered->addresses[gathered->count++] = address;
    return DNS_ANSWER_FOUND;
}

enum dnsanswer dns_answer_addresses(const uint8_t *bytes, size_t length, uint8_t family, struct addr *addresses,
                                    size_t most, size_t *count)
{
    struct gathered gathered = {.addresses = addresses, .most = most};
    enum dnsanswer found = visit_answer(bytes, length, type_of(family), gather_address, &gathered);
    *count = found == DNS_ANSWER_FOUND ? gathered.count : 0;
    return found;
}

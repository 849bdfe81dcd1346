/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "lookup/names.h"

#include <arpa/nameser.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lookup/dns_answer.h"

/* An address whose name is looked up. */
struct subject {
    struct addr address;
    struct names *names;
    struct address_facts *about; /* in the book */
    bool settled;
};

/* A host whose addresses are looked up, one family after the other. */
struct host {
    struct names *names;
    struct host *next;
    char name[DNS_NAME_BYTES];
    names_found *found;
    void *context; /* borrowed */
    struct addr addresses[NAMES_ADDRESSES_MOST];
    size_t count;
};

struct names {
    struct dns *dns;           /* owned */
    struct address_book *book; /* borrowed */
    bool verify;
    size_t pending;
    void *subjects;     /* a tree of tsearch(): owned, by address */
    struct host *hosts; /* owned, kept to the end: they are few */
};

static int compare_subjects(const void *left, const void *right)
{
    const struct subject *a = left, *b = right;
    return addr_compare(&a->address, &b->address);
}

static void settle(struct subject *subject)
{
    subject->settled = true;
    subject->names->pending--;
}

static void take_check(void *context, const uint8_t *answer, size_t length)
{
    struct subject *subject = context;
    enum dnsanswer found = dns_answer_has(answer, length, &subject->address);
    if (found != DNS_ANSWER_BAD)
        subject->about->name_state = found == DNS_ANSWER_FOUND ? ADDRESS_NAME_CONFIRMED : ADDRESS_NAME_UNCONFIRMED;
    settle(subject);
}

/* Looks up the addresses of the name. A name with an escape is not a host name (RFC 1123 2.1), and c-ares would look
 * up a different one. */
static bool check(struct subject *subject)
{
    const struct address_facts *about = subject->about;
    if (!subject->names->verify || about->name_state != ADDRESS_NAME_KNOWN || strchr(about->name, '\\'))
        return false;
    uint16_t type = subject->address.family == 4 ? ns_t_a : ns_t_aaaa;
    return dns_ask(subject->names->dns, about->name, type, take_check, subject);
}

static void take_name(void *context, const uint8_t *answer, size_t length)
{
    struct subject *subject = context;
    struct address_facts *about = subject->about;
    switch (dns_answer_name(answer, length, about->name)) {
    case DNS_ANSWER_NONE:
        about->name_state = ADDRESS_NAME_NONE;
        break;
    case DNS_ANSWER_FOUND:
        about->name_state = ADDRESS_NAME_KNOWN;
        break;
    case DNS_ANSWER_BAD:
        break;
    }
    if (!check(subject))
        settle(subject);
}

/* Writes the name in in-addr.arpa (RFC 1035 3.5) or ip6.arpa (RFC 3596 2.5). */
static void write_reverse(const struct addr *address, char text[DNS_NAME_BYTES])
{
    size_t used = 0;
    for (size_t i = addr_length(address); i-- > 0;) {
        unsigned byte = address->bytes[i];
        char *end = text + used;
        size_t room = DNS_NAME_BYTES - used;
        used += (size_t)(address->family == 4 ? snprintf(end, room, "%u.", byte)
                                              : snprintf(end, room, "%x.%x.", byte & 15, byte >> 4));
    }
    snprintf(text + used, DNS_NAME_BYTES - used, address->family == 4 ? "in-addr.arpa" : "ip6.arpa");
}

static const struct subject *find_subject(const struct names *names, const struct addr *address)
{
    struct subject key = {.address = *address};
    struct subject **found = tfind(&key, &names->subjects, compare_subjects);
    return found ? *found : NULL;
}

static struct subject *add_subject(struct names *names, const struct addr *address)
{
    struct address_facts *about = address_book_entry(names->book, address);
    struct subject *subject = about ? calloc(1, sizeof *subject) : NULL;
    if (!subject)
        return NULL;
    *subject = (struct subject){.address = *address, .names = names, .about = about};
    if (tsearch(subject, &names->subjects, compare_subjects))
        return subject;
    free(subject);
    return NULL;
}

bool names_ask(struct names *names, const struct addr *address)
{
    char reverse[DNS_NAME_BYTES];
    if (find_subject(names, address))
        return true;
    struct subject *subject = add_subject(names, address);
    if (!subject)
        return false;
    write_reverse(address, reverse);
    if (!dns_ask(names->dns, reverse, ns_t_ptr, take_name, subject)) {
        tdelete(subject, &names->subjects, compare_subjects);
        free(subject);
        return false;
    }
    names->pending++;
    return true;
}

bool names_is_settled(const struct names *names, const struct addr *address)
{
    const struct subject *subject = find_subject(names, address);
    return subject && subject->settled;
}

size_t names_pending(const struct names *names)
{
    return names->pending;
}

static void gather(struct host *host, const uint8_t *answer, size_t length, uint8_t family)
{
    size_t count;
    dns_answer_addresses(answer, length, family, host->addresses + host->count, NAMES_ADDRESSES_MOST - host->count,
                         &count);
    host->count += count;
}

static void take_v6(void *context, const uint8_t *answer, size_t length)
{
    struct host *host = context;
    gather(host, answer, length, 6);
    host->names->pending--;
    host->found(host->context, host->addresses, host->count);
}

static void take_v4(void *context, const uint8_t *answer, size_t length)
{
    struct host *host = context;
    gather(host, answer, length, 4);
    if (!dns_ask(host->names->dns, host->name, ns_t_aaaa, take_v6, host))
        take_v6(host, NULL, 0);
}

bool names_forward(struct names *names, const char *host_name, names_found *found, void *context)
{
    struct host *host = calloc(1, sizeof *host);
    if (!host)
        return false;
    *host = (struct host){.names = names, .next = names->hosts, .found = found, .context = context};
    if (strlen(host_name) < sizeof host->name)
        strcpy(host->name, host_name);
    if (!dns_ask(names->dns, host->name, ns_t_a, take_v4, host)) {
        free(host);
        return false;
    }
    names->hosts = host;
    names->pending++;
    return true;
}

enum status names_new(const struct names_config *config, struct address_book *book, struct names **out, struct err *err)
{
    *out = NULL;
    struct names *names = calloc(1, sizeof *names);
    if (!names)
        return err_set(err, STATUS_SYSTEM, "cannot look up names: out of memory");
    *names = (struct names){.book = book, .verify = config->verify};
    enum status status = dns_new(&config->dns, &names->dns, err);
    if (status != STATUS_OK) {
        names_free(names);
        return status;
    }
    *out = names;
    return STATUS_OK;
}

void names_free(struct names *names)
{
    if (!names)
        return;
    dns_free(names->dns);
    tdestroy(names->subjects, free);
    while (names->hosts) {
        struct host *next = names->hosts->next;
        free(names->hosts);
        names->hosts = next;
    }
    free(names);
}

struct dns *names_dns(struct names *names)
{
    return names->dns;
}

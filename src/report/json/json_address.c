/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/json/json_address.h"

#include <stdlib.h>

#include "address/special.h"
#include "report/address_facts.h"
#include "report/json/json_value.h"

static json_t *text_or_null(const char *foreign)
{
    return foreign[0] ? json_text(foreign) : json_null();
}

static void set_name(json_t *object, const struct address_facts *about)
{
    json_object_set_new(object, "name", json_text(address_facts_name(about)));
    if (about && (about->name_state == ADDRESS_NAME_CONFIRMED || about->name_state == ADDRESS_NAME_UNCONFIRMED))
        json_object_set_new(object, "name_confirmed", json_boolean(about->name_state == ADDRESS_NAME_CONFIRMED));
}

static void set_network(json_t *object, const struct addr *address, const struct address_facts *about)
{
    const struct special *special = special_find(address);
    json_object_set_new(object, "asn", json_count_or_null(about ? about->asn : 0));
    json_object_set_new(object, "as_name", text_or_null(about ? about->as_name : ""));
    if (special)
        json_object_set_new(object, "special", json_string(special->name));
}

static json_t *json_about_place(const struct address_facts *about)
{
    struct address_place place;
    bool is_guess;
    if (!address_facts_place(about, &place, &is_guess))
        return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "country", text_or_null(place.country));
    json_object_set_new(object, "city", text_or_null(place.city));
    json_object_set_new(object, "latitude", place.has_position ? json_real(place.latitude) : json_null());
    json_object_set_new(object, "longitude", place.has_position ? json_real(place.longitude) : json_null());
    if (is_guess)
        json_object_set_new(object, "guess", json_true());
    return object;
}

static void set_whois(json_t *object, const struct address_whois *whois)
{
    if (!whois->netname[0] && !whois->organisation[0] && !whois->country[0])
        return;
    json_t *members = json_object();
    json_object_set_new(members, "netname", text_or_null(whois->netname));
    json_object_set_new(members, "organisation", text_or_null(whois->organisation));
    json_object_set_new(members, "country", text_or_null(whois->country));
    json_object_set_new(object, "whois", members);
}

void json_facts_set(json_t *object, const struct addr *address, const struct output *out)
{
    if (!out->result->book || addr_is_none(address))
        return;
    const struct address_facts *about = address_book_find(out->result->book, address);
    set_name(object, about);
    if (out->options.networks)
        set_network(object, address, about);
    if (out->options.places)
        json_object_set_new(object, "place", json_about_place(about));
    if (about)
        set_whois(object, &about->whois);
}

static void make_text(struct json_facts *known, const struct addr *address)
{
    json_t *object = json_object();
    json_facts_set(object, address, known->out);
    free(known->text);
    known->text = json_text_of(object);
    known->length = known->text ? strlen(known->text) : 0;
    known->address = *address;
}

char *json_facts_put(struct json_facts *known, char *at, const struct addr *address)
{
    if (!known->out->result->book || addr_is_none(address))
        return at;
    if (!addr_equal(&known->address, address))
        make_text(known, address);
    if (known->length <= 2 || known->length > JSON_FACTS_BYTES_MOST)
        return at;
    return put_bytes(put_text(at, ", "), known->text + 1, known->length - 2);
}

void json_facts_free(struct json_facts *known)
{
    free(known->text);
}

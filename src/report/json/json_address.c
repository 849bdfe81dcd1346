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

static void set_name(json_t *object, const struct address_facts *facts)
{
    json_object_set_new(object, "name", json_text(address_facts_name(facts)));
    if (facts && (facts->name_state == ADDRESS_NAME_CONFIRMED || facts->name_state == ADDRESS_NAME_UNCONFIRMED))
        json_object_set_new(object, "name_confirmed", json_boolean(facts->name_state == ADDRESS_NAME_CONFIRMED));
}

static void set_network(json_t *object, const struct addr *address, const struct address_facts *facts)
{
    const struct special *special = special_find(address);
    json_object_set_new(object, "asn", json_count_or_null(facts ? facts->asn : 0));
    json_object_set_new(object, "as_name", text_or_null(facts ? facts->as_name : ""));
    if (special)
        json_object_set_new(object, "special", json_string(special->name));
}

static json_t *json_place_of(const struct address_facts *facts)
{
    struct address_place place;
    bool is_guess;
    if (!address_facts_place(facts, &place, &is_guess))
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
    const struct address_facts *facts = address_book_find(out->result->book, address);
    set_name(object, facts);
    if (out->options.networks)
        set_network(object, address, facts);
    if (out->options.places)
        json_object_set_new(object, "place", json_place_of(facts));
    if (facts)
        set_whois(object, &facts->whois);
}

static void make_text(struct json_facts *cache, const struct addr *address)
{
    json_t *object = json_object();
    json_facts_set(object, address, cache->out);
    free(cache->text);
    cache->text = json_text_of(object);
    cache->length = cache->text ? strlen(cache->text) : 0;
    cache->address = *address;
}

char *json_facts_put(struct json_facts *cache, char *at, const struct addr *address)
{
    if (!cache->out->result->book || addr_is_none(address))
        return at;
    if (!addr_equal(&cache->address, address))
        make_text(cache, address);
    if (cache->length <= 2 || cache->length > JSON_FACTS_BYTES_MOST)
        return at;
    return put_bytes(put_text(at, ", "), cache->text + 1, cache->length - 2);
}

void json_facts_free(struct json_facts *cache)
{
    free(cache->text);
}

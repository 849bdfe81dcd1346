#include "out/jsonabout.h"

#include <stdlib.h>

#include "about/special.h"
#include "out/jsonvalue.h"
#include "out/known.h"

static json_t *text_or_null(const char *foreign)
{
    return foreign[0] ? json_text(foreign) : json_null();
}

static void set_name(json_t *object, const struct about *about)
{
    json_object_set_new(object, "name", json_text(known_name(about)));
    if (about && (about->name_state == ABOUT_NAME_CONFIRMED || about->name_state == ABOUT_NAME_UNCONFIRMED))
        json_object_set_new(object, "name_confirmed", json_boolean(about->name_state == ABOUT_NAME_CONFIRMED));
}

static void set_network(json_t *object, const struct addr *address, const struct about *about)
{
    const struct special *special = special_find(address);
    json_object_set_new(object, "asn", json_count_or_null(about ? about->asn : 0));
    json_object_set_new(object, "as_name", text_or_null(about ? about->as_name : ""));
    if (special)
        json_object_set_new(object, "special", json_string(special->name));
}

static json_t *json_about_place(const struct about *about)
{
    struct about_place place;
    bool is_guess;
    if (!known_place(about, &place, &is_guess))
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

static void set_whois(json_t *object, const struct about_whois *whois)
{
    if (!whois->netname[0] && !whois->organisation[0] && !whois->country[0])
        return;
    json_t *members = json_object();
    json_object_set_new(members, "netname", text_or_null(whois->netname));
    json_object_set_new(members, "organisation", text_or_null(whois->organisation));
    json_object_set_new(members, "country", text_or_null(whois->country));
    json_object_set_new(object, "whois", members);
}

void jsonabout_set(json_t *object, const struct addr *address, const struct output *out)
{
    if (!out->book || addr_is_none(address))
        return;
    const struct about *about = about_book_find(out->book, address);
    set_name(object, about);
    if (out->options.networks)
        set_network(object, address, about);
    if (out->options.places)
        json_object_set_new(object, "place", json_about_place(about));
    if (about)
        set_whois(object, &about->whois);
}

static void make_text(struct jsonabout *known, const struct addr *address)
{
    json_t *object = json_object();
    jsonabout_set(object, address, known->out);
    free(known->text);
    known->text = json_text_of(object);
    known->length = known->text ? strlen(known->text) : 0;
    known->address = *address;
}

char *jsonabout_put(struct jsonabout *known, char *at, const struct addr *address)
{
    if (!known->out->book || addr_is_none(address))
        return at;
    if (!addr_equal(&known->address, address))
        make_text(known, address);
    if (known->length <= 2 || known->length > JSONABOUT_BYTES_MOST)
        return at;
    return put_bytes(put_text(at, ", "), known->text + 1, known->length - 2);
}

void jsonabout_free(struct jsonabout *known)
{
    free(known->text);
}

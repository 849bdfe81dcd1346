/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/address_facts.h"

#include "address/name_hint.h"

const char *address_facts_name(const struct address_facts *about)
{
    bool has_name = about && about->name_state != ADDRESS_NAME_UNKNOWN && about->name_state != ADDRESS_NAME_NONE;
    return has_name && about->name[0] ? about->name : NULL;
}

bool address_facts_is_unconfirmed(const struct address_facts *about)
{
    return address_facts_name(about) && about->name_state == ADDRESS_NAME_UNCONFIRMED;
}

bool address_facts_place(const struct address_facts *about, struct address_place *place, bool *is_guess)
{
    const char *name = address_facts_name(about);
    *place = about ? about->place : (struct address_place){0};
    *is_guess = false;
    if (place->country[0] || place->city[0] || place->has_position)
        return true;
    return *is_guess = name && name_hint_place(name, place);
}

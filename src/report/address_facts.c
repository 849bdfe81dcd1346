/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/address_facts.h"

#include "address/name_hint.h"

const char *address_facts_name(const struct address_facts *facts)
{
    bool has_name = facts && facts->name_state != ADDRESS_NAME_UNKNOWN && facts->name_state != ADDRESS_NAME_NONE;
    return has_name && facts->name[0] ? facts->name : NULL;
}

bool address_facts_is_unconfirmed(const struct address_facts *facts)
{
    return address_facts_name(facts) && facts->name_state == ADDRESS_NAME_UNCONFIRMED;
}

bool address_facts_place(const struct address_facts *facts, struct address_place *place, bool *is_guess)
{
    const char *name = address_facts_name(facts);
    *place = facts ? facts->place : (struct address_place){0};
    *is_guess = false;
    if (place->country[0] || place->city[0] || place->has_position)
        return true;
    return *is_guess = name && name_hint_place(name, place);
}

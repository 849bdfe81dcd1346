#include "out/known.h"

#include "about/hint.h"

const char *known_name(const struct about *about)
{
    bool has_name = about && about->name_state != ABOUT_NAME_UNKNOWN && about->name_state != ABOUT_NAME_NONE;
    return has_name && about->name[0] ? about->name : NULL;
}

bool known_is_unconfirmed(const struct about *about)
{
    return known_name(about) && about->name_state == ABOUT_NAME_UNCONFIRMED;
}

bool known_place(const struct about *about, struct about_place *place, bool *is_guess)
{
    const char *name = known_name(about);
    *place = about ? about->place : (struct about_place){0};
    *is_guess = false;
    if (place->country[0] || place->city[0] || place->has_position)
        return true;
    return *is_guess = name && hint_place(name, place);
}

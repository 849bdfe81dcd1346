/* SPDX-License-Identifier: BSD-2-Clause */
/* The captures of two points. Operands that follow an option belong to its point, too. */
#include "cli/options/groups/groups.h"

static void look_near(struct parse *parse)
{
    parse->point = POINT_OF_NEAR;
}

static void look_far(struct parse *parse)
{
    parse->point = POINT_OF_FAR;
}

static enum status take_file(struct parse *parse, const char *value, enum transit_point point, struct err *err)
{
    struct options *out = parse->out;
    if (parse->environment)
        return STATUS_OK;
    if (!*value)
        return parse_complain(parse, value, err, "expected a file name");
    if (out->read_count == FILES_MOST)
        return parse_complain(parse, value, err, "too many files (at most %d)", FILES_MOST);
    out->read_points[out->read_count] = (uint8_t)point;
    out->read_files[out->read_count++] = value;
    return STATUS_OK;
}

static enum status apply_near(struct parse *parse, const char *value, struct err *err)
{
    return take_file(parse, value, TRANSIT_NEAR, err);
}

static enum status apply_far(struct parse *parse, const char *value, struct err *err)
{
    return take_file(parse, value, TRANSIT_FAR, err);
}

static const struct option_row rows[] = {
    {.name = "--near",
     .argument = "FILE...",
     .commands = ON_TRANSIT,
     .help = "captures of the near point; several files are one capture",
     .look = look_near,
     .apply = apply_near},
    {.name = "--far",
     .argument = "FILE...",
     .commands = ON_TRANSIT,
     .help = "captures of the far point; several files are one capture",
     .look = look_far,
     .apply = apply_far},
};

OPTION_GROUP(option_group_points, "Two capture points", NULL, rows);

/* SPDX-License-Identifier: BSD-2-Clause */
/* The captures of several points. In transit, operands that follow an option belong to its point, too. */
#include <string.h>

#include "cli/options/groups/groups.h"

static void look_near(struct parse *parse)
{
    parse->point = POINT_OF_NEAR;
}

static void look_far(struct parse *parse)
{
    parse->point = POINT_OF_FAR;
}

static enum status take_file(struct parse *parse, const char *value, unsigned point, struct err *err)
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

static void look_at(struct parse *parse)
{
    if (!parse->environment)
        parse->point = (uint8_t)(POINT_OF_NEAR + parse->at_seen++);
}

static enum status apply_near(struct parse *parse, const char *value, struct err *err)
{
    parse->two_spelled = parse->spelled;
    return take_file(parse, value, TRANSIT_NEAR, err);
}

static enum status apply_far(struct parse *parse, const char *value, struct err *err)
{
    parse->two_spelled = parse->spelled;
    return take_file(parse, value, TRANSIT_FAR, err);
}

/* The length of the name before "="; 0: it is none. */
static size_t name_length(const char *value)
{
    size_t length = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
    return value[length] == '=' && length < POINT_NAME_BYTES ? length : 0;
}

static enum status apply_at(struct parse *parse, const char *value, struct err *err)
{
    struct options *out = parse->out;
    size_t length = name_length(value);
    if (parse->environment)
        return STATUS_OK;
    if (!length || !value[length + 1])
        return parse_complain(parse, value, err,
                              "expected NAME=FILE, as client=a.pcap (up to %d letters, digits, '.', '-' or '_')",
                              POINT_NAME_BYTES - 1);
    if (out->point_count == POINTS_MOST)
        return parse_complain(parse, value, err, "too many points (at most %d)", POINTS_MOST);
    char *name = out->point_names[out->point_count];
    memcpy(name, value, length);
    name[length] = '\0';
    for (unsigned i = 0; i < out->point_count; i++)
        if (strcmp(out->point_names[i], name) == 0)
            return parse_complain(parse, value, err,
                                  "a point has this name already (several files: --at %s=FILE FILE...)", name);
    return take_file(parse, value + length + 1, out->point_count++, err);
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
     .commands = ON_TRANSIT | ON_REPLAY | ON_DIAGNOSE,
     .help = "captures of the far point; several files are one capture. diagnose: the capture of the other end, which "
             "tells a lost probe from a lost reply",
     .replay_help =
         "the capture of the other end, which tells a lost probe from a lost reply (repeat it for several files)",
     .look = look_far,
     .apply = apply_far},
    {.name = "--at",
     .argument = "NAME=FILE...",
     .commands = ON_TRANSIT,
     .help = "captures of a point of this name; two points or more, in the order of the path",
     .look = look_at,
     .apply = apply_at},
};

OPTION_GROUP(option_group_points, "Capture points", NULL, rows);

/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/map/map_labels.h"

#include <math.h>

#include "report/map/map_legs.h"

#define LINE_HEIGHT 15.0
#define OFF_MARK 3.0 /* pixels between a mark and its label */
#define OFF_EDGE 2.0 /* pixels between a label and the edge of the map */
#define CELL 6.0     /* pixels: resolution of the grid of cells that legs cross */
#define COLUMNS 160  /* cells: MAP_WIDTH / CELL */
#define ROWS 200     /* cells: more than the highest map has */

/* The cells that legs cross. */
struct cover {
    bool cells[ROWS][COLUMNS];
};

struct placing {
    struct map_label *labels;
    size_t count;
    double height; /* of the map */
    struct cover cover;
};

/* --- legs --- */

static void cover_spot(struct cover *cover, double x, double y)
{
    if (x >= 0 && x < MAP_WIDTH && y >= 0 && y < ROWS * CELL)
        cover->cells[(size_t)(y / CELL)][(size_t)(x / CELL)] = true;
}

/* In steps of half a cell, so that at most the corner of a cell is missed. */
static void cover_step(struct cover *cover, struct map_spot from, struct map_spot to)
{
    double parts = ceil(hypot(to.x - from.x, to.y - from.y) / (CELL / 2)) + 1;
    for (double part = 0; part <= parts; part++)
        cover_spot(cover, from.x + (to.x - from.x) * part / parts, from.y + (to.y - from.y) * part / parts);
}

static void cover_legs(struct cover *cover, const struct map_plan *plan)
{
    struct map_spot spots[DISTANCE_POINTS_MOST];
    for (size_t i = 0; i < plan->leg_count; i++) {
        for (int turn = -1; turn <= 1; turn++) {
            size_t count = map_leg_spots(&plan->window, &plan->legs[i], turn, spots);
            for (size_t k = 1; k < count; k++)
                cover_step(cover, spots[k - 1], spots[k]);
        }
    }
}

/* The box must lie within the map. */
static bool covers_leg(const struct cover *cover, const struct map_box *box)
{
    for (size_t row = (size_t)(box->top / CELL); row <= (size_t)(box->bottom / CELL) && row < ROWS; row++)
        for (size_t column = (size_t)(box->left / CELL); column <= (size_t)(box->right / CELL); column++)
            if (column < COLUMNS && cover->cells[row][column])
                return true;
    return false;
}

/* --- marks and labels --- */

static bool overlap(const struct map_box *a, const struct map_box *b)
{
    return a->left < b->right && b->left < a->right && a->top < b->bottom && b->top < a->bottom;
}

static bool is_free(const struct placing *placing, const struct map_box *box)
{
    if (box->left < OFF_EDGE || box->top < OFF_EDGE || box->right > MAP_WIDTH - OFF_EDGE ||
        box->bottom > placing->height - OFF_EDGE)
        return false;
    for (size_t i = 0; i < placing->count; i++) {
        const struct map_label *other = &placing->labels[i];
        double half = MAP_MARK_RADIUS + 1;
        struct map_box mark = {other->mark.x - half, other->mark.y - half, other->mark.x + half, other->mark.y + half};
        if (overlap(box, &mark) || (other->stands && overlap(box, &other->box)))
            return false;
    }
    return true;
}

/* The box beside the mark; -1, 0 or 1 in each direction. */
static struct map_box box_beside(const struct map_label *label, int x_side, int y_side, double width)
{
    double off = MAP_MARK_RADIUS + (x_side && y_side ? 0 : OFF_MARK);
    double x = label->mark.x + x_side * (off + width / 2), y = label->mark.y + y_side * (off + LINE_HEIGHT / 2);
    return (struct map_box){x - width / 2, y - LINE_HEIGHT / 2, x + width / 2, y + LINE_HEIGHT / 2};
}

static bool place(struct placing *placing, struct map_label *label, bool has_name, bool may_cover_leg)
{
    static const struct {
        int x, y;
    } sides[] = {{1, 0}, {-1, 0}, {0, -1}, {0, 1}, {1, -1}, {1, 1}, {-1, -1}, {-1, 1}};
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        struct map_box box = box_beside(label, sides[i].x, sides[i].y, label->widths[has_name]);
        if (!is_free(placing, &box) || (!may_cover_leg && covers_leg(&placing->cover, &box)))
            continue;
        label->box = box;
        label->side = sides[i].x;
        label->has_name = has_name;
        return label->stands = true;
    }
    return false;
}

void map_labels_place(struct map_label *labels, size_t count, const struct map_plan *plan)
{
    struct placing placing = {.labels = labels, .count = count, .height = plan->window.height};
    cover_legs(&placing.cover, plan);
    for (size_t i = 0; i < count; i++) {
        struct map_label *label = &labels[i];
        bool is_placed =
            label->widths[true] > 0 && (place(&placing, label, true, false) || place(&placing, label, true, true));
        if (!is_placed && !place(&placing, label, false, false))
            place(&placing, label, false, true);
    }
}

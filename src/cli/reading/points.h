/* SPDX-License-Identifier: BSD-2-Clause */
/* points: reads the captures of several points of one path, two points at a time, as often as it takes: for an
 * overview, for the pairs, and to write both as one capture. Top floor. It must not report anything.
 *
 * A point has one file or several, which are merged by their stamps. Files that are out of order are sorted from the
 * second reading on, as far as the memory allows. */
#ifndef HOPSONDE_CLI_READING_POINTS_H
#define HOPSONDE_CLI_READING_POINTS_H

#include <signal.h>

#include "capture/bpf_filter.h"
#include "capture/capture_file.h"
#include "capture/merge.h"
#include "pairing/pairing.h"

#define POINT_FILES_MOST 64 /* of all points together */

/* What a file showed when it was read last. */
struct point_file {
    const struct capture_file *file; /* borrowed */
    uint8_t point;                   /* from 0, in the order of the path */
    uint8_t number;                  /* of the file within its point, from 0: transit_frame.file */
    uint64_t frames;
    bool truncated;
    enum status status; /* it could not be read to its end, and the message says why */
    char message[ERR_MESSAGE_BYTES];
    bool is_late; /* its frames are out of order */
    nstime latest;
};

struct points {
    struct point_file files[POINT_FILES_MOST];
    unsigned count;
    struct bpf_filter *bpf; /* borrowed; NULL: every frame passes */
    bool opens_tunnels;
    const volatile sig_atomic_t *stop; /* nonzero: read no further */
    /* Called for each frame; NULL: not wanted. */
    void (*progress)(void *context, const struct merge *merge);
    void *context;
};

/* Two points of one path, and how far the clocks are apart. */
struct point_pair {
    struct points *points;
    uint8_t index[TRANSIT_POINTS]; /* of the near point and the far one, among `points` */
    struct overview_result overview;
};

/* A frame of one of the two points, in the order of the near clock. */
struct point_frame {
    enum transit_point point;
    unsigned file; /* within the point */
    struct frame frame;
    nstime common; /* its time by the near clock */
};

/* The packet of a frame, its tunnels opened unless the user wants the outer headers. */
void points_decode(const struct points *points, const struct frame *frame, struct packet *packet);
/* Files of a point in the order of their numbers. */
void points_add(struct points *points, const struct capture_file *file, unsigned point);
/* STATUS_SYSTEM: out of memory, or a file cannot be read. After a signal the result is incomplete. */
enum status points_overview(struct point_pair *pair, struct err *err);
/* False: end the reading, for want of memory. */
typedef bool (*point_visit)(void *context, const struct point_frame *frame);
/* After points_overview(). */
enum status points_visit(const struct point_pair *pair, point_visit visit, void *context, struct err *err);
/* Gives all frames to the pairing. */
enum status points_pair(const struct point_pair *pair, struct pairing *pairing, struct err *err);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
#include "verdict/frames.h"

struct frame_number frame_of_probe(const struct probe *probe)
{
    return (struct frame_number){.number = probe->frame, .file = probe->file};
}

struct frame_number frame_of_reply(const struct reply *reply)
{
    return (struct frame_number){.number = reply->frame, .file = reply->file};
}

void frames_add(struct frame_number *frames, unsigned *count, struct frame_number frame)
{
    if (!frame.number || *count == VERDICT_FRAMES_MOST)
        return;
    for (unsigned i = 0; i < *count; i++)
        if (frames[i].number == frame.number && frames[i].file == frame.file)
            return;
    frames[(*count)++] = frame;
}

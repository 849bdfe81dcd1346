/* jsonprobe: probes and their replies as JSON. Floor 5.
 *
 * By hand, since captures hold millions of them and a tree for each costs thirty times as much; all that is rare goes
 * through jansson. Keys and their order: jsonvalue.h. What is written goes into `rows`, which the caller flushes. */
#ifndef HOPSONDE_OUT_JSONPROBE_H
#define HOPSONDE_OUT_JSONPROBE_H

#include "out/jsonabout.h"
#include "out/rowbuf.h"
#include "session/path.h"

/* A probe's own members, "attempt" to "replies", without the braces around them. Each reply has what is known of who
 * sent it; `known` NULL: nothing is. */
void jsonprobe_put(struct rowbuf *rows, struct jsonabout *known, const struct trace *trace, const struct probe *probe);
/* A hop with its probes, on one line without the line's end. */
void jsonprobe_put_hop(struct rowbuf *rows, struct jsonabout *known, const struct trace *trace, uint8_t ttl);

#endif

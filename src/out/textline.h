/* textline: one hop as a line of text. Floor 5; pure.
 *
 * Either as traceroute prints it, each probe for itself, or as a row of mtr's report, where there are too many probes
 * for that. All foreign text is escaped. Colour is ANSI SGR: hop number and silence dim, addresses bold, refusals red,
 * open ports green. */
#ifndef HOPSONDE_OUT_TEXTLINE_H
#define HOPSONDE_OUT_TEXTLINE_H

#include "base/strbuf.h"
#include "session/session.h"

/* The most probes that a hop may have to be a line of single times. */
#define TEXTLINE_PROBES_MOST 10

/* "web.example (192.0.2.80)" where the address is the target's and the target has a name, else the address. */
void textline_add_address(struct strbuf *line, const struct session *session, const struct addr *address);

/* " 3  10.0.2.1  1.913 ms * 1.902 ms !X  [mpls L=24001 TC=0 S=1 TTL=1]  [icmp]": without the line's end. The answers
 * are those of session_hop_trace(); duplicates are left out. Labels stand behind the times of the router that reported
 * them. */
void textline_add_hop(struct strbuf *line, const struct session *session, uint8_t ttl, bool color);

/* The heading of the rows, and a row for one hop: "Loss%  Snt  Best  Avg  Wrst  StDev  Jttr". Further routers of the
 * hop follow on lines of their own. Without the last line's end. */
void textline_add_row_heading(struct strbuf *line);
void textline_add_row(struct strbuf *line, const struct session *session, uint8_t ttl, bool color);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* transit_costs: captures of two points that are made to cost much, for costs.c. For tests only. */
#ifndef HOPSONDE_TESTS_HOSTILE_TRANSIT_COSTS_H
#define HOPSONDE_TESTS_HOSTILE_TRANSIT_COSTS_H

/* Each pairs captures of so many packets. */
void transit_conversations(unsigned count); /* one packet each, at both points */
void transit_strangers(unsigned count);     /* the same, and no packet is at both points */
void transit_alike(unsigned count);         /* the same datagram, again and again */
void transit_losses(unsigned count);        /* every other datagram is lost */
void transit_holes(unsigned count);         /* a TCP stream whose every other segment both captures lack */
void transit_repeats(unsigned count);       /* one TCP segment, sent again and again, and lost each time */
void transit_backward(unsigned count);      /* a TCP stream from its end to its beginning */
void transit_cuts(unsigned count);          /* segments of one point overlap those of the other by a half */
void transit_syns(unsigned count);          /* SYNs of one port to another, with new sequence numbers */
void transit_resets(unsigned count);        /* forged resets of one connection */
void transit_clocks(unsigned count);        /* the far clock jumps with each packet */

#endif

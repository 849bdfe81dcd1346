/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands, a row each. main() runs the one of the options. */
#include "cli/commands/run.h"

const struct command commands[] = {
    {COMMAND_TRACE, "trace", "[trace] [OPTIONS] HOST [SIZE]", "the path to HOST",
     "Shows the path to HOST hop by hop, and reports what became of each probe type. HOST is a name, an IPv4 or IPv6 "
     "address, or a URL; the URL's port or scheme selects the probe unless you name one. SIZE is the size of the whole "
     "IP packet in bytes.",
     run_live},
    {COMMAND_DIAGNOSE, "diagnose", "diagnose [OPTIONS] HOST [PROBE...]", "what becomes of each protocol",
     "Sends all probes side by side over the same hops. Reports for each probe its state (open, closed, rejected, "
     "dropped, intercepted ...), the device responsible or the hops around it, and the confidence. Then recommends "
     "the probe that gets furthest. Default probes: icmp, udp, udp/53, udp/443, tcp/443, tcp/80 and tcp/80:ack. "
     "Write PROBE as after -P; icmp is added for comparison unless --only is given.",
     run_live},
    {COMMAND_PATHS, "paths", "paths [OPTIONS] HOST", "all balanced paths, as a graph",
     "Finds every load-balanced path to HOST: sends one probe type from many source ports, and shows the routers and "
     "links as a graph. The report says whether each balancer works per flow or per packet, and how likely the graph "
     "is complete. A single flow crossed each link that is shown. The default probe is udp.",
     run_live},
    {COMMAND_WATCH, "watch", "watch [OPTIONS] HOST... [PROBE...]", "what changes on the path to HOST",
     "Sends every probe to every hop once a second, and reports what changes: routes, loss, latency, and what becomes of "
     "each protocol. Prints a line for each change, and at the end a table with the loss and the round-trip times of "
     "each router. Default probes: the first of udp, icmp, tcp/443 and tcp/80 that reaches HOST, and icmp. Write PROBE "
     "as after -P; icmp is added for comparison unless --only is given. Up to 64 HOSTs are watched at once. Ctrl-C ends "
     "the run.",
     run_live},
    {COMMAND_REPLAY, "replay", "replay [OPTIONS] FILE...", "the traces in captures of any tool",
     "Finds the traces of any tool in captures, and reports each as if hopsonde had made it. Prints the original "
     "report again if hopsonde saved the capture with --write. Several files are merged by time into one capture. It needs no "
     "root and sends nothing: options that say what to send select traces, or have no effect.",
     run_replay},
    {COMMAND_TRANSIT, "transit", "transit [OPTIONS] NEAR FAR", "what two captures show together",
     "Compares the captures of two points of one path, taken at the same time: pairs their packets, whatever NAT lies "
     "between and however wrong the clocks are. Reports which packets were lost, forged or rewritten between the points, "
     "with frame numbers, and the delays each way. It needs no root and sends nothing.",
     run_transit},
    {COMMAND_HELP, "help", "help [COMMAND]", "this overview, or help on COMMAND", NULL, run_help},
    {COMMAND_HELP, NULL, NULL, NULL, NULL, NULL},
};

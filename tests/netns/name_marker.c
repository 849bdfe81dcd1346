/* SPDX-License-Identifier: BSD-2-Clause */
/* name_marker: `name_marker NAME` reads names for a firewall, also in QUIC, where they are encrypted. It takes the
 * packets of queue 0 (NFQUEUE), sets the mark 1 on those that bear NAME, and gives all of them back. A later rule says
 * what becomes of them:
 *
 *     iptables -t mangle -A FORWARD -p udp --dport 443 -j NFQUEUE
 *     iptables -A FORWARD -m mark --mark 1 -j DROP
 *
 * It writes "ready" when the queue is open, and a line for each mark. For tests, in a network namespace; a signal ends
 * it. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include "netns/hurry.h"
#include "packet/packet.h"
#include "probe/type.h"

#define QUEUE 0
#define MARK 1
#define MESSAGE_MOST 256
#define PACKET_MOST 65535
#define RECEIVED_MOST (PACKET_MOST + MESSAGE_MOST)

struct marker {
    struct mnl_socket *socket;
    const char *name;
};

static void die(const char *what)
{
    fprintf(stderr, "name_marker: %s: %s\n", what, strerror(errno));
    exit(2);
}

/* --- messages to the kernel --- */

static struct nlmsghdr *begin(char message[MESSAGE_MOST], uint16_t type, uint16_t flags)
{
    struct nlmsghdr *header = mnl_nlmsg_put_header(message);
    header->nlmsg_type = (uint16_t)(NFNL_SUBSYS_QUEUE << 8 | type);
    header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    struct nfgenmsg *about = mnl_nlmsg_put_extra_header(header, sizeof *about);
    *about = (struct nfgenmsg){.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(QUEUE)};
    return header;
}

static void deliver(const struct marker *marker, const struct nlmsghdr *message)
{
    if (mnl_socket_sendto(marker->socket, message, message->nlmsg_len) < 0)
        die("send");
}

/* Sets something of the queue, and waits until the kernel has done it. */
static void configure(const struct marker *marker, uint16_t type, const void *value, size_t length)
{
    char message[MESSAGE_MOST], answer[RECEIVED_MOST];
    struct nlmsghdr *header = begin(message, NFQNL_MSG_CONFIG, NLM_F_ACK);
    mnl_attr_put(header, type, length, value);
    deliver(marker, header);
    ssize_t size = mnl_socket_recvfrom(marker->socket, answer, sizeof answer);
    if (size < 0 || mnl_cb_run(answer, (size_t)size, 0, mnl_socket_get_portid(marker->socket), NULL, NULL) < 0)
        die("queue");
}

static void open_queue(struct marker *marker)
{
    const struct nfqnl_msg_config_cmd bind = {.command = NFQNL_CFG_CMD_BIND};
    const struct nfqnl_msg_config_params copy = {.copy_range = htonl(PACKET_MOST), .copy_mode = NFQNL_COPY_PACKET};
    marker->socket = mnl_socket_open(NETLINK_NETFILTER);
    if (!marker->socket || mnl_socket_bind(marker->socket, 0, MNL_SOCKET_AUTOPID) < 0)
        die("socket");
    configure(marker, NFQA_CFG_CMD, &bind, sizeof bind);
    configure(marker, NFQA_CFG_PARAMS, &copy, sizeof copy);
}

/* `id` is in network byte order. */
static void give_back(const struct marker *marker, uint32_t id, bool is_marked)
{
    const struct nfqnl_msg_verdict_hdr verdict = {.verdict = htonl(NF_ACCEPT), .id = id};
    char message[MESSAGE_MOST];
    struct nlmsghdr *header = begin(message, NFQNL_MSG_VERDICT, 0);
    mnl_attr_put(header, NFQA_VERDICT_HDR, sizeof verdict, &verdict);
    if (is_marked)
        mnl_attr_put_u32(header, NFQA_MARK, htonl(MARK));
    deliver(marker, header);
}

/* --- packets --- */

static bool bears_name(const struct packet *packet, const char *wanted)
{
    const struct transport *t = &packet->outer.transport;
    char name[PROBE_NAME_MOST + 1];
    if (packet->kind != PACKET_PLAIN || !(t->have & HAVE_PORTS))
        return false;
    const struct cursor payload = cursor_init(t->bytes + t->header_length, t->captured - t->header_length);
    const struct probe_type *type = probe_type_of_protocol(packet->outer.ip.protocol);
    return probe_name_seen(type, t->target_port, payload, name) && strcmp(name, wanted) == 0;
}

struct queued {
    struct frame frame;
    uint32_t id; /* in network byte order */
};

static int collect(const struct nlattr *attribute, void *out)
{
    struct queued *queued = out;
    struct nfqnl_msg_packet_hdr about;
    uint16_t type = mnl_attr_get_type(attribute), length = mnl_attr_get_payload_len(attribute);
    if (type == NFQA_PACKET_HDR && length >= sizeof about) {
        memcpy(&about, mnl_attr_get_payload(attribute), sizeof about);
        queued->id = about.packet_id;
    } else if (type == NFQA_PAYLOAD) {
        queued->frame.bytes = mnl_attr_get_payload(attribute);
        queued->frame.captured = queued->frame.length = length;
    }
    return MNL_CB_OK;
}

static int take(const struct nlmsghdr *message, void *data)
{
    const struct marker *marker = data;
    struct queued queued = {.frame.linktype = LINKTYPE_RAW};
    struct packet packet;
    mnl_attr_parse(message, sizeof(struct nfgenmsg), collect, &queued);
    packet_decode(&queued.frame, &packet);
    bool is_marked = bears_name(&packet, marker->name);
    give_back(marker, queued.id, is_marked);
    if (is_marked)
        printf("mark port %u ttl %u\n", packet.outer.transport.source_port, packet.outer.ip.ttl);
    fflush(stdout);
    return MNL_CB_OK;
}

int main(int argc, char **argv)
{
    static char received[RECEIVED_MOST];
    struct marker marker = {.name = argv[1]};
    if (argc != 2) {
        fprintf(stderr, "usage: name_marker NAME\n");
        return 2;
    }
    open_queue(&marker);
    hurry();
    puts("ready");
    fflush(stdout);
    for (;;) {
        ssize_t size = mnl_socket_recvfrom(marker.socket, received, sizeof received);
        if (size < 0 || mnl_cb_run(received, (size_t)size, 0, 0, take, &marker) < 0)
            die("receive");
    }
}

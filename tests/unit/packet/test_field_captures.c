/* SPDX-License-Identifier: BSD-2-Clause */
/* Decodes every frame of every capture in the folders that HOPSONDE_FIELD_PCAPS names: captures from the field, made
 * by other people with other tools, which are not part of this project. What must be found is counted by file. */
#include <dirent.h>
#include <limits.h>
#include <pcap.h>
#include <stdlib.h>

#include "packet/packet.h"
#include "tap.h"

struct counts {
    unsigned frames, packets, errors, time_exceeded, malformed, unquoted;
    unsigned labels, non_compliant, interfaces;
    uint32_t first_labels[2]; /* of the first stack seen */
    char first_interface[64]; /* name of the first interface in the extension */
};

/* What tshark counts in it (but for the labels that it misses), and how many frames are broken. */
static const struct {
    const char *file;
    struct counts want;
} facts[] = {
    {"arkime-80211http.pcap", {.frames = 26, .packets = 26}},
    {"arkime-v6.pcap", {.frames = 161, .packets = 161, .errors = 13, .time_exceeded = 9}},
    {"caracal-icmp-mpls.pcap",
     {.frames = 2,
      .packets = 2,
      .errors = 1,
      .time_exceeded = 1,
      .labels = 2,
      .non_compliant = 1,
      .first_labels = {29657, 25437}}},
    {"caracal-udp6.pcap", {.frames = 2, .packets = 2, .errors = 1, .time_exceeded = 1}},
    {"centrace-http-open.pcap",
     {.frames = 145,
      .packets = 145,
      .errors = 16,
      .time_exceeded = 16,
      .labels = 1,
      .non_compliant = 1,
      .first_labels = {26004}}},
    {"centrace-http-rst.pcap", {.frames = 129, .packets = 129, .errors = 11, .time_exceeded = 11}},
    {"fhilipyanus-windows-tracert.pcap", {.frames = 63, .packets = 63, .errors = 27, .time_exceeded = 27}},
    {"ipfixprobe-sip-host-prohibited.pcap", {.frames = 50, .packets = 50, .errors = 5}},
    {"libtrace-icmp6-errors.pcap", {.frames = 36, .packets = 36, .errors = 16, .time_exceeded = 4}},
    {"ndpi-nintendo.pcap", {.frames = 1000, .packets = 996, .errors = 30, .time_exceeded = 30}},
    {"ns3-aodv-expanding-ring.pcap", {.frames = 102, .packets = 62}},
    {"pcapplusplus-IcmpPackets.pcap",
     {.frames = 15,
      .packets = 15,
      .errors = 6,
      .time_exceeded = 2,
      .labels = 1,
      .non_compliant = 1,
      .first_labels = {22}}},
    {"peafowl-skype-irc.cap", {.frames = 2263, .packets = 2247, .errors = 23, .time_exceeded = 17}},
    {"snabb-vlan-time-expired.pcap", {.frames = 1, .packets = 1, .errors = 1, .time_exceeded = 1}},
    {"tcpdump-icmp-cksum-oobr-2.pcap", {.frames = 1, .packets = 1, .errors = 1, .time_exceeded = 1, .malformed = 1}},
    {"tcpdump-icmp-rfc5837.pcap",
     {.frames = 1,
      .packets = 1,
      .errors = 1,
      .time_exceeded = 1,
      .non_compliant = 1,
      .interfaces = 1,
      .first_interface = "This-is-the-name-of-the-Interface-that-we-are-looking-for-[:-)]"}},
    {"tcpdump-icmp_ext_oob_poc.pcap", {.frames = 1, .packets = 1}},
    {"tcpdump-mpls-traceroute.pcap",
     {.frames = 18,
      .packets = 18,
      .errors = 9,
      .time_exceeded = 6,
      .labels = 6,
      .non_compliant = 6,
      .first_labels = {100704}}},
    {"tcpdump-timestamp_invalid_nano.pcap", {.frames = 3, .packets = 3}},
    {"uvic-linux-udp-1.pcapng", {.frames = 157, .packets = 156, .errors = 52, .time_exceeded = 39}},
    {"wireshark-ip-ethereal-trace-1.pcap", {.frames = 380, .packets = 379, .errors = 107, .time_exceeded = 107}},
    {"wireshark-mka-linux-traceroute.pcap", {.frames = 205, .packets = 205, .errors = 42, .time_exceeded = 42}},
    {"wireshark-mpls-basic.cap", {.frames = 58, .packets = 52}},
    {"wireshark-sll-unreachables.pcap", {.frames = 279, .packets = 60, .errors = 16}},
    {"zeek-icmp6-replies-only.pcap", {.frames = 49, .packets = 49, .errors = 13, .time_exceeded = 9}},
};

static void count_extension(const struct icmp_extension *x, struct counts *c)
{
    if (c->labels == 0 && x->mpls_count > 0)
        for (unsigned i = 0; i < 2 && i < x->mpls_count; i++)
            c->first_labels[i] = x->mpls[i].label;
    if (c->interfaces == 0 && x->interface_count > 0)
        memcpy(c->first_interface, x->interfaces[0].name, sizeof c->first_interface);
    c->labels += x->mpls_count;
    c->interfaces += x->interface_count;
    c->non_compliant += x->non_compliant;
}

static void count_packet(const struct packet *p, struct counts *c)
{
    c->packets += p->kind != PACKET_NOT_IP && p->kind != PACKET_MALFORMED;
    c->malformed += p->malformed && p->kind != PACKET_NOT_IP;
    if (p->kind != PACKET_ICMP_ERROR)
        return;
    c->errors++;
    c->time_exceeded += p->outer.transport.type == (p->outer.ip.version == 4 ? 11 : 3);
    c->unquoted += p->quote.ip.version == 0;
    count_extension(&p->extension, c);
}

static bool count_file(const char *path, struct counts *c)
{
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *pcap = pcap_open_offline(path, error);
    if (!pcap) {
        printf("# %s: %s\n", path, error); /* libpcap takes less than hopsonde */
        return false;
    }
    struct pcap_pkthdr *header;
    const u_char *bytes;
    while (pcap_next_ex(pcap, &header, &bytes) == 1) {
        struct packet packet;
        uint8_t *exact = malloc(header->caplen); /* its own size, so that reading on would be seen */
        memcpy(exact, bytes, header->caplen);
        struct frame frame = {
            .bytes = exact,
            .captured = header->caplen,
            .length = header->len > header->caplen ? header->len : header->caplen,
            .linktype = pcap_datalink(pcap) == DLT_RAW ? LINKTYPE_RAW : (uint16_t)pcap_datalink(pcap),
        };
        packet_decode(&frame, &packet);
        count_packet(&packet, c);
        c->frames++;
        free(exact);
    }
    pcap_close(pcap);
    return true;
}

static void check_file(const char *name, const struct counts *got)
{
    printf("# %s: %u frames, %u IP packets, %u errors, %u time exceeded, %u malformed, %u unquoted, %u labels, "
           "%u non-compliant, %u interfaces\n",
           name, got->frames, got->packets, got->errors, got->time_exceeded, got->malformed, got->unquoted, got->labels,
           got->non_compliant, got->interfaces);
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        const struct counts *want = &facts[i].want;
        if (strcmp(facts[i].file, name) != 0)
            continue;
        is_num(got->frames, want->frames, "%s: frames", name);
        is_num(got->packets, want->packets, "%s: IP packets", name);
        is_num(got->errors, want->errors, "%s: ICMP errors", name);
        is_num(got->time_exceeded, want->time_exceeded, "%s: time exceeded", name);
        is_num(got->malformed, want->malformed, "%s: malformed", name);
        is_num(got->unquoted, want->unquoted, "%s: errors without a quote", name);
        is_num(got->labels, want->labels, "%s: MPLS labels", name);
        is_num(got->non_compliant, want->non_compliant, "%s: extensions out of place", name);
        is_num(got->interfaces, want->interfaces, "%s: interfaces", name);
        is_num(got->first_labels[0], want->first_labels[0], "%s: first label", name);
        is_num(got->first_labels[1], want->first_labels[1], "%s: second label", name);
        is_text(got->first_interface, want->first_interface, "%s: interface name", name);
    }
}

static bool is_known(const char *name)
{
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        if (strcmp(facts[i].file, name) == 0)
            return true;
    return false;
}

static int is_capture(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && (strcmp(dot, ".pcap") == 0 || strcmp(dot, ".pcapng") == 0 || strcmp(dot, ".cap") == 0);
}

static void check_folder(const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_capture, alphasort);
    ok(count > 0, "%s holds captures", folder);
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX + NAME_MAX + 2];
        struct counts counts = {0};
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (count_file(path, &counts))
            check_file(entries[i]->d_name, &counts);
        else
            ok(!is_known(entries[i]->d_name), "%s does not open", entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

int main(void)
{
    const char *folders = getenv("HOPSONDE_FIELD_PCAPS");
    if (!folders || !*folders) {
        printf("1..0 # SKIP HOPSONDE_FIELD_PCAPS names no folder of captures\n");
        return 0;
    }
    while (*folders) {
        char folder[PATH_MAX];
        size_t length = strcspn(folders, ":");
        snprintf(folder, sizeof folder, "%.*s", (int)length, folders);
        check_folder(folder);
        folders += length + (folders[length] == ':');
    }
    return tap_done();
}

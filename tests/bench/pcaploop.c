/* SPDX-License-Identifier: BSD-2-Clause */
/* pcaploop: what libpcap takes to read a capture when nothing is done with the packets: a bare loop of pcap_next_ex().
 * The measure for replay. Prints packets and seconds.
 *
 *   pcaploop FILE */
#include <inttypes.h>
#include <pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char *argv[])
{
    char cause[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *header;
    const u_char *bytes;
    uint64_t packets = 0;
    if (argc != 2) {
        fprintf(stderr, "usage: pcaploop FILE\n");
        return 2;
    }
    double start = now_s();
    pcap_t *pcap = pcap_open_offline_with_tstamp_precision(argv[1], PCAP_TSTAMP_PRECISION_NANO, cause);
    if (!pcap) {
        fprintf(stderr, "pcaploop: %s: %s\n", argv[1], cause);
        return 3;
    }
    while (pcap_next_ex(pcap, &header, &bytes) == 1)
        packets++;
    double seconds = now_s() - start;
    pcap_close(pcap);
    printf("%" PRIu64 " %.3f\n", packets, seconds);
    return 0;
}

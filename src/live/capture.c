/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/capture.h"

#include <errno.h>
#include <linux/filter.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "capture/linktype.h"

#define RING_BYTES (4 * 1024 * 1024) /* bytes; libpcap's default of 2 MiB loses frames in bursts */

static enum status capture_fail(const char *interface, pcap_t *pcap, int code, struct err *err)
{
    bool exists = strcmp(interface, "any") == 0 || if_nametoindex(interface) != 0;
    if (code == PCAP_ERROR_NO_SUCH_DEVICE || !exists) /* libpcap reports "permission denied" for unknown devices, too */
        return err_set(err, STATUS_SYSTEM, "%s: cannot open capture: no such interface (`ip link` lists them)",
                       interface);
    if (code == PCAP_ERROR_IFACE_NOT_UP)
        return err_set(err, STATUS_SYSTEM, "%s: cannot open capture: the interface is down (ip link set %s up)",
                       interface, interface);
    if (code == PCAP_ERROR_PERM_DENIED)
        return err_set(err, STATUS_SYSTEM,
                       "%s: cannot open capture: Operation not permitted (run as root, or grant CAP_NET_RAW)",
                       interface);
    const char *why = pcap_geterr(pcap);
    return err_set(err, STATUS_SYSTEM, "%s: cannot open capture: %s", interface, *why ? why : pcap_statustostr(code));
}

static enum status capture_activate(struct capture *capture, unsigned snaplen, struct err *err)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    pcap_t *pcap = pcap_create(capture->interface, why);
    if (!pcap)
        return err_set(err, STATUS_SYSTEM, "%s: cannot open capture: %s", capture->interface, why);
    capture->pcap = pcap;
    pcap_set_snaplen(pcap, (int)snaplen);
    pcap_set_immediate_mode(pcap, 1);
    pcap_set_buffer_size(pcap, RING_BYTES);
    pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
    int code = pcap_activate(pcap);
    if (code < 0)
        return capture_fail(capture->interface, pcap, code, err);
    capture->stamp_unit = pcap_get_tstamp_precision(pcap) == PCAP_TSTAMP_PRECISION_NANO ? 1 : NS_PER_US;
    if (capture->on_any && pcap_set_datalink(pcap, DLT_LINUX_SLL2) != 0)
        return capture_fail(capture->interface, pcap, PCAP_ERROR, err);
    return STATUS_OK;
}

static enum status capture_learn_linktype(struct capture *capture, struct err *err)
{
    int dlt = pcap_datalink(capture->pcap);
    if (linktype_from_dlt(dlt, &capture->linktype))
        return STATUS_OK;
    const char *name = pcap_datalink_val_to_name(dlt);
    return err_set(err, STATUS_SYSTEM,
                   "%s: cannot open capture: frames of link type %s (%d) cannot be read (leave out -i)",
                   capture->interface, name ? name : "unknown", dlt);
}

/* True if the kernel accepts the program, tried on an unused socket. pcap_setfilter() hides a rejection: it prints a
 * warning and filters in our process. The limits are BPF_MAXINSNS and net.core.optmem_max. */
static bool kernel_takes(const struct bpf_program *program)
{
    if (program->bf_len > BPF_MAXINSNS)
        return false;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return true; /* cannot be tested */
    struct sock_fprog copy = {.len = (unsigned short)program->bf_len,
                              .filter = (struct sock_filter *)(void *)program->bf_insns};
    bool taken = setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &copy, sizeof copy) == 0;
    close(fd);
    return taken;
}

/* Extends the filter to frames with a VLAN tag in their bytes. `vlan` shifts all offsets after it, so the filter
 * without it comes first. */
static void filter_with_vlan(const struct capture *capture, const char *filter, struct strbuf *out)
{
    if (capture->linktype == LINKTYPE_ETHERNET && !capture->on_any)
        strbuf_addf(out, "(%s) or (vlan and (%s))", filter, filter);
    else
        strbuf_add(out, filter);
}

static enum status capture_set_filter(struct capture *capture, const char *filter, struct err *err)
{
    struct strbuf text;
    struct bpf_program program;
    strbuf_init(&text);
    filter_with_vlan(capture, filter, &text);
    int compiled = text.failed ? -1 : pcap_compile(capture->pcap, &program, text.text, 1, PCAP_NETMASK_UNKNOWN);
    strbuf_free(&text);
    if (compiled != 0)
        return err_set(err, STATUS_SYSTEM, "%s: cannot compile the capture filter: %s", capture->interface,
                       pcap_geterr(capture->pcap));
    enum status status = STATUS_OK;
    if (!kernel_takes(&program))
        status = err_set(err, STATUS_SYSTEM,
                         "%s: cannot set the capture filter: the kernel rejects it as too long (use fewer -P)",
                         capture->interface);
    else if (pcap_setfilter(capture->pcap, &program) != 0)
        status = err_set(err, STATUS_SYSTEM, "%s: cannot set the capture filter: %s", capture->interface,
                         pcap_geterr(capture->pcap));
    pcap_freecode(&program);
    return status;
}

/* From now on the socket keeps its filter: without it the process would see all traffic of the interface. A kernel
 * before Linux 3.9 has no lock. */
static void lock_filter(const struct capture *capture)
{
    const int on = 1;
    (void)setsockopt(pcap_fileno(capture->pcap), SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof on);
}

enum status capture_open(const char *interface, unsigned snaplen, const char *filter, const char *short_filter,
                         struct capture *out, struct err *err)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    *out = (struct capture){.interface = interface ? interface : "any",
                            .on_any = !interface || strcmp(interface, "any") == 0};
    enum status status = capture_activate(out, snaplen, err);
    if (status == STATUS_OK)
        status = capture_learn_linktype(out, err);
    if (status == STATUS_OK && filter) {
        status = capture_set_filter(out, filter, err);
        if (status != STATUS_OK && short_filter)
            status = capture_set_filter(out, short_filter, err);
        if (status == STATUS_OK)
            lock_filter(out);
    }
    if (status == STATUS_OK && pcap_setnonblock(out->pcap, 1, why) != 0)
        status = err_set(err, STATUS_SYSTEM, "%s: cannot open capture: %s", out->interface, why);
    if (status != STATUS_OK)
        capture_close(out);
    return status;
}

void capture_close(struct capture *capture)
{
    if (capture->pcap)
        pcap_close(capture->pcap);
    capture->pcap = NULL;
}

int capture_next(struct capture *capture, struct frame *frame, struct err *err)
{
    struct pcap_pkthdr *header;
    const u_char *bytes;
    int code = pcap_next_ex(capture->pcap, &header, &bytes);
    if (code == 0)
        return 0;
    if (code != 1) {
        bool survives = capture_survives(capture, err);
        if (survives && capture->waits && !capture->on_any)
            return 0;
        if (survives)
            err_set(err, STATUS_SYSTEM, "%s: the capture ended: %s", capture->interface, pcap_geterr(capture->pcap));
        return -1;
    }
    *frame = (struct frame){
        .bytes = bytes,
        .captured = header->caplen,
        .length = header->len > header->caplen ? header->len : header->caplen,
        .linktype = capture->linktype,
        .direction = FRAME_DIRECTION_UNKNOWN,
        .time = (nstime)header->ts.tv_sec * NS_PER_S + header->ts.tv_usec * capture->stamp_unit,
    };
    return 1;
}

bool capture_survives(struct capture *capture, struct err *err)
{
    if (capture->on_any)
        return true;
    struct ifreq request = {0};
    strncpy(request.ifr_name, capture->interface, sizeof request.ifr_name - 1);
    bool exists = ioctl(pcap_get_selectable_fd(capture->pcap), SIOCGIFFLAGS, &request) == 0;
    if (exists && (capture->waits || request.ifr_flags & IFF_UP))
        return true;
    /* The kernel takes an interface down before it removes it, so which of the two this is cannot be told yet. */
    err_set(err, STATUS_SYSTEM, "%s: the capture ended: the interface went down or was removed", capture->interface);
    return false;
}

uint64_t capture_dropped(struct capture *capture)
{
    struct pcap_stat stats;
    return pcap_stats(capture->pcap, &stats) == 0 ? stats.ps_drop : 0;
}

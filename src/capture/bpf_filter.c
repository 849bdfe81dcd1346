/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture/bpf_filter.h"

#include <errno.h>
#include <pcap.h>
#include <stdlib.h>
#include <string.h>

#include "capture/linktype.h"

#define SNAPLEN 262144   /* bytes; the length that the compiled filter returns for a match */
#define REASON_BYTES 192 /* bytes of libpcap's error; the rest is cut off */

/* Bad: it does not compile. Told: nothing more is said about that. */
enum fit { FIT_GOOD, FIT_BAD, FIT_NEEDED, FIT_TOLD };

/* The expression compiled for one link type. */
struct mesh {
    enum fit fit;
    struct bpf_program program; /* valid if FIT_GOOD */
    char reason[REASON_BYTES];  /* otherwise the error */
};

/* All link types that hopsonde reads. bpf_filter_new() tries the first two first, because they differ most. */
static const uint16_t linktypes[] = {
    LINKTYPE_ETHERNET,
    LINKTYPE_IEEE802_11_RADIOTAP,
    LINKTYPE_RAW,
    LINKTYPE_LINUX_SLL2,
    LINKTYPE_LINUX_SLL,
    LINKTYPE_NULL,
    LINKTYPE_LOOP,
    LINKTYPE_PPP,
    LINKTYPE_PPP_HDLC,
    LINKTYPE_PPP_ETHER,
    LINKTYPE_IEEE802_11,
    LINKTYPE_IPV4,
    LINKTYPE_IPV6,
    LINKTYPE_RAW_12,
    LINKTYPE_RAW_14,
    LINKTYPE_C_HDLC,
    LINKTYPE_C_HDLC_WITH_DIR,
    LINKTYPE_FRELAY,
    LINKTYPE_FRELAY_WITH_DIR,
    LINKTYPE_PPP_WITH_DIR,
    LINKTYPE_PPP_PPPD,
    LINKTYPE_PFLOG,
    LINKTYPE_NFLOG,
    LINKTYPE_ENC,
    LINKTYPE_MPLS,
    LINKTYPE_PKTAP,
    LINKTYPE_PPI,
};
#define MESHES (sizeof linktypes / sizeof *linktypes)

struct bpf_filter {
    char *expression;
    struct mesh meshes[MESHES]; /* in the order of linktypes[] */
    uint16_t linktype;          /* of the last frame */
    struct mesh *mesh;          /* the last frame's; NULL: hopsonde does not read its link type */
    unsigned untold;            /* number of meshes that are FIT_NEEDED */
};

static void compile(struct bpf_filter *filter, struct mesh *mesh)
{
    pcap_t *pcap = pcap_open_dead(linktype_dlt(linktypes[mesh - filter->meshes]), SNAPLEN);
    if (pcap && pcap_compile(pcap, &mesh->program, filter->expression, 1, PCAP_NETMASK_UNKNOWN) == 0) {
        mesh->fit = FIT_GOOD;
    } else {
        mesh->fit = FIT_BAD;
        snprintf(mesh->reason, sizeof mesh->reason, "%s", pcap ? pcap_geterr(pcap) : strerror(ENOMEM));
    }
    if (pcap)
        pcap_close(pcap);
}

/* Compiles for every link type. True if that is possible for at least one. The same error for the two most different
 * link types ends the tries: each further one could repeat a failing DNS lookup. */
static bool compile_all(struct bpf_filter *filter)
{
    struct mesh *meshes = filter->meshes;
    bool fits = false;
    for (size_t i = 0; i < MESHES; i++) {
        compile(filter, &meshes[i]);
        fits = fits || meshes[i].fit == FIT_GOOD;
        if (i == 1 && !fits && strcmp(meshes[0].reason, meshes[1].reason) == 0)
            return false;
    }
    return fits;
}

enum status bpf_filter_new(const char *expression, struct bpf_filter **out, struct err *err)
{
    struct bpf_filter *filter = calloc(1, sizeof *filter);
    if (!filter || !(filter->expression = strdup(expression))) {
        free(filter);
        return err_set(err, STATUS_SYSTEM, "--bpf: cannot compile '%.100s': %s", expression, strerror(ENOMEM));
    }
    if (!compile_all(filter)) {
        err_set(err, STATUS_USAGE, "--bpf: cannot compile '%.100s': %s (see pcap-filter(7))", expression,
                filter->meshes[0].reason);
        bpf_filter_free(filter);
        return STATUS_USAGE;
    }
    *out = filter;
    return STATUS_OK;
}

static struct mesh *find_mesh(struct bpf_filter *filter, uint16_t linktype)
{
    for (size_t i = 0; i < MESHES; i++)
        if (linktypes[i] == linktype)
            return &filter->meshes[i];
    return NULL;
}

/* An error counts once such a frame comes. */
static void turn_to(struct bpf_filter *filter, uint16_t linktype)
{
    filter->linktype = linktype;
    filter->mesh = find_mesh(filter, linktype);
    if (!filter->mesh || filter->mesh->fit != FIT_BAD)
        return;
    bool is_valid = strstr(filter->mesh->reason, "rejects all packets"); /* such as ip6 on IPV4: no frame matches */
    filter->mesh->fit = is_valid ? FIT_TOLD : FIT_NEEDED;
    filter->untold += !is_valid;
}

bool bpf_filter_passes(struct bpf_filter *filter, const struct frame *frame)
{
    if (!filter->mesh || filter->linktype != frame->linktype)
        turn_to(filter, frame->linktype);
    if (!filter->mesh || filter->mesh->fit != FIT_GOOD)
        return false;
    struct pcap_pkthdr header = {.caplen = frame->captured, .len = frame->length};
    return pcap_offline_filter(&filter->mesh->program, &header, frame->bytes) != 0;
}

bool bpf_filter_problem(struct bpf_filter *filter, struct err *err)
{
    if (filter->untold == 0)
        return false;
    size_t i = 0;
    while (filter->meshes[i].fit != FIT_NEEDED)
        i++;
    filter->meshes[i].fit = FIT_TOLD;
    filter->untold--;
    const char *name = pcap_datalink_val_to_name(linktype_dlt(linktypes[i]));
    err_set(err, STATUS_OK, "--bpf: cannot filter frames of link type %u (%s): %s (they are left out)", linktypes[i],
            name ? name : "unnamed", filter->meshes[i].reason);
    return true;
}

void bpf_filter_free(struct bpf_filter *filter)
{
    if (!filter)
        return;
    for (size_t i = 0; i < MESHES; i++)
        if (filter->meshes[i].fit == FIT_GOOD)
            pcap_freecode(&filter->meshes[i].program);
    free(filter->expression);
    free(filter);
}

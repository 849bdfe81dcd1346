/* SPDX-License-Identifier: BSD-2-Clause */
/* port_flow: the flow of one port of a list. It is built when a packet needs it, since a list has up to 65535 ports. */
#include <stdlib.h>

#include "session/state.h"

struct port_flow {
    struct flow flow;
    unsigned trace;
};

struct port_flow *port_flow_new(void)
{
    return calloc(1, sizeof(struct port_flow));
}

void port_flow_free(struct port_flow *port_flow)
{
    if (port_flow)
        flow_free(&port_flow->flow);
    free(port_flow);
}

const struct flow *session_port_flow(const struct session *session, unsigned index, uint16_t port)
{
    const struct trace *trace = &session->traces[index];
    struct port_flow *kept = session->port_flow;
    if (kept->flow.template_bytes && kept->trace == index && kept->flow.target_port == port)
        return &kept->flow;
    flow_free(&kept->flow);
    kept->trace = index;
    kept->flow = trace->flow;
    kept->flow.spec = port_list_spec(trace->ports, port);
    kept->flow.target_port = port;
    kept->flow.size = session->config.size;
    return flow_build(&kept->flow, NULL) == STATUS_OK ? &kept->flow : NULL;
}

const struct flow *session_flow(const struct session *session, const struct wish *wish)
{
    return wish->port ? session_port_flow(session, wish->trace, wish->port)
                      : trace_flow(&session->traces[wish->trace], wish->flow);
}

# The facts of a JSON report that the table `expected` holds of each capture, a line each.
def span: if length == 0 then "-" elif min == max then "\(min)" else "\(min)-\(max)" end;
def count(kind; how): [.[] | select(.kind == kind and how)] | length;
def is_error: .kind == "time-exceeded" or .kind == "unreachable";
# How the target answered, at its hop.
def reached: .reached_ttl as $ttl | .target.address as $target |
    [.hops[] | select(.ttl == $ttl) | .probes[].replies[] | select(.from == $target)] | first |
    if . == null then "-" elif .kind == "unreachable" then "icmp-\(.icmp.type)/\(.icmp.code)" else .kind end;
def labels: [.mpls[]? | .label] | map("\(.)") | join(",");

"frames \(.capture.frames) traces \(.traces | length) errors \(.errors | length) malformed \(.capture.malformed)",
(.traces[] | . as $trace | [.hops[].probes[]] as $probes | [$probes[].replies[] | select(.duplicate | not)] as $replies |
    "trace \(.protocol) \(.source_address) > \(.target.address)",
    "  ports \([$probes[] | .destination_port // $trace.destination_port | numbers] | span)"
        + " ttls \([.hops[].ttl] | span) probes \(.probes_sent) inferred \(.inferred)",
    "  time-exceeded \($replies | count("time-exceeded"; .matched == "exact"))"
        + " translated \($replies | count("time-exceeded"; .matched != "exact"))"
        + " answered \([.hops[] | select(any(.probes[]; .replies | length > 0))] | length)"
        + " reached \(.reached_ttl // "-") \(reached)"),
(.errors[] | select(.mpls) | "labels error \(.frame) \(labels)"),
(.traces[].hops[].probes[].replies[] | select(.mpls | length > 0)? | "labels reply \(.frame) \(labels)")

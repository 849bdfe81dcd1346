#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""traceroute_parsers.py QUERIES REPORT.json: three parsers of traceroute's output read the report on standard input, as
text, and must find in it what the same report in JSON says. Standard output: what they did not; status 1.

They are written anew from what their authors document: trparse (Python, https://pypi.org/project/trparse), the
traceroute parser of jc (https://kellyjonbrazil.github.io/jc/docs/parsers/traceroute), and Net::Traceroute (Perl, CPAN).
Each returns the target's address (None: it does not look) and, by hop, its probes: (address, milliseconds, mark), the
address and the time None where the probe was not answered."""
import ipaddress
import json
import re
import sys


class Unreadable(Exception):
    """The text is not what the parser understands."""


def is_address(word):
    try:
        return ipaddress.ip_address(word) is not None
    except ValueError:
        return False


def trparse(text):
    """Its README: the header has the name and then the address in parentheses. The hop counter is the first token of its
    line; a line without one continues the hop. A time stands before " ms". A mark begins with "!"."""
    lines = text.splitlines()
    header = re.search(r"(\S+) +\(([0-9A-Fa-f.:]+)\)", lines[0])
    if not header:
        raise Unreadable("no header")
    hops, probes, address = {}, [], None
    for line in lines[1:]:
        words = line.split()
        if words and words[0].isdigit():
            probes, address = hops.setdefault(int(words.pop(0)), []), None
        for word, after in zip(words, words[1:] + [""]):
            inner = word.strip("()")
            if is_address(inner) and (after != "ms"):
                address = inner
            elif after == "ms":
                probes.append((address, float(word), None))
            elif word == "*":
                probes.append((None, None, None))
            elif word.startswith("!") and probes:
                probes[-1] = probes[-1][:2] + (word,)
    return header[2], hops


def jc(text):
    """Its documentation: the header line is traceroute's own. Per probe: annotation, asn, ip, name, rtt; a probe without
    an address of its own has that of the one before it."""
    header, *lines = text.splitlines()
    found = re.match(r"traceroute6? to (?P<destination_name>\S+)\s+\((?P<destination_ip>[^)]+)\)", header)
    if not found:
        raise Unreadable("traceroute header line not found")
    probe = re.compile(
        r"(?:(?:(?P<name>[^\s()\[\]*!]+)\s+\((?P<ip>[0-9A-Fa-f.:]+)\)|(?P<bare>[0-9A-Fa-f.:]*[.:][0-9A-Fa-f.:]+)(?=\s+(?!ms)))"
        r"(?:\s+\[(?:AS(?P<asn>\d+))?[^\]]*\])*\s+)?(?:(?P<rtt>\d+(?:\.\d+)?)\s+ms(?:\s+(?P<annotation>!\S*))?|(?P<star>\*))")
    hops = {}
    for line in lines:
        hop = re.match(r"\s*(\d+)\s+(.*)", line)
        if not hop:
            raise Unreadable(f"no hop: {line}")
        probes, ip = hops.setdefault(int(hop[1]), []), None
        for found_probe in probe.finditer(hop[2]):
            if found_probe["star"]:
                probes.append((None, None, None))
                continue
            ip = found_probe["ip"] or found_probe["bare"] or ip
            probes.append((ip, float(found_probe["rtt"]), found_probe["annotation"]))
    return found["destination_ip"], hops


def net_traceroute(text):
    """Its documentation: it runs traceroute -n, so a hop has addresses alone. A line is the hop in two columns, and for
    each query an address (if it is another), a time with "ms" and a flag, or a star. Nothing else may stand there."""
    hops = {}
    for line in text.splitlines():
        if line.startswith("traceroute to "):
            continue
        if not re.match(r"[0-9 ][0-9] ", line):
            raise Unreadable(f"no hop: {line}")
        queries, address, rest = hops.setdefault(int(line[:2]), []), None, line[3:]
        while rest:
            token = re.match(
                r" (?P<address>\d+\.\d+\.\d+\.\d+|[0-9a-f]*:[0-9a-f:.]*)(?= |$)|  (?P<time>[0-9.]+) ms|(?P<star> \*)|"
                r" (?P<flag>!(?:<\d+>|[NHPFSAX])?)(?= |$)", rest)
            if not token:
                raise Unreadable(f"hop {line[:2]}: {rest}")
            if token["address"]:
                address = token["address"]
            elif token["time"]:
                queries.append((address, float(token["time"]), None))
            elif token["star"]:
                queries.append((None, None, None))
            else:
                queries[-1] = queries[-1][:2] + (token["flag"],)
            rest = rest[token.end():]
    return None, hops


def table(text):
    """What stands above the first empty line, under traceroute's name."""
    return re.sub(r"\Ahopsonde to ", "traceroute to ", text.split("\n\n")[0] + "\n")


def complaints(parser, text, report, queries):
    try:
        target, hops = parser(text)
    except (Unreadable, IndexError, ValueError) as error:
        yield f"{error}"
        return
    sent, replies = {}, set()
    for trace in report["traces"]:
        for hop in trace["hops"]:
            sent[hop["ttl"]] = sent.get(hop["ttl"], 0) + len(hop["probes"])
            for reply in (reply for probe in hop["probes"] for reply in probe["replies"]):
                replies.add((hop["ttl"], reply["from"], f"{reply['rtt_ms']:.3f}"))
    if target not in (None, report["traces"][0]["target"]["address"]):
        yield f"the target is {target}"
    if not hops or list(hops) != list(range(min(hops), min(hops) + len(hops))):
        yield f"hops {list(hops)}"
    for ttl, probes in hops.items():
        if len(probes) != min(queries, sent[ttl]):
            yield f"hop {ttl}: {len(probes)} columns"
        for address, time, _ in probes:
            if time is not None and (ttl, address, f"{time:.3f}") not in replies:
                yield f"hop {ttl}: {address} after {time} ms"


def main():
    queries, text = int(sys.argv[1]), sys.stdin.read()
    with open(sys.argv[2], encoding="utf-8") as file:
        report = json.load(file)
    wrong = 0
    for parser, read in ((trparse, table(text)), (jc, table(text)),
                         (net_traceroute, re.sub(r"  \[[^]]*\]", "", table(text)))):
        for complaint in complaints(parser, read, report, queries):
            print(f"{parser.__name__}: {complaint}")
            wrong = 1
    return wrong


sys.exit(main())

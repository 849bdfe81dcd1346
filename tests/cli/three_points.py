#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# three_points.py FOLDER: writes client.pcap, nat.pcap and server.pcap, three points of a path with a UDP conversation.
# Of its 400 packets one is lost between client and nat, and one between server and nat. The capture of nat lacks six
# packets that passed it.
import random
import struct
import sys

LOST = 50  # number of the client's packet
LOST_BACK = 60
MISSED = (80, 81, 90)
POINTS = ("client", "nat", "server")


def checksum(header):
    total = sum(struct.unpack("!10H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(ends, identity, ttl, payload):
    (source, source_port), (target, target_port) = ends
    udp = struct.pack("!HHHH", source_port, target_port, 8 + len(payload), 0) + payload
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), identity, 0, ttl, 17, 0, source, target)
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + udp


def record(points, number, back):
    payload = random.randbytes(60)
    ends = [(bytes((10, 0, 0, 1)), 4000), (bytes((10, 0, 9, 9)), 5000)]
    for place, point in enumerate(POINTS[::-1] if back else POINTS):
        if place and number == (LOST_BACK if back else LOST):
            return
        if point == "nat" and number in MISSED:
            continue
        at = number * 20000 + back * 5000 + place * 1000
        bytes_sent = packet(ends[::-1] if back else ends, 1000 * back + number + 1, 64 - place, payload)
        points[point].append((at, bytes_sent))


def main():
    random.seed(1)
    points = {point: [] for point in POINTS}
    for number in range(200):
        record(points, number, False)
        record(points, number, True)
    for point, packets in points.items():
        with open(f"{sys.argv[1]}/{point}.pcap", "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
            for at, content in sorted(packets):
                file.write(struct.pack("<IIII", 1700000000 + at // 1000000, at % 1000000, len(content), len(content)))
                file.write(content)


main()

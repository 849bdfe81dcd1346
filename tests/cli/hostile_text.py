# SPDX-License-Identifier: BSD-2-Clause
"""hostile_text: texts that attack a terminal, a spreadsheet or a browser, captures that hold them, and what may be in an
output. For tests only."""
import json
import re
import struct
import unicodedata

# --- texts ---

# General category Cf, Zl or Zp where the terminals differ most; the unit test of escape.h has all characters.
HIDDEN = [0x7F, 0x80, 0x85, 0x90, 0x9B, 0x9D, 0x9F, 0xAD, 0x34F, 0x61C, 0x115F, 0x180E, 0x200B, 0x200C, 0x200D, 0x200E,
          0x200F, 0x2028, 0x2029, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2060, 0x2064, 0x2066, 0x2067, 0x2068, 0x2069,
          0x206A, 0x206F, 0x3164, 0xFDD0, 0xFE00, 0xFE0F, 0xFEFF, 0xFFA0, 0xFFF9, 0xFFFB, 0xFFFE, 0xFFFF, 0x1D173,
          0x1FFFE, 0xE0001, 0xE0041, 0xE007F, 0xE0100, 0x10FFFF]
IGNORABLE = {0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, *range(0x180B, 0x1810), *range(0x2060, 0x2070),
             *range(0xFE00, 0xFE10), *range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000)}

TEXTS = [
    b"\x1b[31m\x1b]0;title\x07",
    b"line\r\n\thopsonde: forged",
    b"\x9b31mraw \x90C1\x9c",
    b"\xe2\x80cut \xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80 \xff",
    *(b"".join(chr(c).encode() for c in HIDDEN[i:i + 12]) + b"x" for i in range(0, len(HIDDEN), 12)),
    b"moc.elpmaxe\xe2\x80\xaetxt.exe",
    b"=1+1",
    b"@SUM(1,\"2\")",
    b"\"];n9[label=\"x\\l\\N\\G",
    b"</title></text></svg><script>document.title='pwned'</script>",
    b"]]>&#x41;&lt;<!--",
    b"\\x1b \\ %s%n",
]


def faults(output, color=False, format=None):
    """What must not be in an output: bytes that are no UTF-8, controls but the newline, characters that are not seen."""
    if color:
        output = re.sub(rb"\x1b\[[0-9;]*m", b"", output)
    try:
        text = output.decode()
    except UnicodeDecodeError as error:
        return [f"no UTF-8: {error}"]
    found = {ord(c) for c in text if c != "\n" and (
        unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs") or ord(c) in IGNORABLE or ord(c) & 0xFFFE == 0xFFFE
        or 0xFDD0 <= ord(c) <= 0xFDEF)}
    if format in ("json", "jsonl"):
        found |= {ord(c) for c in text if ord(c) > 0x7F}
        for document in text.splitlines() if format == "jsonl" else [text]:
            try:
                json.loads(document)
            except ValueError as error:
                return [f"no JSON: {error}"]
    return [f"U+{c:04X}" for c in sorted(found)]


# --- captures ---


def padded(data):
    return data + bytes(-len(data) % 4)


def option(code, value):
    return struct.pack("<HH", code, len(value)) + padded(value)


def block(kind, body):
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def blocks(data):
    """Each block's type, and its body. The file is little-endian."""
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        yield kind, data[at + 8:at + length - 4]
        at += length


def quoted(text):
    """As fields.c writes a value."""
    return b"".join(bytes([c]) if 0x20 < c < 0x7F and c != 0x25 else b"%%%02X" % c for c in text)


def about(address, name=b"", state=b"known", place=None, **texts):
    """The comment of an address: place is latitude and longitude, the other texts have the keys of name_block.c."""
    words = [b"hopsonde:about address=" + address.encode(), b"name_state=" + (state if name else b"none")]
    if name:
        words.append(b"name=" + quoted(name))
    if "as_name" in texts:
        words.append(b"asn=64500")
    words += [key.encode() + b"=" + quoted(text) for key, text in texts.items() if text]
    if place:
        words.append(b"country=DE position=1 latitude_billionths=%d longitude_billionths=%d" %
                     tuple(round(degrees * 1e9) for degrees in place))
    return b" ".join(words)


def names_block(records=(), comments=()):
    """A name resolution block: records are (address of four bytes, name)."""
    body = b"".join(option(1, address + name + b"\0") for address, name in records if name and b"\0" not in name)
    return block(4, body + option(0, b"") + b"".join(option(1, c) for c in comments) + option(0, b""))


def rewritten(data, comments, target_name=None, interface=None):
    """A capture that hopsonde saved, with these comments on addresses in place of its own, as if all was looked up."""
    out = b""
    for kind, body in blocks(data):
        if kind == 4:
            continue
        if kind == 0x0A0D0D0A:
            def change(match):
                value = target_name if match.group(1) == b"target_name" else interface
                return match.group(1) + b"=" + quoted(value) if value else match.group(0)
            head, options, at = body[:16], b"", 16
            while at + 4 <= len(body):
                code, length = struct.unpack_from("<HH", body, at)
                value = body[at + 4:at + 4 + length]
                if code == 1:
                    value = re.sub(rb"\b(target_name|interface)=\S*", change, value)
                    value = re.sub(rb" (networks|places|whois)=\d", b"", value)
                    if value.startswith(b"hopsonde:run "):
                        value += b" networks=1 places=1 whois=1"
                options += option(code, value)
                at += 4 + length + -length % 4
            body = head + options
        out += block(kind, body)
        if kind == 1:
            out += names_block(comments=comments)
    return out


def foreign(pcap, text, names):
    """A classic capture as pcapng, with this text wherever pcapng has one."""
    length, frames, at = len(pcap), b"", 24
    assert struct.unpack_from("<I", pcap)[0] in (0xA1B2C3D4, 0xA1B23C4D)
    resolution = 9 if struct.unpack_from("<I", pcap)[0] == 0xA1B23C4D else 6
    linktype = struct.unpack_from("<I", pcap, 20)[0]
    while at < length:
        seconds, fraction, captured, wire = struct.unpack_from("<IIII", pcap, at)
        stamp = seconds * 10**resolution + fraction
        frame = pcap[at + 16:at + 16 + captured]
        frames += block(6, struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, captured, wire) + padded(frame) +
                        option(1, text) + option(0, b""))
        at += 16 + captured
    head = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + b"".join(option(code, text) for code in (1, 2, 3, 4))
    described = struct.pack("<HHI", linktype, 0, 0) + option(9, bytes([resolution])) + b"".join(
        option(code, text) for code in (1, 2, 3, 12, 15))
    return block(0x0A0D0D0A, head + option(0, b"")) + block(1, described + option(0, b"")) + names_block(names) + frames

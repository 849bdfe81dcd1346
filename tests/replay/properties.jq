# SPDX-License-Identifier: BSD-2-Clause
# What a report in JSON says of a capture, on a line: the name of its first file, a tab, and the rest without what a
# distorted capture may change. `$but` names it: strays, frames, stamps, times, order.

def may(what): $but | split(",") | index(what) != null;

# Copies are counted, whatever the property.
def without_copies:
    del(.capture.frames) | .capture.strays |= with_entries(select(.key | test("again|cop(y|ies)|the same answer") | not));

# The frames have other numbers.
def without_frames: del(.. | objects | .frame, .frames);

# A sentence may name times, with the date and the fraction of a second or without.
def without_stamps:
    del(.traces[] | .started, .hops[].probes[].sent) | del(.errors[].time) |
    (.. | objects | select(.text) | .text) |= gsub("([0-9]{4}-[0-9]{2}-[0-9]{2}[T ])?[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?"; "TIME");

# How long anything took.
def without_times:
    .traces[].hops[].stats |= {sent, received, loss} | del(.traces[] | .duration_ms, .hops[].probes[].replies[].rtt_ms);

# Which came first; a finding about a rewrite shows the first example.
def without_order:
    (.findings[] | select(.detail.quoted)) |= del(.detail.sent, .detail.quoted, .text) | del(.tickets[]?.text) |
    del(.traces[].hops[].probes[].attempt) | .traces[].hops[].probes |= sort | .traces |= sort |
    .verdicts |= sort | .findings |= sort | .errors |= sort;

(.source.files[0].file | sub(".*/"; "")) as $name | del(.source) | del(.. | objects | .file, .files) | without_copies |
if may("strays") then del(.capture.strays) else . end |
if may("frames") then without_frames else . end |
if may("stamps") then without_stamps else . end |
if may("times") then without_times else . end |
if may("order") then without_order else . end |
"\($name)\t\(tojson)"

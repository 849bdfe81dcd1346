# SPDX-License-Identifier: BSD-2-Clause
# lib.sh: functions of the end-to-end tests. Each NAME.test sources it first, with bash.
#
# A test file runs twice: outside, where it names its parts (part SCENARIO FUNCTION), and at the client of a lab, where one
# of those functions does the checking. Results are TAP without numbers; the plan comes last.
#
# Tests hold on a busy machine: they wait for an event and not for a time, and assert an order and not a duration.
# shellcheck shell=bash
set -u

top=${top_srcdir:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
build=${top_builddir:-$PWD}
lab=$top/scripts/lab
here=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
responder=$build/tests/bench/responder
# The leak checker needs to trace its process, and a run has given up that right by the time it ends.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
unset HOPSONDE_OPTIONS SUDO_UID SUDO_GID SUDO_USER NO_COLOR COLUMNS
export LC_ALL=C

# hopsonde ARGUMENTS...: ends a run that hangs. Keeps its JSON reports for validate_reports.
hopsonde() {
    local status=0 argument
    timeout --foreground -k 5 "${HOPSONDE_TEST_SECONDS:-60}" "$build/hopsonde" "$@" || status=$?
    for argument in "$@"; do
        [[ $argument != json*:* ]] || ! is_report "${argument#*:}" || cp "${argument#*:}" "$kept/$EPOCHREALTIME-$BASHPID"
    done
    return $status
}

# is_report FILE: whether it begins like a report in JSON.
is_report() {
    local first
    [[ -f $1 ]] && IFS= read -rN1 first <"$1" && [[ $first == '{' ]]
}

# validate_reports: those that were kept, and those that stand in the folder, are as the JSON Schema says.
validate_reports() {
    local files errors status=0
    mapfile -t files < <(find "$kept" "$work" -type f \( -path "$kept/*" -o -name '*.json' -o -name '*.jsonl' \) -size +0 |
        sort -u)
    ((${#files[@]})) || return 0
    errors=$("$top/tests/schema/validate" "${files[@]}" 2>&1) || status=$?
    if ((status == 77)); then
        skip "reports in JSON" "needs python3-jsonschema"
    else
        is "$status $errors" "0 " "reports in JSON are as the schema says: ${#files[@]}"
    fi
}

ok() {
    echo "ok - $1"
}

# not_ok TITLE [FILE...]: prints the files as diagnostics.
not_ok() {
    echo "not ok - $1"
    shift
    local file
    for file in "$@"; do
        [[ ! -s $file ]] || { echo "$file:" && head -n 40 "$file"; } | sed 's/^/# /'
    done
}

# is GOT WANT TITLE [FILE...]
is() {
    if [[ $1 == "$2" ]]; then
        ok "$3"
    else
        not_ok "$3" "${@:4}"
        printf 'got:\n%s\nwant:\n%s\n' "$1" "$2" | sed 's/^/# /'
    fi
}

# like TEXT REGULAR-EXPRESSION TITLE [FILE...]
like() {
    if [[ $1 =~ $2 ]]; then
        ok "$3"
    else
        not_ok "$3" "${@:4}"
        printf 'got:\n%s\nwant: /%s/\n' "$1" "$2" | sed 's/^/# /'
    fi
}

# same FILE FILE TITLE
same() {
    local difference
    if difference=$(diff -u "$1" "$2" 2>&1) && [[ -s $1 ]]; then
        ok "$3"
    else
        not_ok "$3"
        echo "${difference:-both are empty}" | head -n 30 | sed 's/^/# /'
    fi
}

# holds TITLE COMMAND...: passes if the command succeeds.
holds() {
    if "${@:2}"; then ok "$1"; else not_ok "$1"; fi
}

skip() {
    echo "ok - $1 # SKIP $2"
}

# wait_for COMMAND...: until it succeeds. Only a test that has failed waits for the whole minute.
wait_for() {
    local end=$((${EPOCHREALTIME/./} + 60000000))
    until "$@"; do
        ((${EPOCHREALTIME/./} < end)) || return 1
        sleep 0.02
    done
}

# hops FILE [PROBE]: prints a line a hop, its TTL and the addresses that answered; of all traces or of one.
hops() {
    jq -r --arg probe "${2:-}" '[.traces[] | select($probe == "" or .probe == $probe) | .hops[]
        | {ttl, from: [.probes[].replies[].from]}] | group_by(.ttl)[]
        | "\(.[0].ttl) \([.[].from[]] | unique | join(" "))"' "$1"
}

# chain_hops FAMILY LAST [SILENT]: prints what hops must print in a lab without filters.
chain_hops() {
    local k
    for ((k = 1; k <= $2; k++)); do
        if [[ $k == "${3:-}" ]]; then
            echo "$k "
        elif [[ $1 == 4 ]]; then
            echo "$k 10.0.$k.2"
        else
            printf '%d fd00:0:0:%x::2\n' "$k" "$k"
        fi
    done
}

target() {
    if [[ $1 == 4 ]]; then echo "$LAB_TARGET4"; else echo "$LAB_TARGET6"; fi
}

# replays NAME TITLE: a replay of NAME.pcapng must print NAME.txt, .json and .csv again.
replays() {
    hopsonde replay -o "text:$1-again.txt" -o "json:$1-again.json" -o "csv:$1-again.csv" "$1.pcapng" >/dev/null 2>"$1-again.err"
    same "$1.txt" "$1-again.txt" "$2: text replayed"
    same "$1.csv" "$1-again.csv" "$2: CSV replayed"
    local report
    for report in "$1" "$1-again"; do
        jq -S 'del(.source)' "$report.json" >"$report.bare"
    done
    same "$1.bare" "$1-again.bare" "$2: JSON replayed"
    is "$(<"$1-again.err")" "" "$2: replay prints nothing on stderr"
}

# one_line FILE: whether it has one line, which begins with the program's name.
one_line() {
    [[ $(wc -l <"$1") == 1 && $(<"$1") == "hopsonde: "* ]]
}

# find_servers: adds HOPSONDE_SERVERS to the path, a directory with unpacked packages (scripts/packages).
find_servers() {
    libraries=
    if [[ -n ${HOPSONDE_SERVERS:-} ]]; then
        PATH=$HOPSONDE_SERVERS/usr/sbin:$HOPSONDE_SERVERS/usr/bin:$PATH
        libraries=$(printf '%s:' "$HOPSONDE_SERVERS"/usr/lib/*-linux-gnu)
    fi
    PATH=$PATH:/usr/sbin
}

# serve COMMAND...: starts a server at the target, as process $server; it writes server.log.
serve() {
    LD_LIBRARY_PATH=$libraries ip netns exec "$LAB_PREFIX-target" "$@" >server.log 2>&1 </dev/null &
    # shellcheck disable=SC2034
    server=$!
}

# listens PORT, free PORT: whether a process at the target has this UDP port.
listens() {
    [[ $(ip netns exec "$LAB_PREFIX-target" ss -Hlnup "sport = :$1") == *pid=* ]]
}

free() {
    ! listens "$1"
}

# serve_quic ARGUMENTS..., serve_dns: a real server of udp/443 or udp/53.
serve_quic() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=target.example \
        -keyout key.pem -out cert.pem 2>openssl.log || cat openssl.log
    serve gtlsserver --quiet "$@" '*' 443 key.pem cert.pem
}

serve_dns() {
    serve dnsmasq --no-daemon --conf-file=/dev/null --no-resolv --no-hosts --pid-file=
}

# start ARGUMENTS...: starts hopsonde in the background, as $run, with output to out.txt and err.txt; signals end it.
start() {
    : >out.txt # a test that waits for a line must not find one of an earlier run
    env --default-signal=INT,TERM,HUP "$build/hopsonde" "$@" >out.txt 2>err.txt &
    # shellcheck disable=SC2034
    run=$!
}

# delayed WORDS...: simulates a path with delays behind tun0 (tests/bench/responder), as process $responder_id.
delayed() {
    "$responder" tun0 "$@" &
    # shellcheck disable=SC2034
    responder_id=$!
    wait_for ip link set tun0 up 2>/dev/null || not_ok "a tun device"
    ip addr add 10.88.255.1/32 dev tun0
    ip addr add fd88:0:0:ff::1/128 dev tun0 nodad
    ip route add 2001:db8::/32 dev tun0 src fd88:0:0:ff::1
    ip route add 192.0.2.0/24 dev tun0 src 10.88.255.1
}

parts_out=$(mktemp -d)
work=$(mktemp -d)
chmod 755 "$work"
kept=$work/.kept
mkdir "$kept"
trap 'rm -rf "$work" "$parts_out"' EXIT

# Labs that one file runs side by side: they wait more than they compute.
lanes=${NETNS_LANES:-3}

# part SCENARIO FUNCTION ARGUMENTS...: runs FUNCTION at the client of a new lab, beside other parts.
part() {
    while (($(jobs -rp | wc -l) >= lanes)); do
        wait -n
    done
    parts_run=$((parts_run + 1))
    "$lab" run "$1" -- "$here" inside "${@:2}" >"$parts_out/$parts_run" 2>&1 </dev/null &
}

# run_parts ARGUMENTS...: each test file calls it last, with its own arguments. It calls `parts` outside a lab, and one
# function inside.
run_parts() {
    if [[ ${1:-} == inside ]]; then
        cd "$work" || exit 1
        declare -F "$2" >/dev/null || not_ok "$2: there is no such part"
        "${@:2}"
        validate_reports
        ok "${2}${3:+ ${*:3}} ran to its end in $LAB_SCENARIO"
        return
    fi
    local reason
    if ! reason=$("$lab" run chain,n=1 -- true 2>&1); then
        if [[ $(id -u) == 0 ]]; then
            echo "Bail out! no lab: $reason"
            exit 1
        fi
        echo "1..0 # SKIP needs root, or user namespaces: ${reason//$'\n'/; }"
        exit 0
    fi
    if [[ ! -x $build/hopsonde ]]; then
        echo "Bail out! $build/hopsonde: not built"
        exit 1
    fi
    parts_run=0
    parts >"$parts_out/0"
    wait
    if ((parts_run == 0)); then
        echo "1..0 # SKIP needs root"
        exit 0
    fi
    local i seen ended
    for ((i = 0; i <= parts_run; i++)); do
        cat "$parts_out/$i"
    done
    seen=$(cat "$parts_out"/* | grep -cE '^(not )?ok')
    ended=$(cat "$parts_out"/* | grep -cE '^ok - .* ran to its end')
    # Each part reports its end: otherwise a part that broke off would only print fewer lines.
    is "$ended" "$parts_run" "every part ran to its end"
    echo "1..$((seen + 1))"
}

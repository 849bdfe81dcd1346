# SPDX-License-Identifier: BSD-2-Clause
# lib.sh: what the command line tests share. Sourced by sh. Results are TAP without numbers; finish prints the plan.
# shellcheck shell=sh
set -u

# shellcheck disable=SC2034
top=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
build=${top_builddir:-$PWD}
unset HOPSONDE_OPTIONS SUDO_UID SUDO_GID SUDO_USER NO_COLOR COLUMNS
# The leak checker needs the right to trace itself, which a run has given up by the time it ends.
ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
LC_ALL=C
export ASAN_OPTIONS LC_ALL

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
count=0

hopsonde() {
    timeout -k 5 30 "$build/hopsonde" "$@"
}

# run ARGUMENTS...: standard output into $work/out, standard error into $work/err, the status into $status.
run() {
    status=0
    hopsonde "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
}

ok() {
    count=$((count + 1))
    echo "ok - $1"
}

not_ok() {
    count=$((count + 1))
    echo "not ok - $1"
    printf 'status %s\n' "${status-}" | cat - "$work/out" "$work/err" | head -n 40 | sed 's/^/# /'
}

# is GOT WANT TITLE
is() {
    if [ "$1" = "$2" ]; then
        ok "$3"
    else
        not_ok "$3"
        printf 'got:\n%s\nwant:\n%s\n' "$1" "$2" | sed 's/^/# /'
    fi
}

# says STATUS MESSAGE ARGUMENTS...: that status, that one line on standard error, and nothing else.
says() {
    want_status=$1
    want="hopsonde: $2"
    shift 2
    run "$@"
    if [ "$status" -eq "$want_status" ] && [ "$(cat "$work/err")" = "$want" ] && [ ! -s "$work/out" ]; then
        ok "hopsonde $*"
    else
        not_ok "hopsonde $*"
        printf 'want status %s:\n%s\n' "$want_status" "$want" | sed 's/^/# /'
    fi
}

finish() {
    echo "1..$count"
}

# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# fanlinks: what there is to be found in a fan of scripts/lab whose stages are in STAGES. For tests/netns/fans.test and
# tests/bench/fans.

# wanted FAMILY: the edges of the lab's network, by its own rule: link l = 16 i + j joins router i of a hop to router j of the
# next, and gives its address there. Over IPv4 a router answers with that of its first link, over IPv6 with that of the link
# by which the probe came: there it is as many nodes as it has links.
wanted() {
    local family=$1 k i j last=${#STAGES[@]} width near
    for ((k = 2; k <= last + 1; k++)); do
        near=${STAGES[k - 2]%m} width=${STAGES[k - 1]:-1}
        width=${width%m}
        for ((j = 0; j < width; j++)); do
            for ((i = 0; i < near; i++)); do
                ! is_joined "$k" "$i" "$j" || wanted_links "$family" "$k" "$i" "$j"
            done
        done
    done | sort -u
}

is_joined() {
    local near=${STAGES[$1 - 2]%m} stage=${STAGES[$1 - 1]:-1}
    local far=${stage%m}
    if [[ $stage == *m ]]; then
        return 0
    elif ((far >= near)); then
        (($3 * near / far == $2))
    else
        (($2 * far / near == $3))
    fi
}

# addresses FAMILY K J: those that router J of hop K answers with.
addresses() {
    local i near=1
    (($2 < 2)) || near=${STAGES[$2 - 2]%m}
    if (($2 == ${#STAGES[@]} + 1)); then
        if [[ $1 == 4 ]]; then echo 10.99.0.1; else echo fd00:99::1; fi
        return
    fi
    for ((i = 0; i < near; i++)); do
        (($2 == 1)) || is_joined "$2" "$i" "$3" || continue
        if [[ $1 == 4 ]]; then
            echo "10.$2.$((16 * i + $3)).2"
            return
        elif ((16 * i + $3 == 0)); then
            printf 'fd00:0:%x::2\n' "$2"
        else
            printf 'fd00:0:%x:%x::2\n' "$2" $((16 * i + $3))
        fi
    done
}

# wanted_links FAMILY K I J: from each address of router I of hop K-1 to that by which router J knows the link.
wanted_links() {
    local from to
    if [[ $1 == 6 ]] && (($2 <= ${#STAGES[@]})); then
        to=$(addresses 6 "$2" "$4" | grep -E "^fd00:0:$(printf %x "$2")(:$(printf %x $((16 * $3 + $4))))?::2$" |
            if ((16 * $3 + $4)); then grep ':.*:.*:.*::'; else cat; fi)
    else
        to=$(addresses "$1" "$2" "$4")
    fi
    for from in $(addresses "$1" $(($2 - 1)) "$3"); do
        echo "$from $to"
    done
}

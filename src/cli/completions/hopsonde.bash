# bash completion for hopsonde(8)

_hopsonde()
{
    local cur prev words cword split
    if declare -F _init_completion >/dev/null; then
        _init_completion -s -n : || return
    else
        cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} cword=$COMP_CWORD words=("${COMP_WORDS[@]}")
        # --option=value comes as three words.
        if [[ $cur == = ]]; then
            cur=
        elif [[ $prev == = ]]; then
            prev=${COMP_WORDS[COMP_CWORD - 2]}
        fi
    fi

    local options='-P --probe -I -T -U -p -4 -6 --seed --dry-run -f -m -q -w --gap -z --rate --confidence --budget --through --only --control --idle
        --expect --write-policy --max-probes --lite --interval -c --count --duration --refresh --flows -r --report -t --tos --dscp --ecn --mtu --no-df --flow-label -s -i --sport --fwmark --target --source --since --until --bpf
        --no-decap --list --near --far --at -o -W --write --write-max --rotate -R --read -n --resolver --dns-timeout --verify-names -A -G
        --asn-db --geo-db --whois --whois-server --resolve -v --quiet --one-per-line --color -h --help -V --version'
    local probes='auto icmp udp udp/53 udp/123 udp/443 tcp/22 tcp/80 tcp/80:ack tcp/80:fin tcp/80:data tcp/443 tcp/443:data udplite dccp sctp ip/'

    case $prev in
    -P | --probe)
        mapfile -t COMPREPLY < <(compgen -W "$probes" -- "$cur")
        if declare -F __ltrim_colon_completions >/dev/null; then
            __ltrim_colon_completions "$cur"
        fi
        return
        ;;
    -o)
        mapfile -t COMPREPLY < <(compgen -W 'text json jsonl csv prom dot svg map policy' -- "$cur")
        return
        ;;
    --color)
        mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
        return
        ;;
    --dscp)
        mapfile -t COMPREPLY < <(compgen -W 'ef va le cs0 cs1 cs2 cs3 cs4 cs5 cs6 cs7 af11 af12 af13 af21 af22 af23
            af31 af32 af33 af41 af42 af43' -- "$cur")
        return
        ;;
    --ecn)
        mapfile -t COMPREPLY < <(compgen -W 'not-ect ect0 ect1 ce' -- "$cur")
        return
        ;;
    -i)
        mapfile -t COMPREPLY < <(compgen -W "$(command ls /sys/class/net 2>/dev/null)" -- "$cur")
        return
        ;;
    -W | --write | -R | --read | --expect | --write-policy | --near | --far | --at)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return
        ;;
    -p | --seed | -f | -m | -q | -w | --gap | -z | --rate | --confidence | --budget | --through | --max-probes | --interval | -c | --count | --duration | --refresh | --flows | --write-max | --rotate | -t | --tos | --flow-label | -s | \
        --sport | --fwmark | --target | --source | --since | --until | --bpf)
        return
        ;;
    help)
        if ((cword == 2)); then
            mapfile -t COMPREPLY < <(compgen -W 'trace diagnose paths watch replay transit' -- "$cur")
            return
        fi
        ;;
    esac

    if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    elif [[ ${words[1]} =~ ^(replay|transit)$ && $cword -gt 1 ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    elif [[ (${words[1]} == diagnose || ${words[1]} == watch) && $cword -gt 2 ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$probes" -- "$cur")
        if declare -F __ltrim_colon_completions >/dev/null; then
            __ltrim_colon_completions "$cur"
        fi
    else
        mapfile -t COMPREPLY < <(compgen -A hostname -- "$cur")
        if ((cword == 1)); then
            mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W 'trace diagnose paths watch replay transit help' -- "$cur")
        fi
    fi
}

complete -F _hopsonde hopsonde

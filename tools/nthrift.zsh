#compdef nthrift

# Completion of the command nthrift for zsh: commands, options, .thrift files,
# and, behind --idl FILE, services and methods.  The options are those that
# "nthrift COMMAND --help" lists.

_nthrift_commands() {
    local -a commands

    commands=(${(f)"$(nthrift --help 2>/dev/null \
        | sed -n 's/^  \([a-z][a-z]*\)  *\(.*\)/\1:\2/p')"})
    _describe -t commands command commands
    compadd -- --help --version
}

_nthrift_options() {
    compadd -- ${(f)"$(nthrift $words[2] --help 2>/dev/null \
        | grep -oE -- '(^| |\[|, )--?[a-zA-Z][a-z-]*' | tr -d ' [,' \
        | sort -u)"}
}

_nthrift_methods() {
    local at=${words[(I)--idl]}

    if (( at )); then
        compadd -- ${(f)"$(nthrift list $words[at+1] 2>/dev/null)"}
    fi
}

_nthrift() {
    if (( CURRENT == 2 )); then
        _nthrift_commands
        return
    fi

    case $words[CURRENT-1] in
    (--idl)
        _files -g '*.thrift'
        return
        ;;
    (-I|-o|--old-include|--new-include)
        _files -/
        return
        ;;
    (--ca|--cert|--key)
        _files
        return
        ;;
    (--format)
        compadd -- json text
        return
        ;;
    (--sort)
        compadd -- calls errors time name
        return
        ;;
    esac

    if [[ $words[CURRENT] == -* ]]; then
        _nthrift_options
        return
    fi

    case $words[2] in
    (check|compat|dump|gen|list|openapi)
        _files -g '*.thrift'
        ;;
    (tail)
        _files
        ;;
    (run)
        _files -g '*.so'
        _nthrift_methods
        ;;
    (*)
        _nthrift_methods
        ;;
    esac
}

_nthrift "$@"

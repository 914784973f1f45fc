# Completion of the command nthrift for bash: commands, options, .thrift files,
# and, behind --idl FILE, services and methods.  The options are those that
# "nthrift COMMAND --help" lists.

_nthrift_options() {
    nthrift "$1" --help 2>/dev/null \
        | grep -oE -- '(^| |\[|, )--?[a-zA-Z][a-z-]*' | tr -d ' [,' | sort -u
}

_nthrift_files() {
    compopt -o filenames 2>/dev/null

    mapfile -t COMPREPLY < <(compgen -f -X '!*.thrift' -- "$1"
                             compgen -d -- "$1")
}

_nthrift_methods() {
    local i

    for ((i = 1; i < COMP_CWORD; i++)); do
        if [ "${COMP_WORDS[i]}" = --idl ]; then
            nthrift list "${COMP_WORDS[i + 1]}" 2>/dev/null
        fi
    done
}

_nthrift() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local command=${COMP_WORDS[1]}

    COMPREPLY=()

    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W \
            'bench call check compat describe dump gen list new openapi probe run tail template top
             --help --version' -- "$word")
        return
    fi

    case $before in
    --idl)
        _nthrift_files "$word"
        return
        ;;
    -I | -o | --old-include | --new-include)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
        return
        ;;
    --sort)
        mapfile -t COMPREPLY < <(compgen -W 'calls errors time name' -- "$word")
        return
        ;;
    --format)
        mapfile -t COMPREPLY < <(compgen -W 'json text' -- "$word")
        return
        ;;
    --ca | --cert | --key)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    esac

    case $word in
    -*)
        mapfile -t COMPREPLY < <(compgen -W "$(_nthrift_options "$command")" \
            -- "$word")
        return
        ;;
    esac

    case $command in
    check | compat | dump | gen | list | openapi)
        _nthrift_files "$word"
        ;;
    tail)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        ;;
    run)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -W "$(_nthrift_methods)" -- "$word"
                                 compgen -f -X '!*.so' -- "$word"
                                 compgen -d -- "$word")
        ;;
    *)
        mapfile -t COMPREPLY < <(compgen -W "$(_nthrift_methods)" -- "$word")
        ;;
    esac
}

complete -F _nthrift nthrift 2>/dev/null || true

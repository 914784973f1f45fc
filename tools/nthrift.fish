# Completion of the command nthrift for fish: commands, options, .thrift files,
# and, behind --idl FILE, services and methods.  The options are those that
# "nthrift COMMAND --help" lists.

function __nthrift_command
    set -l words (commandline -opc)
    test (count $words) -gt 1; and echo $words[2]
end

function __nthrift_commands
    nthrift --help 2>/dev/null | string match -r '^  [a-z]+ .*' \
        | string replace -r '^  ([a-z]+) +(.*)' '$1\t$2'
end

function __nthrift_options
    nthrift (__nthrift_command) --help 2>/dev/null \
        | string match -ar -- '(?:^| |\[|, )(--?[a-zA-Z][a-z-]*)' \
        | string match -r -- '^-.*' | sort -u
end

function __nthrift_methods
    set -l words (commandline -opc)
    set -l at (contains -i -- --idl $words)

    test -n "$at"; and nthrift list $words[(math $at + 1)] 2>/dev/null
end

function __nthrift_needs_command
    test (count (commandline -opc)) -eq 1
end

complete -c nthrift -f
complete -c nthrift -n __nthrift_needs_command -a '(__nthrift_commands)'
complete -c nthrift -n __nthrift_needs_command -a '--help --version'
complete -c nthrift -n 'not __nthrift_needs_command; and string match -q -- "-*" (commandline -ct)' \
    -a '(__nthrift_options)'
complete -c nthrift -n 'not __nthrift_needs_command' -l idl -r -F
complete -c nthrift -n 'contains -- (__nthrift_command) bench call describe probe run template' \
    -a '(__nthrift_methods)'
complete -c nthrift -n 'contains -- (__nthrift_command) check compat dump gen list openapi run tail' \
    -F
complete -c nthrift -n 'contains -- (__nthrift_command) bench' -l format -x -a 'json text'

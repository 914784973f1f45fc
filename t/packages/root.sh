# SPDX-License-Identifier: BSD-2-Clause
#
# What t/packages/debian, t/packages/roots and t/packages/rpm have in common:
# checks, a root of Debian and what is done in it.  Sourced by them; ROOT, LOG
# and TOP are theirs.

MIRROR=${MIRROR:-http://deb.debian.org/debian}
n=0 failed=0

export DEBIAN_FRONTEND=noninteractive LC_ALL=C


# A command whose output is of interest only when it failed

check() {
    local name=$1
    shift
    n=$((n + 1))

    if "$@" >"$LOG" 2>&1 </dev/null; then
        echo "ok $n - $name"
    else
        failed=$((failed + 1))
        echo "not ok $n - $name"
        tail -n 20 "$LOG" | sed 's/^/# /'
    fi
}


# What README and docs/ name is installed with them, but for sources
#
# usage: doc_links DIRECTORY

doc_links() {
    local file link missing=0

    for file in "$1/README.md" "$1"/docs/*.md; do
        for link in $(grep -oE '\]\([^)#: ]+' "$file" | cut -c 3- | sort -u); do
            case $link in
            https | ../src/* | ../bench/* | CHANGES | LICENSE) continue ;;
            esac

            [ -e "$(dirname "$file")/$link" ] && continue
            echo "$file: no $link"
            missing=1
        done
    done

    return $missing
}


inside() {
    chroot "$ROOT" "$@"
}


sh_inside() {
    inside sh -ec "$1"
}


apt() {
    inside apt-get -q -y -o Dpkg::Use-Pty=0 --no-install-recommends "$@"
}


# A new root, unless it is there, in which no service is started.

bootstrap() {
    [ -e "$ROOT/etc/debian_version" ] \
        || debootstrap --variant=minbase bookworm "$ROOT" "$MIRROR" || return 1

    printf '#!/bin/sh\nexit 101\n' >"$ROOT/usr/sbin/policy-rc.d"
    chmod 755 "$ROOT/usr/sbin/policy-rc.d"
}


# Handlers are loaded through /proc.

mount_proc() {
    [ ! -e "$ROOT/proc/self" ] || return 0

    mount -t proc proc "$ROOT/proc" 2>/dev/null \
        || mount --bind /proc "$ROOT/proc"
    trap 'umount "$ROOT/proc"' EXIT
}


# The packages that were built, but those with debug information

copy_packages() {
    rm -rf "$ROOT/debs"
    mkdir "$ROOT/debs"
    find "$1" -maxdepth 1 -name '*.deb' ! -name '*dbgsym*' \
        -exec cp {} "$ROOT/debs" \;
}


# Those that are to be installed, as they are called inside.

packages() {
    (cd "$ROOT" && ls -d "./debs/$1"/*.deb | cut -c2-)
}

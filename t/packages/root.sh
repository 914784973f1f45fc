# SPDX-License-Identifier: BSD-2-Clause
#
# What t/packages/debian and t/packages/roots have in common: a root of Debian
# and what is done in it.  Sourced by them; ROOT, LOG and TOP are theirs.

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

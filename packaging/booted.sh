# Sourced: a fresh Debian in a folder that is booted with systemd in a container, and a script that runs inside.
#
# Needs root and a Debian mirror; debootstrap and systemd-nspawn are installed when they are not there. GATELODGE_TEST_SUITE
# names another Debian than bookworm; an Ubuntu wants its mirror too, and the keyring from its package ubuntu-keyring:
#   GATELODGE_TEST_SUITE=jammy GATELODGE_TEST_MIRROR=http://archive.ubuntu.com/ubuntu GATELODGE_TEST_KEYRING=FILE packaging/check
suite=${GATELODGE_TEST_SUITE:-bookworm}
# What a machine that runs the service has: the unit names their files.
with=systemd,systemd-sysv,procps,passwd
export PATH=$PATH:/usr/sbin:/sbin

need() { command -v "$1" >/dev/null || apt-get install -y --no-install-recommends "$2" >/dev/null; }
step() { printf '\n== %s\n' "$*"; }
fail() { echo "FAILED: $*" >&2 && exit 1; }
inside() { LC_ALL=C DEBIAN_FRONTEND=noninteractive chroot "$chroot_dir" "$@"; }

# Both runs of debootstrap, for the archive of packages and from it.
bootstrap() {
    debootstrap --variant=minbase --include=$with ${GATELODGE_TEST_KEYRING:+--keyring="$GATELODGE_TEST_KEYRING"} "$1" \
        "$suite" "$2" ${GATELODGE_TEST_MIRROR:-} >"$root/log" 2>&1 || { tail -n 20 "$root/log" >&2 && fail "debootstrap"; }
}

# Makes $chroot_dir, a fresh Debian with $1 in it as /gatelodge.deb, and the further packages that are named.
fresh_debian() {
    local deb=$1
    shift
    need debootstrap debootstrap
    need systemd-nspawn systemd-container
    root=$(mktemp -d)
    trap 'rm -rf "$root"' EXIT
    # Kept between runs: a download of the base system each time helps nobody.
    local base=${TMPDIR:-/tmp}/gatelodge-root-$suite.tar
    [ -e "$base" ] || bootstrap --make-tarball="$base" "$root/make"
    chroot_dir=$root/debian
    bootstrap --unpack-tarball="$base" "$chroot_dir"
    cp "$deb" "$chroot_dir/gatelodge.deb"
    [ $# -eq 0 ] && return
    # The container has no network: what a test wants beside the package is there before.
    cp /etc/resolv.conf "$chroot_dir/etc/resolv.conf"
    inside apt-get update -q >"$root/log" 2>&1 || { tail -n 20 "$root/log" >&2 && fail "apt-get update"; }
    inside apt-get install -yq --no-install-recommends "$@" >"$root/log" 2>&1 || { tail -n 20 "$root/log" >&2 && fail "apt-get install $*"; }
}

# Boots it, runs the script $1 in it, and shows what that said; its last line must be GOOD.
boot_and_run() {
    install -m 755 "$1" "$chroot_dir/run-inside"
    cat >"$chroot_dir/etc/systemd/system/run-inside.service" <<'UNIT'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
# The last line of the log says how it ended; whatever that is, the container goes down.
ExecStart=/bin/bash -c '/run-inside >/said 2>&1; systemctl --no-block poweroff'
[Install]
WantedBy=graphical.target
UNIT
    inside systemctl --quiet enable run-inside.service
    timeout "${2:-300}" systemd-nspawn --quiet --register=no --keep-unit --private-network --link-journal=no \
        --directory="$chroot_dir" --boot >"$root/log" 2>&1 || true
    [ -e "$chroot_dir/said" ] || { tail -n 30 "$root/log" && fail "the container did not boot"; }
    cat "$chroot_dir/said"
    [ "$(tail -n 1 "$chroot_dir/said")" = GOOD ] || fail "see above"
}

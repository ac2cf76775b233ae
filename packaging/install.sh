#!/bin/sh
# Installs Gatelodge from this folder on a machine without Debian's packages: binary, unit, user, manual, completions.
#
#   sudo ./install.sh              installs, or upgrades and restarts
#   sudo ./install.sh --remove     takes the program away; configuration, data and backups stay
#
# Nothing is downloaded. Called again it brings everything up to this folder's version; what was configured stays.
set -eu
cd "$(dirname "$0")"

[ "$(id -u)" -eq 0 ] || { echo "install.sh: call it as root: sudo ./install.sh" >&2 && exit 1; }
booted() { [ -d /run/systemd/system ]; }
files() { (cd files && find . -type f -o -type l) | sed 's/^\.//' | sort; }

case "${1:-}" in
--remove)
    if booted; then systemctl disable --now --quiet gatelodge.service || true; fi
    files | grep -v '^/etc/' | while read -r file; do rm -f "$file"; done
    if booted; then systemctl daemon-reload; fi
    echo "removed; /etc/gatelodge, /var/lib/gatelodge, /var/backups/gatelodge and the user gatelodge stay"
    exit 0
    ;;
"") ;;
*) echo "usage: sudo ./install.sh [--remove]" >&2 && exit 2 ;;
esac

sha256sum --quiet --check SHA256SUMS || { echo "install.sh: this folder is not whole: unpack it again" >&2 && exit 1; }
files | while read -r file; do
    # What is configured is the installer's own.
    case "$file" in /etc/*) [ ! -e "$file" ] || continue ;; esac
    mkdir -p "$(dirname "$file")"
    # Under its name it is whole or not there at all; a running binary cannot be written to.
    cp -P --preserve=mode "files$file" "$file.new"
    mv "$file.new" "$file"
done
systemd-sysusers gatelodge.conf
systemd-tmpfiles --create gatelodge.conf
gatelodge check-config >/dev/null
if booted; then
    systemctl daemon-reload
    systemctl enable --quiet gatelodge.service
    systemctl restart gatelodge.service
fi
echo "gatelodge $(gatelodge version | cut -d' ' -f2) is installed; next: sudo gatelodge quickstart"

#!/bin/bash
# debian.sh build|demo|tests: installs, with apt on Debian 12 as root, what that purpose needs and
# is missing. No daemon that a package brings is started.
set -euo pipefail

build="gcc libc6-dev cmake ninja-build pkg-config gawk libldap-dev libcurl4-openssl-dev libjansson-dev
libsqlite3-dev libevent-dev libsystemd-dev libssl-dev libinih-dev libexpat1-dev libsasl2-dev zlib1g-dev"
demo="$build curl python3"
tests="$demo libcmocka-dev python3-pytest sqlite3 procps slapd ldap-utils openssl samba
samba-dsdb-modules samba-vfs-modules samba-ad-provision ldb-tools iproute2
libsasl2-modules-gssapi-mit"
# A Node from elsewhere has its own npm, and Debian's would not go with it.
command -v node >/dev/null || tests="$tests nodejs"
command -v npm >/dev/null || tests="$tests npm"
# The pages that adsyncctl writes are looked at in a browser.
[ "${ADSYNC_WITHOUT_CHROMIUM:-}" = 1 ] || tests="$tests chromium fonts-dejavu-core"

case ${1:-} in
build) want=$build ;;
demo) want=$demo ;;
tests) want=$tests ;;
*)
	echo "usage: $0 build|demo|tests" >&2
	exit 2
	;;
esac

missing=()
for p in $want; do
	dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
done
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ]; then
	echo "$0: needs root to install: ${missing[*]}" >&2
	exit 1
fi

policy=/usr/sbin/policy-rc.d
made=no
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
	made=yes
fi
trap '[ $made = no ] || rm -f $policy' EXIT
echo "installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null

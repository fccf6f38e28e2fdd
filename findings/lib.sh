# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the findings share. Sourced by each of them, never run.

set -euo pipefail
umask 022
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# No finding runs indefinitely: it starts itself again under a limit, in seconds.
if [ -z "${FINDING_IS_BOUNDED:-}" ]; then
    FINDING_IS_BOUNDED=1 exec timeout --kill-after=20 "${LIMIT:-300}" bash "$0" "$@"
fi

WORK=$(mktemp -d "${TMPDIR:-/tmp}/finding.XXXXXX")
PIDS=()
FAILED=0

finish() {
    local code=$?
    trap - EXIT INT TERM
    for pid in "${PIDS[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${PIDS[@]}"; do wait "$pid" 2>/dev/null || true; done
    # Postfix daemonises, so `wait` cannot wait for it.
    for pid in "${PIDS[@]}"; do timeout 5 tail --pid="$pid" -f /dev/null 2>/dev/null || true; done
    rm -rf "$WORK"
    exit "$code"
}
trap finish EXIT
trap 'exit 1' INT TERM

# Run in the background until the finding ends.
start() {
    "$@" &
    PIDS+=($!)
}

# until_true SECONDS COMMAND…: wait for something, and fail if it does not come.
until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.2
    done
}

# expect WHAT WANTED SEEN: one line of the behaviour, held against what was seen when the finding was written.
expect() {
    if [ "$2" = "$3" ]; then
        printf 'unchanged: %s: %s\n' "$1" "$3"
    else
        printf 'CHANGED: %s: was %s, is %s\n' "$1" "$2" "$3"
        FAILED=1
    fi
}

need_root() {
    [ "$(id -u)" = 0 ] || { echo "This finding needs root (a chroot with Debian's packages)." >&2; exit 2; }
}

# recorder NAME [OPTION…]: start a recording SMTP server. $WORK/NAME.password has the password it takes, $WORK/NAME.log what
# happened; its port is in PORT.
recorder() {
    local name=$1
    shift
    [ -e "$WORK/$name.password" ] || echo right >"$WORK/$name.password"
    : >"$WORK/$name.log"
    start python3 "$HERE/recorder.py" --log "$WORK/$name.log" --port-file "$WORK/$name.port" \
        --password "$WORK/$name.password" "$@"
    until_true 10 test -s "$WORK/$name.port"
    PORT=$(cat "$WORK/$name.port")
}

# seen NAME [FIELD]: the recorder's events in one line; with FIELD, that field of each login.
seen() {
    python3 - "$WORK/$1.log" "${2:-}" <<'PYTHON'
import json
import sys

events = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
if sys.argv[2]:
    print(" ".join(event[sys.argv[2]] for event in events if event["what"] == "AUTH"))
else:
    print(" ".join(event["what"] for event in events if event["what"] in ("AUTH", "MAIL", "MESSAGE")))
PYTHON
}

# debian ROOT PACKAGE=VERSION…: unpack Debian 12's packages and all that they depend on into ROOT, a folder for chroot;
# nothing is installed. Versions name the upstream part (1.8.23-*), since Debian removes what a security update replaces.
debian() {
    local root=$1 archives=${FINDINGS_ARCHIVES:-$WORK/archives}
    shift
    mkdir -p "$root"/{dev,etc,home,proc,tmp,var/tmp} "$archives/partial"
    chmod 1777 "$root"/{tmp,var/tmp}
    : >"$WORK/status"
    local apt=(apt-get -qq -o "Dir::State::status=$WORK/status" -o "Dir::Cache::archives=$archives"
        -o APT::Sandbox::User=root -o Debug::NoLocking=1 --no-install-recommends --yes)
    "${apt[@]}" --download-only install bash coreutils dash diffutils findutils grep sed "$@" >"$WORK/apt.out" 2>&1 || { cat "$WORK/apt.out" >&2; return 1; }
    "${apt[@]}" --simulate install bash coreutils dash diffutils findutils grep sed "$@" | sed -nE 's/^Inst ([^ ]+) \(([^ ]+) .*/\1_\2/p' >"$WORK/packages"
    local package
    while read -r package; do
        dpkg -x "$archives"/"${package//:/%3a}"_*.deb "$root"
    done <"$WORK/packages"
    local name
    for name in null:3 zero:5 random:8 urandom:9; do mknod -m 666 "$root/dev/${name%:*}" c 1 "${name#*:}"; done
    printf '127.0.0.1 localhost relay.example\n' >"$root/etc/hosts"
    printf 'sender.example\n' >"$root/etc/hostname"
    printf '%s\n' root:x:0:0::/home:/bin/sh daemon:x:1:1::/:/bin/false uucp:x:10:10::/:/bin/false mail:x:8:8::/:/bin/sh \
        nobody:x:65534:65534::/:/bin/false >"$root/etc/passwd"
    printf '%s\n' root:x:0: daemon:x:1: uucp:x:10: mail:x:8: shadow:x:42: nogroup:x:65534: >"$root/etc/group"
    printf 'passwd: files\ngroup: files\nhosts: files\n' >"$root/etc/nsswitch.conf"
}

# inside ROOT COMMAND…: run there, with nothing of the caller's environment.
inside() {
    local root=$1
    shift
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/home LC_ALL=C.UTF-8 \
        chroot "$root" "$@"
}

# start_inside ROOT COMMAND…: the same in the background, until the finding ends.
start_inside() {
    local root=$1
    shift
    start env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/home LC_ALL=C.UTF-8 \
        chroot "$root" "$@"
}

# A Postfix in ROOT that relays with a login, listens nowhere, and logs to /var/log/mail.log; ends with the finding.
postfix_config() {
    printf 'postfix:x:101:101::/var/spool/postfix:/bin/false\n' >>"$ROOT/etc/passwd"
    printf 'postfix:x:101:\npostdrop:x:102:\n' >>"$ROOT/etc/group"
    : >"$ROOT/etc/postfix/main.cf"
    cp "$ROOT/usr/share/postfix/master.cf.dist" "$ROOT/etc/postfix/master.cf"
    mkdir -p "$ROOT"/var/{log,lib/postfix,spool/postfix}
    chown 101:101 "$ROOT/var/lib/postfix"
    inside "$ROOT" postconf -e 'maillog_file=/var/log/mail.log' 'inet_interfaces=loopback-only' 'inet_protocols=ipv4' \
        'compatibility_level=3.6' 'myhostname=sender.example' 'mydestination=' 'alias_maps=' 'smtp_host_lookup=native' \
        'smtp_sasl_auth_enable=yes' 'smtp_sasl_security_options=noanonymous' \
        'smtp_sasl_password_maps=hash:/etc/postfix/sasl_passwd'
    inside "$ROOT" postconf -MX smtp/inet
    inside "$ROOT" postconf -M 'postlog/unix-dgram=postlog unix-dgram n - n - 1 postlogd'
    inside "$ROOT" postconf -F '*/*/chroot=n'
    inside "$ROOT" postfix set-permissions >/dev/null 2>&1 || true
    inside "$ROOT" postfix start >/dev/null 2>&1
    PIDS+=("$(tr -d ' ' <"$ROOT/var/spool/postfix/pid/master.pid")")
}

# An Exim in ROOT with Debian's configuration for hosts that send all mail to a smarthost.
exim_config() {
    printf 'Debian-exim:x:101:101::/var/spool/exim4:/bin/false\n' >>"$ROOT/etc/passwd"
    printf 'Debian-exim:x:101:\nadm:x:4:\n' >>"$ROOT/etc/group"
    mkdir -p "$ROOT"/var/{lib/exim4,spool/exim4,log/exim4} "$ROOT/run"
    chown 101:101 "$ROOT"/var/{lib/exim4,spool/exim4,log/exim4}
    echo sender.example >"$ROOT/etc/mailname"
    : >"$ROOT/etc/aliases"
}

# exim_relay LINE: send everything to the recorder at PORT, with this line in passwd.client.
exim_relay() {
    printf '%s\n' "dc_eximconfig_configtype='smarthost'" "dc_other_hostnames=''" "dc_local_interfaces='127.0.0.1'" \
        "dc_readhost=''" "dc_relay_domains=''" "dc_minimaldns='false'" "dc_relay_nets=''" "dc_use_split_config='false'" \
        "dc_smarthost='relay.example::$PORT'" "CFILEMODE='644'" "dc_hide_mailname='false'" "dc_mailname_in_oh='true'" \
        "dc_localdelivery='mail_spool'" >"$ROOT/etc/exim4/update-exim4.conf.conf"
    # Tests run on loopback, where there is no TLS, and where Exim takes the relay for itself.
    echo 'AUTH_CLIENT_ALLOW_NOTLS_PASSWORDS = 1' >"$ROOT/etc/exim4/exim4.conf.localmacros"
    echo "$1" >"$ROOT/etc/exim4/passwd.client"
    chown 0:101 "$ROOT/etc/exim4/passwd.client"
    chmod 640 "$ROOT/etc/exim4/passwd.client"
    inside "$ROOT" update-exim4.conf
    sed -i 's/^  transport = remote_smtp_smarthost$/&\n  self = send/' "$ROOT/var/lib/exim4/config.autogenerated"
}

# environment NAME PACKAGE==VERSION…: a virtual environment in $WORK/NAME.
environment() {
    local folder=$WORK/$1
    shift
    python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet --quiet --disable-pip-version-check "$@"
}

# modules PACKAGE@VERSION…: Node's packages in $WORK/node_modules.
modules() {
    (cd "$WORK" && npm install --silent --no-audit --no-fund --ignore-scripts "$@" >/dev/null)
}

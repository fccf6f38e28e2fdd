#!/usr/bin/env bash
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Monit 5.33.0 (Debian 12). As root.
#
# Guess: in double quotes, a password of set mailserver is taken as it stands, and only a double quote in it cannot be
# written.
# Seen: quotes of both kinds and blanks at the ends are stripped inside of the quotes too, and the login fails with a
# shorter password; monit -t finds nothing wrong. Written as \0x27 and \0x20, they stay, and a double quote is \0x22.

. "$(dirname "$0")/lib.sh"
need_root
debian "$WORK/root" 'monit=1:5.33.*'
recorder monit

# logs_in_with STRING: the password of the first login of a Monit that has this string in its file.
logs_in_with() {
    local from pid
    from=$(seen monit password | wc -w)
    printf '%s\n' 'set daemon 60' 'set idfile /tmp/id' 'set statefile /tmp/state' 'set pidfile /tmp/pid' \
        "set mailserver 127.0.0.1 port $PORT username u password $1" 'set alert b@relay.example' >"$WORK/root/tmp/monitrc"
    chmod 600 "$WORK/root/tmp/monitrc"
    rm -f "$WORK/root/tmp/pid"
    inside "$WORK/root" monit -t -c /tmp/monitrc >/dev/null 2>&1 || { echo 'refused by monit -t'; return; }
    # It needs /proc, which is gone again with its process.
    unshare --mount --propagation private sh -c 'mount -t proc proc "$1/proc" && exec chroot "$1" monit -I -c /tmp/monitrc' \
        sh "$WORK/root" >/dev/null 2>&1 &
    pid=$!
    until_true 30 more_than "$from"
    kill -KILL "$pid"
    wait "$pid" || true
    seen monit password | tr ' ' '\n' | sed -n "$((from + 1))p"
}

more_than() { [ "$(seen monit password | wc -w)" -gt "$1" ]; }

expect 'a single quote at the end' 'right' "$(logs_in_with "\"right'\"")"
expect 'a double quote at the beginning' 'right' "$(logs_in_with "'\"right'")"
expect 'a blank at the end' 'right' "$(logs_in_with '"right "')"
expect 'a double quote in double quotes' 'refused by monit -t' "$(logs_in_with '"ri\"ght"')"
expect 'a single quote as a number' "right'" "$(logs_in_with '"right\0x27"')"
exit "$FAILED"

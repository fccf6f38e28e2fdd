#!/usr/bin/env bash
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ssmtp 2.64 (Debian 12). As root.
#
# Guess: the value of AuthPass is the rest of the line, except that a # begins a comment: ab#cd logs in as "ab".
# Seen: # makes the password empty, and ssmtp tries to log in with nothing; = and a blank cut the password where they
# stand, and the shorter one is tried. No message says so; to the relay they are wrong passwords.

. "$(dirname "$0")/lib.sh"
need_root
debian "$WORK/root" 'ssmtp=2.64-*'
recorder relay

# sent PASSWORD: write it as it is, send one message; what the relay saw.
sent() {
    echo "$1" >"$WORK/relay.password"
    : >"$WORK/relay.log"
    printf '%s\n' "mailhub=127.0.0.1:$PORT" AuthUser=u "AuthPass=$1" >"$WORK/root/etc/ssmtp/ssmtp.conf"
    printf 'Subject: x\n\nx\n' | inside "$WORK/root" ssmtp -fa@sender.example b@relay.example 2>/dev/null || true
    echo "$(seen relay), password [$(seen relay password)]"
}

expect 'ab:cd' 'AUTH MAIL MESSAGE, password [ab:cd]' "$(sent 'ab:cd')"
expect 'ab#cd' 'AUTH, password []' "$(sent 'ab#cd')"
expect 'ab=cd' 'AUTH, password [ab]' "$(sent 'ab=cd')"
expect 'ab cd' 'AUTH, password [ab]' "$(sent 'ab cd')"
exit "$FAILED"

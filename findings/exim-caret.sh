#!/usr/bin/env bash
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Exim 4.96 with Debian 12's own configuration for a smarthost. As root.
#
# Guess: a ^ is safe anywhere in passwd.client, since Debian's configuration doubles it for the driver, which takes a single
# one for the separator of AUTH PLAIN.
# Seen: at the beginning of the password it ends up at the end of the user name; in the middle, and with AUTH LOGIN, it
# arrives as written.

. "$(dirname "$0")/lib.sh"
need_root
ROOT=$WORK/root
debian "$ROOT" 'exim4-daemon-light=4.96-*' 'exim4-config=4.96-*' util-linux
exim_config

# sent NAME MECHANISM PASSWORD: one message; prints the login that the relay saw.
sent() {
    recorder "$1" --mechanisms "$2"
    exim_relay "localhost:u:$3"
    printf 'Subject: x\n\nx\n' | inside "$ROOT" exim4 -odf -f a@sender.example b@relay.example >/dev/null 2>&1 || true
    LOGIN="$(seen "$1" login | cut -d' ' -f1) $(seen "$1" password | cut -d' ' -f1)"
}

sent beginning PLAIN '^abcd'
expect 'password ^abcd, AUTH PLAIN' 'u^ abcd' "$LOGIN"
sent middle PLAIN 'ab^cd'
expect 'password ab^cd, AUTH PLAIN' 'u ab^cd' "$LOGIN"
sent login LOGIN '^abcd'
expect 'password ^abcd, AUTH LOGIN' 'u ^abcd' "$LOGIN"
exit "$FAILED"

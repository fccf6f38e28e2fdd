#!/usr/bin/env bash
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Exim 4.96 with Debian 12's own configuration for a smarthost. As root.
#
# Guess: a refused login, 535 or 454, defers the message, and counts as one failed login.
# Seen: 454 does so. After 535 Exim tries the next mechanism, all three here, goes on without a login on the same connection,
# is refused with 530, and bounces the message; the bounce does all of that once more. One message with an old password is
# six failed logins, and lost.

. "$(dirname "$0")/lib.sh"
need_root
ROOT=$WORK/root
debian "$ROOT" 'exim4-daemon-light=4.96-*' 'exim4-config=4.96-*' util-linux
exim_config

# sent NAME REFUSAL: one message; OUTCOME is "==" if Exim's log says that it waits, "**" if it was bounced.
sent() {
    recorder "$1" --mechanisms 'CRAM-MD5 PLAIN LOGIN' --refusal "$2"
    exim_relay 'localhost:u:wrong'
    printf 'Subject: x\n\nx\n' | inside "$ROOT" exim4 -odf -f a@sender.example b@relay.example >/dev/null 2>&1 || true
    OUTCOME=$(sed -nE 's/.* (\*\*|==) b@relay.*/\1/p' "$ROOT/var/log/exim4/mainlog" | tail -n 1)
}

sent wrong '535 5.7.8 Authentication credentials invalid'
expect '535, the message and its bounce' 'AUTH AUTH AUTH MAIL AUTH AUTH AUTH MAIL' "$(seen wrong)"
expect '535, the message' '**' "$OUTCOME"
sent later '454 4.7.0 Temporary authentication failure'
expect '454, all that the relay saw' 'AUTH' "$(seen later)"
expect '454, the message' '==' "$OUTCOME"
exit "$FAILED"

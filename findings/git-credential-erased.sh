#!/usr/bin/env bash
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# git send-email 2.39.5 (Debian 12) with git's own credential helper "store". As root.
#
# Guess: 535 erases the stored password, 454 (temporary) keeps it.
# Seen: both erase it. After an outage of the relay's password database, git asks a person again; a job without one fails
# until somebody stores the password anew.

. "$(dirname "$0")/lib.sh"
need_root
ROOT=$WORK/root
debian "$ROOT" 'git=1:2.39.5-*' 'git-email=1:2.39.5-*' libauthen-sasl-perl libmailtools-perl
printf 'From: a@sender.example\nSubject: x\n\nx\n' >"$ROOT/tmp/mail.eml"

# kept NAME REFUSAL: whether the stored login is still there after one message.
kept() {
    recorder "$1" --refusal "$2"
    echo "smtp://u:stored@127.0.0.1%3a$PORT" >"$ROOT/tmp/stored"
    inside "$ROOT" git -c credential.helper="store --file=/tmp/stored" -c user.name=a \
        -c user.email=a@sender.example send-email --quiet \
        --confirm=never --suppress-cc=all --smtp-server=127.0.0.1 --smtp-server-port="$PORT" --smtp-user=u \
        --smtp-encryption=none --from=a@sender.example --to=b@relay.example /tmp/mail.eml >"$WORK/$1.out" 2>&1 </dev/null || true
    if grep -q stored "$ROOT/tmp/stored"; then RESULT=kept; else RESULT=erased; fi
}

kept wrong '535 5.7.8 Authentication credentials invalid'
expect '535, password tried' stored "$(seen wrong password)"
expect '535' erased "$RESULT"
kept later '454 4.7.0 Temporary authentication failure'
expect '454, password tried' stored "$(seen later password)"
expect '454' erased "$RESULT"
exit "$FAILED"

#!/usr/bin/env bash
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Exim 4.96 with Debian 12's own configuration for a smarthost. As root.
#
# Guess: with dc_smarthost='relay.example', the line "relay.example:login:password" in passwd.client is used.
# Seen: if that name is an alias (of a line in /etc/hosts here, as a CNAME would be), the line of the canonical name is
# looked up, none is found, and Exim sends without a login: 530, and the message is bounced, not deferred.

. "$(dirname "$0")/lib.sh"
need_root
ROOT=$WORK/root
debian "$ROOT" 'exim4-daemon-light=4.96-*' 'exim4-config=4.96-*' util-linux
exim_config

# sent NAME HOST: one message, with the login stored under this name of the relay.
sent() {
    recorder "$1" --mechanisms PLAIN
    exim_relay "$2:u:right"
    printf 'Subject: x\n\nx\n' | inside "$ROOT" exim4 -odf -f a@sender.example b@relay.example >/dev/null 2>&1 || true
}

sent alias relay.example
expect 'line relay.example: the message and its bounce' 'MAIL MAIL' "$(seen alias)"
expect 'the message was bounced' 'b@relay.example' "$(sed -nE 's/.* \*\* (b@[^ ]+) .*/\1/p' "$ROOT/var/log/exim4/mainlog")"
sent canonical localhost
expect 'line localhost' 'AUTH MAIL MESSAGE' "$(seen canonical)"
exit "$FAILED"

#!/usr/bin/env bash
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Postfix 3.7.11 (Debian 12). As root.
#
# Guess: after smtp_sasl_password_maps changed, the next message logs in with the new password: the process that delivers
# notices the change ("table … has changed -- restarting") and starts again.
# Seen: it does so, and its successor goes on over a connection that the old one left open, logged in as before. Only
# `postfix reload` makes Postfix log in again.

. "$(dirname "$0")/lib.sh"
need_root
ROOT=$WORK/root
debian "$ROOT" 'postfix=3.7.11-*' libsasl2-modules
postfix_config
recorder relay
inside "$ROOT" postconf -e "relayhost=[localhost]:$PORT" smtp_connection_cache_destinations=localhost \
    smtp_connection_cache_time_limit=1h smtp_connection_reuse_time_limit=1h

entry() {
    echo "[localhost]:$PORT u:$1" >"$ROOT/etc/postfix/sasl_passwd"
    inside "$ROOT" postmap /etc/postfix/sasl_passwd
    echo "$1" >"$WORK/relay.password"
}

messages() { grep -c '"MESSAGE"' "$WORK/relay.log"; }

# delivered NUMBER: send one message, and wait until the relay has had that many.
delivered() {
    printf 'Subject: x\n\nx\n' | inside "$ROOT" sendmail -f a@sender.example b@relay.example
    until_true 60 eval "[ \$(messages) -ge $1 ]"
}

entry old
inside "$ROOT" postfix reload >/dev/null 2>&1
delivered 1
delivered 2
expect 'the logins of two messages' old "$(seen relay password)"
entry new
delivered 3
expect 'whether the process notices the new table' yes \
    "$(grep -q 'has changed -- restarting' "$ROOT/var/log/mail.log" && echo yes || echo no)"
expect 'the logins when a third one went out with the new table' old "$(seen relay password)"
inside "$ROOT" postfix reload >/dev/null 2>&1
delivered 4
expect 'the logins when a fourth one went out after a reload' 'old new' "$(seen relay password)"
exit "$FAILED"

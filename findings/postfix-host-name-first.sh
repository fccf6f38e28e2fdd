#!/usr/bin/env bash
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Postfix 3.7.11 (Debian 12). As root.
#
# Guess: of two entries in smtp_sasl_password_maps, the one that is spelled exactly like relayhost ("[localhost]:25") wins
# over the bare host name, being the more specific.
# Seen: the bare host name of the server that was connected to is looked up first and wins. An old entry "relay.example"
# makes a correct new entry "[relay.example]:587" ineffective.

. "$(dirname "$0")/lib.sh"
need_root
ROOT=$WORK/root
debian "$ROOT" 'postfix=3.7.11-*' libsasl2-modules
postfix_config
recorder relay
echo right >"$WORK/relay.password"

# used RELAYHOST ENTRY…: the password that Postfix takes for one message, with these entries in one map.
used() {
    inside "$ROOT" postconf -e "relayhost=$1"
    shift
    printf '%s\n' "$@" >"$ROOT/etc/postfix/sasl_passwd"
    inside "$ROOT" postmap /etc/postfix/sasl_passwd
    : >"$WORK/relay.log"
    inside "$ROOT" postfix reload >/dev/null 2>&1
    printf 'Subject: x\n\nx\n' | inside "$ROOT" sendmail -f a@sender.example b@relay.example
    until_true 30 grep -q AUTH "$WORK/relay.log" || true
    seen relay password
    inside "$ROOT" postsuper -d ALL >/dev/null 2>&1
}

expect 'the entry of relayhost and the bare host name' bare "$(used "[localhost]:$PORT" "[localhost]:$PORT u:exact" 'localhost u:bare')"
expect 'the entry of relayhost alone' exact "$(used "[localhost]:$PORT" "[localhost]:$PORT u:exact")"
exit "$FAILED"

#!/usr/bin/env bash
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# sendmail 8.17.1 (Debian 12). As root.
#
# Guess: after 535, as after 454, the message stays in the queue and is tried again.
# Seen: that is so after 454. After 535, sendmail goes on without a login on the same connection, is refused at MAIL with
# 530, and takes that for the relay's last word on the message, which is bounced.

. "$(dirname "$0")/lib.sh"
need_root
ROOT=$WORK/root
debian "$ROOT" 'sendmail-bin=8.17.1.9-*' 'sendmail-cf=8.17.1.9-*' m4 libsasl2-modules
printf 'smmta:x:101:101::/var/lib/sendmail:/bin/false\nsmmsp:x:102:102::/var/lib/sendmail:/bin/false\n' >>"$ROOT/etc/passwd"
printf 'smmta:x:101:\nsmmsp:x:102:\n' >>"$ROOT/etc/group"
mkdir -p "$ROOT/etc/mail" "$ROOT"/var/{spool/mqueue,run/sendmail,lib/sendmail}
: >"$ROOT/etc/mail/local-host-names"
: >"$ROOT/etc/mail/sendmail.cf"
echo 'hosts files' >"$ROOT/etc/mail/service.switch"
printf 'AuthInfo:%s "U:u" "P:wrong" "M:PLAIN"\n' '[127.0.0.1]' 127.0.0.1 localhost |
    inside "$ROOT" /usr/libexec/sendmail/makemap hash /etc/mail/authinfo
cat >"$WORK/sendmail.mc" <<'M4'
include(`/usr/share/sendmail/cf/m4/cf.m4')
OSTYPE(`linux')
define(`confDOMAIN_NAME', `sender.example')
define(`SMART_HOST', `relay:[127.0.0.1]')
define(`RELAY_MAILER_ARGS', `TCP $h @PORT@')
define(`confAUTH_MECHANISMS', `PLAIN LOGIN')
define(`confSERVICE_SWITCH_FILE', `/etc/mail/service.switch')
define(`confDONT_PROBE_INTERFACES', `True')
FEATURE(`authinfo', `hash /etc/mail/authinfo')
FEATURE(`nocanonify')
MAILER(`local')
MAILER(`smtp')
M4

# sent NAME REFUSAL: one message through a relay that refuses the login so.
sent() {
    recorder "$1" --refusal "$2" --mechanisms PLAIN
    sed "s/@PORT@/$PORT/" "$WORK/sendmail.mc" >"$ROOT/etc/mail/sendmail.mc"
    inside "$ROOT" sh -c 'cd /etc/mail && m4 sendmail.mc >sendmail.cf'
    rm -f "$ROOT"/var/spool/mqueue/*
    printf 'From: a@sender.example\nTo: b@relay.example\nSubject: x\n\nx\n' |
        inside "$ROOT" /usr/libexec/sendmail/sendmail -Am -v -f a@sender.example b@relay.example >"$WORK/$1.out" 2>&1 || true
    WAITING=$(sed -n 's/^R[A-Z]*://p' "$ROOT"/var/spool/mqueue/qf* 2>/dev/null | grep -c b@relay || true)
}

sent wrong '535 5.7.8 Authentication credentials invalid'
expect '535, the first that the relay saw' 'AUTH MAIL' "$(seen wrong | cut -d' ' -f1-2)"
expect '535, messages that wait for the recipient' 0 "$WAITING"
sent later '454 4.7.0 Temporary authentication failure'
expect '454, all that the relay saw' AUTH "$(seen later)"
expect '454, messages that wait for the recipient' 1 "$WAITING"
exit "$FAILED"

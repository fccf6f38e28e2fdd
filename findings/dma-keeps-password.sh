#!/usr/bin/env bash
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# dma 0.13 (Debian 12). As root.
#
# Guess: after a change of auth.conf, dma -q sends what waits in the queue with the new password.
# Seen: the process that took a message sleeps until its next attempt, for up to three hours, and keeps the password that it
# started with. dma -q wakes it; it logs in with the old password, is told 535, and bounces the message.

. "$(dirname "$0")/lib.sh"
need_root
ROOT=$WORK/root
debian "$ROOT" 'dma=0.13-*'
mkdir -p "$ROOT/etc/dma" "$ROOT/var/spool/dma" "$ROOT/var/mail"
chown 0:8 "$ROOT/var/spool/dma"
chmod 2775 "$ROOT/var/spool/dma"
echo sender.example >"$ROOT/etc/mailname"
printf 'From: a@sender.example\nTo: b@relay.example\nSubject: x\n\nx\n' >"$ROOT/message"

recorder relay --mechanisms LOGIN
printf 'u|relay.example:old\n' >"$ROOT/etc/dma/auth.conf"
printf 'SMARTHOST relay.example\nPORT %s\nAUTHPATH /etc/dma/auth.conf\nINSECURE\n' "$PORT" >"$ROOT/etc/dma/dma.conf"
# An address where nothing listens: the first attempt fails for the moment.
printf '127.0.0.1 localhost\n127.0.0.2 relay.example\n' >"$ROOT/etc/hosts"
start_inside "$ROOT" sh -c 'exec dma -D -f a@sender.example b@relay.example </message'
sender=${PIDS[-1]}
until_true 20 grep -q nanosleep "/proc/$sender/wchan"

printf '127.0.0.1 localhost relay.example\n' >"$ROOT/etc/hosts"
printf 'u|relay.example:right\n' >"$ROOT/etc/dma/auth.conf"
inside "$ROOT" dma -q
wait "$sender" || true

expect 'after dma -q, the message and its bounce log in with' 'old old' "$(seen relay password)"
expect 'senders in the queue' 'Sender: ' "$(grep -h '^Sender:' "$ROOT"/var/spool/dma/Q*)"
exit "$FAILED"

#!/usr/bin/env bash
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# dma 0.13 (Debian 12). As root.
#
# Guess: after 454 at AUTH the message stays in the queue for the next run.
# Seen: dma goes on without a login on the same connection, is told 530 at MAIL, which is permanent, and bounces the message.
# What waits in the queue afterwards is the bounce; the message is gone.

. "$(dirname "$0")/lib.sh"
need_root
ROOT=$WORK/root
debian "$ROOT" 'dma=0.13-*'
mkdir -p "$ROOT/etc/dma" "$ROOT/var/spool/dma" "$ROOT/var/mail"
chown 0:8 "$ROOT/var/spool/dma"
chmod 2775 "$ROOT/var/spool/dma"
echo sender.example >"$ROOT/etc/mailname"

recorder relay --refusal '454 4.7.0 Temporary authentication failure' --mechanisms LOGIN
printf 'u|127.0.0.1:wrong\n' >"$ROOT/etc/dma/auth.conf"
printf 'SMARTHOST 127.0.0.1\nPORT %s\nAUTHPATH /etc/dma/auth.conf\nINSECURE\n' "$PORT" >"$ROOT/etc/dma/dma.conf"
printf 'From: a@sender.example\nTo: b@relay.example\nSubject: x\n\nx\n' >"$WORK/message"
inside "$ROOT" dma -D -f a@sender.example b@relay.example <"$WORK/message" >"$WORK/out" 2>&1 || true

expect 'after 454 at AUTH, the message and its bounce' 'AUTH MAIL AUTH MAIL' "$(seen relay)"
expect 'senders in the queue' 'Sender: ' "$(grep -h '^Sender:' "$ROOT"/var/spool/dma/Q*)"
exit "$FAILED"

#!/usr/bin/env bash
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# dma 0.13 (Debian 12). As root.
#
# Guess: of two lines for the smarthost in auth.conf, dma uses the first, as most programs do.
# Seen: it uses the last.

. "$(dirname "$0")/lib.sh"
need_root
ROOT=$WORK/root
debian "$ROOT" 'dma=0.13-*'
mkdir -p "$ROOT/etc/dma" "$ROOT/var/spool/dma" "$ROOT/var/mail"
chown 0:8 "$ROOT/var/spool/dma"
chmod 2775 "$ROOT/var/spool/dma"
echo sender.example >"$ROOT/etc/mailname"
printf 'From: a@sender.example\nTo: b@relay.example\nSubject: x\n\nx\n' >"$WORK/message"

recorder relay --mechanisms LOGIN
printf 'first|127.0.0.1:right\nlast|127.0.0.1:right\n' >"$ROOT/etc/dma/auth.conf"
printf 'SMARTHOST 127.0.0.1\nPORT %s\nAUTHPATH /etc/dma/auth.conf\nINSECURE\n' "$PORT" >"$ROOT/etc/dma/dma.conf"
inside "$ROOT" dma -D -f a@sender.example b@relay.example <"$WORK/message"

expect 'of the lines first and last, dma logs in with' 'last' "$(seen relay login)"
exit "$FAILED"

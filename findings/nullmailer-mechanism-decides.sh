#!/usr/bin/env bash
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# nullmailer 2.2 (Debian 12). As root.
#
# Guess: after 535 a message always goes to failed/, since 5xx is permanent everywhere else in nullmailer.
# Seen: the mechanism decides. With AUTH PLAIN, which it prefers, 535 leaves the message in the queue; with a relay that
# offers LOGIN only, the same reply moves it to failed/, from where nothing takes it again.

. "$(dirname "$0")/lib.sh"
need_root
ROOT=$WORK/root
debian "$ROOT" 'nullmailer=1:2.2-*'
SPOOL=$ROOT/var/spool/nullmailer
mkdir -p "$ROOT/etc/nullmailer" "$SPOOL"/{queue,tmp,failed}

# outcome NAME REFUSAL MECHANISMS: where one message is after one run of the queue.
outcome() {
    recorder "$1" --refusal "$2" --mechanisms "$3"
    rm -f "$SPOOL"/{queue,failed}/*
    echo "127.0.0.1 smtp --port=$PORT --user=u --pass=wrong" >"$ROOT/etc/nullmailer/remotes"
    [ -p "$SPOOL/trigger" ] || mkfifo "$SPOOL/trigger"
    printf 'a@sender.example\nb@relay.example\n\nSubject: x\n\nx\n' >"$SPOOL/queue/1.1"
    start_inside "$ROOT" nullmailer-send >"$WORK/$1.out" 2>&1
    until_true 20 grep -qiE 'Delivery complete' "$WORK/$1.out" || true
    sleep 1
    kill "${PIDS[-1]}"
    wait "${PIDS[-1]}" 2>/dev/null || true
    if [ -e "$SPOOL/queue/1.1" ]; then RESULT=queue; elif [ -e "$SPOOL/failed/1.1" ]; then RESULT=failed; else RESULT=gone; fi
}

for mechanisms in 'PLAIN LOGIN' LOGIN; do
    for refusal in '535 5.7.8 Authentication credentials invalid' '454 4.7.0 Temporary authentication failure'; do
        case "$mechanisms ${refusal%% *}" in 'LOGIN 535') wanted=failed ;; *) wanted=queue ;; esac
        name=${mechanisms// /}${refusal%% *}
        outcome "$name" "$refusal" "$mechanisms"
        expect "AUTH $mechanisms, ${refusal%% *}: login by $(seen "$name" mechanism), the message is in" "$wanted" "$RESULT"
    done
done
exit "$FAILED"

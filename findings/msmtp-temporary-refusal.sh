#!/usr/bin/env bash
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# msmtp 1.8.23 (Debian 12). As root.
#
# Guess: a temporary refusal of the login (454) ends with 75, the exit code for "try again later" in sysexits.h; only a
# definite one (535) with 77, "permission denied".
# Seen: both end with 77. A caller that retries on 75 and gives up on 77 gives up during an outage of the relay's
# password database.

. "$(dirname "$0")/lib.sh"
need_root
debian "$WORK/root" 'msmtp=1.8.23-*'

for refusal in '535 5.7.8 Authentication credentials invalid' '454 4.7.0 Temporary authentication failure'; do
    recorder "${refusal%% *}" --refusal "$refusal"
    code=0
    printf 'Subject: x\n\nx\n' | inside "$WORK/root" msmtp --host=127.0.0.1 --port="$PORT" --tls=off --auth=plain --user=u \
        --passwordeval='echo wrong' --from=a@sender.example b@relay.example 2>/dev/null || code=$?
    expect "exit code for ${refusal%% *}" 77 "$code"
done
exit "$FAILED"

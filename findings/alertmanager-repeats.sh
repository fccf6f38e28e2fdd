#!/usr/bin/env bash
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Alertmanager 0.25.0 (Debian 12). As root. Takes a minute.
#
# Guess: 535 is definite, so one alert means one login in each group_interval, which is five minutes here.
# Seen: it is repeated immediately, then repeatedly at short intervals, ten times in the first minute, while the log has one
# line. One alert in a window in which logins are not allowed can lock the account.

. "$(dirname "$0")/lib.sh"
need_root
ROOT=$WORK/root
debian "$ROOT" 'prometheus-alertmanager=0.25.0-*'
recorder relay --mechanisms 'PLAIN LOGIN'
cat >"$ROOT/tmp/alertmanager.yml" <<YAML
global:
  smtp_smarthost: 127.0.0.1:$PORT
  smtp_from: a@sender.example
  smtp_auth_username: u
  smtp_auth_password: wrong
  smtp_require_tls: false
route: {receiver: mail, group_wait: 1s, group_interval: 5m, repeat_interval: 4h}
receivers: [{name: mail, email_configs: [{to: b@relay.example}]}]
YAML
start_inside "$ROOT" prometheus-alertmanager --config.file=/tmp/alertmanager.yml --storage.path=/tmp/data \
    --cluster.listen-address= --web.listen-address=127.0.0.1:0 2>"$WORK/out"
until_true 20 grep -q Listening "$WORK/out"
ADDRESS=$(sed -nE 's/.*Listening on.*address=([0-9.:]+).*/\1/p' "$WORK/out")
python3 - "$ADDRESS" <<'PYTHON'
import json
import sys
import urllib.request

alert = [{"labels": {"alertname": "x"}}]
request = urllib.request.Request(f"http://{sys.argv[1]}/api/v2/alerts", json.dumps(alert).encode(), {"Content-Type": "application/json"})
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10)
PYTHON
sleep 60
COUNT=$(seen relay password | wc -w)
echo "logins in a minute: $COUNT"
expect 'more than five logins in a minute for one alert' yes "$([ "$COUNT" -gt 5 ] && echo yes || echo no)"
exit "$FAILED"

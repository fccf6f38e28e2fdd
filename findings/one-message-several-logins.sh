#!/usr/bin/env bash
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# aiosmtplib 5.1.3 and Twisted 26.10.0 (PyPI), nodemailer 10.6.1 (npm). No root.
#
# Guess: one message with a wrong password is one failed login with each of them, and a temporary refusal none that repeats.
# Seen: aiosmtplib tries each mechanism that the server offers, three here, after 454 too; Twisted stops after 535 but
# connects five times more after 454; nodemailer logs in once. Where failed logins lock an account, one message of
# aiosmtplib counts three.

. "$(dirname "$0")/lib.sh"
environment python 'aiosmtplib==5.1.3' 'Twisted==26.10.0'
modules nodemailer@10.6.1

cat >"$WORK/aio.py" <<'PYTHON'
import asyncio
import sys

import aiosmtplib

MESSAGE = "From: a@sender.example\nTo: b@relay.example\nSubject: x\n\nx\n"
send = aiosmtplib.send(
    MESSAGE, sender="a@sender.example", recipients=["b@relay.example"], hostname="127.0.0.1", port=int(sys.argv[1]),
    username="u", password="wrong", start_tls=False,
)  # fmt: skip
asyncio.run(send)
PYTHON
cat >"$WORK/twisted_client.py" <<'PYTHON'
import io
import sys

from twisted.internet import defer, reactor
from twisted.mail.smtp import ESMTPSenderFactory

done = defer.Deferred()
done.addBoth(lambda _: reactor.stop())
factory = ESMTPSenderFactory(
    b"u", b"wrong", "a@sender.example", "b@relay.example", io.BytesIO(b"Subject: x\n\nx\n"), done,
    requireTransportSecurity=False,
)  # fmt: skip
reactor.connectTCP("127.0.0.1", int(sys.argv[1]), factory)
reactor.callLater(60, reactor.stop)
reactor.run()
PYTHON
cat >"$WORK/client.mjs" <<'NODE'
import nodemailer from "nodemailer";
const transport = nodemailer.createTransport({ host: "127.0.0.1", port: +process.argv[2], ignoreTLS: true, auth: { user: "u", pass: "wrong" } });
await transport.sendMail({ from: "a@sender.example", to: "b@relay.example", subject: "x", text: "x" });
NODE

# logins NAME REFUSAL COMMAND…: how many logins one message comes to.
logins() {
    local name=$1 refusal=$2
    shift 2
    recorder "$name" --refusal "$refusal" --mechanisms 'CRAM-MD5 PLAIN LOGIN'
    "$@" "$PORT" >/dev/null 2>&1 || true
}

WRONG='535 5.7.8 Authentication credentials invalid'
LATER='454 4.7.0 Temporary authentication failure'
logins aio535 "$WRONG" "$WORK/python/bin/python" "$WORK/aio.py"
expect 'aiosmtplib, 535' 'CRAM-MD5 PLAIN LOGIN' "$(seen aio535 mechanism)"
logins aio454 "$LATER" "$WORK/python/bin/python" "$WORK/aio.py"
expect 'aiosmtplib, 454' 'CRAM-MD5 PLAIN LOGIN' "$(seen aio454 mechanism)"
logins twisted535 "$WRONG" "$WORK/python/bin/python" "$WORK/twisted_client.py"
expect 'Twisted, 535' 'CRAM-MD5' "$(seen twisted535 mechanism)"
logins twisted454 "$LATER" "$WORK/python/bin/python" "$WORK/twisted_client.py"
expect 'Twisted, 454' 'CRAM-MD5 CRAM-MD5 CRAM-MD5 CRAM-MD5 CRAM-MD5 CRAM-MD5' "$(seen twisted454 mechanism)"
logins node535 "$WRONG" node "$WORK/client.mjs"
expect 'nodemailer, 535' 'PLAIN' "$(seen node535 mechanism)"
exit "$FAILED"

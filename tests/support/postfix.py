# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real Postfix instances on loopback, each with a folder, a queue, a log and processes of its own."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import smtplib
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any

from support.waiting import until

SECONDS = 60.0
# Postfix's system folder may be missing from the path of a user who became root.
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log/mail.log
maillog_file_prefixes = {folder}
multi_instance_name = {name}
inet_interfaces = {address}
inet_protocols = ipv4
myhostname = {name}.acme.example
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
local_recipient_maps =
local_transport = error:no local mail
smtp_host_lookup = native
notify_classes =
"""

MASTER = """\
{address}:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def why_not() -> str:
    """Return why no Postfix can be started here, an empty text if one can."""
    if os.geteuid() != 0:
        return "Postfix starts as root only: run this test as root"
    if shutil.which("postfix", path=PATH) is None:
        return "Postfix is not installed: apt-get install postfix libsasl2-modules"
    return ""


def free_port(address: str = "127.0.0.1") -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port


def relay_settings(host: str, port: int, ca_path: str, password_map: str) -> dict[str, str]:
    """Return what main.cf must say so that all mail goes to a provider, over TLS and with a login.

    :param password_map: type and path of the map that holds the login, such as C(hash:{config}/sasl_passwd)
    """
    return {
        "relayhost": f"[{host}]:{port}",
        "smtp_sasl_auth_enable": "yes",
        "smtp_sasl_password_maps": password_map,
        "smtp_sasl_tls_security_options": "noanonymous",
        "smtp_tls_security_level": "encrypt",
        "smtp_tls_CAfile": ca_path,
    }


@dataclass
class Postfix:
    """An instance; a context manager that starts it, and in the end stops it and removes its folder.

    :param name: distinguishes it in its log, host name and messages
    :param settings: more lines of main.cf, name to value; C({config}) is the folder that main.cf is in
    :param services: more lines of master.cf
    :param address: the loopback address where it takes mail
    """

    name: str = "relay"
    settings: Mapping[str, str] = field(default_factory=dict)
    services: Sequence[str] = ()
    address: str = "127.0.0.1"

    def __post_init__(self) -> None:
        # Not in a test's own folder: that is closed to the user that Postfix's processes run as.
        self.folder = Path(tempfile.mkdtemp(prefix=f"postfix-{self.name}-"))
        self.port = free_port(self.address)
        self.config = self.folder / "config"
        self._write()

    @property
    def main_cf(self) -> Path:
        """The file that the module edits."""
        return self.config / "main.cf"

    @property
    def log(self) -> str:
        """What the instance logged so far."""
        path = self.folder / "log" / "mail.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _write(self) -> None:
        self.folder.chmod(0o755)
        for name in ("config", "queue", "data", "log"):
            (self.folder / name).mkdir()
        user = pwd.getpwnam("postfix")
        os.chown(self.folder / "data", user.pw_uid, user.pw_gid)
        values = {"folder": self.folder, "name": self.name, "address": self.address, "port": self.port}
        more = {name: value.replace("{config}", str(self.config)) for name, value in self.settings.items()}
        lines = [f"{name} = {value}\n" for name, value in more.items()]
        self.main_cf.write_text(MAIN.format(**values) + "".join(lines))
        services = "".join(f"{line}\n" for line in self.services)
        (self.config / "master.cf").write_text(MASTER.format(**values) + services)

    def write_map(self, name: str, entries: Mapping[str, str], kind: str = "hash") -> Path:
        """Write a lookup table beside main.cf, compile it if its type needs that, and return its path."""
        path = self.config / name
        path.touch(mode=0o600)
        path.write_text("".join(f"{key} {value}\n" for key, value in entries.items()))
        if kind != "texthash":
            self.run("postmap", f"{kind}:{path}")
        return path

    def call(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run one of Postfix's commands, the instance's folder as its second argument."""
        whole = [command[0], "-c", str(self.config), *command[1:]]
        environment = {**os.environ, "PATH": PATH}
        return subprocess.run(
            whole,
            capture_output=True,
            text=True,
            env=environment,
            timeout=SECONDS,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    def run(self, *command: str) -> str:
        """Run a command that has to succeed, and return what it printed; some say it in the log only."""
        done = self.call(*command)
        assert done.returncode == 0, f"{done.args}: {done.stdout}{done.stderr}\n{self.log[-2000:]}"
        return done.stdout + done.stderr

    def start(self) -> Postfix:
        """Start it, and wait until it takes mail."""
        self.run("postfix", "start")
        until(self._takes_mail, seconds=SECONDS)
        return self

    def _takes_mail(self) -> bool:
        try:
            with smtplib.SMTP(self.address, self.port, timeout=SECONDS):
                return True
        except OSError:
            return False

    def stop(self) -> None:
        """Stop it and wait until it is gone; one that does not run is left as it is."""
        if self.running():
            self.run("postfix", "stop")

    def running(self) -> bool:
        """Tell whether it runs."""
        return self.call("postfix", "status").returncode == 0

    def remove(self) -> None:
        """Stop it and remove all its files."""
        self.stop()
        shutil.rmtree(self.folder)

    def __enter__(self) -> Postfix:
        try:
            return self.start()
        except BaseException:
            self.remove()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def submit(
        self, subject: str, *, recipient: str = "friend@there.example", sender: str = "app@acme.example"
    ) -> None:
        """Hand it one message; it has accepted it when this returns."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, recipient, subject
        message.set_content("A message of the tests.")
        with smtplib.SMTP(self.address, self.port, local_hostname="localhost", timeout=SECONDS) as client:
            client.send_message(message)

    def queue(self) -> list[dict[str, Any]]:
        """Return the messages in the queue, as C(postqueue -j) describes them."""
        return [json.loads(line) for line in self.run("postqueue", "-j").splitlines() if line.startswith("{")]

    def processes(self) -> dict[int, list[str]]:
        """Return the instance's processes: number to command line."""
        pid_file = self.folder / "queue" / "pid" / "master.pid"
        master = pid_file.read_text().strip() if pid_file.exists() else ""
        found = {}
        for number in (name for name in os.listdir("/proc") if name.isdigit()):
            try:
                status = Path(f"/proc/{number}/status").read_text()
                command = Path(f"/proc/{number}/cmdline").read_text().split("\0")[:-1]
            except OSError:
                continue
            if number == master or f"PPid:\t{master}\n" in status:
                found[int(number)] = command
        return found

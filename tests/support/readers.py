# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real programs that read a configuration file and say, or show by a login, which passwords they found in it.

A reader takes values as they stand in the file, by the user's name, and returns the passwords by the same name.
"""

from __future__ import annotations

import json
import netrc
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from support.recorder import Recorder
from support.rooted import TREE, Root
from support.waiting import PATIENCE, until

PACKAGES = (
    "bash curl git git-email libauthen-sasl-perl libmailtools-perl libsasl2-modules monit msmtp mutt perl php-cli "
    "prometheus-alertmanager s-nail systemd"
)
ROOT = Root("files", tuple(PACKAGES.split()))
PYTHON_DOTENV, NODE_DOTENV = "1.2.4", "18.0.10"
CACHE = TREE / ".cache" / "quoting"
MESSAGE = "printf 'Subject: x\\n\\nx\\n' |"
# The function that the service manager itself reads an EnvironmentFile with.
SYSTEMD = """
import ctypes, glob, sys
[path] = glob.glob("/usr/lib/*/systemd/libsystemd-shared-*.so")
library, found = ctypes.CDLL(path), ctypes.POINTER(ctypes.c_char_p)()
assert library.load_env_file(None, sys.argv[1].encode(), ctypes.byref(found)) == 0
number = 0
while found[number] is not None:
    sys.stdout.buffer.write(found[number] + b"\\0")
    number += 1
"""
PHP = 'foreach (get_defined_constants(true)["user"] as $name => $value) echo $name, "=", $value, "\\0";'
NODE = (
    'const found = require("dotenv").parse(require("fs").readFileSync(process.argv[1]));'
    'for (const name in found) process.stdout.write(name + "=" + found[name] + "\\0")'
)
DOTENV = (
    "import dotenv, sys\n"
    "for item in dotenv.dotenv_values(sys.argv[1]).items(): sys.stdout.write('='.join(item) + '\\0')"
)


@dataclass(frozen=True)
class Bench:
    """Where a reader works.

    :param folder: in the root
    :param recorder: where it logs in, if it does
    """

    folder: Path
    recorder: Recorder

    def file(self, name: str, text: str) -> str:
        """Write a file, and return where it is for a program in the root."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return self.inside(name)

    def inside(self, name: str) -> str:
        """Return where a file is for a program in the root."""
        return str(Path("/", self.folder.relative_to(ROOT.folder), name))

    def seen(self) -> dict[str, bytes]:
        """Return the passwords of the logins."""
        return {login.username.decode(): login.password for login in list(self.recorder.logins)}


Values = Mapping[str, str]
Reader = Callable[[Bench, Values], dict[str, bytes]]


def _said(*command: str) -> dict[str, bytes]:
    """Run a command that prints NAME=VALUE with a NUL at the end, for each."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=PATIENCE * 10)
    assert done.returncode == 0, done.stderr
    pairs = (item.partition(b"=") for item in done.stdout.split(b"\0") if item)
    return {name.decode(): value for name, _equals, value in pairs}


def _lines(pattern: str, values: Values) -> str:
    return "".join(pattern.format(user=user, value=value) for user, value in values.items())


def git(bench: Bench, values: Values) -> dict[str, bytes]:
    file = bench.file("config", _lines('[sendemail "{user}"]\n\tsmtpPass = {value}\n', values))
    done = subprocess.run(
        ROOT.command("git", "config", "-f", file, "-z", "--list"), capture_output=True, check=True, timeout=PATIENCE
    )
    pairs = (item.partition(b"\n") for item in done.stdout.split(b"\0") if item)
    return {name.decode().split(".")[1]: value for name, _newline, value in pairs}


def git_send_email(bench: Bench, values: Values) -> dict[str, bytes]:
    pattern = (
        "[sendemail]\nsmtpServer = 127.0.0.1\nsmtpServerPort = {port}\nsmtpUser = {user}\nsmtpPass = {value}\n"
        "confirm = never\nfrom = a@sender.example\nto = b@relay.example\nsuppressCc = all\n"
        "[user]\nname = a\nemail = a@sender.example\n"
    )
    bench.file("patch", "From: a@sender.example\nSubject: x\n\nx\n")
    command = "HOME=$PWD GIT_CONFIG_GLOBAL=$PWD/$name.rc git send-email --quiet patch"
    return _for_each(bench, values, pattern, command)


def php(bench: Bench, values: Values) -> dict[str, bytes]:
    file = bench.file("config.php", "<?php\n" + _lines("define('{user}', {value});\n", values) + PHP)
    return _said(*ROOT.command("php", file))


def shell(program: str) -> Reader:
    """Return the reader that is a shell."""

    def read(bench: Bench, values: Values) -> dict[str, bytes]:
        shown = _lines("printf '%s=%s\\0' {user} \"${user}\"\n", values)
        return _said(*ROOT.command(program, bench.file("script", _lines("{user}={value}\n", values) + shown)))

    return read


def systemd(bench: Bench, values: Values) -> dict[str, bytes]:
    file = bench.file("environment", _lines("{user}={value}\n", values))
    return _said(*ROOT.command("python3", "-c", SYSTEMD, file))


def python_dotenv(bench: Bench, values: Values) -> dict[str, bytes]:
    bench.file(".env", _lines("{user}={value}\n", values))
    place, python = CACHE / f"python-dotenv-{PYTHON_DOTENV}", TREE / ".cache" / "venv" / "bin" / "python"
    if not place.exists():
        pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target")
        subprocess.run([python, *pip, place, f"python-dotenv=={PYTHON_DOTENV}"], check=True)
    return _said("env", f"PYTHONPATH={place}", str(python), "-c", DOTENV, str(bench.folder / ".env"))


def node_dotenv(bench: Bench, values: Values) -> dict[str, bytes]:
    bench.file(".env", _lines("{user}={value}\n", values))
    place = CACHE / f"dotenv-{NODE_DOTENV}"
    if not place.exists():
        npm = ("npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", place)
        subprocess.run([*npm, f"dotenv@{NODE_DOTENV}"], check=True, stdout=subprocess.DEVNULL)
    return _said("env", f"NODE_PATH={place / 'node_modules'}", "node", "-e", NODE, str(bench.folder / ".env"))


def pyyaml(bench: Bench, values: Values) -> dict[str, bytes]:
    return {user: value.encode() for user, value in yaml.safe_load(_lines("{user}: {value}\n", values)).items()}


def python_netrc(bench: Bench, values: Values) -> dict[str, bytes]:
    bench.file("netrc", _lines("machine {user}.example login {user} password {value}\n", values))
    found = netrc.netrc(str(bench.folder / "netrc")).hosts.values()
    return {user: (password or "").encode() for user, _account, password in found}


def curl(bench: Bench, values: Values) -> dict[str, bytes]:
    file = bench.file("netrc", _lines("machine {user}.example login {user} password {value}\n", values))
    port = bench.recorder.port
    one = f'url = "smtp://{{user}}.example"\nconnect-to = "::127.0.0.1:{port}"\nnetrc\nnetrc-file = "{file}"\nsilent\n'
    config = bench.file("curlrc", "next\n".join(_lines(one, {user: ""}) for user in values))
    ROOT.call("curl", "--config", config, seconds=PATIENCE * 10)
    return bench.seen()


def _for_each(bench: Bench, values: Values, pattern: str, command: str) -> dict[str, bytes]:
    """Write a file for each user, and run a command with each."""
    for user, value in values.items():
        text = pattern.format(user=user, value=value, port=bench.recorder.port)
        bench.file(f"{user}.rc", text)
    script = f"cd {bench.inside('')}; for name; do {MESSAGE} {command}; done"
    done = ROOT.call("bash", "-euc", script, "bash", *values, seconds=PATIENCE * 10)
    assert done.returncode == 0, done.stderr
    return bench.seen()


def mutt(bench: Bench, values: Values) -> dict[str, bytes]:
    pattern = (
        'set smtp_url="smtp://{user}@127.0.0.1:{port}/"\nset smtp_pass={value}\nset ssl_starttls=no ssl_force_tls=no\n'
        'set smtp_authenticators="plain" from="a@sender.example" copy=no hostname=sender.example\n'
    )
    return _for_each(bench, values, pattern, "mutt -n -F $name.rc b@relay.example")


def s_nail(command: str) -> Reader:
    """Return the reader that is s-nail with one of its two ways to parse a setting."""

    def read(bench: Bench, values: Values) -> dict[str, bytes]:
        pattern = (
            "set v15-compat mta=smtp://127.0.0.1:{port} smtp-auth=login from=a@sender.example\nset user={user}\n"
            f"{command} password={{value}}\n"
        )
        return _for_each(bench, values, pattern, "MAILRC=$name.rc s-nail -Sv15-compat -:u b@relay.example")

    return read


def msmtp(bench: Bench, values: Values) -> dict[str, bytes]:
    pattern = (
        "account default\nhost 127.0.0.1\nport {port}\nauth plain\ntls off\nfrom a@sender.example\nuser {user}\n"
        "password {value}\n"
    )
    return _for_each(bench, values, pattern, "msmtp -C $name.rc b@relay.example")


def monit(bench: Bench, values: Values) -> dict[str, bytes]:
    port = bench.recorder.port
    for user, value in values.items():
        files = "".join(f"set {kind}file {bench.inside(user)}.{kind}\n" for kind in ("id", "state", "pid"))
        server = f"set mailserver 127.0.0.1 port {port} username {user} password {value} with timeout 60 seconds\n"
        bench.file(f"{user}.rc", f"set daemon 60\n{files}{server}set alert b@relay.example\n")
    users = list(values)
    for first in range(0, len(users), 10):
        _run_monit(bench, users[first : first + 10])
    return bench.seen()


def _run_monit(bench: Bench, users: list[str]) -> None:
    """Run a monit for each user until all have told that they are there."""
    command = ("sh", "-c", 'exec monit -I -c "$1" >/dev/null', "sh")
    running = [ROOT.start(*command, bench.inside(f"{user}.rc")) for user in users]
    try:
        until(
            lambda: set(users) <= set(bench.seen()) or any(one.poll() is not None for one in running), seconds=PATIENCE
        )
    finally:
        for process in running:
            process.kill()
            process.wait()


def alertmanager(bench: Bench, values: Values) -> dict[str, bytes]:
    route = "    - {{matchers: ['user=\"{user}\"'], receiver: {user}}}\n"
    receiver = (
        "  - name: {user}\n    email_configs:\n      - to: b@relay.example\n        auth_username: {user}\n"
        "        auth_password: {value}\n"
    )
    config = (
        f"global: {{smtp_smarthost: '127.0.0.1:{bench.recorder.port}', smtp_from: a@sender.example, "
        "smtp_require_tls: false}\n"
        f"route:\n  receiver: {next(iter(values))}\n  group_by: [user]\n  group_wait: 0s\n  routes:\n"
        f"{_lines(route, values)}receivers:\n{_lines(receiver, values)}"
    )
    file, port = bench.file("alertmanager.yml", config), _free_port()
    options = (f"--storage.path={bench.inside('data')}", f"--web.listen-address=127.0.0.1:{port}")
    process = ROOT.start("prometheus-alertmanager", f"--config.file={file}", *options, "--cluster.listen-address=")
    try:
        until(lambda: _answers(port), seconds=PATIENCE)
        alerts = json.dumps([{"labels": {"alertname": "x", "user": user}} for user in values]).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/v2/alerts", alerts, {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request, timeout=PATIENCE).close()  # noqa: S310
        until(lambda: set(values) <= set(bench.seen()), seconds=PATIENCE * 5)
    finally:
        process.kill()
        process.wait()
    return bench.seen()


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=PATIENCE).close()
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


# Of these, fewer passwords are enough: they start an interpreter for each.
SLOW = {"git send-email": 100}
# By format: all readers that a value is written for.
READERS: dict[str, dict[str, Reader]] = {
    "alertmanager": {"alertmanager": alertmanager, "PyYAML": pyyaml},
    "dotenv": {
        "python-dotenv": python_dotenv,
        "dotenv of npm": node_dotenv,
        "dash": shell("dash"),
        "bash": shell("bash"),
        "systemd": systemd,
    },
    "git_config": {"git config": git, "git send-email": git_send_email},
    "mailrc": {"s-nail, set": s_nail("set"), "s-nail, wysh set": s_nail("wysh set")},
    "monitrc": {"monit": monit},
    "msmtprc": {"msmtp": msmtp},
    "muttrc": {"mutt": mutt},
    "netrc": {"curl": curl, "netrc of Python": python_netrc},
    "php": {"php": php},
    "shell": {"dash": shell("dash"), "bash": shell("bash")},
    "systemd_environment": {"systemd": systemd},
}

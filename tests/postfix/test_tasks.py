# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules for Postfix as tasks of Ansible: output, processes and files are searched for every password."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.postfix import SECONDS, Postfix, relay_settings
from support.search import Search
from support.waiting import until
from support.watch import CHOSEN, OLD, OTHER, Watch, a_watch, check

ACCOUNT = "1.acme.smtp"
HOLD, SASL = (f"mailops.smtp.postfix_{name}" for name in ("hold", "sasl_password"))


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    """A user whose every trace is kept."""
    with a_watch(tmp_path, [ACCOUNT]) as made:
        yield made


@pytest.fixture
def mail_host(watch: Watch) -> Iterator[Postfix]:
    """A relay that runs, with the password of before."""
    provider = watch.provider
    settings = relay_settings(provider.smtp_host, provider.smtp_port, provider.ca_path, "hash:{config}/sasl_passwd")
    relay = Postfix(settings=settings)
    relay.write_map("sasl_passwd", {f"[{provider.smtp_host}]:{provider.smtp_port}": f"{ACCOUNT}:{OLD}"})
    with relay:
        yield relay


def hold_task(relay: Postfix, state: str) -> dict[str, Any]:
    """Return a task that holds or releases."""
    return {"name": state, HOLD: {"state": state, "config_directory": str(relay.config)}}


def sasl_task(watch: Watch, relay: Postfix, password: str, **over: Any) -> dict[str, Any]:
    """Return a task that writes the provider's login."""
    key = f"[{watch.provider.smtp_host}]:{watch.provider.smtp_port}"
    entries = [{"key": key, "username": ACCOUNT, "password": password}]
    return {"name": "deploy", SASL: {"entries": entries, "config_directory": str(relay.config), **over}}


def search_all(watch: Watch, relay: Postfix) -> None:
    """Search what the user and the mail host keep."""
    check(watch)
    left = Search(watch.secrets()).folder(relay.folder, skip=list(relay.config.glob("sasl_passwd*")))
    assert left.hits == []
    assert {path.name for path in relay.config.iterdir()} == {"main.cf", "master.cf", "sasl_passwd", "sasl_passwd.db"}
    for path in relay.config.glob("sasl_passwd*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_hold_deploy_release(watch: Watch, mail_host: Postfix) -> None:
    """Catches: a password in an output, a log or a command line; a module that only works without Ansible."""
    tasks = [
        hold_task(mail_host, "held"),
        sasl_task(watch, mail_host, "{{ chosen }}"),
        hold_task(mail_host, "released"),
    ]
    play = watch.play(tasks)
    pretended = watch.run(play, "-vvvvv", "--diff", "--check")
    assert pretended.code == 0, pretended.output
    assert [pretended.result(name)["changed"] for name in ("held", "deploy", "released")] == [True, True, False]
    ended = watch.run(play, "-vvvvv", "--diff")
    assert ended.code == 0, ended.output
    assert [ended.result(name)["changed"] for name in ("held", "deploy", "released")] == [True, True, True]
    assert "password: as asked for" in ended.output and "+defer_transports = smtp" in ended.output
    again = watch.run(watch.play(tasks[1:]), "-vvvvv", "--diff")
    assert [again.result(name)["changed"] for name in ("deploy", "released")] == [False, False]
    watch.provider.accounts.change(ACCOUNT, CHOSEN)
    mail_host.submit("after")
    until(lambda: watch.provider.record.messages() != [], seconds=SECONDS)
    assert [login["accepted"] for login in watch.provider.record.logins()] == [True]
    search_all(watch, mail_host)


def program_task(watch: Watch, relay: Postfix, state: str, password: str = "") -> dict[str, Any]:
    """Return a task of mail_program."""
    provider = watch.provider
    login = {"username": ACCOUNT, **({"password": password} if password else {})}
    options = {"program": "postfix", "state": state, "host": provider.smtp_host, "port": provider.smtp_port}
    message = {"sender": "app@acme.example", "recipient": "friend@there.example", "token": "a-token"}
    where = {"options": {"config_directory": str(relay.config)}}
    return {"name": state, "mailops.smtp.mail_program": {**options, **message, **where, "logins": [login]}}


def test_five_verbs(watch: Watch, mail_host: Postfix) -> None:
    """Catches: a password of a mail program in an output, a log, a command line or a file that is left."""
    held, found = (program_task(watch, mail_host, state) for state in ("held", "found"))
    deployed, proved = (program_task(watch, mail_host, state, "{{ chosen }}") for state in ("deployed", "proved"))
    released = program_task(watch, mail_host, "released")
    watch.provider.accounts.change(ACCOUNT, CHOSEN)
    ended = watch.run(watch.play([found, held, deployed, proved, released]), "-vvvvv", "--diff")
    assert ended.code == 0, ended.output
    assert "password: as asked for" in ended.output
    assert [login["accepted"] for login in watch.provider.record.logins()] == [True]
    search_all(watch, mail_host)
    wrong = program_task(watch, mail_host, "proved", "{{ other }}")
    watch.provider.accounts.change(ACCOUNT, OTHER + "-and-more")
    refused = watch.run(watch.play([held, wrong]), "-vvvvv", "--diff")
    assert refused.code != 0 and "was not accepted" in refused.output
    assert OTHER not in refused.output
    search_all(watch, mail_host)


FAILURES: dict[str, dict[str, Any]] = {
    "unknown option": {"entriess": "{{ other }}"},
    "no map": {"map": "hash:/missing/folder/x"},
    "written as a text": {"entries": "{{ other }}"},
    "wrong type": {"entries": [{"key": "k", "username": "u", "password": ["{{ other }}"], "more": "{{ chosen }}"}]},
    "cannot be carried": {"entries": [{"key": "k", "username": "u", "password": "{{ other }}\n"}]},
    "username": {"entries": [{"key": "k", "username": "a:b", "password": "{{ other }}"}]},
}


@pytest.mark.parametrize("name", FAILURES)
def test_failures_show_no_password(watch: Watch, mail_host: Postfix, name: str) -> None:
    """Catches: a password in the message of a task that fails."""
    task = sasl_task(watch, mail_host, "{{ other }}", **FAILURES[name])
    ended = watch.run(watch.play([task]), "-vvvvv", "--diff")
    assert ended.code != 0
    assert ended.result("deploy")["msg"]
    assert OTHER not in ended.output
    search_all(watch, mail_host)

# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rotations against a real provider: Modoboa, and the Postfix and Dovecot that its accounts log in at."""

from __future__ import annotations

import copy
import email
import itertools
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support import postfix
from support.controller import Controller, Ended
from support.modoboa.provider import DOMAIN, Modoboa, why_not
from support.postfix import Postfix, relay_settings
from support.waiting import until

from ansible_collections.mailops.smtp.plugins.module_utils._provider.built_in.modoboa import DEFINITION

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())

OLD = "Of-Before-00"
SET, SEND, TELL = "Set the passwords", "Send a test", "Tell of the accounts"
SECONDS = 60.0
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def modoboa() -> Iterator[Modoboa]:
    """The provider."""
    # Not a test's own folder: those are closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="modoboa-"))
    folder.chmod(0o755)
    try:
        with Modoboa(folder) as running:
            yield running
    finally:
        shutil.rmtree(folder)


class Scene:
    """A controller, and some accounts of the provider's that no other test has.

    :param modoboa: the provider
    :param controller: without a store
    """

    def __init__(self, modoboa: Modoboa, controller: Controller) -> None:
        self.modoboa, self.controller = modoboa, controller
        self.ids: dict[str, int] = {}
        self._before = len(modoboa.site.requests())

    def account(self, **more: Any) -> str:
        """Create an account, and return its name."""
        name = f"relay{next(NUMBERS)}@{DOMAIN}"
        self.ids[name] = self.modoboa.add(name, OLD, **more)
        return name

    def options(self, **over: Any) -> dict[str, Any]:
        """Return the options of a task for all accounts; None takes an option out."""
        own = {"accounts": list(self.ids), "vault_file": str(self.controller.store), "retries": 1}
        return dict(self.modoboa.options(**{**own, **over}))

    def rotate(self, **over: Any) -> Ended:
        """Run the module."""
        return self.controller.tasks([{"name": SET, "mailops.smtp.smtp_account_password": self.options(**over)}])

    def stored(self, account: str) -> str:
        """Return the password that the store has."""
        password: str = self.controller.decrypted()[account]["password"]
        return password

    def requests(self, method: str) -> list[tuple[str, int]]:
        """Return what the API was asked with a method in this test: the path, and the status of the answer."""
        asked = self.modoboa.site.requests()[self._before :]
        return [(one.path, one.status) for one in asked if one.method == method]

    def changes(self) -> list[tuple[str, int]]:
        """Return the changes that the API was asked for in this test, with the status of each answer."""
        return self.requests("PATCH")

    def path(self, account: str) -> str:
        """Return the path of an account in the API."""
        return f"/api/v2/accounts/{self.ids[account]}/"

    def codes(self, account: str, *passwords: str) -> list[int]:
        """Log in with each of the passwords, and return the codes of the answers."""
        return [self.modoboa.login(account, password) for password in passwords]


@pytest.fixture
def scene(modoboa: Modoboa, tmp_path: Path) -> Scene:
    """A controller beside the provider, without accounts."""
    return Scene(modoboa, Controller(tmp_path))


def definition(**over: Any) -> dict[str, Any]:
    """Return the built-in definition with other fields."""
    return {**copy.deepcopy(DEFINITION), **over}


def words(ended: Ended) -> str:
    """Return what a failed task said."""
    return str(ended.result(SET)["msg"]) + str(ended.result(SET).get("results", ""))


def test_new_password_is_in_force_at_once(scene: Scene) -> None:
    """Catches: a call that Modoboa does not understand, a success of which its mail server knows nothing."""
    account = scene.account()
    assert scene.codes(account, OLD) == [235]
    ended = scene.rotate()
    assert ended.code == 0, ended.output
    assert scene.codes(account, scene.stored(account), OLD) == [235, 535]
    assert scene.changes() == [(scene.path(account), 200)]


def test_same_password_again(scene: Scene) -> None:
    """Catches: a repeated call, as after an answer that was lost, that Modoboa refuses."""
    account = scene.account()
    assert scene.rotate(password="Given-By-Hand-1").code == 0
    # As one who lost the store would send it.
    scene.controller.store.unlink()
    assert scene.rotate(password="Given-By-Hand-1").code == 0
    assert scene.changes() == [(scene.path(account), 200)] * 2
    assert scene.codes(account, "Given-By-Hand-1") == [235]


def test_password_that_is_too_short(scene: Scene) -> None:
    """Catches: a refused password in the store, an account that can no longer log in, words that nobody is told."""
    account = scene.account()
    rules = {**DEFINITION["password"], "min_length": 4}  # type: ignore[dict-item]
    own = definition(password=rules)
    ended = scene.rotate(password="Sh0rt", provider=None, provider_definition=own)
    assert ended.code != 0
    assert "This password is too short. It must contain at least 8 characters" in words(ended)
    assert scene.changes() == [(scene.path(account), 400)]
    assert scene.codes(account, OLD) == [235]


def test_password_that_everybody_has(scene: Scene) -> None:
    """Catches: a password that our rules allow and Modoboa's do not, taken for a change."""
    account = scene.account()
    ended = scene.rotate(password="Password123")
    assert ended.code != 0 and "This password is too common" in words(ended)
    assert scene.codes(account, OLD) == [235]


def test_password_with_a_blank_at_its_end(scene: Scene) -> None:
    """Catches: a password in the store that does not work, since Modoboa cuts it off and says that all is well."""
    account = scene.account()
    ended = scene.rotate(password="Blank-At-The-End-1 ")
    assert ended.code != 0 and "which the provider cuts off" in words(ended)
    rules = {**DEFINITION["password"], "trimmed": False}  # type: ignore[dict-item]
    assert (
        scene.rotate(password="Blank-At-The-End-1 ", provider=None, provider_definition=definition(password=rules)).code
        == 0
    )
    assert scene.codes(account, "Blank-At-The-End-1 ", "Blank-At-The-End-1") == [535, 235]


def test_number_of_no_account(scene: Scene) -> None:
    """Catches: an account that is not there, taken for a refused password; a message that does not say what to do."""
    account = scene.account()
    ended = scene.rotate(account_ids={account: "999999"})
    assert ended.code != 0
    assert "No User matches the given query" in words(ended) and "manages the account's domain" in words(ended)
    assert scene.changes() == [("/api/v2/accounts/999999/", 404)]


def test_account_that_is_not_there(scene: Scene) -> None:
    """Catches: an account that is not there, whose name is a part of another one's, taken for that one."""
    account = scene.account()
    other = account[1:]
    ended = scene.rotate(accounts=[account, other])
    assert ended.code != 0 and f"knows no account '{other}'" in words(ended)
    assert scene.changes() == [(scene.path(account), 200)]


def test_alias_is_no_account(scene: Scene) -> None:
    """Catches: the account's password changed under the name of an alias, with which nobody can log in."""
    alias = f"alias{next(NUMBERS)}@{DOMAIN}"
    scene.account(aliases=[alias])
    ended = scene.rotate(accounts=[alias])
    assert ended.code != 0 and f"knows no account '{alias}'" in words(ended)
    assert scene.changes() == []


def test_wrong_token(scene: Scene) -> None:
    """Catches: a refused token taken for a refused password, and the other accounts tried with it."""
    accounts = [scene.account() for _one in range(3)]
    ended = scene.rotate(api_key="0" * 40, concurrency=1)
    assert ended.code != 0 and "Invalid token" in words(ended)
    assert [status for _path, status in scene.requests("GET")] == [401] and scene.changes() == []
    assert scene.codes(accounts[0], OLD) == [235]


def test_many_accounts_at_the_rate_that_is_allowed(scene: Scene) -> None:
    """Catches: a definition whose rate Modoboa does not allow."""
    accounts = [scene.account() for _one in range(12)]
    ended = scene.rotate()
    assert ended.code == 0, ended.output
    assert sorted(scene.changes()) == sorted((scene.path(account), 200) for account in accounts)
    # The numbers of all accounts, found at once.
    assert len(scene.requests("GET")) == 1


def test_more_changes_a_second_than_are_allowed(scene: Scene) -> None:
    """Catches: a change that is given up, or sent twice, because Modoboa asked to wait."""
    accounts = [scene.account() for _one in range(12)]
    ended = scene.rotate(rate_limit=100, concurrency=8, retries=4)
    assert ended.code == 0, ended.output
    assert all(scene.codes(account, scene.stored(account)) == [235] for account in accounts)
    statuses = [status for _path, status in scene.changes()]
    assert set(statuses) <= {200, 429} and statuses.count(200) == len(accounts)
    if 429 not in statuses:
        pytest.skip("this machine does not make five changes in a second")


def test_list_of_accounts(scene: Scene) -> None:
    """Catches: accounts after the first page that are not shown; the end of the list taken for an error."""
    accounts = [scene.account() for _one in range(2)]
    every = scene.modoboa.site.call("GET", "accounts/?page_size=1000")["results"]
    for size in (2, len(every)):
        own = definition(list_accounts={**DEFINITION["list_accounts"], "page_size": size})  # type: ignore[dict-item]
        options = scene.options(provider=None, provider_definition=own, accounts=None, propagation_seconds=None)
        ended = scene.controller.tasks([{"name": TELL, "mailops.smtp.smtp_account_info": options}])
        listed = [entry["account"] for entry in ended.result(TELL)["accounts"] if entry["listed"]]
        assert sorted(listed) == sorted(one["username"] for one in every), ended.output
        assert set(accounts) < set(listed)


def test_send(scene: Scene) -> None:
    """Catches: a test send that passes without the login that Modoboa keeps, a message that goes nowhere."""
    account = scene.account()
    assert scene.rotate().code == 0
    ended = send(scene, account, scene.stored(account))
    assert ended.code == 0, ended.output
    messages = scene.modoboa.next.messages
    until(lambda: any(message.sender == account for message in messages), seconds=SECONDS)
    [message] = [message for message in messages if message.sender == account]
    assert f"(Authenticated sender: {account})".encode() in message.raw


def test_send_as_somebody_else(scene: Scene) -> None:
    """Catches: a password called wrong because the sender is another account's address."""
    account, other = scene.account(), scene.account()
    ended = send(scene, account, OLD, sender=other)
    assert ended.code != 0
    result = ended.result(SEND)
    assert result["authenticated"] and result["reason"] == "sender_refused", result
    assert "not owned by user" in result["msg"] and "The login worked" in result["msg"]


def test_inactive_account(scene: Scene) -> None:
    """Catches: an account whose password Modoboa changes and that may not log in, called verified."""
    account = scene.account(is_active=False)
    assert scene.rotate().code == 0
    ended = send(scene, account, scene.stored(account))
    assert ended.code != 0 and ended.result(SEND)["reason"] == "auth_rejected", ended.output


def send(scene: Scene, account: str, password: str, **over: Any) -> Ended:
    """Run the test send."""
    modoboa = scene.modoboa
    options = {
        "host": modoboa.smtp_host,
        "port": modoboa.smtp_port,
        "ca_path": modoboa.ca_path,
        "username": account,
        "password": password,
        "sender": account,
        "recipient": "postmaster@elsewhere.example",
        **over,
    }
    return scene.controller.tasks([{"name": SEND, "mailops.smtp.smtp_test_send": options}])


def role(scene: Scene, **over: Any) -> Mapping[str, Any]:
    """Return a play with the role on localhost."""
    modoboa = scene.modoboa
    mail = {
        "smtp_host": modoboa.smtp_host,
        "smtp_port": modoboa.smtp_port,
        "test_recipient": "postmaster@there.example",
    }
    values = scene.options(progress_interval=2, **mail, **over)
    variables = {f"smtp_rotation_{name}": value for name, value in values.items()}
    run = {"role": "mailops.smtp.smtp_rotation", "vars": variables}
    return {"hosts": "localhost", "gather_facts": False, "roles": [run]}


def test_role(scene: Scene) -> None:
    """Catches: a step of the role that does not fit a real provider, a second run that does anything."""
    account = scene.account()
    play = scene.controller.write_play([role(scene, test_sender=account)])
    first = scene.controller.play_file(play)
    assert first.code == 0, first.output
    record = scene.controller.decrypted()[account]
    assert record["verified_at"] and scene.codes(account, record["password"], OLD) == [235, 535]
    until(lambda: any(message.sender == account for message in scene.modoboa.next.messages), seconds=SECONDS)
    second = scene.controller.play_file(play)
    assert second.code == 0 and second.recap()["changed"] == 0, second.output
    assert scene.changes() == [(scene.path(account), 200)]


def test_role_with_one_sender_for_two_accounts(scene: Scene) -> None:
    """Catches: a password called wrong because Modoboa lets an account send from its own addresses only."""
    accounts = [scene.account() for _one in range(2)]
    ended = scene.controller.play_file(scene.controller.write_play([role(scene, test_sender=accounts[0])]))
    assert ended.code != 0
    assert f"{accounts[1]}: the test message failed (sender_refused)" in ended.output
    assert "The login worked. Use a sender address that this account may send from." in ended.output
    shared = f"rotation{next(NUMBERS)}@{DOMAIN}"
    for account in accounts:
        scene.modoboa.allow(account, shared)
    again = scene.controller.play_file(scene.controller.write_play([role(scene, test_sender=shared)]))
    assert again.code == 0, again.output
    assert all(record["verified_at"] for record in scene.controller.decrypted().values())
    assert len(scene.changes()) == len(accounts)


@pytest.mark.skipif(bool(postfix.why_not()), reason=postfix.why_not())
def test_role_on_a_host_with_postfix(scene: Scene) -> None:
    """Catches: a mail host that loses or returns mail, or logs in with the old password, while the role changes it."""
    account, modoboa = scene.account(), scene.modoboa
    settings = relay_settings(modoboa.smtp_host, modoboa.smtp_port, modoboa.ca_path, "hash:{config}/sasl_passwd")
    relay = Postfix(settings=settings)
    relay.write_map("sasl_passwd", {f"[{modoboa.smtp_host}]:{modoboa.smtp_port}": f"{account}:{OLD}"})
    with relay:
        relay.submit("before", sender=account)
        until(lambda: "before" in subjects(modoboa, account), seconds=SECONDS)
        here = {"consumer": "postfix", "postfix_config_directory": str(relay.config)}
        ended = scene.controller.play_file(scene.controller.write_play([role(scene, test_sender=account, **here)]))
        assert ended.code == 0, ended.output
        relay.submit("after", sender=account)
        until(lambda: "after" in subjects(modoboa, account), seconds=SECONDS)
        assert relay.queue() == [] and "SASL authentication failed" not in relay.log
    # The two of this test, the login's own message, and the one that proves the host's Postfix.
    assert len(subjects(modoboa, account)) == 4
    assert scene.codes(account, scene.stored(account), OLD) == [235, 535]


def subjects(modoboa: Modoboa, account: str) -> list[str]:
    """Return the subjects of what Modoboa's server accepted from an account and sent on."""
    raw = [message.raw for message in modoboa.next.messages if message.sender == account]
    return [str(email.message_from_bytes(one)["Subject"]) for one in raw]

# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Accounts of any name, and accounts that the provider's API knows by an id, from the playbook to the provider."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.controller import Ended
from support.scene import OLD, ONE, TWO, WINDOW, Scene, a_scene, variables

SET, TELL, READ = "Set the passwords", "Tell of the accounts", "Read the store as Ansible does"
NAMES = [
    "news letter",
    "ACME\\mailer",
    "a/b=c|d",
    "100%{account}",
    'o\'neil "the one"',
    "#1: who?&+",
    "zażółć@köln.example",
    "dots..everywhere",
    "ユーザー\U0001f4ee",
    "1e5",
    "null",
    "a\u200bb",
]


@pytest.fixture(params=["emaillabs", "mailcow"])
def odd(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A provider that takes names in the path, and one that takes them in the body."""
    with a_scene(request.param, tmp_path, dict.fromkeys(NAMES, OLD)) as made:
        yield made


def told(scene: Scene, **over: Any) -> dict[str, dict[str, Any]]:
    """Run smtp_account_info and return what it tells, by account."""
    given = {name: scene.options()[name] for name in ("provider", "vault_file", "api_url", "ca_path")}
    task = {"name": TELL, "mailops.smtp.smtp_account_info": {**given, **scene.profile.keys, **over}}
    return {entry["account"]: entry for entry in scene.controller.tasks([task]).result(TELL)["accounts"]}


def as_ansible_reads(scene: Scene, names: list[str]) -> Ended:
    """Load the store as a playbook does, and take each password out of it."""
    load = {"name": "Load the store", "ansible.builtin.include_vars": {"file": str(scene.controller.store)}}
    # Double braces would be Ansible's, and these names have none.
    assert_ = {"that": ["smtp_accounts[item].password | length == 32"], "quiet": True}
    return scene.controller.tasks([load, {"name": READ, "ansible.builtin.assert": assert_, "loop": names}])


def test_names_of_any_kind(odd: Scene) -> None:
    """Catches: a name that becomes another one on its way to the provider, into the store, or out of it."""
    first = odd.rotate(accounts=NAMES)
    assert first.code == 0, first.output
    stored = odd.controller.decrypted()
    assert list(stored) == NAMES
    for name in NAMES:
        assert odd.provider.accounts.current(name) == stored[name]["password"], name
    again = odd.rotate(accounts=NAMES)
    assert again.result(SET)["changed"] is False
    assert len(odd.provider.record.changes()) == len(NAMES)
    entries = told(odd)
    assert sorted(entries) == sorted(NAMES)
    assert all(entry["listed"] and entry["stored"] for entry in entries.values())
    assert as_ansible_reads(odd, NAMES).code == 0


def test_name_that_is_another_path_goes_where_a_body_carries_it(tmp_path: Path) -> None:
    """Catches: '..' that is refused where nothing is wrong with it."""
    with a_scene("mailcow", tmp_path, {"..": OLD}) as scene:
        assert scene.rotate(accounts=[".."]).code == 0
        assert scene.provider.accounts.current("..") == scene.controller.decrypted()[".."]["password"]


def test_role_with_names_of_any_kind(tmp_path: Path) -> None:
    """Catches: a name that a template of the role takes apart, and a login by another name than the account's."""
    names = ['o\'neil "the one", 100%', "zażółć: [a|b]"]
    with a_scene("emaillabs", tmp_path, dict.fromkeys(names, OLD)) as scene:
        scene.provider.accounts.propagation = WINDOW
        ended = run_role(scene, accounts=names)
        assert ended.code == 0, ended.output
        assert sorted(message["account"] for message in scene.provider.record.messages()) == sorted(names)
        assert all(record["verified_at"] for record in scene.controller.decrypted().values())


def run_role(scene: Scene, **over: Any) -> Ended:
    """Run the role on localhost."""
    role = {"role": "mailops.smtp.smtp_rotation", "vars": variables(scene, **over)}
    play = {"hosts": "localhost", "gather_facts": False, "roles": [role]}
    return scene.controller.play_file(scene.controller.write_play([play]))


IDS = {ONE: "47/11", TWO: 4712}


@pytest.fixture
def by_id(tmp_path: Path) -> Any:
    """A provider whose API knows accounts by their ids."""
    with a_scene("emaillabs", tmp_path, {"47/11": OLD, "4712": OLD, "3.acme.smtp": OLD}) as made:
        yield made


def test_ids_in_place_of_logins(by_id: Scene) -> None:
    """Catches: a call with the login, and a store or a report that has the id in the login's place."""
    accounts = [ONE, TWO, "3.acme.smtp"]
    first = by_id.rotate(accounts=accounts, account_ids=IDS)
    assert first.code == 0, first.output
    assert [entry["account"] for entry in first.result(SET)["accounts"]] == accounts
    stored = by_id.controller.decrypted()
    assert list(stored) == accounts
    for account in accounts:
        known = str(IDS.get(account, account))
        assert by_id.provider.accounts.current(known) == stored[account]["password"], account
    assert by_id.rotate(accounts=accounts, account_ids=IDS).result(SET)["changed"] is False
    assert {account: entry["listed"] for account, entry in told(by_id, account_ids=IDS).items()} == dict.fromkeys(
        accounts, True
    )


def test_recovery_by_id(by_id: Scene) -> None:
    """Catches: an id that only the first attempt knows."""
    by_id.rotate(account_ids={ONE: "47/11"}, state="staged")
    assert by_id.rotate(account_ids={ONE: "47/11"}).result(SET)["accounts"][0]["action"] == "recovered"
    assert by_id.provider.accounts.current("47/11") == by_id.controller.decrypted()[ONE]["password"]


def test_misspelt_account_of_an_id(by_id: Scene) -> None:
    """Catches: a login that is called because the id's account has another spelling."""
    ended = by_id.rotate(account_ids={"1.acme.stmp": "47/11"})
    assert ended.result(SET)["msg"] == "account_ids['1.acme.stmp']: is not listed in accounts"
    assert by_id.provider.record.changes() == [] and not by_id.controller.store.exists()


def test_role_hands_on_the_ids_of_its_batch(by_id: Scene) -> None:
    """Catches: ids that the role drops, or a list for the whole company that one host's run refuses."""
    ended = run_role(by_id, account_ids={**IDS, "9.elsewhere": "9"}, test_send=False, propagation_seconds=0)
    assert ended.code == 0, ended.output
    assert by_id.provider.accounts.current("47/11") == by_id.controller.decrypted()[ONE]["password"]


def test_test_of_an_account_that_needs_its_id(by_id: Scene) -> None:
    """Catches: a test that cannot be recorded, since the login fits no path without an ID that a test does not need."""
    assert by_id.rotate(accounts=["team/"], account_ids={"team/": "47/11"}, propagation_seconds=0).code == 0
    assert by_id.rotate(accounts=["team/"], state="verified").code == 0
    assert by_id.controller.decrypted()["team/"]["verified_at"]


def test_role_refuses_two_accounts_with_one_id(by_id: Scene) -> None:
    """Catches: the password of one account changed under the name of another."""
    ended = run_role(by_id, accounts=[ONE, TWO], account_ids={ONE: "4712", TWO: "4712"}, test_send=False)
    words = f"{ONE} and {TWO} are the same account at the provider, 4712. Nothing has been changed."
    assert ended.code != 0 and words in " ".join(ended.output.split())
    assert by_id.provider.record.changes() == []

# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role on hosts with a Postfix each: what becomes of their mail if something goes wrong."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from functools import partial
from operator import contains
from pathlib import Path

import pytest
from support.controller import Ended
from support.fleet_of_hosts import Fleet
from support.issuer import CREATE, an_issuer, options
from support.long import LONG
from support.postfix import SECONDS, Postfix, relay_settings
from support.scene import OLD, ONE, TWO, Scene, a_scene
from support.waiting import until

MISSING = "9.missing.smtp"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A controller, and the provider with two accounts."""
    with a_scene("emaillabs", tmp_path) as made:
        yield made


@contextlib.contextmanager
def hosts_with_postfix(scene: Scene, accounts: Mapping[str, list[str]]) -> Iterator[tuple[Fleet, dict[str, Postfix]]]:
    """Run a Postfix for each host, which logs in with its first account, and return the hosts with them."""
    provider = scene.provider
    settings = relay_settings(provider.smtp_host, provider.smtp_port, provider.ca_path, "hash:{config}/sasl_passwd")
    # Later than any test ends: what is delivered earlier was flushed.
    patient = {"minimal_backoff_time": "1h", "queue_run_delay": "1h"}
    key = f"[{provider.smtp_host}]:{provider.smtp_port}"
    relays: dict[str, Postfix] = {}
    with contextlib.ExitStack() as stack:
        for host, names in accounts.items():
            relay = relays[host] = Postfix(host, {**settings, **patient})
            relay.write_map("sasl_passwd", {key: f"{names[0]}:{OLD}"})
            stack.enter_context(relay)
        hosts = {
            host: {
                "smtp_rotation_accounts": accounts[host],
                "smtp_rotation_postfix_config_directory": str(relay.config),
            }
            for host, relay in relays.items()
        }
        yield Fleet(scene, hosts), relays


def said(ended: Ended) -> str:
    """Return the output without its line breaks."""
    return " ".join(ended.output.split())


def no_bad_login(scene: Scene) -> bool:
    """Tell whether every login was accepted, and none was inside a window."""
    return not [login for login in scene.provider.record.logins() if login["in_window"] or not login["accepted"]]


def is_held(relay: Postfix) -> bool:
    """Tell whether main.cf has a hold of ours."""
    return "mailops" in relay.main_cf.read_text()


@LONG
def test_account_that_was_never_rotated_and_is_refused(scene: Scene) -> None:
    """Catches: mail that stays on hold where the old password is still the one in force."""
    with hosts_with_postfix(scene, {"mail1": [MISSING], "mail2": [TWO]}) as (fleet, relays):
        ended = fleet.run(consumer="postfix")
        assert ended.code != 0
        assert "SMTP account not found" in said(ended)
        assert [is_held(relay) for relay in relays.values()] == [False, False]
        assert no_bad_login(scene)


@LONG
def test_play_that_names_the_instances_by_a_template(scene: Scene) -> None:
    """Catches: a host of a later batch that sends inside the window, as the instance of another one was held for it."""
    with hosts_with_postfix(scene, {"mail1": [ONE], "mail2": [ONE]}) as (fleet, relays):
        folders = {host: str(relay.config) for host, relay in relays.items()}
        accounts = {"smtp_rotation_accounts": [ONE]}
        fleet.hosts = {host: {**accounts, "folder": folder} for host, folder in folders.items()}
        fleet.keywords = {"serial": 1}
        named = "{{ {inventory_hostname: folder}[inventory_hostname] }}"
        process, results = fleet.start("-v", consumer="postfix", postfix_config_directory=named)
        until(lambda: scene.provider.record.changes() != [], seconds=SECONDS)
        relays["mail2"].submit("in the window")
        ended = scene.controller.ended(process, results)
        assert ended.code == 0, ended.output
        assert no_bad_login(scene)
        assert "ended the hold" not in said(ended) and "since an earlier run" not in said(ended)
        assert "in the window" in [message["subject"] for message in scene.provider.record.messages()]


@LONG
def test_instance_that_auto_has_to_be_told_of(scene: Scene) -> None:
    """Catches: a Postfix that goes on sending, as it was looked for without the option that names its folder."""
    with hosts_with_postfix(scene, {"mail1": [ONE]}) as (fleet, _relays):
        ended = fleet.run(consumer="auto")
        assert ended.code == 0, ended.output
        assert len(scene.provider.record.messages()) == 2


@LONG
def test_account_whose_test_fails_is_released_if_asked_for(scene: Scene) -> None:
    """Catches: mail that stays on hold because of a message through Postfix that could not be accepted."""
    with hosts_with_postfix(scene, {"mail1": [ONE]}) as (fleet, relays):
        process, results = fleet.start(consumer="postfix", release_on_failure=True)
        # Longer than the role knows of.
        scene.provider.accounts.propagation = 600
        ended = scene.controller.ended(process, results)
        assert ended.code != 0
        assert not is_held(relays["mail1"])
        assert "stays on hold" not in said(ended)
        assert len(scene.provider.record.logins()) == 1


@LONG
def test_credential_made_beside_the_old_one(scene: Scene) -> None:
    """Catches: mail held for nothing; an old entry that stays in the map; a login with what Postfix had before."""
    record, window = scene.provider.record, 12
    with hosts_with_postfix(scene, {"mail1": [ONE]}) as (fleet, relays), an_issuer(scene.provider.accounts) as issuer:
        relay = relays["mail1"]
        for number, before in ((1, ONE), (2, f"user1.{ONE}")):
            given = {"consumer": "postfix", "rotate": "always", "propagation_seconds": window}
            process, results = fleet.start(**options(issuer, CREATE), **given)
            until(partial(contains, issuer.made, str(number)), seconds=SECONDS)
            made = time.time()
            relay.submit(f"in window {number}")
            until(partial(is_sent, scene, f"in window {number}"), seconds=SECONDS)
            assert sent(scene, f"in window {number}") == [before]
            assert time.time() < made + window and not is_held(relay)
            ended = scene.controller.ended(process, results)
            assert ended.code == 0, ended.output
            now = time.time()
            username = f"user{number}.{ONE}"
            (line,) = (relay.config / "sasl_passwd").read_text().splitlines()
            assert line.split()[1].startswith(f"{username}:")
            relay.submit(f"after {number}")
            until(partial(is_sent, scene, f"after {number}"), seconds=SECONDS)
            assert {login["account"] for login in record.logins() if login["time"] > now} == {username}
        assert no_bad_login(scene)
        assert "mail1  postfix" in ended.output and f"user2.{ONE}" in ended.output


def sent(scene: Scene, subject: str) -> list[str]:
    """Return who sent the messages with a subject."""
    return [one["account"] for one in scene.provider.record.messages() if one["subject"] == subject]


def is_sent(scene: Scene, subject: str) -> bool:
    """Return whether a message with a subject has arrived."""
    return bool(sent(scene, subject))

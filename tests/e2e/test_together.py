# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs at the same time, and people at the same time: nobody's work is lost."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from standin.faults import Fault
from support.controller import Ended
from support.long import cases
from support.scene import OLD, ONE, TWO, Scene
from support.waiting import until

# Measured against fewer hosts one after the other, so that the comparison does not take longer than what it compares.
SEQUENTIAL = 6
SET = "Set the passwords"


def one_account_each(scene: Scene, names: list[str], forks: int) -> tuple[Ended, float]:
    """Let one host for each account rotate it, all in one store; return how it ended and the seconds."""
    hosts = {f"host-{name}": {"account": name} for name in names}
    variables = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    inventory = scene.controller.folder / f"inventory-{forks}.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": variables}}))
    options = scene.options(accounts=["{{ account }}"], rotate="always", lock_timeout=120)
    play = {
        "hosts": "all",
        "gather_facts": False,
        "tasks": [{"name": SET, "mailops.smtp.smtp_account_password": options}],
    }
    path = scene.controller.write_play([play], f"forks-{forks}.yml")
    began = time.monotonic()
    ended = scene.controller.play_file(path, "-i", str(inventory), "--forks", str(forks))
    return ended, time.monotonic() - began


@pytest.mark.parametrize("count", cases([12, 50], short=[12]))
def test_forks_lose_no_update(scene: Scene, count: int) -> None:
    """Catches: an update lost between reading and writing (field: two runs at once), locks that starve each other."""
    names = [f"{number}.acme.smtp" for number in range(1, count + 1)]
    for name in names:
        scene.provider.accounts.add(name, OLD)
    ended, together = one_account_each(scene, names, count)
    assert ended.code == 0, ended.output
    records = scene.controller.decrypted()
    assert {name: records[name]["password"] for name in names} == {
        name: scene.provider.accounts.current(name) for name in names
    }
    _ended, apart = one_account_each(scene, names[:SEQUENTIAL], 1)
    print(f"{count} forks: {together:.1f} s; one after the other: {apart * count / SEQUENTIAL:.1f} s")
    assert together < 3 * apart * count / SEQUENTIAL
    assert [path.name for path in scene.controller.folder.glob(".smtp*")] == []


@pytest.mark.parametrize("rotate", ["when_due", "always"])
def test_two_runs_at_once_agree_on_one_password(scene: Scene, rotate: str) -> None:
    """Catches: two passwords for one rotation, of which one is nowhere (field: two runs at once)."""
    scene.provider.faults.push(Fault(kind="hang", seconds=2, then="continue", account=ONE))
    play = scene.controller.write_play(
        [
            {
                "hosts": "localhost",
                "gather_facts": False,
                "tasks": [
                    {
                        "name": SET,
                        "mailops.smtp.smtp_account_password": scene.options(accounts=[TWO, ONE], rotate=rotate),
                    }
                ],
            }
        ]
    )
    runs = [scene.controller.start(play) for _n in range(2)]
    ended = [scene.controller.ended(process, results) for process, results in runs]
    assert [run.code for run in ended] == [0, 0], ended[0].output + ended[1].output
    for account in (ONE, TWO):
        assert len(scene.provider.record.changes(account)) == 1
        assert scene.controller.decrypted()[account]["password"] == scene.provider.accounts.current(account)
    actions = sorted(run.result(SET)["accounts"][0]["action"] for run in ended)
    assert actions == ["rotated", "unchanged"]


def test_second_run_gives_up_clearly(scene: Scene) -> None:
    """Catches: a run that waits for ever for another one, or that fails without saying why."""
    scene.provider.faults.push(Fault(kind="hang", seconds=6, then="continue"))
    first: list[Ended] = []
    thread = threading.Thread(target=lambda: first.append(scene.rotate(timeout=20)))
    thread.start()
    until(lambda: any(scene.controller.folder.glob(".smtp.yml.lock")), seconds=20)
    until(scene.controller.store.exists, seconds=20)
    second = scene.rotate(rotate="always", lock_timeout=0)
    thread.join()
    assert second.result(SET)["msg"] == (
        f"another run has been working on the account {ONE} of {scene.controller.store} for longer than lock_timeout "
        f"(0 "
        "seconds); run again when it has finished, or raise lock_timeout"
    )
    assert first[0].code == 0, first[0].output


def edited(store: Path, before: str, after: str) -> None:
    store.write_text(store.read_text().replace(before, after))


@pytest.mark.parametrize("what", ["comment and key", "other record", "record removed"])
def test_hand_edit_during_a_run_is_kept(scene: Scene, what: str) -> None:
    """Catches: an edit that is overwritten, a password that an edit deletes although the provider took it."""
    assert scene.rotate(accounts=[ONE, TWO]).code == 0
    scene.provider.faults.push(Fault(kind="hang", seconds=4, then="continue", account=ONE))
    ended: list[Ended] = []
    thread = threading.Thread(target=lambda: ended.append(scene.rotate(rotate="always", timeout=20)))
    thread.start()
    store = scene.controller.store
    until(lambda: "staged_password" in store.read_text(), seconds=20)
    if what == "comment and key":
        edited(store, "smtp_accounts:\n", "# by hand\nmine: 1\nsmtp_accounts:\n")
    elif what == "other record":
        edited(store, f"  {TWO}:\n", f"  {TWO}:\n    owner: marketing\n")
    else:
        lines = store.read_text().splitlines(keepends=True)
        start, end = lines.index(f"  {ONE}:\n"), lines.index(f"  {TWO}:\n")
        store.write_text("".join(lines[:start] + lines[end:]))
    thread.join()
    assert ended[0].code == 0, ended[0].output
    text = store.read_text()
    records: dict[str, Any] = scene.controller.decrypted()
    assert records[ONE]["password"] == scene.provider.accounts.current(ONE)
    assert records[TWO]["password"] == scene.provider.accounts.current(TWO)
    assert ("# by hand\nmine: 1\n" in text) == (what == "comment and key")
    assert ("owner" in records[TWO]) == (what == "other record")
    warned = ended[0].result(SET).get("warnings", [])
    assert bool(warned) == (what == "record removed")

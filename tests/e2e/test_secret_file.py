# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""secret_file as tasks of Ansible: what it writes, and that its content is nowhere else."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.search import Search
from support.watch import CHOSEN, OTHER, Watch, a_watch, check

WRITE = "mailops.smtp.secret_file"
TEMPLATE = "# of /srv/app\nuser 1.acme.smtp\npassword {{ chosen }}\n"


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    """A user whose every trace is kept."""
    with a_watch(tmp_path, ["1.acme.smtp"]) as made:
        yield made


@pytest.fixture
def dest(watch: Watch) -> Path:
    """Where the file is written; not searched, since the secret belongs there."""
    folder = watch.folder / "host"
    folder.mkdir()
    return folder / "msmtprc"


def task(dest: Path, over: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a task that writes the template."""
    content = "{{ lookup('ansible.builtin.template', '" + str(dest.parent.parent / "msmtprc.j2") + "') }}"
    (dest.parent.parent / "msmtprc.j2").write_text(TEMPLATE)
    return {"name": "write", WRITE: {"content": content, "dest": str(dest), **(over or {})}}


def test_check_and_real_and_again(watch: Watch, dest: Path) -> None:
    """Catches: content in an output, a log, a process or a temporary file; check mode that writes; a second change."""
    dest.write_text("of before\n")
    dest.chmod(0o644)
    stale = dest.parent / f".{dest.name}.mailops-0123abcd"
    stale.write_text(OTHER)
    play = watch.play([task(dest)])
    pretended = watch.run(play, "-vvvvv", "--diff", "--check")
    assert pretended.code == 0, pretended.output
    assert pretended.result("write")["changed"] and dest.read_text() == "of before\n"
    ended = watch.run(play, "-vvvvv", "--diff")
    result = ended.result("write")
    assert (result["changed"], result["dest"], result["mode"]) == (True, str(dest), "0600")
    assert result["diff"] == pretended.result("write")["diff"]
    assert "mode 0600, content new" in ended.output
    assert dest.read_text() == TEMPLATE.replace("{{ chosen }}", CHOSEN)
    assert stat.S_IMODE(dest.stat().st_mode) == 0o600
    assert [path.name for path in dest.parent.iterdir()] == [dest.name]
    assert not watch.run(play, "-vvvvv", "--diff").result("write")["changed"]
    assert watch.run(watch.play([task(dest, {"mode": "0640"})]), "-vvvvv", "--diff").result("write")["changed"]
    check(watch)


FAILURES: dict[str, dict[str, Any]] = {
    "unknown option": {"contents": "{{ other }}"},
    "no folder": {"content": "{{ other }}", "dest": "/missing/folder/x"},
    "mode": {"content": "{{ other }}", "mode": 384},
    "owner": {"content": "{{ other }}", "owner": "no-such-user"},
    "wrong type": {"content": {"password": "{{ other }}"}, "mode": ["{{ other }}"]},
}


@pytest.mark.parametrize("name", FAILURES)
def test_failures_show_no_content(watch: Watch, dest: Path, name: str) -> None:
    """Catches: content in the message of a task that fails."""
    ended = watch.run(watch.play([task(dest, FAILURES[name])]), "-vvvvv", "--diff")
    assert ended.code != 0
    assert ended.result("write")["msg"]
    assert not dest.exists()
    check(watch)


def test_result_can_be_used(watch: Watch, dest: Path) -> None:
    """Catches: a path, or the interpreter that Ansible found, that is hidden because the content names it too."""
    content = f"#!/usr/bin/python3\n# in {dest}\nSMTP_PASSWORD={{{{ chosen }}}}\n"
    tasks = [task(dest, {"content": content}), {"name": "after", "ansible.builtin.ping": {}}]
    ended = watch.run(watch.play(tasks), "-vvvvv")
    assert ended.code == 0, ended.output
    assert ended.result("write")["dest"] == str(dest)
    assert Search({"chosen": CHOSEN}).text(dest.read_text(), "").hits != []
    check(watch)


@pytest.mark.parametrize("content", [{"password": "{{ other }}"}, ["{{ other }}"], "{{ {'password': other} }}"])
def test_data_is_no_text(watch: Watch, dest: Path, content: Any) -> None:
    """Catches: a file in Python's notation, which no program reads; content in the message."""
    ended = watch.run(watch.play([task(dest, {"content": content})]), "-vvvvv", "--diff")
    assert ended.code != 0 and not dest.exists()
    assert ended.result("write")["msg"].startswith("content is data, not text: use the filter to_json or to_nice_yaml.")
    check(watch)


def test_data_as_text(watch: Watch, dest: Path) -> None:
    """Catches: the remedy that the message names refused too."""
    ended = watch.run(watch.play([task(dest, {"content": "{{ {'password': chosen} | to_json }}"})]), "-vvvvv")
    assert ended.code == 0, ended.output
    assert json.loads(dest.read_text()) == {"password": CHOSEN}

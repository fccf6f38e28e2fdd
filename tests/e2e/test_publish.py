# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passwords that tasks of the playbook publish: when, again after a failure, and shown nowhere.

The other kinds of targets, with the real programs and servers, are in tests/publish.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.long import LONG
from support.publishing import Publishing, a_publishing
from support.search import Search

# Keeps what it was given, and notes when.
KEEP = """
- name: Keep it
  ansible.builtin.copy:
    content: "{{ smtp_publication.value | to_json }}"
    dest: "{{ smtp_publication.path }}"
    mode: '0600'
  delegate_to: localhost
"""
FAIL = """
- name: Ask for it
  ansible.builtin.command:
    argv: [sh, -c, "echo {{ smtp_publication.value.password }} >&2; exit 3"]
  changed_when: true
"""


@pytest.fixture
def publishing(tmp_path: Path) -> Iterator[Publishing]:
    with a_publishing(tmp_path, {}) as made:
        yield made


def tasks(publishing: Publishing, name: str, text: str = KEEP, **more: Any) -> dict[str, Any]:
    """Return a target whose tasks keep what they get in a file of that name."""
    folder = publishing.scene.controller.folder
    (folder / f"{name}.yml").write_text(text)
    return {"name": name, "kind": "tasks", "file": f"{name}.yml", "path": f"{folder}/{name}-{{account}}", **more}


def kept(publishing: Publishing, name: str) -> Path:
    return publishing.scene.controller.folder / f"{name}-{publishing.one}"


@LONG
def test_moments(publishing: Publishing) -> None:
    """Catches: a reader that uses a password at once and has it inside the window; one that has it too late."""
    targets = [tasks(publishing, moment, publish_when=moment) for moment in ("verified", "accepted", "staged")]
    ran = publishing.run(targets, password_symbols="{}[]'\"\\%")
    assert ran.code == 0, ran.output
    server = publishing.scene.provider
    expected = {
        "username": publishing.one,
        "password": publishing.in_force(),
        "host": server.smtp_host,
        "port": str(server.smtp_port),
    }
    found = {name: kept(publishing, name) for name in ("staged", "accepted", "verified")}
    assert [json.loads(path.read_text()) for path in found.values()] == [expected] * 3
    (change,) = server.record.changes(publishing.one)
    (login,) = server.record.logins()
    staged, accepted, verified = (path.stat().st_mtime for path in found.values())
    assert staged < change["time"] < accepted < login["time"] < verified
    assert server.record.logins(in_window=True) == []
    assert [["1.acme.smtp", name, "published"] in ran.rows for name in found] == [True] * 3
    again = publishing.run(targets)
    assert (again.code, again.recap["changed"]) == (0, 0), again.output
    assert [path.stat().st_mtime for path in found.values()] == [staged, accepted, verified]


def test_target_that_fails(publishing: Publishing) -> None:
    """Catches: a rotation that ends with a target, a failure without its name, a password in it, a second rotation."""
    good, bad = tasks(publishing, "good"), tasks(publishing, "bad", FAIL)
    first = publishing.run([bad, good], "-vvvvv", "--diff")
    assert first.code == 2, first.output
    assert (
        "The password of 1.acme.smtp was not published to bad: bad.yml failed in the task 'Ask for it': its message is "
        "hidden by no_log. The store has it, and the next run publishes it." in first.said
    )
    assert kept(publishing, "good").exists() and "never" in publishing.scene.controller.store.read_text()
    tasks(publishing, "bad")
    mended = publishing.run([bad, good], "-vvvvv", "--diff")
    assert mended.code == 0, mended.output
    assert json.loads(kept(publishing, "bad").read_text())["password"] == publishing.in_force()
    assert len(publishing.scene.provider.record.changes(publishing.one)) == 1
    assert "AnsiballZ_smtp" not in first.output and "AnsiballZ_command" not in first.output
    search = Search(publishing.passwords())
    for output in publishing.outputs:
        assert search.text(output, "output").hits == []


def test_check_mode(publishing: Publishing) -> None:
    """Catches: a value that is published although nothing was to change; a preview without the targets."""
    target = tasks(publishing, "prod")
    looked = publishing.run([target], "--check", "--diff")
    assert looked.code == 0, looked.output
    assert "1.acme.smtp prod would be published" in looked.said
    assert "+1.acme.smtp: published to prod" in looked.output
    assert not kept(publishing, "prod").exists() and not publishing.scene.controller.store.exists()


def test_bad_targets(publishing: Publishing) -> None:
    """Catches: a target that is refused only after the provider has the new password."""
    bad = [
        {"kind": "vault_kv3", "path": "{account}"},
        {"kind": "aws_ssm", "value": "{pasword}"},
        tasks(publishing, "x", file="missing.yml"),
    ]
    refused = publishing.run(bad)
    assert refused.code == 2
    assert "smtp_rotation_publish[0].kind must name a kind of target (did you mean vault_kv2?)" in refused.said
    assert "smtp_rotation_publish[1].path is required" in refused.said
    assert "smtp_rotation_publish[1].value has the unknown placeholder {pasword}" in refused.said
    missing = publishing.run([bad[2], {"kind": "vault_kv2", "path": "{account}"}])
    assert "smtp_rotation_publish[0].file: missing.yml is not a file" in missing.said
    assert (
        "smtp_rotation_publish[1].kind vault_kv2 needs the collection community.hashi_vault, and hvac" in missing.said
    )
    assert publishing.scene.provider.record.changes(publishing.one) == []


@LONG
def test_sender_with_two_accounts(publishing: Publishing) -> None:
    """Catches: a reader that gets the account at rest, or a password without the login that it belongs to."""
    folder = publishing.scene.controller.folder
    target = tasks(publishing, "pair", path=f"{folder}/pair-{{sender}}")
    over = {"strategy": "alternate", "senders": {"news": [publishing.scene.one, publishing.scene.two]}, "accounts": []}
    seen = []
    for _turn in range(2):
        ran = publishing.run([target], **over, rotate="always")
        assert ran.code == 0, ran.output
        value = json.loads((folder / "pair-news").read_text())
        assert publishing.scene.login(value["username"], value["password"]) == 235
        in_use = publishing.scene.controller.document()["smtp_senders"]["news"]["in_use"]
        assert value["username"] == in_use
        seen.append(in_use)
    assert sorted(seen) == [publishing.scene.one, publishing.scene.two]
    assert publishing.scene.provider.record.logins(in_window=True) == []


@LONG
def test_store_is_saved_with_the_notes(publishing: Publishing) -> None:
    """Catches: notes that are lost with the job's folder, so that every job publishes everything again."""
    folder = publishing.scene.controller.folder
    (folder / "persist.yml").write_text(
        f"- name: Save it\n  ansible.builtin.copy: {{src: {folder}/smtp.yml, dest: {folder}/saved.yml, mode: '0600'}}\n"
    )
    targets = [tasks(publishing, "early", publish_when="staged"), tasks(publishing, "late")]
    first = publishing.run(targets, persist_tasks="persist.yml", persist_check="")
    assert first.code == 0, first.output
    assert (folder / "saved.yml").read_text() == publishing.stored()
    assert len(publishing.report()["published"]) == 2
    (folder / "early-1.acme.smtp").unlink()
    again = publishing.run(targets, persist_tasks="persist.yml", persist_check="")
    assert (again.code, again.recap["changed"]) == (0, 0), again.output

# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import EMPTY, HEADER, parse
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.merging import MARKS, merged
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender
from ansible_collections.mailops.smtp.tests.unit.plugins.stores import NEW, NOW, OLD, STAGED, account, rendered

ROOT = Path(__file__).resolve().parents[5]
DRIVER = ROOT / ".cache/collections/ansible_collections/mailops/smtp/roles/smtp_rotation/files/merge_store.py"
HEAD = "# mine\nsmtp_accounts:\n"
BASE = HEAD + account("1") + account("2") + account("3")
CHANGED = account("2").replace("2026-01-01", "2026-02-02")
SENDER = 'smtp_senders:\n  news:\n    in_use: "1"\n    at_rest: "2"\n    switched_at: "2026-01-01T00:00:00Z"\n'


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "result"),
    [
        (BASE, BASE, BASE, BASE),
        (BASE, BASE.replace(account("2"), CHANGED), BASE, BASE.replace(account("2"), CHANGED)),
        (BASE, BASE, BASE.replace(account("2"), CHANGED), BASE.replace(account("2"), CHANGED)),
        # Both did the same.
        (
            BASE,
            BASE.replace(account("2"), CHANGED),
            BASE.replace(account("2"), CHANGED),
            BASE.replace(account("2"), CHANGED),
        ),
        # One changes, the other one removes another one and adds two at the same place.
        (
            BASE,
            HEAD + account("1") + CHANGED + account("3"),
            BASE.replace(account("1"), ""),
            HEAD + CHANGED + account("3"),
        ),
        (BASE, BASE + account("4"), BASE + account("5"), BASE + account("4") + account("5")),
        # A new store on both sides, an empty one, and one that becomes empty.
        ("", HEAD + account("1"), HEAD + account("2"), HEAD + account("1") + account("2")),
        (HEADER + EMPTY, HEADER + EMPTY, HEADER + HEAD[7:] + account("1"), HEADER + HEAD[7:] + account("1")),
        (HEAD + account("1"), "# mine\n" + EMPTY, HEAD + account("1") + account("2"), HEAD + account("2")),
        (HEAD + account("1") + account("2"), HEAD + account("2"), HEAD + account("1"), "# mine\n" + EMPTY),
        # Comments and other keys belong to the side that changed them.
        (BASE, BASE.replace("mine", "ours") + "other: 1\n", BASE + account("4"), None),
        (BASE, BASE + account("4"), BASE.replace("mine", "ours") + "other: 1\n", None),
        # Senders, and a file without a line end.
        (BASE, BASE + SENDER, BASE.replace(account("2"), CHANGED), BASE.replace(account("2"), CHANGED) + SENDER),
        (BASE, BASE.replace(account("3"), ""), BASE + SENDER, BASE.replace(account("3"), "") + SENDER),
        (BASE[:-1], BASE[:-1], BASE[:-1] + "\n" + account("4"), BASE + account("4")),
    ],
)
def test_different_entries(base: str, ours: str, theirs: str, result: str | None) -> None:
    """Catches: a change of one side that is lost, or a byte of an account that is another one afterwards."""
    expected = BASE.replace("mine", "ours") + account("4") + "other: 1\n" if result is None else result
    assert merged(base, ours, theirs).text == expected
    assert merged(base, ours, theirs).conflicts == []


@pytest.mark.parametrize(
    ("ours", "theirs", "told"),
    [
        (
            CHANGED,
            CHANGED.replace("2026-02", "2026-03"),
            "changed_at 2026-02-02T00:00:00Z in ours, changed_at 2026-03-02",
        ),
        (CHANGED, "", "changed_at 2026-02-02T00:00:00Z in ours, removed in theirs"),
        ("  2: {}\n", CHANGED, "no date in ours, changed_at 2026-02-02T00:00:00Z in theirs"),
    ],
)
def test_same_account(ours: str, theirs: str, told: str) -> None:
    """Catches: a record of two rotations, whose password may not be the one in force; a conflict that is read."""
    sides = [BASE.replace(account("2"), side) for side in (ours, theirs)]
    result = merged(BASE, *sides)
    assert len(result.conflicts) == 1
    assert result.conflicts[0].startswith(f"smtp_accounts['2'] was changed on both sides: {told}")
    assert result.text == BASE.replace(account("2"), MARKS[0] + ours + MARKS[1] + theirs + MARKS[2])
    with pytest.raises(StoreError):
        parse(result.text, "s.yml")


@pytest.mark.parametrize(
    ("ours", "theirs", "why"),
    [
        ("# a\n" + BASE, "# b\n" + BASE, "both sides changed something that belongs to no account"),
        (BASE, "smtp_accounts: {9: {}}\n", "flow style"),
        (BASE + account("4"), BASE + "x: {", "not valid YAML"),
        ("$ANSIBLE_VAULT;1.1;AES256\n6161\n", BASE, "not a store"),
    ],
)
def test_what_cannot_be_merged(ours: str, theirs: str, why: str) -> None:
    """Catches: a store that is merged by guesswork."""
    with pytest.raises(StoreError, match=why):
        merged(BASE, ours, theirs)


def test_any_disjoint_changes() -> None:
    """Catches: a merge that is not the same as making both changes one after the other."""
    seed = random.randrange(2**32)  # noqa: S311
    print(f"seed {seed}")
    chance = random.Random(seed)  # noqa: S311
    for _time in range(300):
        names = [f"{number}.acme.smtp" for number in range(chance.randrange(1, 9))]
        senders = [f"s{number}" for number in range(chance.randrange(3))]
        there, pairs = chance.sample(names, chance.randrange(len(names) + 1)), chance.sample(senders, len(senders) // 2)
        base = rendered(
            parse("", "s"),
            {name: _record(chance) for name in there},
            senders={name: _sender(name, chance) for name in pairs},
        )
        sides: list[dict[str, Record | None]] = [{}, {}]
        switches: list[dict[str, Sender | None]] = [{}, {}]
        for name in chance.sample(names, chance.randrange(len(names) + 1)):
            sides[chance.randrange(2)][name] = chance.choice([_record(chance), _record(chance), None])
        for name in senders[: chance.randrange(3)]:
            switches[chance.randrange(2)][name] = _sender(name, chance)
        old = parse(base, "s")
        ours, theirs = (rendered(old, side, senders=switch) for side, switch in zip(sides, switches, strict=True))
        result = merged(base, ours, theirs)
        assert result.conflicts == []
        both = parse(rendered(parse(ours, "s"), sides[1], senders=switches[1]), "s")
        found = parse(result.text, "s")
        for one in ("smtp_accounts", "smtp_senders"):
            expected = (
                {name: entry.record for name, entry in both.parts[one].entries.items()} if one in both.parts else {}
            )
            assert (
                {name: entry.record for name, entry in found.parts[one].entries.items()} == expected
                if expected
                else True
            )
        assert sorted(result.text.split("\n")) == sorted(both.text.split("\n"))


def _record(chance: random.Random) -> Record:
    moment = NOW + timedelta(seconds=chance.randrange(10**6))
    secret = chance.choice([OLD, NEW])
    return chance.choice(
        [STAGED, Record(password=secret, changed_at=moment, doubtful_passwords=(OLD,) * chance.randrange(3))]
    )


def _sender(name: str, chance: random.Random) -> Sender:
    first, second = chance.sample([f"{name}.a", f"{name}.b"], 2)
    return Sender(in_use=first, at_rest=second, switched_at=NOW + timedelta(seconds=chance.randrange(10**6)))


@pytest.mark.parametrize(
    ("theirs", "code", "told"),
    [
        (BASE + account("4"), 0, ""),
        (BASE.replace(account("2"), CHANGED.replace("2026-02", "2026-03")), 1, "was changed on both sides"),
        (BASE + "x: {", 1, "The store cannot be merged by account: theirs is not valid YAML"),
    ],
)
def test_driver(tmp_path: Path, theirs: str, code: int, told: str) -> None:
    """Catches: a conflict that git takes for a merge; a driver that needs a path of Python's, or a Vault secret."""
    files = [tmp_path / name for name in ("base", "ours", "theirs")]
    for file, text in zip(files, (BASE, BASE.replace(account("2"), CHANGED), theirs), strict=True):
        file.write_text(text)
    command = [sys.executable, str(DRIVER), *map(str, files)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, env={"PATH": "/usr/bin:/bin"}, check=False
    )
    assert (done.returncode, done.stdout) == (code, "") and told in done.stderr, done.stderr
    assert (account("4") in files[1].read_text()) == (code == 0)

# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is written where, in which order. That Postfix then uses it, a real one proves."""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path
from typing import cast

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils import _files as files
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import Answer, Postfix, PostfixError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.map_types import SUFFIXES, Table
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.password_map import PasswordMap, find_map
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.password_map_text import Login

OLD, NEW = Login("[a.example]:587", "u", "old"), Login("[a.example]:587", "u", "new")
BASE = "# ours\nb.example v:w\n[a.example]:587 u:old\n"


class Host:
    """Plays Postfix: a compiled table is a copy of its text."""

    def __init__(self) -> None:
        self.settings = {
            "smtp_sasl_password_maps": "hash:/etc/postfix/sasl_passwd",
            "default_database_type": "hash",
            "mail_owner": pwd.getpwuid(os.geteuid()).pw_name,
        }
        self.config_directory = "/etc/postfix"
        self.is_running = True
        self.status = 0
        self.finds = True
        self.reloads = 0
        self.compiled: list[str] = []

    def setting(self, name: str) -> str:
        return self.settings[name]

    def map_types(self) -> list[str]:
        return ["static", "hash", "lmdb", "cdb", "texthash"]

    def running(self) -> bool:
        return self.is_running

    def reload(self) -> None:
        self.reloads += 1

    def processes(self, _service: str) -> set[int]:
        return set()

    def call(self, command: str, *arguments: str, given: str = "") -> Answer:
        assert command == "postmap"
        kind, _colon, path = arguments[-1].partition(":")
        if arguments[0] == "-q":
            return Answer(0, self._answers(Path(path + SUFFIXES[kind]).read_text(), given), "")
        self.compiled.append(path)
        if self.status == 0:
            Path(path + SUFFIXES[kind]).write_text(Path(path).read_text())
        return Answer(self.status, "", "line 3: u:s3cret")

    def _answers(self, text: str, keys: str) -> str:
        entries = dict(line.split(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        return "".join(f"{key}\t{entries[key]}\n" for key in keys.splitlines() if self.finds and key in entries)


@pytest.fixture
def host() -> Host:
    return Host()


def made(host: Host, folder: Path, kind: str = "hash", *, proxied: bool = False) -> PasswordMap:
    return PasswordMap(cast(Postfix, host), Table(kind, str(folder / "sasl_passwd"), proxied))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_which_table(host: Host) -> None:
    """Catches: an option that is ignored; a setting of main.cf that is not asked for."""
    assert find_map(cast(Postfix, host), given=None, keys=[]) == Table("hash", "/etc/postfix/sasl_passwd")
    assert find_map(cast(Postfix, host), given="lmdb:/x", keys=[]) == Table("lmdb", "/x")
    host.settings["smtp_sasl_password_maps"] = "static:u:s3cret"
    with pytest.raises(InputError, match=r'such as "k USER:PASSWORD", into /etc/postfix/sasl_passwd') as error:
        find_map(cast(Postfix, host), given=None, keys=["k"])
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize("kind", SUFFIXES)
def test_write(host: Host, tmp_path: Path, kind: str) -> None:
    """Catches: other lines lost; a file that others can read; a copy left; a second run that changes something."""
    (tmp_path / "sasl_passwd").write_text(BASE)
    table = made(host, tmp_path, kind)
    assert table.differs([NEW]) and not table.needs_reload()
    assert table.write([NEW], reload=True)
    assert table.text() == BASE.replace("old", "new")
    assert table.needs_reload()
    assert table.reload() and host.reloads == 1 and not table.needs_reload()
    assert names(tmp_path) == sorted({"sasl_passwd", f"sasl_passwd{SUFFIXES[kind]}"})
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    assert not table.differs([NEW]) and not table.write([NEW], reload=True)
    assert len(host.compiled) == (1 if SUFFIXES[kind] else 0)


def test_new_table(host: Host, tmp_path: Path) -> None:
    """Catches: a first run that fails because there is nothing yet; a reload asked for that nobody wants."""
    table = made(host, tmp_path)
    assert table.text() == "" and table.write([NEW], reload=False)
    assert table.text() == "[a.example]:587 u:new\n" and not table.needs_reload()


@pytest.mark.parametrize("damage", ["missing", "older", "other", "open"])
def test_compiled_table_is_looked_into(host: Host, tmp_path: Path, damage: str) -> None:
    """Catches: a run that looks at the text only, and leaves Postfix with what an interrupted one compiled."""
    table = made(host, tmp_path)
    table.write([NEW], reload=False)
    compiled = tmp_path / "sasl_passwd.db"
    if damage == "missing":
        compiled.unlink()
    elif damage == "older":
        os.utime(compiled, (1, 1))
    elif damage == "other":
        compiled.write_text("[a.example]:587 u:old\n")
    else:
        compiled.chmod(0o644)
    assert table.differs([NEW]) and table.write([NEW], reload=False)
    assert not table.differs([NEW])


def test_text_that_is_gone(host: Host, tmp_path: Path) -> None:
    """Catches: the other logins lost, because only the compiled table still had them."""
    (tmp_path / "sasl_passwd.db").touch()
    with pytest.raises(InputError, match=r"but not the text that it was made from: restore .*/sasl_passwd first"):
        made(host, tmp_path)


def test_postmap_that_fails(host: Host, tmp_path: Path) -> None:
    """Catches: a text that Postfix cannot read put into place; a line of it in the message; a copy left."""
    (tmp_path / "sasl_passwd").write_text(BASE)
    host.status = 1
    with pytest.raises(PostfixError, match=r"postmap cannot compile hash:.*/sasl_passwd: exit status 1$") as error:
        made(host, tmp_path).write([NEW], reload=False)
    assert "s3cret" not in str(error.value)
    assert (tmp_path / "sasl_passwd").read_text() == BASE
    assert names(tmp_path) == ["sasl_passwd"]


def test_disk_that_fails(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a traceback, or a copy of the password left, where the system refuses."""
    (tmp_path / "sasl_passwd").write_text(BASE)

    def refuse(*_arguments: object) -> None:
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(InputError, match=r"cannot write .*/sasl_passwd: Device or resource busy$"):
        made(host, tmp_path).write([NEW], reload=False)
    assert names(tmp_path) == ["sasl_passwd"] and (tmp_path / "sasl_passwd").read_text() == BASE


def test_postfix_that_does_not_find_it(host: Host, tmp_path: Path) -> None:
    """Catches: success reported for a table in which Postfix finds nothing."""
    host.finds = False
    with pytest.raises(PostfixError, match="was written, but postmap -q does not find the logins in it"):
        made(host, tmp_path).write([NEW], reload=False)


def test_stopped_postfix(host: Host, tmp_path: Path) -> None:
    """Catches: a reload that fails where there is nothing to reload; one that is asked for in every later run."""
    host.is_running = False
    table = made(host, tmp_path)
    table.write([NEW], reload=True)
    assert not table.reload() and host.reloads == 0 and not table.needs_reload()


@pytest.mark.skipif(os.geteuid() != 0, reason="files of other users are made by root only")
@pytest.mark.parametrize(
    ("proxied", "uid", "gid", "expected"),
    [
        (False, 1, 2, (1, 2, 0o600)),
        (True, 1, 2, (1, 65534, 0o640)),
        (True, 65534, 2, (65534, 2, 0o600)),
    ],
)
def test_who_can_read_it(
    host: Host,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    proxied: bool,
    uid: int,
    gid: int,
    expected: tuple[int, int, int],
) -> None:
    """Catches: a table that proxymap, which is not root, cannot read any more, or that others can read."""
    owner = pwd.struct_passwd(("postfix", "x", 65534, 65534, "", "/", ""))
    monkeypatch.setattr(pwd, "getpwnam", {"postfix": owner}.__getitem__)
    host.settings["mail_owner"] = "postfix"
    (tmp_path / "sasl_passwd").write_text(BASE)
    os.chown(tmp_path / "sasl_passwd", uid, gid)
    table = made(host, tmp_path, proxied=proxied)
    table.write([NEW], reload=False)
    for path in tmp_path.iterdir():
        assert files.access_of(str(path)) == files.Access(*expected)
    assert not table.differs([NEW])

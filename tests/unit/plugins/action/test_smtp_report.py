# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What smtp_report does where its user may do less than root. tests/e2e/test_report.py runs it as a whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.mailops.smtp.plugins.action import smtp_report
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.tests.unit.plugins.report_scene import reported

USER = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody can reach and write in, unlike that of pytest."""
    with tempfile.TemporaryDirectory() as made:
        os.chmod(made, 0o777)  # noqa: S103
        yield Path(made)


def as_user(file: Path) -> str:
    """Write a report as a user without rights, and return what came of it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(USER)
            os.setuid(USER)
            said = str(smtp_report._write(str(file), "json", reported(), 0o644, check_mode=False))
        except BaseException as error:  # noqa: BLE001  (whatever it is, the parent tells)
            said = repr(error)
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as pipe:
        return pipe.read()


@as_root
@pytest.mark.parametrize("mode", [0o644, 0o600])
def test_file_of_another_user_is_replaced(folder: Path, mode: int) -> None:
    """Catches: a report that root wrote once, and that the nightly job can neither read nor replace since."""
    file = folder / "report.json"
    file.write_text("{}")
    file.chmod(mode)
    assert as_user(file) == "True"
    found = file.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (USER, USER, 0o644)


@as_root
def test_owner_stays_where_root_writes(tmp_path: Path) -> None:
    """Catches: a report that belongs to root after a run by hand."""
    file = tmp_path / "report.json"
    file.write_text("{}")
    os.chown(file, USER, USER)
    assert smtp_report._write(str(file), "json", reported(), 0o640, check_mode=False)
    assert (file.stat().st_uid, file.stat().st_gid, file.stat().st_mode & 0o777) == (USER, USER, 0o640)


def test_closed_folder_is_named_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: one report that is new and another that is old; advice to set become, which has no effect here."""
    monkeypatch.setattr(os, "access", lambda path, _mode: not str(path).endswith("closed"))
    (tmp_path / "closed").mkdir()
    action = object.__new__(smtp_report.ActionModule)
    action._loader = type("Loader", (), {"path_dwim": staticmethod(str), "get_basedir": staticmethod(str)})()
    outputs = {"html": str(tmp_path / "page.html"), "json": str(tmp_path / "closed" / "report.json")}
    with pytest.raises(InputError) as caught:
        action._targets(outputs)
    assert str(caught.value) == (
        f"outputs.json: cannot write {tmp_path}/closed/report.json: Permission denied; the user who runs "
        "ansible-playbook writes the reports, and become has no effect on that"
    )

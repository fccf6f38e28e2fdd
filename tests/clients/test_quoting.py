# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter quoted, judged by the real readers: what is written must be read back, byte for byte."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.passwords import how_many, new_seed, passwords
from support.readers import READERS, ROOT, SLOW, Bench
from support.recorder import Recorder
from support.rooted import why_not

from ansible_collections.mailops.smtp.plugins.plugin_utils._quoting.characters import QuotingError
from ansible_collections.mailops.smtp.plugins.plugin_utils._quoting.quoting import names, quoted

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A folder in a Debian with the readers, and a server to log in to."""
    ROOT.make()
    folder = Path(tempfile.mkdtemp(dir=ROOT.folder / "tmp"))
    with Recorder() as recorder:
        yield Bench(folder, recorder)
    shutil.rmtree(folder)


def carried(name: str, number_of: int) -> dict[str, str]:
    """Return random passwords that a format can hold, by a user's name."""
    found = {}
    for number, password in enumerate(passwords(new_seed(), number_of)):
        try:
            quoted(password, name)
        except QuotingError:
            continue
        found[f"u{number}"] = password
    return found


@pytest.mark.parametrize(
    ("name", "reader"), [(name, reader) for name, readers in READERS.items() for reader in readers]
)
def test_reader_finds_what_was_written(bench: Bench, name: str, reader: str) -> None:
    """Catches: a character that the reader takes for more than itself, and then logs in with another password."""
    if reader == "dotenv of npm" and shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    if reader == "netrc of Python" and sys.version_info < (3, 11):
        pytest.skip("before 3.11, Python reads quotes in another way")
    number_of = min(how_many(), SLOW.get(reader, how_many()))
    wanted = carried(name, number_of)
    assert len(wanted) > number_of // 5
    seen = READERS[name][reader](bench, {user: quoted(password, name) for user, password in wanted.items()})
    wrong = {user: (wanted[user], seen.get(user)) for user in wanted if seen.get(user) != wanted[user].encode()}
    assert wrong == {}


def test_every_format_has_a_judge() -> None:
    """Catches: a format that was written from memory."""
    assert sorted(READERS) == names()

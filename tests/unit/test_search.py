# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The search for secrets finds them: a search that finds nothing would prove everything."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
import yaml
from support.processes import Sampler, kill_all
from support.search import Search, forms
from support.waiting import PATIENCE

SECRET = 'Kp3"x\\Q/ +%<é>Vw7Ls0Td9'
SEARCH = Search({"the secret": SECRET})
PAIR = json.dumps({"a": SECRET})
WRITTEN: dict[str, Callable[[str], str]] = {
    "plain": lambda secret: f"before {secret} after",
    "alone": lambda secret: secret,
    "JSON": lambda secret: json.dumps({"password": secret}),
    "JSON in UTF-8": lambda secret: json.dumps([secret], ensure_ascii=False),
    "JSON in JSON": lambda secret: json.dumps(json.dumps({"password": secret})),
    "JSON three times": lambda secret: json.dumps(json.dumps(json.dumps(secret))),
    "YAML": lambda secret: yaml.safe_dump({"password": secret}),
    "YAML, folded": lambda secret: yaml.safe_dump({"password": "some words " * 3 + secret}, width=30),
    "repr": lambda secret: repr({"password": secret}),
    "URL": lambda secret: f"?password={quote(secret, safe='')}&x=1",
    "URL with slashes": lambda secret: f"/x/{quote(secret)}/y",
    "URL in lower case": lambda secret: re.sub("%..", lambda found: found[0].lower(), quote(secret, safe="")),
    "URL, by a browser": lambda secret: quote(secret, safe="!~*'()"),
    "whole URL, by a browser": lambda secret: quote(secret, safe=";,/?:@&=+$#!~*'()"),
    "form in lower case": lambda secret: re.sub("%..", lambda found: found[0].lower(), quote_plus(secret)),
    "form": lambda secret: f"password={quote_plus(secret)}",
    "hex": lambda secret: f"0x{secret.encode().hex()}ff",
    "hex in upper case": lambda secret: secret.encode().hex().upper(),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 for URLs": lambda secret: base64.urlsafe_b64encode(b"?" + secret.encode()).decode(),
    "base64 in lines": lambda secret: textwrap.fill(base64.b64encode(b"abcd" + secret.encode()).decode(), 11),
    "base64 of JSON": lambda secret: base64.b64encode(json.dumps({"p": secret}).encode()).decode(),
    "AUTH PLAIN": lambda secret: base64.b64encode(f"\0me\0{secret}".encode()).decode(),
    "cut at its end": lambda secret: secret[:15],
    "cut at its start": lambda secret: secret[-15:],
    "wrapped": lambda secret: f"{secret[:10]}\n    {secret[10:]}",
}


@pytest.mark.parametrize("name", WRITTEN)
def test_finds_a_secret_however_it_is_written(name: str) -> None:
    """Catches: a form of a secret that is passed over, and every leak of that form with it."""
    (hit, *_more) = SEARCH.text(WRITTEN[name](SECRET), "somewhere").hits
    assert (hit.secret, hit.place) == ("the secret", "somewhere")


@pytest.mark.parametrize("name", WRITTEN)
def test_finds_no_other_secret(name: str) -> None:
    """Catches: a search that finds what is not there, and is then made blind."""
    assert SEARCH.text(WRITTEN[name]('Zm8"y\\R/ -%<ü>Bn4Hc1Gf6'), "somewhere").hits == []


@pytest.mark.parametrize("before", range(7))
@pytest.mark.parametrize("after", range(4))
def test_finds_base64_at_every_alignment(before: int, after: int) -> None:
    """Catches: a secret inside of a longer base64 text, where its neighbours change its first and last characters."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(os.urandom(before) + SECRET.encode() + os.urandom(after))
        assert "base64" in {hit.form for hit in SEARCH.text(text, "").hits}


def test_every_form_is_looked_for_on_its_own() -> None:
    """Catches: a form that is listed and never searched."""
    for text in forms(SECRET):
        assert SEARCH.text(b"x" + text + b"y", "").hits != []


def test_tells_which_of_several_secrets() -> None:
    """Catches: a secret that hides another one."""
    search = Search({"one": "first-secret-0001", "two": "other-secret-0002"})
    assert {hit.secret for hit in search.text("first-secret-0001other-secret-0002", "").hits} == {"one", "two"}


def test_refuses_a_secret_that_is_too_short() -> None:
    """Catches: findings in every innocent text."""
    with pytest.raises(ValueError, match="7 characters"):
        Search({"short": "abcdefg"})


def test_searches_contents_names_and_archives_of_a_folder(tmp_path: Path) -> None:
    """Catches: a file that is not opened: hidden, binary, deep, packed, or a secret in its name."""
    (tmp_path / "a" / ".b").mkdir(parents=True)
    (tmp_path / "a" / ".b" / ".hidden").write_bytes(b"\xff\x00" + SECRET.encode() + b"\x00\xfe")
    (tmp_path / "Plain-Name-93Kd").mkdir()
    with zipfile.ZipFile(tmp_path / "packed.bin", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside.json", PAIR)
    (tmp_path / "own").write_text(SECRET)
    search = Search({"the secret": SECRET, "name": "Plain-Name-93Kd"})
    found = search.folder(tmp_path, skip=[tmp_path / "own"])
    places = {hit.place for hit in found.hits}
    assert places == {
        str(tmp_path / "a" / ".b" / ".hidden"),
        f"{tmp_path / 'packed.bin'}:inside.json",
        f"name of {tmp_path / 'Plain-Name-93Kd'}",
    }
    assert found.texts >= 6 and found.size > len(SECRET) * 2


def test_sampler_sees_a_short_child_in_a_session_of_its_own() -> None:
    """Catches: a process that is over, or away from its parent, before anybody has looked."""
    mark = os.urandom(16).hex()
    environment = {"MARK": mark, "X": "in-child"}
    script = f"import subprocess; subprocess.run(['sleep', '0.3', '0'], env={environment}, start_new_session=True)"
    with Sampler(mark) as sampler:
        subprocess.run([sys.executable, "-c", script], env={"MARK": mark}, start_new_session=True, check=True)
    child = [process for process in sampler.seen if process.command == "sleep 0.3 0"]
    assert [b"X=in-child" in process.environment for process in child] == [True]


def test_all_marked_processes_are_killed_and_no_other() -> None:
    """Catches: a test that leaves processes behind, or ends somebody else's."""
    marks = [os.urandom(16).hex() for _n in range(2)]
    started = [subprocess.Popen(["sleep", "60"], env={"MARK": mark}, start_new_session=True) for mark in marks]
    try:
        kill_all(marks[0])
        assert started[0].wait(PATIENCE) == -9
        assert started[1].poll() is None
    finally:
        for process in started:
            process.kill()
            process.wait()

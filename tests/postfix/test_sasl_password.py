# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""postfix_sasl_password against a real Postfix: the provider's record says which password a running client uses."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from standin.service import StandIn
from support.postfix import SECONDS, Postfix, relay_settings
from support.waiting import until

from ansible_collections.mailops.smtp.plugins.module_utils import _files
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix import password_map
from ansible_collections.mailops.smtp.plugins.modules import postfix_sasl_password

ACCOUNT, OLD = "1.acme.smtp", "the-password-of-before-0"
NEW = ' #new: $x ${y} "\\%&ü--password-1'
KINDS = {"hash": ".db", "btree": ".db", "lmdb": ".lmdb", "cdb": ".cdb", "texthash": ""}


class Scene:
    """A relay that knows the provider, with a map of one type."""

    def __init__(self, provider: StandIn, kind: str) -> None:
        self.provider = provider
        self.kind = kind
        self.key = f"[{provider.smtp_host}]:{provider.smtp_port}"
        settings = relay_settings(
            provider.smtp_host, provider.smtp_port, provider.ca_path, kind + ":{config}/sasl_passwd"
        )
        self.relay = Postfix(settings=settings)
        self.text = self.relay.write_map("sasl_passwd", {self.key: f"{ACCOUNT}:{OLD}", "b.example": "b:c"}, kind)
        self.compiled = Path(f"{self.text}{KINDS[kind]}")

    def run(self, password: str = NEW, *, check_mode: bool = False, **over: Any) -> dict[str, Any]:
        """Run the module."""
        entries = [{"key": self.key, "username": ACCOUNT, "password": password}]
        options = {"entries": entries, "map": None, "config_directory": str(self.relay.config), "reload": True}
        return postfix_sasl_password.apply(options={**options, **over}, check_mode=check_mode)

    def found(self, key: str | None = None) -> str:
        """Return what Postfix finds for a key."""
        return self.relay.run("postmap", "-q", key or self.key, f"{self.kind}:{self.text}").rstrip("\n")

    def delivered(self, subject: str) -> dict[str, Any]:
        """Submit a message, wait until the provider has it, and return the login before it."""
        self.relay.submit(subject)
        until(lambda: subject in [one["subject"] for one in self.provider.record.messages()], seconds=SECONDS)
        return self.provider.record.logins()[-1]

    def files(self) -> list[str]:
        """Return the names beside the map."""
        return sorted(path.name for path in self.text.parent.iterdir())


@pytest.fixture(params=["hash"])
def scene(request: pytest.FixtureRequest, provider: StandIn) -> Iterator[Scene]:
    """A relay that is not started."""
    made = Scene(provider, request.param)
    try:
        yield made
    finally:
        made.relay.remove()


every_kind = pytest.mark.parametrize("scene", KINDS, indirect=True)


@every_kind
def test_running_client_uses_the_new_password(scene: Scene) -> None:
    """Catches: a client that still knows the old password; a password that the map garbles; other entries lost."""
    if scene.kind not in scene.relay.run("postconf", "-m").split():
        pytest.skip(f"this Postfix has no maps of the type {scene.kind}: apt-get install postfix-{scene.kind}")
    scene.relay.start()
    assert scene.delivered("before")["accepted"]
    scene.provider.accounts.change(ACCOUNT, NEW)
    before = scene.files()
    assert scene.run(check_mode=True)["changed"] and scene.found().endswith(OLD)
    done = scene.run()
    assert (done["changed"], done["reloaded"], done["type"]) == (True, True, scene.kind)
    login = scene.delivered("after")
    assert login["accepted"] and login["which"] == "current"
    assert [one["accepted"] for one in scene.provider.record.logins()] == [True, True]
    assert scene.found("b.example") == "b:c"
    assert scene.files() == before
    again = scene.run()
    assert (again["changed"], again["reloaded"]) == (False, False)
    for path in (scene.text, scene.compiled):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@every_kind
@pytest.mark.parametrize("number", range(12))
def test_killed_at_every_step(scene: Scene, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Catches: a map that is missing or half, a copy left behind, a change that the next run does not finish."""

    class Killed(BaseException):
        pass

    steps = iter(range(100))

    def stopping(name: str, module: Any) -> None:
        step = getattr(module, name)

        def stop_or_go(*arguments: Any, **keywords: Any) -> Any:
            if next(steps) == number:
                raise Killed
            return step(*arguments, **keywords)

        patch.setattr(module, name, stop_or_go)

    with monkeypatch.context() as patch:
        for name in ("create", "replace", "touch", "sync"):
            stopping(name, _files)
        stopping("_compile", password_map.PasswordMap)
        # A process that is killed cleans nothing up.
        patch.setattr(password_map.PasswordMap, "_clean", lambda _self: None)
        stopping("reload", password_map.PasswordMap)
        killed = False
        try:
            scene.run()
        except Killed:
            killed = True
    assert scene.found() in (f"{ACCOUNT}:{OLD}", f"{ACCOUNT}:{NEW}")
    assert scene.found("b.example") == "b:c"
    assert scene.run()["changed"] == killed
    assert scene.found() == f"{ACCOUNT}:{NEW}"
    expected = {"main.cf", "master.cf", scene.text.name, scene.compiled.name}
    assert set(scene.files()) == expected
    assert not scene.run()["changed"]


def test_compiled_table_that_says_something_else(scene: Scene) -> None:
    """Catches: a run that looks at the text only."""
    scene.text.write_text(f"{scene.key} {ACCOUNT}:{NEW}\nb.example b:c\n")
    os.utime(scene.text, (1, 1))
    assert scene.run()["changed"]
    assert scene.found() == f"{ACCOUNT}:{NEW}"
    os.utime(scene.compiled, (1, 1))
    assert scene.run()["changed"], "older than its text"
    scene.compiled.unlink()
    assert scene.run()["changed"], "missing"
    scene.compiled.chmod(0o644)
    assert scene.run()["changed"], "readable by others"
    assert not scene.run()["changed"]


def test_owner_and_link_stay(scene: Scene) -> None:
    """Catches: a link that becomes a file, a compiled table that Postfix does not look for, an owner lost."""
    folder = scene.relay.folder / "elsewhere"
    folder.mkdir()
    real = scene.text.rename(folder / "passwords")
    scene.text.symlink_to(real)
    os.chown(real, 1, 2)
    scene.run()
    assert scene.text.is_symlink() and not scene.compiled.is_symlink()
    assert NEW in real.read_text()
    assert scene.found() == f"{ACCOUNT}:{NEW}"
    for path in (real, scene.compiled):
        assert (path.stat().st_uid, path.stat().st_gid, stat.S_IMODE(path.stat().st_mode)) == (1, 2, 0o600)
    assert [path.name for path in folder.iterdir()] == ["passwords"]


def test_new_map(scene: Scene) -> None:
    """Catches: a first run that fails because there is no map yet."""
    scene.text.unlink()
    with pytest.raises(InputError, match=r"but not the text that it was made of"):
        scene.run()
    scene.compiled.unlink()
    assert scene.run()["changed"]
    assert scene.found() == f"{ACCOUNT}:{NEW}"


def test_two_entries_at_once_and_one_map_by_name(scene: Scene) -> None:
    """Catches: only the first entry written; an option that is ignored."""
    path = scene.relay.config / "another"
    entries = [{"key": key, "username": key, "password": f"of {key}"} for key in ("One@A.example", "two@a.example")]
    done = scene.run(entries=entries, map=f"hash:{path}", reload=False)
    assert (done["path"], done["reloaded"]) == (str(path), False)
    for key in ("one@a.example", "two@a.example"):
        assert scene.relay.run("postmap", "-q", key, f"hash:{path}").lower().strip() == f"{key}:of {key}"
    assert not scene.run(entries=entries, map=f"hash:{path}")["changed"]


def test_diff_shows_no_password(scene: Scene) -> None:
    """Catches: a password, old or new, in what --diff prints."""
    done = scene.run()
    assert NEW not in str(done) and OLD not in str(done)
    assert done["diff"]["before"] == f"{scene.key} {ACCOUNT}, password: another one\n"
    assert done["diff"]["after"] == f"{scene.key} {ACCOUNT}, password: as asked for\n"


@pytest.mark.parametrize(
    ("maps", "words"),
    [
        ("", "names no map of the types"),
        ("inline:{a=b:c}, static:d:e", "names no map of the types"),
        ("hash:/a, cdb:/b", "names 2 maps of the types"),
        ("proxy:hash:/a", "names no map of the types"),
    ],
)
def test_which_map(scene: Scene, maps: str, words: str) -> None:
    """Catches: a guess where main.cf leaves it open which map is meant."""
    scene.relay.run("postconf", "-e", f"smtp_sasl_password_maps = {maps}")
    with pytest.raises(InputError, match=words):
        scene.run()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("regexp:/etc/x", "maps of the type regexp cannot be written"),
        ("proxy:hash:/etc/x", "maps of the type proxy cannot be written"),
        ("hash:relative", "must be an absolute path"),
        ("hash:/missing/folder/x", "does not exist: create it first"),
        ("hash:/etc", "is a folder"),
        ("hash:/dev/null", "is not a regular file"),
    ],
)
def test_maps_that_cannot_be_written(scene: Scene, name: str, words: str) -> None:
    """Catches: a map damaged, or a message that does not say why."""
    with pytest.raises(InputError, match=words):
        scene.run(map=name)


def test_stopped_postfix(scene: Scene) -> None:
    """Catches: a reload that fails, and with it the task, where Postfix does not run."""
    done = scene.run()
    assert (done["changed"], done["reloaded"]) == (True, False)
    scene.relay.start()
    scene.provider.accounts.change(ACCOUNT, NEW)
    assert scene.delivered("after")["accepted"]

# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""postfix_sasl_password against a real Postfix: the provider's record says which password a running client uses."""

from __future__ import annotations

import os
import pwd
import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standin.service import StandIn
from support.postfix import PATH, SECONDS, Postfix, relay_settings
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
    with pytest.raises(InputError, match=r"but not the text that it was made from"):
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


def test_running_client_behind_proxymap(scene: Scene) -> None:
    """Catches: a table that proxymap cannot read, because it is not root, or reads no more after a change."""
    scene.relay.run("postconf", "-e", f"smtp_sasl_password_maps = proxy:hash:{scene.text}")
    for path in (scene.text, scene.compiled):
        path.chmod(0o644)
    scene.relay.start()
    assert scene.delivered("before")["accepted"]
    scene.provider.accounts.change(ACCOUNT, NEW)
    assert scene.run()["changed"]
    assert scene.delivered("after")["which"] == "current"
    group = pwd.getpwnam("postfix").pw_gid
    for path in (scene.text, scene.compiled):
        assert (path.stat().st_uid, path.stat().st_gid, stat.S_IMODE(path.stat().st_mode)) == (0, group, 0o640)
    assert not scene.run()["changed"]


@pytest.mark.parametrize("form", ["static:{login}", "static:{{{login}}}", "inline:{{ {{{key} = {login}}} }}"])
def test_login_in_main_cf_is_moved_as_the_message_says(scene: Scene, form: str) -> None:
    """Catches: advice that does not work, stops the mail, or shows the login to everybody."""
    scene.text.unlink()
    scene.compiled.unlink()
    maps = form.format(key=scene.key, login=f"{ACCOUNT}:{OLD}")
    scene.relay.run("postconf", "-e", f"smtp_sasl_password_maps = {maps}")
    scene.relay.start()
    assert scene.delivered("before")["accepted"]
    with pytest.raises(InputError) as error:
        scene.run()
    told = str(error.value)
    assert OLD not in told and NEW not in told
    found = re.search(r'such as "(.*?)", into (.*?) \(mode 0600\), then run (.*), then this task again$', told)
    assert found is not None
    line, path, commands = found.groups()
    Path(path).touch(mode=0o600)
    Path(path).write_text(line.replace("USER:PASSWORD", f"{ACCOUNT}:{OLD}") + "\n")
    subprocess.run(["sh", "-ec", commands], check=True, env={**os.environ, "PATH": PATH}, timeout=SECONDS)
    assert scene.delivered("moved")["accepted"]
    scene.provider.accounts.change(ACCOUNT, NEW)
    assert scene.run()["reloaded"]
    assert scene.delivered("after")["which"] == "current"


def test_table_that_is_not_set(scene: Scene) -> None:
    """Catches: advice that leaves Postfix without the table that it is told to use."""
    for path in (scene.text, scene.compiled):
        path.unlink()
    scene.relay.run("postconf", "-e", "smtp_sasl_password_maps =")
    with pytest.raises(InputError) as error:
        scene.run()
    (commands,) = re.findall(r"Run (.*), then this task again$", str(error.value))
    subprocess.run(["sh", "-ec", commands], check=True, env={**os.environ, "PATH": PATH}, timeout=SECONDS)
    assert scene.relay.call("postmap", "-q", scene.key, f"hash:{scene.text}").stderr == ""
    assert scene.run()["changed"] and scene.found() == f"{ACCOUNT}:{NEW}"


def test_every_installed_type_is_known(scene: Scene) -> None:
    """Catches: a type of Postfix's for which there is no word of advice."""
    installed = set(scene.relay.run("postconf", "-m").split()) - {"proxy"}
    unknown = []
    for kind in sorted(installed - set(KINDS)):
        with pytest.raises(InputError) as error:
            scene.run(map=f"{kind}:x")
        unknown += [kind] if "does not know" in str(error.value) else []
    assert unknown == []


ANY = st.text(alphabet=st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=40)
ODD = st.text(alphabet="a \\/=|%'\"#$`{}[]()<>,;@!~^&*+?.-_é\u00a0\u0161\U0001f600", min_size=1, max_size=40)
USERNAMES = st.one_of(ANY, ODD).map(lambda text: text.replace(":", "").lstrip(" ") or "u")
PASSWORDS = st.one_of(ANY, ODD, st.just("p" * 2000)).map(lambda text: text.rstrip(" ") or "p")


@every_kind
def test_every_login_is_given_back(scene: Scene) -> None:
    """Catches: a username or a password that is accepted, and that Postfix reads as something else."""

    @settings(max_examples=15, deadline=None)
    @given(st.lists(st.tuples(USERNAMES, PASSWORDS), min_size=20, max_size=40))
    def check(logins: list[tuple[str, str]]) -> None:
        entries = [
            {"key": f"[{number}.example]:587", "username": username, "password": password}
            for number, (username, password) in enumerate(logins)
        ]
        scene.run(entries=entries, reload=False)
        for entry in (entries[0], entries[-1]):
            command = ["postmap", "-c", str(scene.relay.config), "-q", entry["key"], f"{scene.kind}:{scene.text}"]
            done = subprocess.run(command, capture_output=True, check=True, env={**os.environ, "PATH": PATH})
            assert done.stdout == f"{entry['username']}:{entry['password']}\n".encode()
        # It looks into all of them.
        assert not scene.run(entries=entries, reload=False)["changed"]

    check()


@pytest.mark.parametrize(
    "key",
    ["[Ä.example]:587", "ß@a.example", "a\\b@a.example", "a%b@a.example", "'a'@a.example", "{a}@a", "a=b@a", "a|b@a"],
)
def test_every_key_is_found(scene: Scene, key: str) -> None:
    """Catches: a key that Postfix looks up in another form than it was written in."""
    entries = [{"key": key, "username": "u", "password": "p"}]
    assert scene.run(entries=entries, reload=False)["changed"]
    assert scene.found(key) == "u:p"
    assert not scene.run(entries=entries, reload=False)["changed"]


@pytest.mark.parametrize("folders", ["['/etc/postfix', '/etc/postfix-out']", "/etc/postfix,/etc/postfix-out", "etc"])
def test_several_instances_in_one_task(scene: Scene, folders: str) -> None:
    """Catches: a list of folders that is taken for the name of one, with a message about a file that nobody named."""
    words = "must be the absolute path of one instance's folder" if folders[0] != "/" else "there is no /etc/postfix,"
    with pytest.raises(InputError, match=words):
        scene.run(config_directory=folders)


@pytest.mark.parametrize(
    ("maps", "words"),
    [
        ("inline:{a=b:c}, static:d:e", "a table of the type inline cannot be written"),
        ("hash:/a, cdb:/b", r"names several tables that can be written \(hash:/a, cdb:/b\)"),
        ("proxy:ldap:/a", "a table of the type ldap cannot be written"),
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
        ("regexp:/etc/x", "a table of the type regexp cannot be written"),
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

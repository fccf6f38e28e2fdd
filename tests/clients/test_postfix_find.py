# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which login a real Postfix uses: the entry in use gets the new password, or nothing changes at all.

What is proved, is proved by the provider's record: after the deploy a message goes out, and its login is accepted.
"""

from __future__ import annotations

import os
import random
import secrets
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from standin.service import StandIn
from support.name_server import is_asked, run_again, serve
from support.postfix import Postfix, relay_settings, why_not
from support.waiting import PATIENCE, until

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.program import PROGRAM
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Job
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.modules import mail_program

ACCOUNT, OTHER = "1.acme.smtp", "2.acme.smtp"
OLD, NEW, THEIRS = "the-password-of-before-0", " new: $x--password-1", "the-password-of-another-2"
# How many random passwords are tried.
HOW_MANY = "MAILOPS_PASSWORDS"
# Another name of the address that the provider listens on.
ALIASES = [
    name
    for line in Path("/etc/hosts").read_text().splitlines()
    if line.startswith("127.0.0.1")
    for name in line.split()[1:]
    if name != "localhost"
]

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())


class Scene:
    """A provider whose account gets a new password, and a Postfix that relays there.

    :param settings: lines of main.cf beside those that a relay has; C(PORT) is the provider's port
    :param tables: name to entries, each a key with C(user:password)
    :param services: more lines of master.cf
    :param accounts: those of the provider, with their passwords
    """

    def __init__(
        self,
        settings: Mapping[str, str] | None = None,
        tables: Mapping[str, Mapping[str, str]] | None = None,
        services: Sequence[str] = (),
        accounts: Mapping[str, str] | None = None,
    ) -> None:
        self.provider = StandIn(accounts or {ACCOUNT: OLD, OTHER: THEIRS}).start()
        lines = relay_settings("localhost", self.provider.smtp_port, self.provider.ca_path, "hash:{config}/sasl_passwd")
        wanted = {**lines, "minimal_backoff_time": "1h", "queue_run_delay": "1h", **(settings or {})}
        self.relay = Postfix(settings={key: self.filled(value) for key, value in wanted.items()}, services=services)
        self.tables = tables if tables is not None else {"sasl_passwd": {"[localhost]:PORT": f"{ACCOUNT}:{OLD}"}}
        for table, entries in self.tables.items():
            self.relay.write_map(table, {self.filled(key): value for key, value in entries.items()})

    def filled(self, text: str) -> str:
        """Return a text with the provider's port in it."""
        return text.replace("PORT", str(self.provider.smtp_port))

    def close(self) -> None:
        """End both."""
        self.relay.remove()
        self.provider.stop()

    def run(self, state: str, *, check_mode: bool = False, **over: Any) -> dict[str, Any]:
        """Run the module."""
        options = {"config_directory": str(self.relay.config), **over.pop("options", {})}
        params = {
            "program": "postfix",
            "state": state,
            "host": "localhost",
            "port": self.provider.smtp_port,
            "encryption": "starttls",
            "logins": [{"username": ACCOUNT, "password": NEW, "replaces": [], "key": ""}],
            "sender": "",
            "recipient": "",
            "token": "",
            "timeout": 30,
        }
        return mail_program.apply(params={**params, **over, "options": options}, check_mode=check_mode)

    def change(self) -> None:
        """Change the account's password at the provider."""
        self.provider.accounts.change(ACCOUNT, NEW)

    def delivered(self, subject: str, **over: str) -> str:
        """Submit a message, wait until the provider has it, and return whose login it came with."""
        self.relay.submit(subject, **over)
        until(lambda: subject in [one["subject"] for one in self.provider.record.messages()], seconds=PATIENCE)
        login = self.provider.record.logins()[-1]
        assert login["accepted"]
        return str(login["account"])

    def refused(self, **over: Any) -> str:
        """Return why the module finds that it must not go on, and make sure that nothing changed."""
        before = self.files()
        with pytest.raises(InputError) as caught:
            self.run("found", **over)
        with pytest.raises(InputError):
            self.run("deployed", **over)
        assert self.files() == before
        assert OLD not in str(caught.value)
        assert THEIRS not in str(caught.value)
        return str(caught.value)

    def files(self) -> dict[str, bytes]:
        """Return the files beside main.cf."""
        return {path.name: path.read_bytes() for path in self.relay.config.iterdir() if path.is_file()}

    def rotates(self, places: Sequence[tuple[str, str]], **over: Any) -> None:
        """Find these entries, write the new password, and see a message go out with it.

        :param places: table and key
        """
        wanted = [(self.filled(table), self.filled(key).lower()) for table, key in places]
        found = self.run("found", **over)["entries"]
        assert [(Path(one["place"]).name, one["key"].lower()) for one in found] == wanted
        self.relay.start()
        self.change()
        assert self.run("deployed", check_mode=True, **over)["changed"]
        assert self.run("deployed", **over)["changed"]
        assert not self.run("deployed", **over)["changed"]
        assert self.delivered("after the change") == ACCOUNT
        assert [one["accepted"] for one in self.provider.record.logins()] == [True]


@pytest.fixture
def made() -> Iterator[Callable[..., Scene]]:
    """Make scenes, and end them."""
    scenes: list[Scene] = []

    def make(*args: Any, **named: Any) -> Scene:
        scenes.append(Scene(*args, **named))
        return scenes[-1]

    yield make
    for scene in scenes:
        scene.close()


Make = Callable[..., Scene]
DEST = "[localhost]:PORT"
TWO = {"smtp_sasl_password_maps": "hash:{config}/sasl_passwd, hash:{config}/more"}


def test_bare_host_name_is_corrected_too(made: Make) -> None:
    """Catches: a new entry for the next hop, while Postfix uses the old one for the bare name of the server."""
    made(tables={"sasl_passwd": {"localhost": f"{ACCOUNT}:{OLD}", "b.example": "b:c"}}).rotates(
        [("sasl_passwd", "localhost")]
    )


def test_both_entries_of_an_account_are_corrected(made: Make) -> None:
    """Catches: one of two entries that stays as it was."""
    both = {DEST: f"{ACCOUNT}:{OLD}", "localhost": f"{ACCOUNT}:{OLD}"}
    made(tables={"sasl_passwd": both}).rotates([("sasl_passwd", DEST), ("sasl_passwd", "localhost")])


def test_bare_host_name_of_another_account_is_refused(made: Make) -> None:
    """Catches: an entry that is written, proved by us, and hidden from Postfix by another account's."""
    scene = made(tables={"sasl_passwd": {"localhost": f"{OTHER}:{THEIRS}", DEST: f"{ACCOUNT}:{OLD}"}})
    told = scene.refused()
    assert "finds another entry first, localhost in hash:" in told


def test_explicit_key_is_refused_if_another_entry_is_found_first(made: Make) -> None:
    """Catches: a key that the playbook names, believed although Postfix looks up another one before."""
    scene = made(tables={"sasl_passwd": {"localhost": f"{ACCOUNT}:{OLD}"}})
    key = scene.filled(DEST)
    told = scene.refused(logins=[{"username": ACCOUNT, "password": NEW, "replaces": [], "key": key}])
    assert "leave out the key" in told


def test_explicit_key_that_postfix_never_looks_for_is_refused(made: Make) -> None:
    """Catches: a key without the port, which stands in the table and is never found."""
    scene = made(tables={"sasl_passwd": {}})
    told = scene.refused(logins=[{"username": ACCOUNT, "password": NEW, "replaces": [], "key": "[localhost]"}])
    assert "it looks for localhost or [localhost]:" in told


@pytest.mark.parametrize("kind", ["regexp", "pcre"])
def test_old_login_in_a_pattern_before_is_refused(made: Make, kind: str) -> None:
    """Catches: a hash that is written behind a table of patterns, which has the old login."""
    scene = made({"smtp_sasl_password_maps": f"{kind}:{{config}}/patterns, hash:{{config}}/sasl_passwd"})
    if kind not in scene.relay.run("postconf", "-m").split():
        pytest.skip(f"Postfix has no maps of the type {kind}: apt-get install postfix-{kind}")
    (scene.relay.config / "patterns").write_text(f"/localhost/ {ACCOUNT}:{OLD}\n")
    told = scene.refused()
    assert f"in {kind}:" in told
    assert "cannot be written" in told


def test_old_login_in_main_cf_before_is_refused(made: Make) -> None:
    """Catches: the same with a login that stands in main.cf itself."""
    inline = f"inline:{{{{ {DEST} = {ACCOUNT}:{OLD} }}}}"
    scene = made({"smtp_sasl_password_maps": f"{inline}, hash:{{config}}/sasl_passwd"})
    assert "set the option migrate" in scene.refused()


def test_entry_in_use_may_be_in_the_second_table(made: Make) -> None:
    """Catches: the first of two tables written, while Postfix finds the bare name in the second before that."""
    tables = {"sasl_passwd": {DEST: f"{ACCOUNT}:{OLD}"}, "more": {"localhost": f"{ACCOUNT}:{OLD}"}}
    made(TWO, tables).rotates([("sasl_passwd", DEST), ("more", "localhost")])


def test_foreign_entry_in_the_second_table_is_refused(made: Make) -> None:
    """Catches: the same with another account's entry: tables are asked for one key after the other."""
    tables = {"sasl_passwd": {DEST: f"{ACCOUNT}:{OLD}"}, "more": {"localhost": f"{OTHER}:{THEIRS}"}}
    assert "localhost in hash:" in made(TWO, tables).refused()


NEXT_HOPS = [
    ("localhost:PORT", "localhost:PORT"),
    ("[127.0.0.1]:PORT", "[127.0.0.1]:PORT"),
    *([(f"[{ALIASES[0]}]:PORT", f"[{ALIASES[0]}]:PORT")] if ALIASES else []),
    ("[LocalHost]:PORT", "[LocalHost]:PORT"),
]


@pytest.mark.parametrize(("relayhost", "key"), NEXT_HOPS)
def test_entry_has_the_key_that_postfix_has(made: Make, relayhost: str, key: str) -> None:
    """Catches: another entry beside the one in use, since the role spells the server in another way."""
    settings = {"relayhost": relayhost}
    made(settings, {"sasl_passwd": {key: f"{ACCOUNT}:{OLD}"}}).rotates([("sasl_passwd", key)])


@pytest.mark.parametrize(("relayhost", "key"), NEXT_HOPS)
def test_new_entry_gets_the_key_that_postfix_has(made: Make, relayhost: str, key: str) -> None:
    """Catches: a first entry by a key that Postfix does not look for: 530, and the mail is bounced."""
    made({"relayhost": relayhost}, {"sasl_passwd": {"b.example": "b:c"}}).rotates([("sasl_passwd", key)])


@pytest.mark.parametrize(
    ("entries", "used"),
    [
        ({"localhost": f"{ACCOUNT}:{OLD}", "relay.test:PORT": f"{OTHER}:{THEIRS}"}, "localhost"),
        ({"relay.test": f"{OTHER}:{THEIRS}", "relay.test:PORT": f"{ACCOUNT}:{OLD}"}, "relay.test:PORT"),
        ({}, "relay.test:PORT"),
    ],
    ids=["server", "next hop", "none"],
)
def test_domain_is_looked_up_by_the_name_of_its_mail_server(
    made: Make, entries: dict[str, str], used: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Catches: a relayhost without brackets, whose mail server has another name: that name is looked up first."""
    if not is_asked():
        run_again(f"{request.path}::{request.node.name}", tmp_path)
        return
    with serve("relay.test", "localhost"):
        made({"relayhost": "relay.test:PORT"}, {"sasl_passwd": entries}).rotates([("sasl_passwd", used)])


def test_port_of_the_test_may_differ_from_that_of_postfix(made: Make) -> None:
    """Catches: an entry for the port 465 of the test send, beside the one for 587 that Postfix looks for."""
    scene = made()
    scene.rotates([("sasl_passwd", DEST)], port=scene.provider.smtps_port, encryption="tls")


def test_table_of_the_transport_itself_is_written(made: Make) -> None:
    """Catches: the table of main.cf written, while master.cf gives the transport another one."""
    services = ["emaillabs unix - - n - - smtp", "  -o smtp_sasl_password_maps=hash:$config_directory/own"]
    tables = {"sasl_passwd": {DEST: f"{ACCOUNT}:{OLD}"}, "own": {DEST: f"{ACCOUNT}:{OLD}"}}
    scene = made({"default_transport": "emaillabs"}, tables, services)
    scene.rotates([("own", DEST)])
    assert scene.run("found")["holds"] == ["emaillabs"]


@pytest.mark.parametrize(
    ("service", "value", "more"),
    [
        ("", "hash:{config}/own_$service_name", ""),
        ("", "hash:{config}/own_${service_name}", ""),
        ("  -o my_table=own_emaillabs", "hash:{config}/$my_table", "sasl_passwd"),
        ("  -o { my_table = own_emaillabs }", "hash:{config}/${my_table}", "sasl_passwd"),
    ],
)
def test_table_named_by_a_macro_is_that_of_the_transport(made: Make, service: str, value: str, more: str) -> None:
    """Catches: a macro that has another value for the transport than for main.cf, so that another table is written."""
    services = ["emaillabs unix - - n - - smtp", *([service] if service else [])]
    tables = {name: {DEST: f"{ACCOUNT}:{OLD}"} for name in ("sasl_passwd", "own_emaillabs")}
    settings = {"default_transport": "emaillabs", "my_table": more, "smtp_sasl_password_maps": value}
    made(settings, tables, services).rotates([("own_emaillabs", DEST)])


def test_transport_without_a_table_of_its_own_is_named(made: Make) -> None:
    """Catches: main.cf blamed for an empty value that stands in master.cf."""
    services = ["emaillabs unix - - n - - smtp", "  -o smtp_sasl_password_maps="]
    told = made({"default_transport": "emaillabs"}, services=services).refused()
    assert "master.cf sets smtp_sasl_password_maps of the transport emaillabs to nothing" in told


def test_postfix_that_does_not_log_in_is_refused(made: Make) -> None:
    """Catches: a fresh host where every message is refused with 530 after the rotation, and bounced."""
    scene = made({"smtp_sasl_auth_enable": "no"})
    told = scene.refused()
    command = told.partition("run ")[2].partition(", then")[0]
    scene.relay.run("postconf", "-e", command.partition("-e '")[2].rstrip("'"))
    scene.rotates([("sasl_passwd", DEST)])


def test_bind_mount_is_refused(made: Make) -> None:
    """Catches: a table that is a mount of its own, as in a container: it is found out after the password changed."""
    scene = made()
    table = scene.relay.config / "sasl_passwd"
    subprocess.run(["mount", "--bind", table, table], check=True)
    try:
        assert "is a mount of its own" in scene.refused()
    finally:
        subprocess.run(["umount", table], check=True)


@pytest.mark.parametrize("name", ["sasl_passwd", "sasl_passwd.db", "main.cf"])
def test_immutable_file_is_refused(made: Make, name: str) -> None:
    """Catches: a file that even root cannot replace, found out after the password changed."""
    scene = made()
    file = scene.relay.config / name
    if subprocess.run(["chattr", "+i", file], check=False, capture_output=True).returncode:
        pytest.skip("this file system has no attributes")
    try:
        assert "chattr -i" in scene.refused()
    finally:
        subprocess.run(["chattr", "-i", file], check=True)


def test_hold_that_somebody_ended_is_noticed(made: Make) -> None:
    """Catches: a hold that is told of although it is gone, and one that stays without a word."""
    scene = made()
    scene.relay.start()
    assert not scene.run("found")["held"]
    assert scene.run("held")["held"]
    assert scene.run("found")["held"]
    main_cf = scene.relay.main_cf
    text = main_cf.read_text()
    main_cf.write_text(text[: text.index("# BEGIN mailops")])
    assert not scene.run("found")["held"]


def test_hold_of_a_transport_that_is_not_used_any_more_is_told(made: Make) -> None:
    """Catches: mail that waits for ever, since the route was changed while it was on hold."""
    scene = made()
    scene.run("held")
    scene.relay.run("postconf", "-e", "default_transport=relay")
    found = scene.run("found")
    assert not found["held"]
    assert "also holds the transport smtp" in " ".join(found["notes"])


def test_hold_ends_although_nothing_reaches_the_provider_any_more(made: Make) -> None:
    """Catches: a release that fails since the relay was changed meanwhile."""
    scene = made()
    before = scene.relay.main_cf.read_text()
    scene.run("held")
    held = scene.relay.main_cf.read_text()
    scene.relay.main_cf.write_text(held.replace("[localhost]", "[relay.other.example]"))
    change = PROGRAM.release(
        Job("localhost", scene.provider.smtp_port, options={"config_directory": str(scene.relay.config)})
    )
    assert change.changed
    assert scene.relay.main_cf.read_text() == before.replace("[localhost]", "[relay.other.example]")


@pytest.mark.parametrize(
    ("settings", "holds"),
    [
        ({"default_transport": "relay"}, ["relay"]),
        ({"default_transport": "relay:[localhost]:PORT", "relayhost": ""}, ["relay"]),
        ({"relayhost": "", "transport_maps": f"inline:{{{{ * = relay:{DEST} }}}}"}, ["relay"]),
        ({"sender_dependent_default_transport_maps": "inline:{{ app@acme.example = relay: }}"}, ["smtp", "relay"]),
        ({"relayhost": "", "sender_dependent_relayhost_maps": f"inline:{{{{ @acme.example = {DEST} }}}}"}, ["smtp"]),
        (
            {
                "relayhost": "",
                "relay_domains": "there.example",
                "transport_maps": f"inline:{{{{ there.example = :{DEST} }}}}",
            },
            ["smtp", "relay"],
        ),
        (
            {
                "relayhost": "[127.0.0.1]:1",
                "sender_dependent_default_transport_maps": "inline:{{ @acme.example = relay: }}",
                "sender_dependent_relayhost_maps": f"inline:{{{{ app@acme.example = {DEST} }}}}",
            },
            ["relay"],
        ),
        (
            {
                "relayhost": "[127.0.0.1]:1",
                "sender_dependent_default_transport_maps": "inline:{{ app@acme.example = relay: }}",
                "sender_dependent_relayhost_maps": f"inline:{{{{ @acme.example = {DEST} }}}}",
            },
            ["relay", "smtp"],
        ),
    ],
)
def test_every_transport_that_reaches_the_provider_is_held(
    made: Make, settings: dict[str, str], holds: list[str]
) -> None:
    """Catches: a hold of the transport smtp, while mail goes out over another one, inside the window."""
    scene = made(settings)
    scene.relay.start()
    held = scene.run("held")
    assert held["held"]
    assert held["holds"] == holds
    scene.change()
    scene.relay.submit("inside the window")
    scene.relay.call("postqueue", "-f")
    until(lambda: "status=deferred" in scene.relay.log, seconds=PATIENCE)
    assert scene.provider.record.logins() == []
    scene.run("deployed")
    scene.run("released")
    until(lambda: len(scene.provider.record.messages()) > 0, seconds=PATIENCE)
    assert [one["accepted"] for one in scene.provider.record.logins()] == [True]


def test_filter_in_master_cf_is_held(made: Make) -> None:
    """Catches: mail that a filter hands to the provider, which is not found since master.cf names the filter."""
    scene = made({"relayhost": ""})
    entry = f"{scene.relay.address}:{scene.relay.port}/inet"
    scene.relay.run("postconf", "-P", scene.filled(f"{entry}/content_filter=relay:{DEST}"))
    assert scene.run("found")["holds"] == ["relay"]
    scene.rotates([("sasl_passwd", DEST)])


def test_postfix_that_relays_to_elsewhere_is_refused(made: Make) -> None:
    """Catches: an entry for a server that this host never talks to."""
    scene = made({"relayhost": "[relay.other.example]:587"})
    told = scene.refused()
    assert "relays to [relay.other.example]:587" in told
    assert f"Set relayhost = {scene.filled(DEST)}" in told


def test_transport_that_the_user_names_is_held(made: Make) -> None:
    """Catches: a route that only a table of another system knows, so that nothing can be rotated."""
    settings = {"relayhost": "[relay.other.example]:587", "transport_maps": "tcp:127.0.0.1:1"}
    scene = made(settings)
    assert "is not a transport in master.cf" in scene.refused(options={"transport": ["local"]})
    found = scene.run("found", options={"transport": ["relay"]})
    assert found["holds"] == ["relay"]
    assert "type tcp, which cannot be listed" in " ".join(found["notes"])
    assert "is taken to use the transport relay" in " ".join(found["notes"])


def test_transport_that_the_user_does_not_name_is_told(made: Make) -> None:
    """Catches: a transport that the user forgot, and mail that is refused inside the window without a word."""
    scene = made({"sender_dependent_default_transport_maps": "inline:{ app@acme.example=relay: }"})
    found = scene.run("found", options={"transport": ["smtp"]})
    assert found["holds"] == ["smtp"]
    assert "also uses the transport relay" in " ".join(found["notes"])


@pytest.mark.parametrize("kind", ["static", "inline"])
def test_login_moves_out_of_main_cf(made: Make, kind: str) -> None:
    """Catches: a user of static or inline who is shut out; or a table that has not all that main.cf had."""
    literal = {
        "static": f"static:{ACCOUNT}:{OLD}",
        "inline": f"inline:{{ {{ {DEST} = {ACCOUNT}:{OLD} }}, {{ b.example = b:a pass }} }}",
    }[kind]
    scene = made({"smtp_sasl_password_maps": literal}, {})
    assert "migrate" in scene.refused()
    scene.rotates([(f"sasl_passwd_{kind}", DEST)], options={"migrate": True})
    table = scene.relay.config / f"sasl_passwd_{kind}"
    assert OLD not in scene.relay.main_cf.read_text()
    assert table.stat().st_mode & 0o777 == 0o600
    if kind == "inline":
        assert scene.relay.run("postmap", "-q", "b.example", f"hash:{table}") == "b:a pass\n"


def test_login_in_master_cf_is_not_moved(made: Make) -> None:
    """Catches: main.cf edited for a login that stands in master.cf."""
    services = ["emaillabs unix - - n - - smtp", f"  -o smtp_sasl_password_maps=static:{ACCOUNT}:{OLD}"]
    scene = made({"default_transport": "emaillabs"}, services=services)
    assert "is in master.cf" in scene.refused(options={"migrate": True})


def test_two_instances_of_a_host_are_worked_on(made: Make) -> None:
    """Catches: a second instance that keeps the old password, or a list of folders that is refused."""
    scene = made()
    second = Postfix("second", {**dict(scene.relay.settings), "relayhost": scene.filled("[127.0.0.1]:PORT")})
    second.write_map("sasl_passwd", {scene.filled("[127.0.0.1]:PORT"): f"{ACCOUNT}:{OLD}"})
    folders = [str(scene.relay.config), str(second.config)]
    options = {"config_directory": None, "config_directories": folders}
    scene.relay.start()
    try:
        with second:
            held = scene.run("held", options=options)
            assert held["holds"] == [f"{folder}: smtp" for folder in folders]
            scene.change()
            assert len(scene.run("deployed", options=options)["entries"]) == len(folders)
            scene.run("released", options=options)
            scene.delivered("of the first")
            second.submit("of the second")
            until(lambda: len(scene.provider.record.messages()) == len(folders), seconds=PATIENCE)
            assert all(one["accepted"] for one in scene.provider.record.logins())
    finally:
        if second.folder.exists():
            second.remove()


def test_instances_that_postfix_knows_are_found(made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a second instance that nobody named, which keeps the old password; one that relays to elsewhere."""
    scene = made()
    settings = dict(scene.relay.settings)
    second = Postfix("second", {**settings, "relayhost": scene.filled("[127.0.0.1]:PORT")})
    third = Postfix("third", {**settings, "relayhost": "[relay.other.example]:587"})
    try:
        second.write_map("sasl_passwd", {"127.0.0.1": f"{ACCOUNT}:{OLD}"})
        scene.relay.run("postconf", "-e", f"multi_instance_directories = {second.config} {third.config}")
        monkeypatch.setenv("MAIL_CONFIG", str(scene.relay.config))
        found = scene.run("found", options={"config_directory": None})
        assert [one["place"] for one in found["entries"]] == [
            f"hash:{one.config}/sasl_passwd" for one in (scene.relay, second)
        ]
    finally:
        second.remove()
        third.remove()


@pytest.mark.parametrize("kind", ["lmdb", "cdb", "texthash", "proxy:hash"])
def test_tables_of_each_type_are_asked_and_written(made: Make, kind: str) -> None:
    """Catches: a type of which Postfix is asked in a form that it does not understand, or that is not compiled."""
    scene = made({"smtp_sasl_password_maps": f"{kind}:{{config}}/sasl_passwd"}, {})
    scene.relay.write_map("sasl_passwd", {"localhost": f"{ACCOUNT}:{OLD}"}, kind.rpartition(":")[2])
    scene.rotates([("sasl_passwd", "localhost")])


def test_host_without_a_table_gets_one(made: Make) -> None:
    """Catches: a fresh host that is refused since the file in main.cf does not exist yet."""
    made(tables={}).rotates([("sasl_passwd", DEST)])


def test_host_that_names_no_table_is_refused(made: Make) -> None:
    """Catches: a raw error where Postfix has no table at all."""
    assert "is empty, so Postfix uses no login. Run " in made({"smtp_sasl_password_maps": ""}, {}).refused()


def test_login_of_a_sender_is_found(made: Make) -> None:
    """Catches: the entry of a sender that stays as it was, while it comes before that of the server."""
    settings = {"smtp_sender_dependent_authentication": "yes"}
    tables = {"sasl_passwd": {"app@acme.example": f"{ACCOUNT}:{OLD}", DEST: f"{OTHER}:{THEIRS}"}}
    scene = made(settings, tables)
    scene.rotates([("sasl_passwd", "app@acme.example")])


def test_login_of_a_sender_is_refused_if_postfix_does_not_ask(made: Make) -> None:
    """Catches: an entry for a sender that Postfix never looks for."""
    tables = {"sasl_passwd": {"app@acme.example": f"{ACCOUNT}:{OLD}", DEST: f"{OTHER}:{THEIRS}"}}
    assert "smtp_sender_dependent_authentication" in made(tables=tables).refused()


def test_open_connection_is_not_kept_after_the_deploy(made: Make) -> None:
    """Catches: mail that goes on over a connection which logged in with the password of before."""
    settings = {
        "smtp_connection_cache_destinations": "localhost",
        "smtp_connection_cache_time_limit": "1h",
        "smtp_tls_connection_reuse": "yes",
    }
    scene = made(settings, services=["tlsproxy unix - - n - 0 tlsproxy"])
    scene.relay.start()
    scene.delivered("before, and its connection stays open")
    scene.delivered("over the same connection")
    assert len(scene.provider.record.logins()) == 1
    scene.change()
    scene.run("deployed")
    scene.delivered("after")
    assert [one["accepted"] for one in scene.provider.record.logins()] == [True, True]


def test_rotation_holds_deploys_proves_and_releases(made: Make) -> None:
    """Catches: five verbs that do not fit together: a login before the proof, or mail that stays."""
    scene = made(TWO, {"sasl_passwd": {DEST: f"{ACCOUNT}:{OLD}"}, "more": {"localhost": f"{ACCOUNT}:{OLD}"}})
    message: dict[str, Any] = {
        "sender": "app@acme.example",
        "recipient": "friend@there.example",
        "token": "mailops-token-1",
    }
    scene.relay.start()
    scene.run("held")
    scene.change()
    scene.relay.submit("waits")
    scene.run("deployed")
    proofs = scene.run("proved", **message)["proofs"]
    assert [(one["how"], one["username"]) for one in proofs] == [("message", ACCOUNT)]
    assert "waits" not in [one["subject"] for one in scene.provider.record.messages()]
    scene.run("released")
    until(lambda: len(scene.provider.record.messages()) == 2, seconds=PATIENCE)
    assert all(one["accepted"] for one in scene.provider.record.logins())


def test_random_passwords_reach_the_provider(made: Make) -> None:
    """Catches: a character that the table, Postfix or its SASL library changes; a login of another sender."""
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    chosen = random.Random(seed)  # noqa: S311  (so that it can be repeated)
    accounts = {f"{number}.acme.smtp": a_password(chosen) for number in range(int(os.environ.get(HOW_MANY, "40")))}
    scene = made({"smtp_sender_dependent_authentication": "yes"}, {"sasl_passwd": {}}, accounts=accounts)
    logins = [
        {"username": name, "password": password, "replaces": [], "key": f"{name}@acme.example"}
        for name, password in accounts.items()
    ]
    scene.run("deployed", logins=logins)
    scene.relay.start()
    for name in accounts:
        scene.relay.submit("one of many", sender=f"{name}@acme.example")
    record = scene.provider.record
    until(lambda: len(record.messages()) == len(logins), seconds=PATIENCE + len(logins))
    assert sorted(one["account"] for one in record.messages()) == sorted(accounts)
    assert all(one["accepted"] for one in record.logins())


def a_password(chosen: random.Random) -> str:
    """Return a password that a table can hold: all printable characters, some of other languages, blanks inside."""
    characters = "".join(map(chr, range(32, 127))) + "äßżλ中😀\u00a0"
    while True:
        password = "".join(chosen.choices(characters, k=chosen.randint(1, 64)))
        if not PROGRAM.cannot_carry("user", password):
            return password


def test_idle_account_of_a_pair_takes_over(made: Make) -> None:
    """Catches: an entry beside the one of the account that is replaced."""
    scene = made(tables={"sasl_passwd": {"localhost": f"{OTHER}:{THEIRS}"}})
    logins = [{"username": ACCOUNT, "password": NEW, "replaces": [OTHER], "key": ""}]
    scene.rotates([("sasl_passwd", "localhost")], logins=logins)


ELSEWHERE = [
    ({}, f"{{{{ news@acme.example = [127.0.0.1]:1 }} {{ app@acme.example = {DEST} }}}}"),
    ({}, f"{{{{ @acme.example = [127.0.0.1]:1 }} {{ app@acme.example = {DEST} }}}}"),
    ({"relayhost": "[127.0.0.1]:1"}, f"{{{{ app@acme.example = {DEST} }}}}"),
]


@pytest.mark.parametrize(("settings", "relays"), ELSEWHERE)
def test_same_name_of_a_sender_at_another_provider_stays(made: Make, settings: dict[str, str], relays: str) -> None:
    """Catches: the only copy of another provider's password overwritten, since a sender has the same login there."""
    senders = {
        "smtp_sender_dependent_authentication": "yes",
        "sender_dependent_relayhost_maps": f"inline:{relays}",
        **settings,
    }
    logins = {"news@acme.example": f"{ACCOUNT}:{THEIRS}", "app@acme.example": f"{ACCOUNT}:{OLD}"}
    # A filter of other mail changes nothing.
    services = ["other unix - - n - - smtpd -o content_filter=relay:[127.0.0.1]:1"]
    scene = made(senders, {"sasl_passwd": logins}, services)
    assert any("for news@acme.example, which does not lead" in note for note in scene.run("found")["notes"])
    scene.rotates([("sasl_passwd", "app@acme.example")])
    table = scene.relay.config / "sasl_passwd"
    assert scene.relay.run("postmap", "-q", "news@acme.example", f"hash:{table}") == f"{ACCOUNT}:{THEIRS}\n"


def test_same_name_at_another_provider_stays(made: Make) -> None:
    """Catches: the password of another provider overwritten, since the login has the same name there."""
    scene = made(tables={"sasl_passwd": {"[192.0.2.9]:587": f"{ACCOUNT}:{THEIRS}", DEST: f"{ACCOUNT}:{OLD}"}})
    assert any("192.0.2.9" in note for note in scene.run("found")["notes"])
    scene.rotates([("sasl_passwd", DEST)])
    table = scene.relay.config / "sasl_passwd"
    assert scene.relay.run("postmap", "-q", "[192.0.2.9]:587", f"hash:{table}") == f"{ACCOUNT}:{THEIRS}\n"

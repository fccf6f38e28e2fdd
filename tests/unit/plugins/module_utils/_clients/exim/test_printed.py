# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Exim prints."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.exim.printed import (
    Lookup,
    Route,
    client_options,
    drivers_of,
    hosts_in,
    logs_in,
    lookups_in,
    route_of,
    setting_of,
    takes_caret,
)

FILE = "${lookup{$host}nwildlsearch{/etc/exim4/passwd.client}{$value}fail}"


def test_drivers() -> None:
    """Catches: an option of one driver that is taken for one of another, a value that is cut at a second sign."""
    text = "\na router:\ndriver = manualroute\nroute_list = * h.example byname\nno_more\n"
    text += "\nb router:\ndata = x = y\nempty = \n"
    assert drivers_of(text) == {
        "a": {"driver": "manualroute", "route_list": "* h.example byname"},
        "b": {"data": "x = y", "empty": ""},
    }


def test_settings() -> None:
    """Catches: the path of the configuration, printed without a name, or a switch that is not understood."""
    assert setting_of("/etc/exim4/exim4.conf\n") == "/etc/exim4/exim4.conf"
    assert setting_of("exim_user = Debian-exim\n") == "Debian-exim"
    assert setting_of("no_message_logs\n") == "no_message_logs"


def test_route() -> None:
    """Catches: another name of the relay than the one that Exim uses, an address that is delivered here."""
    text = "a@b.example\n  router = smarthost, transport = t\n  host r.example [10.0.0.1] port=587\n  host s [::1]\n"
    assert route_of(text) == Route("t", ("r.example", "s"))
    assert route_of("root@localhost\n  router = local_user, transport = mail_spool\n") is None
    assert route_of("a@b.example is undeliverable\n") is None


def test_hosts() -> None:
    """Catches: a port or a word of the options that is taken for a host."""
    options = {"route_list": "* relay.example::587:127.0.0.1 byname", "route_data": "localhost"}
    assert hosts_in(options, ("route_list", "route_data", "hosts")) == ["relay.example", "127.0.0.1", "localhost"]


def test_logs_in() -> None:
    """Catches: a transport without a login that passes for one with a login."""
    assert logs_in({"hosts_require_auth": "*"}) and logs_in({"hosts_try_auth": "*"})
    assert not logs_in({"hosts_try_auth": ""})


@pytest.mark.parametrize(
    ("send", "lookups", "other"),
    [
        (f"<; ^${{extract{{1}}{{:}}{{{FILE}}}}}", [Lookup("nwildlsearch", "/etc/exim4/passwd.client")], False),
        ("${lookup {${host}} lsearch {/f} }", [Lookup("lsearch", "/f")], False),
        ("${lookup{$sender_address}lsearch{/f}}", [], True),
        (f"{FILE}${{lookup mysql{{select}}}}", [Lookup("nwildlsearch", "/etc/exim4/passwd.client")], True),
        (": user : password", [], True),
    ],
)
def test_lookups(send: str, lookups: list[Lookup], other: bool) -> None:
    """Catches: a login that comes from somewhere else than the file that is written."""
    options = {"plain": {"client_send": send}, "server": {"client_send": "", "server_prompts": ":"}}
    assert lookups_in(client_options(options)) == (lookups, other)


def test_caret() -> None:
    """Catches: a ^ that ends a part of the login."""
    assert takes_caret(
        {"plain": {"client_send": rf"${{sg{{{FILE}}}{{\N[\^]\N}}{{^^}}}}"}, "cram": {"client_secret": FILE}}
    )
    assert not takes_caret({"plain": {"client_send": FILE}})

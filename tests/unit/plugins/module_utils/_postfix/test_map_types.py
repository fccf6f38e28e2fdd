# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.map_types import (
    SUFFIXES,
    Instance,
    Table,
    chosen,
    table_of,
)

# What `postconf -m` prints for Postfix 3.7.11 of Debian 12 with the packages postfix-cdb and postfix-lmdb.
INSTALLED = """btree cdb cidr environ fail hash inline internal lmdb memcache nis pipemap proxy randmap regexp socketmap
static tcp texthash unionmap unix"""
INSTANCE = Instance("/etc/postfix", "hash", INSTALLED.split())
KEY = "[smtp.example.com]:587"
MOVE = (
    f'To move the logins, write one line for each server, such as "{KEY} USER:PASSWORD", into /etc/postfix/sasl_passwd '
    "(mode 0600), then run postmap hash:/etc/postfix/sasl_passwd && postconf -e 'smtp_sasl_password_maps = "
    "hash:/etc/postfix/sasl_passwd' && postfix reload, then this task again"
)


def choose(value: str, given: str | None = None, instance: Instance = INSTANCE) -> Table:
    return chosen(given=given, value=value, instance=instance, keys=[KEY])


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("hash:/etc/x", Table("hash", "/etc/x")),
        ("/etc/x", Table("hash", "/etc/x")),
        ("/etc/x:y", Table("hash", "/etc/x:y")),
        ("lmdb:/etc/x:y", Table("lmdb", "/etc/x:y")),
        ("proxy:cdb:/etc/x", Table("cdb", "/etc/x", proxied=True)),
        ("proxy:/etc/x", Table("hash", "/etc/x", proxied=True)),
        ("proxy:mysql:/etc/x.cf", Table("mysql", "/etc/x.cf", proxied=True)),
        ("static:u:p", Table("static", "u:p")),
    ],
)
def test_names(name: str, table: Table) -> None:
    """Catches: a type, a path or proxymap that is taken for something else."""
    assert table_of(name, default_type="hash") == table


@pytest.mark.parametrize("kind", SUFFIXES)
@pytest.mark.parametrize("proxy", ["", "proxy:"])
def test_types_that_are_written(kind: str, proxy: str) -> None:
    """Catches: a table refused that can be written, alone or beside one that cannot, in main.cf or by the option."""
    table = Table(kind, "/etc/x", bool(proxy))
    name = f"{proxy}{kind}:/etc/x"
    assert choose(name) == table
    assert choose(f"regexp:/a, {name}") == table
    assert choose(f"inline:{{a=b:c, d=hash:/no}} {name}, static:{{u:p, hash:/no}}") == table
    assert choose("hash:/b, cdb:/c", name) == table


IN_MAIN_CF = "it has its logins in main.cf itself"
PATTERNS = "it has patterns, and one of them can stand for several servers"
ELSEWHERE = (
    "it has its logins in another system. Change them there with tasks of your own (with the role: "
    "smtp_rotation_deploy_tasks), or move them"
)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("static:u:s3cret", IN_MAIN_CF),
        ("static:{u:s3cret, s3cret}", IN_MAIN_CF),
        ("proxy:static:u:s3cret", IN_MAIN_CF),
        ("inline:{[smtp.example.com]:587=u:s3cret}", IN_MAIN_CF),
        ("inline:{ {[smtp.example.com]:587 = u:s3cret s3cret}, s3cret }", IN_MAIN_CF),
        ("unionmap:{static:u:s3cret, hash:/s3cret}", IN_MAIN_CF),
        ("environ:s3cret", IN_MAIN_CF),
        ("regexp:/etc/s3cret", PATTERNS),
        ("pcre:/etc/s3cret", PATTERNS),
        ("cidr:/etc/s3cret", PATTERNS),
        ("ldap:/etc/s3cret.cf", ELSEWHERE),
        ("proxy:mysql:/etc/s3cret.cf", ELSEWHERE),
        ("socketmap:inet:127.0.0.1:2222:s3cret", ELSEWHERE),
        ("sdbm:/etc/s3cret", "it is compiled into two files, which cannot be replaced at once"),
        ("new:/etc/s3cret", "it is of a type that this module does not know"),
    ],
)
def test_types_that_are_not_written(name: str, why: str) -> None:
    """Catches: a refusal without help, or one that prints the login that main.cf has."""
    kind = name.replace("proxy:", "").partition(":")[0]
    for given, value in ((None, name), (name, "hash:/a")):
        with pytest.raises(InputError) as error:
            choose(value, given)
        assert str(error.value) == f"a table of the type {kind} cannot be written, because {why}. {MOVE}"


def test_nothing_set() -> None:
    """Catches: advice that lets Postfix look for a table that is not there yet, and put off all mail."""
    with pytest.raises(InputError) as error:
        choose(" ", instance=Instance("/etc/postfix-out", "lmdb", ["lmdb", "texthash"]))
    assert str(error.value) == (
        "smtp_sasl_password_maps in /etc/postfix-out/main.cf is empty, so Postfix uses no login. Run "
        "install -m 600 /dev/null /etc/postfix-out/sasl_passwd && "
        "postmap -c /etc/postfix-out lmdb:/etc/postfix-out/sasl_passwd && "
        "postconf -c /etc/postfix-out -e 'smtp_sasl_password_maps = lmdb:/etc/postfix-out/sasl_passwd', "
        "then this task again"
    )


def test_several() -> None:
    """Catches: a guess where main.cf leaves it open which table is meant."""
    with pytest.raises(InputError) as error:
        choose("static:u:s3cret, proxy:hash:/a, cdb:/b")
    assert str(error.value) == (
        "smtp_sasl_password_maps in /etc/postfix/main.cf names several tables that can be written (hash:/a, cdb:/b): "
        "set the option map (with the role: smtp_rotation_postfix_map) to the one that has the login"
    )


def test_type_that_is_not_installed() -> None:
    """Catches: a failure of postmap's own, which does not name the package."""
    with pytest.raises(InputError, match="install its package, such as postfix-lmdb"):
        choose("lmdb:/a", instance=Instance("/etc/postfix", "hash", ["hash"]))


@pytest.mark.parametrize(
    ("default", "installed", "best"),
    [
        ("hash", ["hash", "lmdb"], "hash"),
        ("lmdb", ["cdb", "lmdb"], "lmdb"),
        ("hash", ["cdb", "texthash"], "cdb"),
        ("dbm", ["dbm", "texthash"], "texthash"),
        ("dbm", ["dbm"], "texthash"),
    ],
)
def test_type_of_a_new_table(default: str, installed: list[str], best: str) -> None:
    """Catches: advice to make a table of a type that this Postfix does not have, as hash in newer distributions."""
    assert Instance("/etc/postfix", default, installed).best_type == best


def test_a_table_does_not_show_itself() -> None:
    """Catches: a login of main.cf in a traceback."""
    assert "s3cret" not in repr(table_of("static:u:s3cret", default_type="hash"))

# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of Postfix's lookup tables can be written, and how a login moves out of one that cannot. Pure: no I/O.

No message quotes what stands behind the type of a table that cannot be written: that can be a password.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.config_text import words_of

PARAMETER = "smtp_sasl_password_maps"
# What a type's compiled table is called, beside the text; empty if Postfix reads the text itself.
SUFFIXES = {"hash": ".db", "btree": ".db", "lmdb": ".lmdb", "cdb": ".cdb", "texthash": ""}
_PROXY = "proxy:"

_REASONS = {
    "in main.cf": "has its logins in main.cf itself",
    "patterns": "has patterns, and one of them can stand for several servers",
    "another system": (
        "has its logins in another system. Change them there with tasks of your own (with the role: "
        "smtp_rotation_deploy_tasks), or move them"
    ),
    "two files": "is compiled into two files, which cannot be replaced at once",
    "unknown": "is of a type that this module does not know",
}
_KINDS = {
    "in main.cf": "static inline unionmap pipemap randmap environ internal fail",
    "patterns": "pcre regexp cidr",
    "another system": "ldap mysql pgsql sqlite mongodb memcache nis nisplus netinfo tcp socketmap unix",
    "two files": "dbm sdbm",
}
_WHY = {kind: why for why, kinds in _KINDS.items() for kind in kinds.split()}


@dataclass(frozen=True)
class Table:
    """A lookup table as main.cf names it.

    :param kind: its type
    :param path: what stands behind the type: the path of its text, or a login
    :param proxied: whether Postfix reads it through proxymap, which has no rights of root
    """

    kind: str
    path: str = field(repr=False)
    proxied: bool = False

    @property
    def is_writable(self) -> bool:
        """Tell whether it is of a type that can be written."""
        return self.kind in SUFFIXES


@dataclass(frozen=True)
class Instance:
    """What has to be known of an instance of Postfix to choose a table.

    :param config_directory: the folder of its main.cf
    :param default_type: the type of a table that is named without one
    :param installed: the types that it has
    """

    config_directory: str
    default_type: str
    installed: Collection[str]

    @property
    def best_type(self) -> str:
        """Return the type for a new table."""
        known = [kind for kind in (self.default_type, *SUFFIXES) if kind in SUFFIXES and kind in self.installed]
        return known[0] if known else "texthash"


def table_of(name: str, *, default_type: str) -> Table:
    """Return the table that a name means.

    :param name: as main.cf writes it
    :param default_type: the type if none is named
    """
    proxied = name.startswith(_PROXY)
    while name.startswith(_PROXY):
        name = name[len(_PROXY) :]
    kind, colon, path = name.partition(":")
    # A path without a type can contain a colon.
    return Table(kind, path, proxied) if colon and "/" not in kind else Table(default_type, name, proxied)


def chosen(*, given: str | None, value: str, instance: Instance, keys: Sequence[str]) -> Table:
    """Return the table to write.

    :param given: type and path as main.cf writes them, None for the one that is set there
    :param value: what C(smtp_sasl_password_maps) is set to
    :param keys: the keys that are going to be written
    :raises InputError: if there is none, saying how to get one
    """
    names = [given] if given else words_of(value)
    tables = [table_of(name, default_type=instance.default_type) for name in names]
    writable = [table for table in tables if table.is_writable]
    if not tables:
        raise _nothing_set(instance)
    if not writable:
        raise _not_writable(tables[0].kind, instance, keys)
    if len(writable) > 1:
        several = ", ".join(f"{table.kind}:{table.path}" for table in writable)
        raise InputError(
            f"{PARAMETER} in {instance.config_directory}/main.cf names several tables that can be written ({several}): "
            "set the option map (with the role: smtp_rotation_postfix_map) to the one that has the login"
        )
    table = writable[0]
    if table.kind not in instance.installed:
        raise InputError(
            f"this Postfix has no maps of the type {table.kind}: install its package, such as postfix-{table.kind}"
        )
    return table


def _nothing_set(instance: Instance) -> InputError:
    folder = instance.config_directory
    path = os.path.join(folder, "sasl_passwd")
    commands = " && ".join([f"install -m 600 /dev/null {path}", *_commands(instance, path)])
    return InputError(
        f"{PARAMETER} in {folder}/main.cf is empty, so Postfix uses no login. Run {commands}, then this task again"
    )


def _not_writable(kind: str, instance: Instance, keys: Sequence[str]) -> InputError:
    path = os.path.join(instance.config_directory, "sasl_passwd")
    line = f'"{keys[0] if keys else "[smtp.example.com]:587"} USER:PASSWORD"'
    commands = " && ".join([*_commands(instance, path), f"postfix{_option(instance)} reload"])
    return InputError(
        f"a table of the type {kind} cannot be written, because it {_REASONS[_WHY.get(kind, 'unknown')]}. To move the "
        f"logins, write one line for each server, such as {line}, into {path} (mode 0600), then run {commands}, then "
        "this task again"
    )


def _commands(instance: Instance, path: str) -> list[str]:
    kind, option = instance.best_type, _option(instance)
    compile_it = [f"postmap{option} {kind}:{path}"] if SUFFIXES[kind] else []
    return [*compile_it, f"postconf{option} -e '{PARAMETER} = {kind}:{path}'"]


def _option(instance: Instance) -> str:
    return "" if instance.config_directory == "/etc/postfix" else f" -c {instance.config_directory}"

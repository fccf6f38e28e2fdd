# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option C(smtp_rotation_publish): which targets there are, and what is wrong with them. Pure: no I/O."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._near import nearest
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.kind import Kind
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.registry import KINDS, TASKS
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.values import (
    OF_PATHS,
    OF_VALUES,
    Login,
    Value,
    filled,
    unknown,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.publication import TARGET

OPTION = "smtp_rotation_publish"
# From when on a target gets a new password.
STAGED, ACCEPTED, VERIFIED = "staged", "accepted", "verified"
MOMENTS = (STAGED, ACCEPTED, VERIFIED)
KEYS = ("name", "kind", "path", "file", "value", "publish_when", "options")
# What differs between accounts.
OF_ACCOUNT = ("{account}", "{user}", "{sender}")


@dataclass(frozen=True)
class Target:
    """One place where others read passwords. C(path): one for all accounts, or one for each that is published there."""

    name: str
    kind: Kind
    path: str | Mapping[str, str]
    file: str
    value: Value
    publish_when: str
    options: Mapping[str, Any]

    def path_of(self, login: Login) -> str | None:
        """Return the place of an account, None if it is not published there.

        :param login: who logs in where
        """
        path = self.path if isinstance(self.path, str) else self.path.get(login.account)
        return None if path is None else filled(path, login.words())

    def shape(self, login: Login) -> str:
        """Return all that is public of the place and of the form that a password has there.

        :param login: who logs in where
        """
        place = {name: str(self.options[name]) for name in self.kind.place if name in self.options}
        values = {"": self.value} if isinstance(self.value, str) else self.value
        # With the password's own place left open.
        words = {**login.words_of_value(), "url": f"{login.url_of('')}"}
        value = {name: filled(text, words) for name, text in values.items()}
        return json.dumps([self.kind.name, self.path_of(login), self.file, value, place], sort_keys=True)


def targets_of(given: Sequence[Mapping[str, Any]]) -> list[Target]:
    """Return the targets that the option names, once nothing is wrong with it.

    :param given: the option
    """
    return [_target(one) for one in given]


def _target(given: Mapping[str, Any]) -> Target:
    kind = KINDS[given["kind"]]
    return Target(
        name=_name(given),
        kind=kind,
        path=given.get("path", "{account}"),
        file=str(given.get("file", "")),
        value=given.get("value", kind.value),
        publish_when=given.get("publish_when", VERIFIED),
        options=given.get("options", {}),
    )


def _name(given: Mapping[str, Any]) -> str:
    return str(given.get("name") or given.get("kind"))


def mistakes(given: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what is wrong with the option, each with the place in it.

    :param given: the option
    """
    found = [f"{OPTION}[{number}]{text}" for number, one in enumerate(given) for text in _of_target(one)]
    names = Counter(_name(one) for one in given)
    for name in (name for name, count in names.items() if count > 1):
        text = f"{OPTION} has more than one target with the name {name}; give each a name of its own"
        found.append(text)
    return found


def _of_target(given: Mapping[str, Any]) -> Iterator[str]:
    for name in given:
        if name not in KEYS:
            near = nearest(str(name), KEYS)
            hint = f"did you mean {near}?" if near else f"there are {', '.join(KEYS)}"
            yield f".{name} is not an option of a target ({hint})"
    kind = KINDS.get(str(given.get("kind")))
    if kind is None:
        near = nearest(str(given.get("kind", "")), KINDS)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(KINDS)}"
        yield f".kind must name a kind of target ({hint})"
        return
    if not TARGET.fullmatch(_name(given)):
        yield ".name must have only letters, digits and . _ -, begin with a letter or a digit, and be at most 64 long"
    if given.get("publish_when", VERIFIED) not in MOMENTS:
        yield f".publish_when must be one of {', '.join(MOMENTS)}"
    yield from _of_file(kind, given)
    yield from _of_path(kind, given)
    yield from _of_value(given.get("value", kind.value))
    yield from _of_options(kind, given.get("options", {}))


def _of_file(kind: Kind, given: Mapping[str, Any]) -> Iterator[str]:
    file = given.get("file")
    if kind.name == TASKS and not (isinstance(file, str) and file):
        yield ".file is required for kind tasks, and names a task file"
    if kind.name != TASKS and "file" in given:
        yield f".file is for kind tasks only; kind {kind.name} has a path"


def _of_path(kind: Kind, given: Mapping[str, Any]) -> Iterator[str]:
    path = given.get("path")
    if path is None and kind.name == TASKS:
        return
    paths = [path] if isinstance(path, str) else list(path.values()) if isinstance(path, Mapping) else []
    if not paths or not all(isinstance(one, str) and one for one in paths):
        yield ".path is required: a text such as /mail/{account}, or a mapping of accounts to such texts"
        return
    for one in paths:
        for name in unknown(one, OF_PATHS):
            yield f".path has the unknown placeholder {{{name}}}; there are {_braced(OF_PATHS)}"
        wrong = kind.path_form(filled(one, dict.fromkeys(OF_PATHS, "a")))
        if wrong:
            yield f".path {wrong}"


def _of_value(value: Any) -> Iterator[str]:
    fields = {"": value} if isinstance(value, str) else value
    if not isinstance(fields, Mapping) or not fields or not all(isinstance(one, str) for one in fields.values()):
        yield ".value must be a text such as '{password}', or a mapping of names to such texts"
        return
    for field, text in fields.items():
        where = f".value.{field}" if field else ".value"
        for name in unknown(text, OF_VALUES):
            yield f"{where} has the unknown placeholder {{{name}}}; there are {_braced(OF_VALUES)}"
    if not any("{password}" in text or "{url}" in text for text in fields.values()):
        yield ".value has neither {password} nor {url}, so nothing that changes would be published"


def _of_options(kind: Kind, options: Any) -> Iterator[str]:
    if not isinstance(options, Mapping):
        yield f".options must be a mapping of options of {kind.module or 'the kind'}"
        return
    for name in options:
        if name in kind.ours:
            yield f".options.{name} is set by the role; leave it out"
        elif kind.known is not None and name not in kind.known:
            known = f"there are {', '.join(kind.known)}" if kind.known else "it has none"
            yield f".options.{name} is not an option of kind {kind.name} ({known})"


def _braced(names: Sequence[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)


def clashes(targets: Sequence[Target], logins: Sequence[Login], *, pairs: bool) -> list[str]:
    """Return what is wrong with the places of these accounts.

    :param targets: the targets
    :param logins: the accounts that are published; with two of each sender, one for each sender
    :param pairs: whether each sender has two accounts
    """
    found = []
    for number, target in enumerate(targets):
        paths = [target.path] if isinstance(target.path, str) else list(target.path.values())
        if not pairs and any("{sender}" in path for path in paths):
            text = f"{OPTION}[{number}].path has {{sender}}, which there is with smtp_rotation_strategy alternate only"
            found.append(text)
            continue
        known = [(login.account, path) for login in logins if (path := target.path_of(login)) is not None]
        for account, path in known:
            wrong = target.kind.path_form(path)
            if wrong:
                text = f"{OPTION}[{number}].path is {path} for {account}, but {wrong}; map this account to another path"
                found.append(text)
        places = Counter(path for _account, path in known)
        if target.file:
            continue
        for path in (path for path, count in places.items() if count > 1):
            text = (
                f"{OPTION}[{number}].path is {path} for more than one account; have {{account}} in it, or map each "
                "account to a path of its own"
            )
            found.append(text)
    return found

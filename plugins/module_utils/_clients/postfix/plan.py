# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which entries of Postfix's tables get a login, and whether Postfix will find them. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.literals import ANY
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.lookup import Hit, first, username_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.routes import Way
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Login
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError


class Place(Protocol):
    """A table that Postfix reads."""

    name: str

    @property
    def is_writable(self) -> bool:
        """Tell whether it is of a type that can be written."""

    def find(self, key: str, /) -> str | None:
        """Return what it says for a key."""

    def entries(self) -> Mapping[str, str]:
        """Return all that it says, as far as that can be read."""


@dataclass(frozen=True)
class View:
    """What Postfix does on one way to the provider.

    :param way: the transport and the server
    :param places: the tables that it looks into, in its order
    :param keys: what it looks for there, in its order
    :param by_sender: what it looks for before that, empty if logins do not depend on the sender
    :param added: where a new entry is written, None if no table can be written
    """

    way: Way
    places: tuple[Place, ...]
    keys: tuple[str, ...]
    by_sender: tuple[str, ...] = ()
    added: Place | None = None


@dataclass(frozen=True)
class Target:
    """An entry that is to have a login.

    :param place: the table
    :param key: the key
    :param login: who is to log in by it
    """

    place: Place
    key: str
    login: Login


class Plan:
    """The entries of some logins.

    :param logins: the logins
    :param views: the ways to the provider
    :param belongs: tells whether a key of a table is one of the provider's
    :raises InputError: if Postfix would not use what would be written
    """

    def __init__(self, logins: Sequence[Login], views: Sequence[View], belongs: Callable[[str], bool]) -> None:
        self._logins = logins
        self._views = views
        self._belongs = belongs
        self._places = list(dict.fromkeys(place for view in views for place in view.places))
        self.targets: list[Target] = []
        for login in logins:
            self.targets += self._present(login)
        for login in logins:
            if not any(target.login is login for target in self.targets):
                self.targets += self._new(login)
        self._check_clashes()
        for view in views:
            self._check_way(view)
        for login in logins:
            self._check_used(login)

    def notes(self) -> Iterator[str]:
        """Yield what a user should know."""
        for view in self._views:
            if self._hit(view) is None:
                yield (
                    f"mail that Postfix sends with the transport {view.way.transport} to {view.way.hop.text} is sent "
                    "without a login, because no table has one for it"
                )
        usernames = self._usernames()
        for place in self._places:
            for key, value in place.entries().items():
                if username_of(value) in usernames and not self._is_target(place, key) and place.is_writable:
                    yield (
                        f"{place.name} has a login of {username_of(value)} for {key}, which is not the provider's "
                        "server; it is left as it is"
                    )

    def hits(self) -> Iterator[tuple[View, str]]:
        """Yield each way with who logs in on it when all is written, empty if nobody does."""
        for view in self._views:
            hit = self._hit(view)
            yield view, hit.username if hit else ""

    def _usernames(self) -> dict[str, Login]:
        replaced = {name: login for login in self._logins for name in login.replaces}
        return {**replaced, **{login.username: login for login in self._logins}}

    def _present(self, login: Login) -> list[Target]:
        """Return the entries that a login has, or takes over."""
        if login.key:
            return [Target(self._place_of(login), login.key, login)]
        usernames = self._usernames()
        return [
            Target(place, key, login)
            for place in self._places
            if place.is_writable
            for key, value in place.entries().items()
            if usernames.get(username_of(value)) is login and (self._belongs(key) or self._is_asked(key))
        ]

    def _place_of(self, login: Login) -> Place:
        for place in self._places:
            if place.is_writable and login.key.lower() in place.entries():
                return place
        asking = [view for view in self._views if login.key.lower() in _lower(view.keys)]
        return _added(login, [*asking, *self._views])

    def _new(self, login: Login) -> list[Target]:
        """Return the entries that are added for a login that has none."""
        empty = [view for view in self._views if self._hit(view) is None]
        added = {(id(place), view.keys[-1]): Target(place, view.keys[-1], login) for view, place in _with_places(empty)}
        return list(added.values())

    def _check_clashes(self) -> None:
        seen: dict[tuple[int, str], Target] = {}
        for target in self.targets:
            other = seen.setdefault((id(target.place), target.key.lower()), target)
            if other.login is not target.login:
                raise InputError(
                    f"{other.login.username} and {target.login.username} would have the same entry {target.key} in "
                    f"{target.place.name}: give each login a key of its own (with the role: "
                    "smtp_rotation_postfix_entries), such as the sender's address with "
                    "smtp_sender_dependent_authentication"
                )

    def _check_way(self, view: View) -> None:
        """Refuse a login of ours that Postfix finds where it cannot be written, or under another key than asked for."""
        usernames = self._usernames()
        for hit in (self._hit(view), first(view.places, view.by_sender, self._after)):
            if hit and hit.username in usernames and not self._is_target(hit.table, hit.key):
                login = usernames[hit.username]
                if not hit.table.is_writable:
                    raise InputError(_not_writable(hit, login))
                raise InputError(_hidden(hit, login, view.way))

    def _check_used(self, login: Login) -> None:
        own = [target for target in self.targets if target.login is login]
        if any(self._is_used(target, view) for target in own for view in self._views):
            return
        asked = [target for target in own if self._is_asked(target.key)]
        if own and not asked and "@" in own[0].key:
            raise InputError(
                f"the login of {login.username} is found by the sender {own[0].key}, but Postfix does not ask for the "
                "sender: run postconf -e 'smtp_sender_dependent_authentication = yes', or use another key"
            )
        if own and not asked:
            keys = " or ".join(self._views[0].keys)
            raise InputError(
                f"Postfix would never use the login of {login.username}: it looks for {keys}, not for {own[0].key}. "
                "Use one of these keys, or none, so that it is found out"
            )
        for view in self._views:
            hit = self._hit(view)
            if hit is not None:
                raise InputError(_hidden(hit, login, view.way))
        raise InputError(_nowhere(login))

    def _is_used(self, target: Target, view: View) -> bool:
        if target.place not in view.places:
            return False
        keys = [target.key] if view.by_sender and "@" in target.key else view.keys
        hit = first(view.places, keys, self._after)
        return hit is not None and hit.table is target.place and hit.key.lower() == target.key.lower()

    def _is_asked(self, key: str) -> bool:
        return any(key.lower() in _lower(view.keys) or (bool(view.by_sender) and "@" in key) for view in self._views)

    def _hit(self, view: View) -> Hit[Place] | None:
        return first(view.places, view.keys, self._after)

    def _after(self, place: Place, key: str) -> str | None:
        """Return what a table says when all is written."""
        for target in self.targets:
            if target.place is place and target.key.lower() == key.lower():
                return f"{target.login.username}:"
        return place.find(key)

    def _is_target(self, place: Place, key: str) -> bool:
        return any(target.place is place and target.key.lower() == key.lower() for target in self.targets)


def _with_places(views: Sequence[View]) -> Iterator[tuple[View, Place]]:
    for view in views:
        if view.added is not None:
            yield view, view.added


def _added(login: Login, views: Sequence[View]) -> Place:
    for _view, place in _with_places(views):
        return place
    raise InputError(_nowhere(login))


def _lower(keys: Sequence[str]) -> list[str]:
    return [key.lower() for key in keys]


def _nowhere(login: Login) -> str:
    return (
        f"there is no table for the login of {login.username}: none of those in smtp_sasl_password_maps can be "
        "written. Name one there first, such as hash:/etc/postfix/sasl_passwd"
    )


def _not_writable(hit: Hit[Place], login: Login) -> str:
    way_out = (
        "set the option migrate (with the role: smtp_rotation_postfix_migrate), which moves it into a table"
        if hit.table.name in ("static", "inline")
        else "change it there, or remove it so that an entry in a table that can be written is used"
    )
    return (
        f"Postfix finds the login of {login.username} in {hit.table.name} by the key {_shown(hit)}, where it cannot "
        f"be written: {way_out}"
    )


def _hidden(hit: Hit[Place], login: Login, way: Way) -> str:
    advice = "leave out the key so that it is corrected" if login.key else "name its account in replaces"
    return (
        f"Postfix would not use the login of {login.username}: on the way to {way.hop.text} with the transport "
        f"{way.transport} it finds another entry first, {_shown(hit)} in {hit.table.name}. Remove that entry, or "
        f"{advice}"
    )


def _shown(hit: Hit[Place]) -> str:
    return f"{hit.key} (which stands for every server there)" if ANY in hit.table.entries() else hit.key

# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which entries of Postfix's tables get a login, and whether Postfix will find them. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.lookup import Hit, Place, first, username_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.refusals import (
    hidden,
    never_asked,
    not_writable,
    nowhere,
    same_entry,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.routes import Way
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Login


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
            own = [target.key for target in self.targets if target.login is login]
            if not login.key and not any("@" in key or self._is_asked(key) for key in own):
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
                if username_of(value) in usernames and not self._target(place, key) and place.is_writable:
                    yield (
                        f"{place.name} has a login of {username_of(value)} for {key}, which does not lead to the "
                        "provider; it is left as it is"
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
            for key, value in self._known(place).items()
            if usernames.get(username_of(value)) is login
            and (self._belongs(key) or ("@" not in key and self._is_asked(key)))
        ]

    def _known(self, place: Place) -> dict[str, str]:
        """Return what a table says, and what only its compiled form says for the keys that Postfix looks for."""
        found = dict(place.entries())
        for key in (key for view in self._views if place in view.places for key in view.keys):
            value = place.find(key)
            if value and key.lower() not in _lower(found):
                found[key] = value
        return found

    def _place_of(self, login: Login) -> Place:
        for place in self._places:
            if place.is_writable and login.key.lower() in _lower(place.entries()):
                return place
        asking = [view for view in self._views if login.key.lower() in _lower(view.keys)]
        return _added(login, [*asking, *self._views])

    def _new(self, login: Login) -> list[Target]:
        """Return the entries that are added for a login that has none where Postfix looks for one."""
        empty = [view for view in self._views if self._hit(view) is None]
        added = {(id(place), view.keys[-1]): Target(place, view.keys[-1], login) for view, place in _with_places(empty)}
        return list(added.values())

    def _check_clashes(self) -> None:
        seen: dict[tuple[int, str], Target] = {}
        for target in self.targets:
            other = seen.setdefault((id(target.place), target.key.lower()), target)
            if other.login is not target.login:
                raise same_entry(other.login, target.login, Hit(target.place, target.key, ""))

    def _check_way(self, view: View) -> None:
        """Refuse a login of ours that Postfix finds where it cannot be written, or under another key than asked for."""
        usernames = self._usernames()
        for hit in (self._hit(view), first(view.places, view.by_sender, self._after)):
            if hit and hit.username in usernames and not self._target(hit.table, hit.key):
                login = usernames[hit.username]
                writable = hit.table.is_writable
                raise hidden(login, hit, view.way) if writable else not_writable(login, hit)

    def _check_used(self, login: Login) -> None:
        own = [target for target in self.targets if target.login is login]
        if any(self._is_used(target, view) for target in own for view in self._views):
            return
        asked = [target for target in own if self._is_asked(target.key)]
        if own and not asked and (login.key or "@" in own[0].key):
            raise never_asked(login, own[0].key, self._views[0].keys)
        for view in self._views:
            hit = self._hit(view)
            if hit is not None:
                other = self._target(hit.table, hit.key)
                raise same_entry(other.login, login, hit) if other else hidden(login, hit, view.way)
        raise nowhere(login)

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
        target = self._target(place, key)
        return f"{target.login.username}:" if target else place.find(key)

    def _target(self, place: Place, key: str) -> Target | None:
        wanted = key.lower()
        return next((one for one in self.targets if one.place is place and one.key.lower() == wanted), None)


def _with_places(views: Sequence[View]) -> Iterator[tuple[View, Place]]:
    for view in views:
        if view.added is not None:
            yield view, view.added


def _added(login: Login, views: Sequence[View]) -> Place:
    for _view, place in _with_places(views):
        return place
    raise nowhere(login)


def _lower(keys: Iterable[str]) -> list[str]:
    return [key.lower() for key in keys]

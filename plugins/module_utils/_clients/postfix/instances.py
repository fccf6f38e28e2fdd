# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The instances of Postfix on a host, and the logins that each of them has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.finding import Survey, survey
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.lookup import username_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.moving import Moved
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.plan import Plan, Target
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.route import Route
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.sources import Source
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Entry, Job, Login, NotUsedError
from ansible_collections.mailops.smtp.plugins.module_utils._clients.writable import check_replaceable
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._files import real_path
from ansible_collections.mailops.smtp.plugins.module_utils._postfix import password_map_text as text
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.hold import main_cf_of
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import Postfix
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.password_map import PasswordMap

_FOLDERS = "multi_instance_directories"


@dataclass(frozen=True)
class Instance:
    """An instance that sends mail to the provider with some of the logins.

    :param survey: how its mail gets there
    :param plan: the entries of the logins
    """

    survey: Survey
    plan: Plan

    @property
    def postfix(self) -> Postfix:
        """Return the instance itself."""
        return self.survey.postfix

    @property
    def transports(self) -> tuple[str, ...]:
        """Return the names of the transports that are held."""
        return self.survey.transports

    def notes(self) -> list[str]:
        """Return what a user should know."""
        return list(dict.fromkeys([*self.survey.notes, *self.plan.notes(), *self._left()]))

    def _left(self) -> Iterator[str]:
        """Yield what to know of a hold that is not this provider's, or not any more."""
        state = main_cf_of(self.postfix)
        ours = [*state.draining, *state.held, *state.releasing]
        if left := [name for name in ours if name not in self.transports]:
            yield (
                f"{self.postfix.main_cf} also holds the transport {', '.join(left)}, which is not one of those that "
                "reach the provider. If nothing else holds it, release it with the module postfix_hold"
            )

    def check_writable(self) -> None:
        """Make sure that the tables, and main.cf for the hold, can be written.

        :raises InputError: if not
        """
        check_replaceable(real_path(self.postfix.main_cf))
        for source in self._targets():
            source.check_writable()

    def entries(self) -> list[Entry]:
        """Return the entries of the logins, with who logs in by them now."""
        return [
            Entry(target.place.name, target.key, username_of(source.used(target.key) or ""), target.login.username)
            for source, targets in self._targets().items()
            for target in targets
        ]

    def routes(self) -> list[Route]:
        """Return the ways on which the logins are used."""
        senders = [target for target in self.plan.targets if "@" in target.key]
        found = []
        for view, username in self.plan.hits():
            way = view.way
            if any(target.login.username == username for target in self.plan.targets):
                found.append(Route(way.transport, way.hop.text, username, way.sender))
            if view.by_sender:
                found += [Route(way.transport, way.hop.text, one.login.username, one.key) for one in senders]
        return list(dict.fromkeys(found))

    def tables(self) -> list[tuple[Source, PasswordMap, list[text.Login]]]:
        """Return each table with what is to be in it.

        :raises InputError: if there can be no such entry
        """
        return [
            (source, PasswordMap(self.postfix, source.table), _wanted(source, targets))
            for source, targets in self._targets().items()
        ]

    def _targets(self) -> dict[Source, list[Target]]:
        found: dict[Source, list[Target]] = {}
        for target in self.plan.targets:
            if isinstance(target.place, Source):
                found.setdefault(target.place, []).append(target)
        return found


def _wanted(source: Source, targets: Sequence[Target]) -> list[text.Login]:
    logins = {target.key: (target.login.username, target.login.password) for target in targets}
    if isinstance(source, Moved):
        ours = {key.lower() for key in logins}
        for key, value in source.entries().items():
            if key.lower() not in ours:
                username, _colon, password = value.partition(":")
                logins[key] = (username, password)
    return text.prepare([{"key": key, "username": name, "password": word} for key, (name, word) in logins.items()])


def instances_of(job: Job) -> list[Instance]:
    """Return the instances that send mail to the provider, each with its logins.

    :param job: what the verb works with
    :raises InputError: if Postfix would not use what would be written, or nothing reaches the provider
    """
    surveys: list[Survey] = []
    missed: list[NotUsedError] = []
    for postfix in _all(job):
        try:
            surveys.append(survey(postfix, job))
        except NotUsedError as error:
            missed.append(error)
    if missed and (_named(job) or not surveys):
        raise missed[0]
    shares = _shares(job.logins, surveys)
    return [Instance(one, one.plan(job, logins)) for one, logins in zip(surveys, shares) if logins]


def held_of(job: Job) -> list[tuple[Postfix, tuple[str, ...]]]:
    """Return the instances with the transports that are to be released.

    They are those that reach the provider, and all that we hold where that cannot be found out any more.

    :param job: what the verb works with
    """
    found = []
    for postfix in _all(job):
        try:
            names = survey(postfix, job).transports
        except InputError:
            state = main_cf_of(postfix)
            names = (*state.draining, *state.held, *state.releasing)
        if names:
            found.append((postfix, names))
    return found


def _named(job: Job) -> list[str]:
    """Return the folders of the instances that the options name."""
    several = list(job.options.get("config_directories") or ())
    single = job.options.get("config_directory")
    return [*([single] if single else []), *several]


def _all(job: Job) -> list[Postfix]:
    """Return the instances that the options name, or the default one and the others that it knows."""
    named = _named(job)
    if named:
        return [Postfix(folder) for folder in named]
    default = Postfix(None)
    return [default, *(Postfix(folder) for folder in default.setting(_FOLDERS).replace(",", " ").split())]


def _shares(logins: tuple[Login, ...], surveys: Sequence[Survey]) -> list[tuple[Login, ...]]:
    """Return which logins each instance has; those that none has are the first one's."""
    if len(surveys) == 1:
        return [logins]
    homeless = [login for login in logins if not any(one.has(login) for one in surveys)]
    return [
        tuple(login for login in logins if one.has(login) or (one is surveys[0] and login in homeless))
        for one in surveys
    ]

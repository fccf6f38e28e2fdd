# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role decides in Python. Its own, and nobody else's interface."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from ansible.utils.display import Display

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import limit, options, words


def wrong_input(values: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """Return what is wrong with the form and the names of a host's variables; warn of those that are ignored.

    :param values: the values of those that are looked at, by the option's name
    :param names: the names of all that begin like an option
    """
    known = list(names)
    warning = options.ignored(known)
    if warning:
        Display().warning(warning)
    return options.mistakes(values, known)


def left_out(
    hostvars: Mapping[str, Any], inside: Collection[str], everyone: Iterable[str], accounts: Collection[str]
) -> list[str]:
    """Return the hosts outside of a run that have one of its accounts.

    :param hostvars: what the inventory says of each host
    :param inside: all hosts of the run
    :param everyone: all hosts of the inventory
    :param accounts: the run's accounts
    """
    return limit.using(hostvars, [host for host in everyone if host not in inside], accounts)


class FilterModule:
    """The role's filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {
            "_wrong_input": wrong_input,
            "_left_out": left_out,
            "_unsure": limit.unsure,
            "_listed": words.listed,
        }

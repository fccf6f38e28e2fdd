# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One call of the API, when its turn comes, and what not getting an answer means."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind, Meaning, Reply
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Connection, Request
from ansible_collections.mailops.smtp.plugins.module_utils._provider.http import NoAnswer, Untrusted
from ansible_collections.mailops.smtp.plugins.module_utils._provider.orphan import Abandoned
from ansible_collections.mailops.smtp.plugins.module_utils._provider.rate_limit import Pace
from ansible_collections.mailops.smtp.plugins.module_utils._provider.transports import Client


class InTurn:
    """A client whose calls wait for their turn, whatever they are for, and of which none is made without a controller.

    :param client: carries the calls
    :param pace: limits their rate
    :param abandoned: returns whether the controller has gone
    """

    def __init__(self, client: Client, pace: Pace, abandoned: Callable[[], bool]) -> None:
        self._client, self._pace, self._abandoned = client, pace, abandoned

    def send(self, request: Request, values: Mapping[str, str]) -> Reply:
        """Send one request and return the response.

        :param request: the call, with placeholders
        :param values: the value of each placeholder
        :raises NoAnswer: if no complete response came in time
        :raises Untrusted: if the server's certificate cannot be verified
        :raises Abandoned: if the controller has gone
        """
        turn, passed = self._pace.take(), True
        if self._abandoned():
            raise Abandoned
        try:
            reply = self._client.send(request, values)
            passed = reply.status != 429
            return reply
        finally:
            self._pace.ended(turn, passed=passed)


def sent(
    client: Client, connection: Connection, request: Request, values: Mapping[str, str]
) -> tuple[Reply, Meaning | None]:
    """Return the response, or the meaning of not getting one.

    :param client: carries the call
    :param connection: the provider and how to reach it
    :param request: the call
    :param values: the value of each placeholder
    """
    name = connection.definition.name
    nothing = Reply(0, {}, "")
    try:
        return client.send(request, values), None
    except NoAnswer as error:
        return nothing, Meaning(Kind.UNKNOWN, f"{name} did not answer: {error}")
    except Untrusted as error:
        text = (
            f"the certificate of {connection.definition.api_url or name} cannot be verified ({error}), so nothing was "
            "sent. Check api_url; for a private certificate authority, set ca_path"
        )
        return nothing, Meaning(Kind.REFUSED_ACCESS, text, stop=True)

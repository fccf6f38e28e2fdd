# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t
from collections.abc import Mapping
from types import SimpleNamespace

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import ProviderError
from ansible_collections.mailops.smtp.plugins.module_utils._provider import listing as listings
from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Reply
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Connection, Request
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition_parser import build
from ansible_collections.mailops.smtp.plugins.module_utils._provider.http import NoAnswer
from ansible_collections.mailops.smtp.plugins.module_utils._provider.listing import Refused, items_of
from ansible_collections.mailops.smtp.plugins.module_utils._provider.lookup import Lookup
from ansible_collections.mailops.smtp.plugins.module_utils._provider.placeholders import fill, names_in
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Patience

SET = {"method": "PUT", "path": "/{account}", "body": {"p": "{password}"}}
EVERY = {"method": "GET", "path": "/users", "items": "data", "name": "login", "id": "id"}
ONE = {"method": "GET", "path": "/who/{account_login}", "id": "user.id", "empty_statuses": [404]}
TWO: list[dict[str, t.Any]] = [{"login": "a@x.example", "id": 1}, {"login": "b@x.example", "id": "u-2"}]


class Client:
    """Answers one call after the other, and keeps the query and the body of each."""

    def __init__(self, *replies: tuple[int, t.Any] | Exception) -> None:
        self.replies = list(replies)
        self.asked: list[tuple[dict[str, str], t.Any]] = []

    def send(self, request: Request, values: Mapping[str, str]) -> Reply:
        """Answer one call."""
        # As the real client does, fail where something has no value.
        assert names_in([request.path, request.query, request.body]) <= set(values)
        self.asked.append((fill(request.query, values), fill(request.body, values)))
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        status, body = reply
        return Reply(status, {}, body if isinstance(body, str) else json.dumps(body))


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listings, "time", SimpleNamespace(sleep=lambda _seconds: None))


def connection(
    find: dict[str, t.Any] | None = None, listed: dict[str, t.Any] | None = None, **more: t.Any
) -> Connection:
    """Return a connection to a provider with these calls."""
    data = {"name": "own", "api_url": "https://x.example", "set_password": SET, "answer": {"message": "m"}}
    calls = {"find_account": find, "list_accounts": listed}
    definition = build({**data, **{name: call for name, call in calls.items() if call}})
    return Connection(definition, {}, 10, True, **more)


def looked_up(client: Client, find: dict[str, t.Any] | None, *accounts: str, **more: t.Any) -> list[str | None]:
    """Return the IDs of accounts."""
    lookup = Lookup(connection(find, **more), Patience(1, 60))
    return [lookup.id_of(client, account) for account in accounts]


def test_ids_by_the_whole_list() -> None:
    """Catches: a list that is asked for again for every account, an ID that is a number and gets lost."""
    client = Client((200, {"data": TWO}))
    assert looked_up(client, EVERY, "a@x.example", "b@x.example", "a@x.example") == ["1", "u-2", "1"]
    assert len(client.asked) == 1


def test_ids_one_by_one() -> None:
    """Catches: the first account's ID for the second, or a list that is read where the answer is about one account."""
    client = Client((200, {"user": {"id": "u-1"}}), (200, {"user": {"id": 2}}))
    assert looked_up(client, ONE, "a", "b") == ["u-1", "2"]


def test_given_ids() -> None:
    """Catches: a call for an ID that the user gave, or for one that no definition asks for."""
    client = Client()
    assert looked_up(client, EVERY, "a@x.example", account_ids={"a@x.example": "u-7"}) == ["u-7"]
    assert looked_up(client, None, "a@x.example") == [None]


@pytest.mark.parametrize(
    ("find", "replies", "words", "stop", "temporary"),
    [
        (EVERY, [(200, {"data": TWO})], "own knows no account 'A@x.example'; check its name, or set account_ids",
         False, False),
        (EVERY, [(200, {"data": [{**one, "login": "A@x.example"} for one in TWO]})],
         "own lists 'A@x.example' more than once, or set account_ids", False, False),
        (EVERY, [(401, {"m": "No key"})], "the accounts cannot be listed: own answered 401: No key", True, False),
        (EVERY, [(200, "<html>Log in</html>")], "the accounts cannot be listed: own answered 200", False, False),
        (EVERY, [(200, {"data": [{"id": 1}]})], "the accounts cannot be listed: own answered 200", False, False),
        (EVERY, [(500, {"m": "Odd"})] * 2, "the accounts cannot be listed: own answered 500: Odd (after 2 attempts)",
         False, True),
        (EVERY, [NoAnswer("no answer in time")] * 2,
         "the accounts cannot be listed: own did not answer: no answer in time (after 2 attempts)", False, True),
        (ONE, [(404, {"m": "Not found"})], "own knows no account 'A@x.example'; check its name, or set account_ids",
         False, False),
        (ONE, [(404, "<html>Not found</html>")], "the accounts cannot be listed: own answered 404", False, False),
        (ONE, [(200, {"user": {}})], "the accounts cannot be listed: own answered 200", False, False),
        (ONE, [(200, [{"user": {"id": 1}}])], "the accounts cannot be listed: own answered 200", False, False),
    ],
)  # fmt: skip
def test_no_id(find: dict[str, t.Any], replies: t.Sequence[t.Any], words: str, stop: bool, temporary: bool) -> None:
    """Catches: another account that gets the password, or a passing trouble that is told as a wrong name."""
    with pytest.raises(Refused) as caught:
        looked_up(Client(*replies), find, "A@x.example")
    assert (str(caught.value).rstrip("."), caught.value.stop, caught.value.temporary) == (words, stop, temporary)


def everything(client: Client, listed: dict[str, t.Any]) -> list[t.Any]:
    """Return the items of a list."""
    made = connection(listed=listed)
    assert made.definition.list_accounts is not None
    return list(items_of(client, made, made.definition.list_accounts, {}, Patience(0, 0)))


PAGED = {**EVERY, "page_size": 2, "query": {"o": "{offset}", "n": "{limit}", "p": "{page}"}}
NEXT = {
    **EVERY,
    "paging": "cursor",
    "next": "next.after",
    "query": {"after": "{cursor}", "n": "{limit}"},
    "page_size": 2,
}


def test_pages() -> None:
    """Catches: a page that is left out, or one too many."""
    client = Client((200, {"data": TWO}), (200, {"data": TWO[:1]}))
    assert everything(client, {**PAGED, "paging": "page"}) == [*TWO, TWO[0]]
    assert [query for query, _body in client.asked] == [{"o": "0", "n": "2", "p": "1"}, {"o": "2", "n": "2", "p": "2"}]
    full = Client((200, {"data": TWO}), (404, {"detail": "Invalid page."}))
    assert everything(full, {**PAGED, "paging": "page", "empty_statuses": [404]}) == TWO


def test_cursors() -> None:
    """Catches: an empty cursor in the first call, an end that is not seen, a short page that ends the list."""
    ends: list[dict[str, t.Any]] = [{"data": []}, {"data": [], "next": None}, {"data": [], "next": {"after": ""}}]
    for last in ends:
        client = Client((200, {"data": TWO[:1], "next": {"after": "c=1"}}), (200, {"data": TWO, "next": {"after": 7}}),
                        (200, last))  # fmt: skip
        assert everything(client, NEXT) == [TWO[0], *TWO]
        assert [query for query, _body in client.asked] == [
            {"n": "2"},
            {"after": "c=1", "n": "2"},
            {"after": "7", "n": "2"},
        ]


def test_cursor_in_a_body() -> None:
    """Catches: an empty cursor in the first call of an API whose lists have a body."""
    client = Client((200, {"data": TWO, "next": {"after": "c"}}), (200, {"data": []}))
    everything(client, {**NEXT, "method": "POST", "query": {}, "body": {"after": "{cursor}", "n": "{limit}"}})
    assert [body for _query, body in client.asked] == [{"n": "2"}, {"after": "c", "n": "2"}]


def test_list_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a run that never ends because a server answers every page alike."""
    monkeypatch.setattr(listings, "MOST_PAGES", 3)
    client = Client(*[(200, {"data": TWO, "next": {"after": "same"}})] * 4)
    with pytest.raises(ProviderError, match="does not end after 3 pages"):
        everything(client, NEXT)


@pytest.mark.parametrize(
    ("items", "body", "found"),
    [
        ("", TWO, TWO),
        ("", {}, []),
        ("", [], []),
        ("*.users", [{"users": TWO[:1]}, {"users": []}, {"users": TWO[1:]}], TWO),
        ("*.users", [{"users": TWO}, {"users": {"odd": 1}}], None),
        ("*.users", {"users": TWO}, None),
        ("data", {"data": None}, None),
        ("data", {"data": {}}, []),
        ("data", TWO, None),
    ],
)
def test_items(items: str, body: t.Any, found: list[t.Any] | None) -> None:
    """Catches: the users of the first domain that pass for all, or an answer in another form for an empty list."""
    client = Client((200, body))
    if found is None:
        with pytest.raises(Refused):
            everything(client, {**EVERY, "items": items})
    else:
        assert everything(client, {**EVERY, "items": items}) == found


def test_names_in_plain() -> None:
    """Catches: a list of names, without anything around them, that cannot be read."""
    made = connection(listed={"method": "POST", "path": "/x", "items": "users", "name": ""})
    assert made.definition.list_accounts is not None
    found = items_of(Client((200, {"users": ["a", "b"]})), made, made.definition.list_accounts, {}, Patience(0, 0))
    assert list(found) == ["a", "b"]

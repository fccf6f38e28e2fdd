# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import json
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._provider import listing
from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Connection
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition_parser import build
from ansible_collections.mailops.smtp.plugins.module_utils._provider.issue import Job, Made, issue, not_begun
from ansible_collections.mailops.smtp.plugins.module_utils._provider.labels import new_label
from ansible_collections.mailops.smtp.plugins.module_utils._provider.lookup import Lookup
from ansible_collections.mailops.smtp.plugins.module_utils._provider.orphan import Abandoned
from ansible_collections.mailops.smtp.plugins.module_utils._provider.rate_limit import Pace
from ansible_collections.mailops.smtp.plugins.module_utils._provider.report import made as reported
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Patience
from ansible_collections.mailops.smtp.plugins.module_utils._provider.sealing import new_pad, opened
from ansible_collections.mailops.smtp.tests.unit.plugins.scripted_http import (  # noqa: F401  # pylint: disable=unused-import
    Serve,
    Server,
    answer,
    fixture_serve,
    hang_up,
)

KEY, SECRET, OLD_LABEL, LABEL = (
    "the-api-key-0123",
    "made-by-the-provider-1",
    "20260101T000000Z-0123456789ab",
    "20261130T120000Z-0123456789ab",
)
COMMON: dict[str, Any] = {
    "name": "acme",
    "credentials": {"api_key": ""},
    "authentication": {"headers": {"X-Key": "{api_key}"}},
    "issued": {"secret": "password", "username": "username", "id": "id"},
    "answer": {"message": "error"},
}
CREATE: dict[str, Any] = {
    **COMMON,
    "flow": "create",
    "create_credential": {"method": "POST", "path": "/c", "body": {"name": "{label}"}},
    "delete_credential": {"method": "DELETE", "path": "/c/{id}"},
    "list_credentials": {"method": "GET", "path": "/c", "items": "data", "id": "id", "label": "name"},
    "limit": {"credentials": 2, "reached": [{"status": 403, "path": "error", "equals": "limit"}]},
}
REGENERATE: dict[str, Any] = {
    **COMMON,
    "flow": "regenerate",
    "regenerate_password": {"method": "POST", "path": "/{account}/rotate", "body": {}},
}
MADE = answer(201, {"id": 7, "username": "user7", "password": SECRET})
GONE, OK = answer(404, {}), answer(204)


@pytest.fixture(name="pauses", autouse=True)
def fixture_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record the pauses in place of making them."""
    pauses: list[float] = []
    monkeypatch.setattr(listing, "time", SimpleNamespace(sleep=pauses.append))
    return pauses


def there(*items: Any) -> bytes:
    return answer(200, {"data": list(items)})


def do(server: Server, data: dict[str, Any], job: Job, account: str = "news", **more: Any) -> Made:
    """Do one account's job."""
    connection = Connection(build({**data, "api_url": server.url}), {"api_key": KEY}, 10, True, **more)
    pauses: list[float] = []
    found = issue(
        connection,
        {account: job},
        patience=Patience(2, 60),
        concurrency=1,
        sleep=pauses.append,
        clock=lambda: sum(pauses),
    )
    assert len(server.steps) == 0, "the script was followed to its end"
    return found[account]


def lines(server: Server) -> list[str]:
    return [one.line.rsplit(" ", 1)[0] for one in server.heard]


@pytest.mark.parametrize("data", [CREATE, REGENERATE])
def test_what_was_made(serve: Serve, data: dict[str, Any]) -> None:
    """Catches: a password without the user name or ID that belongs to it, and a label that is dropped too late."""
    server = serve(MADE)
    made = do(server, data, Job(label=LABEL))
    assert (made.kind, made.secret, made.username, made.id) == (Kind.ACCEPTED, SECRET, "user7", "7")
    assert list(made.idle) == [] and SECRET not in repr(made)
    assert lines(server) == ["POST /c" if data is CREATE else "POST /news/rotate"]
    if data is CREATE:
        assert json.loads(server.heard[0].body) == {"name": f"mailops-{LABEL.lower()}"}


@pytest.mark.parametrize("lost", [hang_up, answer(502, "oops"), answer(408), answer(200, "no JSON")])
@pytest.mark.parametrize("data", [CREATE, REGENERATE])
def test_a_lost_answer_is_never_asked_for_again(serve: Serve, data: dict[str, Any], lost: Any) -> None:
    """Catches: a second password while the first one may be in force, and a request that nobody remembers."""
    server = serve(lost)
    made = do(server, data, Job(label=LABEL))
    assert (made.kind, made.doubt, made.secret, list(made.idle)) == (Kind.UNKNOWN, True, None, [])


@pytest.mark.parametrize("data", [CREATE, REGENERATE])
def test_a_call_that_was_put_off_is_made_again(serve: Serve, data: dict[str, Any]) -> None:
    """Catches: an account that fails, because the provider asked for a moment."""
    made = do(serve(answer(429, None, "Retry-After: 7"), MADE), data, Job(label=LABEL))
    assert (made.kind, made.doubt, made.secret) == (Kind.ACCEPTED, False, SECRET)


def test_a_call_that_is_carried_out_once_is_repeated(serve: Serve) -> None:
    """Catches: a lost answer that costs a rotation, where the provider would give it again."""
    creating = {**CREATE["create_credential"], "headers": {"Idempotency-Key": "{label}"}}
    server = serve(hang_up, answer(503), MADE)
    made = do(server, {**CREATE, "create_credential": creating}, Job(label=LABEL))
    assert (made.kind, made.secret) == (Kind.ACCEPTED, SECRET)
    assert {one.headers["idempotency-key"] for one in server.heard} == {f"mailops-{LABEL.lower()}"}


@pytest.mark.parametrize(
    ("body", "lacks"),
    [
        ({"id": 7, "username": "u"}, "new password"),
        ({"id": 7, "username": "u", "password": None}, "new password"),
        ({"id": 7, "username": "u", "password": ""}, "new password"),
        ({"id": 7, "username": "u", "password": "half \ud83d a character"}, "new password"),
        ({"id": None, "username": "u", "password": SECRET}, "ID of the new credential"),
        ({"id": {"a": 1}, "username": "u", "password": SECRET}, "ID of the new credential"),
        ({"id": "two\nlines", "username": "u", "password": SECRET}, "ID of the new credential"),
        ({"id": True, "username": "u", "password": SECRET}, "ID of the new credential"),
        ({"username": "u", "password": SECRET}, "ID of the new credential"),
        ({"id": 7, "password": SECRET}, "user name"),
        ({"id": 7, "username": "", "password": SECRET}, "user name"),
        ({"id": 7, "username": "u\x00", "password": SECRET}, "user name"),
    ],
)
def test_half_a_credential_is_swept_later(serve: Serve, body: dict[str, Any], lacks: str) -> None:
    """Catches: a credential that cannot be deleted or logged in with, or that the store refuses with all others."""
    made = do(serve(answer(201, body)), CREATE, Job(label=LABEL))
    assert (made.kind, made.doubt, made.secret, list(made.idle)) == (Kind.UNKNOWN, True, None, [])
    assert made.message == f"acme answered 201, and the answer has no {lacks}"


@pytest.mark.parametrize("name", [None, "", "two\nlines", {"a": 1}])
def test_a_new_password_is_kept_whatever_the_user_name(serve: Serve, name: Any) -> None:
    """Catches: the only copy of a password in force that is thrown away for its user name, or the name 'None'."""
    made = do(serve(answer(200, {"password": SECRET, "username": name})), REGENERATE, Job(label=LABEL))
    assert (made.kind, made.secret, made.username, made.id) == (Kind.ACCEPTED, SECRET, None, None)


def test_the_account_s_own_name_is_told_too(serve: Serve) -> None:
    """Catches: an earlier user name that is kept, where the provider went back to the account's name."""
    made = do(serve(answer(200, {"password": SECRET, "username": "news"})), REGENERATE, Job(label=LABEL))
    assert made.username == "news"


def test_what_was_lost_is_deleted_first(serve: Serve) -> None:
    """Catches: a credential that nobody has and that counts, and one in use that is deleted with it."""
    mine = {"id": 3, "name": f"x mailops-{OLD_LABEL.lower()}"}
    server = serve(there({"id": 1, "name": "by hand"}, {"id": 2, "name": f"mailops-{LABEL.lower()}"}, mine), OK, MADE)
    made = do(server, CREATE, Job(label=LABEL, sweep=[OLD_LABEL, LABEL], keep=["2"]))
    assert lines(server) == ["GET /c", "DELETE /c/3", "POST /c"]
    assert made.kind is Kind.ACCEPTED and list(made.idle) == [OLD_LABEL]


def test_what_is_not_there_yet_is_looked_for_again(serve: Serve) -> None:
    """Catches: a credential that a slow call makes after it was looked for, and that nobody deletes any more."""
    young = new_label(datetime.now(timezone.utc))
    made = do(serve(there(), MADE), CREATE, Job(label=LABEL, sweep=[OLD_LABEL, young]))
    assert (list(made.idle), list(made.late)) == ([OLD_LABEL], [young])
    made = do(serve(there({"id": 3, "name": f"mailops-{young}"}), OK), CREATE, Job(sweep=[young]))
    assert (made.kind, list(made.idle), list(made.late)) == (Kind.ACCEPTED, [young], [])


def test_a_regenerated_password_leaves_nothing_to_sweep(serve: Serve) -> None:
    """Catches: a list that is asked for in vain, and an earlier request that is settled by a refusal."""
    made = do(serve(answer(400, {"error": "no"})), REGENERATE, Job(label=LABEL, sweep=[OLD_LABEL]))
    assert (made.kind, list(made.idle), list(made.late)) == (Kind.REFUSED_VALUE, [LABEL], [])


@pytest.mark.parametrize("reply", [OK, GONE, answer(200, {})])
def test_the_old_one_is_deleted_before(serve: Serve, reply: bytes) -> None:
    """Catches: a third credential where two are possible, and an old one that is gone already and stops all."""
    server = serve(reply, MADE)
    made = do(server, CREATE, Job(label=LABEL, delete=["4"]))
    assert lines(server) == ["DELETE /c/4", "POST /c"]
    assert (made.kind, list(made.deleted)) == (Kind.ACCEPTED, ["4"])


@pytest.mark.parametrize(
    ("replies", "kind"),
    [
        ([answer(400, {"error": "busy"})], Kind.REFUSED_ACCESS),
        ([answer(403, {"error": "no"})], Kind.REFUSED_ACCESS),
        ([hang_up, answer(500), answer(500)], Kind.THROTTLED),
        ([answer(429)] * 3, Kind.THROTTLED),
    ],
)
def test_nothing_is_made_if_the_old_one_stays(serve: Serve, replies: list[Any], kind: Kind) -> None:
    """Catches: credentials that pile up, and a request that is taken for open although it was not sent."""
    server = serve(*replies)
    made = do(server, CREATE, Job(label=LABEL, delete=["4"]))
    assert (made.kind, made.doubt, made.secret, list(made.idle), list(made.deleted)) == (kind, False, None, [LABEL], [])
    assert made.message.startswith("the old credential 4 cannot be deleted: acme ")
    assert {line.split()[0] for line in lines(server)} == {"DELETE"}


def test_a_credential_that_nobody_uses_is_only_deleted(serve: Serve) -> None:
    """Catches: a new password with the deletion of the old one."""
    server = serve(OK)
    made = do(server, CREATE, Job(delete=["4"]))
    assert (made.kind, list(made.deleted), made.secret, lines(server)) == (Kind.ACCEPTED, ["4"], None, ["DELETE /c/4"])


def test_the_limit_names_what_is_there(serve: Serve) -> None:
    """Catches: a refusal that does not say what can be done, and one that stops the other accounts."""
    ours = {"id": 2, "name": f"mailops-{OLD_LABEL}", "password": SECRET}
    made = do(serve(answer(403, {"error": "limit"}), there({"id": 1, "name": "x"}, ours)), CREATE, Job(label=LABEL))
    assert (made.kind, made.stop, list(made.idle)) == (Kind.REFUSED_ACCESS, False, [LABEL])
    assert "There are: 1, 2 (made by this collection)." in made.message and SECRET not in made.message


def test_a_list_that_cannot_be_had_settles_nothing(serve: Serve) -> None:
    """Catches: a lost credential that is forgotten, because it could not be looked for."""
    made = do(serve(answer(500), answer(500), answer(500)), CREATE, Job(label=LABEL, sweep=[OLD_LABEL]))
    assert (made.kind, list(made.idle), list(made.late)) == (Kind.THROTTLED, [LABEL], [])


def test_nothing_is_sent_without_a_controller(serve: Serve) -> None:
    """Catches: a credential that is made after the run has ended, and that no run knows of."""
    server = serve()
    connection = Connection(build({**CREATE, "api_url": server.url}), {"api_key": KEY}, 10, True)
    for job in (Job(label=LABEL), Job(label=LABEL, sweep=[OLD_LABEL]), Job(delete=["4"])):
        with contextlib.suppress(Abandoned):
            issue(connection, {"news": job}, patience=Patience(2, 60), concurrency=1, abandoned=lambda: True)
    assert server.heard == []


def test_every_call_waits_for_its_turn(serve: Serve) -> None:
    """Catches: more calls than the provider allows, because some of them only look something up."""
    server = serve(there({"login": "news", "id": 5}), there(), OK, MADE)
    connection = Connection(build({**CREATE, **FINDING, "api_url": server.url}), {"api_key": KEY}, 10, True)
    pauses: list[float] = []
    issue(
        connection,
        {"news": Job(label=LABEL, sweep=[OLD_LABEL], delete=["4"])},
        patience=Patience(2, 60),
        concurrency=1,
        sleep=pauses.append,
        pace=Pace(0.5, clock=lambda: sum(pauses), sleep=pauses.append),
    )
    assert lines(server) == ["GET /a", "GET /c", "DELETE /c/4", "POST /c"] and sum(pauses) == 6


def test_a_job_that_was_not_begun() -> None:
    """Catches: a request that stays open although nobody has sent it."""
    assert list(not_begun(Job(label=LABEL, sweep=[OLD_LABEL])).idle) == [LABEL]


def test_nothing_secret_leaves_the_host(serve: Serve) -> None:
    """Catches: the new password or a key in the module's result, also where the provider says them in other words."""
    body = {"id": 7, "username": "user7", "password": SECRET, "error": f"made {SECRET} with {KEY}"}
    outcomes = {"news": do(serve(answer(201, body)), CREATE, Job(label=LABEL))}
    pads = {"news": new_pad()}
    shown = reported(outcomes, pads, {"api_key": KEY})
    assert opened(shown["news"]["sealed"], pads["news"]) == SECRET
    assert SECRET not in json.dumps(shown) and KEY not in json.dumps(shown)
    assert "sealed" not in reported({"news": not_begun(Job(label=LABEL))}, pads, {}, "no requests")["news"]


FINDING: dict[str, Any] = {
    "find_account": {"method": "GET", "path": "/a", "items": "data", "name": "login", "id": "id"}
}


def test_an_account_is_looked_up_first(serve: Serve) -> None:
    """Catches: a call by the login, where the provider knows the account by an ID."""
    server = serve(there({"login": "other", "id": 1}, {"login": "news", "id": 42}), MADE)
    assert do(server, {**REGENERATE, **FINDING}, Job(label=LABEL)).kind is Kind.ACCEPTED
    assert lines(server) == ["GET /a", "POST /42/rotate"]


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (there(), "acme knows no account 'news'; check its name, or set account_ids"),
        (there({"login": "news", "id": 1}, {"login": "news", "id": 2}), "acme lists 'news' more than once"),
        (there({"login": "news", "id": ".."}), "'..' cannot replace {account}"),
        (answer(404), "the accounts cannot be listed: acme answered 404"),
    ],
)
def test_an_account_that_is_not_found_gets_nothing(serve: Serve, reply: bytes, words: str) -> None:
    """Catches: a call for another account, and an open request or an internal error where nothing was sent."""
    made = do(serve(reply), {**REGENERATE, **FINDING}, Job(label=LABEL))
    assert (made.kind, made.doubt, list(made.idle)) == (Kind.REFUSED_ACCESS, False, [LABEL])
    assert made.message.startswith(words)


def test_a_list_that_does_not_end(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: an internal error in place of what is wrong."""
    monkeypatch.setattr(listing, "MOST_PAGES", 2)
    finding = {**FINDING["find_account"], "paging": "page", "page_size": 1, "query": {"page": "{page}"}}
    server = serve(there({"login": "a", "id": 1}), there({"login": "b", "id": 2}))
    made = do(server, {**REGENERATE, "find_account": finding}, Job(label=LABEL))
    assert (made.kind, made.message) == (Kind.REFUSED_ACCESS, "acme: the list of accounts does not end after 2 pages")


def test_one_list_for_all_accounts(serve: Serve) -> None:
    """Catches: a list that is asked for once per account, also if it cannot be had."""
    jobs = {f"a{number}": Job(label=LABEL) for number in range(5)}
    for first, kind in ((there(*({"login": one, "id": one} for one in jobs)), Kind.ACCEPTED), (answer(404), None)):
        server = serve(first, *[MADE] * (5 if kind else 0))
        data = build({**REGENERATE, **FINDING, "api_url": server.url})
        found = issue(Connection(data, {"api_key": KEY}, 10, True), jobs, patience=Patience(0, 60), concurrency=3)
        assert {one.kind for one in found.values()} == {kind or Kind.REFUSED_ACCESS}
        assert lines(server).count("GET /a") == 1


def test_what_a_list_tells_of_other_accounts(serve: Serve) -> None:
    """Catches: the list once for each batch, or the ID of one account that is taken for another one's."""
    items = [("a", 1), ("b", "2"), ("c", 3), ("c", 4), ("d", 5), ("d", 5), ("e", None)]
    server = serve(there(*({"login": name, "id": known} for name, known in items)), MADE)
    data = build({**REGENERATE, **FINDING, "api_url": server.url})
    connection = Connection(data, {"api_key": KEY}, 10, True)
    lookup = Lookup(connection, Patience(0, 60))
    assert lookup.known(["a"]) == {}
    issue(connection, {"a": Job(label=LABEL)}, patience=Patience(0, 60), concurrency=1, lookup=lookup)
    assert lookup.known(["a", "b", "c", "d", "e", "f"]) == {"a": "1", "b": "2", "d": "5"}


def test_the_ids_that_are_known_are_not_asked_for(serve: Serve) -> None:
    """Catches: a list for an account whose ID was given or found before."""
    server = serve(MADE)
    assert do(server, {**REGENERATE, **FINDING}, Job(label=LABEL), account_ids={"news": "9"}).kind is Kind.ACCEPTED
    assert lines(server) == ["POST /9/rotate"]

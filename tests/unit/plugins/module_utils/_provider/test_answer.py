# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import (
    LONGEST_MESSAGE,
    Kind,
    Meaning,
    Reply,
    decoded,
    read,
    sentence,
    shortened,
)
from ansible_collections.mailops.smtp.plugins.module_utils._provider.built_in import emaillabs, jetemail, vercom
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition_parser import build
from ansible_collections.mailops.smtp.tests.unit.plugins.scripted_http import envelope

EMAILLABS = build(emaillabs.DEFINITION)
SECRET = "Echoed-Passw0rd-1234"
ERROR = {
    "title": "Invalid parameter",
    "message": "The password is too weak",
    "code": "E-0-004",
    "meta": {"value": SECRET, "parameter": "password"},
}
REFUSAL = envelope(ERROR, status=400)
A, V, N, T, U = Kind.ACCEPTED, Kind.REFUSED_VALUE, Kind.REFUSED_ACCESS, Kind.THROTTLED, Kind.UNKNOWN


def reply(status: int, body: t.Any = None, **headers: str) -> Reply:
    """Return an answer whose body is a text or becomes JSON."""
    return Reply(status, headers, body if isinstance(body, str) else json.dumps(body))


def changed(**meta: t.Any) -> dict[str, t.Any]:
    """Return the clean envelope with another meta."""
    body = envelope()
    body["meta"].update(meta)
    return body


NOT_THE_ENVELOPE: list[t.Any] = [
    "",
    " ",
    "<html><body>Bad gateway</body></html>",
    json.dumps(envelope())[:-1],
    json.dumps(envelope()) + "x",
    "\ufeff" + json.dumps(envelope()),
    "NaN",
    "[" * 100000,
    "1" * 5000,
    None,
    True,
    0,
    [],
    {},
    [envelope()],
    {"data": [], "errors": []},
    {"meta": None, "data": [], "errors": []},
    {"meta": [{"numberOfErrors": 0}], "errors": []},
    {"meta": {"numberOfErrors": 0}, "data": []},
    {"meta": {"numberOfErrors": 0}, "errors": None},
    {"meta": {"numberOfErrors": 0}, "errors": False},
    {"meta": {"numberOfErrors": 0}, "errors": {}},
    {"meta": {"numberOfErrors": 0}, "errors": ""},
    {"meta": {"status": 200}, "errors": []},
    changed(numberOfErrors=False),
    changed(numberOfErrors=True),
    changed(numberOfErrors="0"),
    changed(numberOfErrors=None),
    changed(numberOfErrors=-1),
    changed(numberOfErrors=[0]),
]


@pytest.mark.parametrize("body", NOT_THE_ENVELOPE)
@pytest.mark.parametrize("status", [200, 201, 202, 204, 207])
def test_a_success_that_is_not_the_envelope_is_unknown(status: int, body: t.Any) -> None:
    """Catches: a page of a proxy, a cut text or false in place of 0 that counts as a change, or as a refusal."""
    assert read(EMAILLABS, reply(status, body)).kind is U


OUTCOMES: list[tuple[int, t.Any, Kind]] = [
    (200, envelope(), A),
    (200, envelope(data=[{"smtpAccount": "1.acme.smtp"}]), A),
    (200, changed(numberOfErrors=0.0), A),
    (201, envelope(), A),
    (202, envelope(), A),
    (204, "", U),
    (207, envelope(), U),
    (200, REFUSAL, V),
    (207, REFUSAL, V),
    (200, changed(numberOfErrors=1), V),
    (200, {**envelope(), "errors": [ERROR]}, V),
    (200, {**envelope(), "errors": [{}]}, V),
    (200, {**envelope(), "errors": {"0": ERROR}}, V),
    (200, {**envelope(), "errors": "no"}, V),
    (400, REFUSAL, V),
    (422, REFUSAL, V),
    *((status, envelope(), N) for status in (300, 301, 302, 303, 304, 307, 308, 401, 403, 404, 405, 409, 410, 413)),
    *((status, body, N) for status in (401, 403, 404, 405, 409, 418) for body in ("", "<html>", REFUSAL)),
    *((status, body, V) for status in (400, 422) for body in ("", "<html>", envelope())),
    *((429, body, T) for body in ("", "<html>", envelope(), REFUSAL)),
    *((status, body, U) for status in (408, 500, 501, 502, 503, 504, 520, 599) for body in ("", envelope(), REFUSAL)),
    *((status, body, U) for status in (100, 101, 102, 103, 199) for body in ("", envelope(), REFUSAL)),
]


@pytest.mark.parametrize(("status", "body", "kind"), OUTCOMES)
def test_outcomes(status: int, body: t.Any, kind: Kind) -> None:
    """Catches: one of the outcomes taken for another, which loses a password or repeats a refusal for ever."""
    meaning = read(EMAILLABS, reply(status, body))
    assert meaning.kind is kind
    assert meaning.status == status and meaning.stop is (status in (401, 403))
    assert SECRET not in meaning.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats(allow_nan=False) | st.sampled_from(("", "0", "x")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("numberOfErrors", "errors", "x")), inner)
    ),
    max_leaves=6,
)
ENVELOPES = st.fixed_dictionaries({}, optional={"meta": JSON, "errors": JSON, "data": JSON})


@given(status=st.integers(100, 599), body=ENVELOPES | JSON)
@example(status=200, body=envelope())
def test_accepted_only_if_nothing_speaks_against_it(status: int, body: t.Any) -> None:
    """Catches: any way to be accepted but a 2xx, not 207, with numberOfErrors 0 and no errors."""
    meta = body.get("meta") if isinstance(body, dict) else None
    count = meta.get("numberOfErrors") if isinstance(meta, dict) else None
    clean = isinstance(count, (int, float)) and not isinstance(count, bool) and count == 0 and body.get("errors") == []
    kind = read(EMAILLABS, reply(status, body)).kind
    assert (kind is A) == (clean and 200 <= status < 300 and status != 207)
    assert (kind is T) == (status == 429)
    if status >= 500 or status < 200 or status == 408:
        assert kind is U
    elif status >= 300 and status != 429:
        assert kind in (V, N)


HINT_401 = "Check application_key and authorization_key; a new key can take a few minutes to become active"
SENTENCES: list[tuple[int, t.Any, str]] = [
    (200, envelope(), "emaillabs answered 200 [request id u-1]"),
    (400, REFUSAL, "emaillabs answered 400: The password is too weak (E-0-004) [request id u-1]"),
    (207, envelope(ERROR, {**ERROR, "message": "And old", "code": "E-2"}),
     "emaillabs answered 207: The password is too weak; And old (E-0-004; E-2) [request id u-1]"),
    (422, envelope({"title": "Only a title", "message": " "}), "emaillabs answered 422: Only a title [request id u-1]"),
    (422, envelope(ERROR, ERROR), "emaillabs answered 422: The password is too weak (E-0-004) [request id u-1]"),
    (409, envelope({"message": {"no": "text"}, "code": 7}), "emaillabs answered 409 (7) [request id u-1]"),
    (401, envelope({"message": "Authorization data is invalid", "code": "E-0-001"}),
     f"emaillabs answered 401: Authorization data is invalid (E-0-001) [request id u-1]. {HINT_401}"),
    (404, "", f"emaillabs answered 404. {vercom.NO_SUCH_CALL}"),
    (405, "<html>", f"emaillabs answered 405. {vercom.NO_SUCH_CALL}"),
    (502, "<html>Bad gateway</html>", "emaillabs answered 502"),
    (302, "", "emaillabs answered 302. Redirects are never followed, because the keys would be sent along; check "
              "api_url"),
    (400, envelope({"message": "a\r\nb\tc\x00d\u202ee  f\u2028g"}),
     "emaillabs answered 400: a b c d e f g [request id u-1]"),
    (400, {"meta": {"uniqId": 12345}, "errors": "text"}, "emaillabs answered 400 [request id 12345]"),
    (400, [1, 2], "emaillabs answered 400"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "words"), SENTENCES)
def test_message_whole(status: int, body: t.Any, words: str) -> None:
    """Catches: a message without the provider's words or the request id that support asks for."""
    found = reply(status, body)
    assert read(EMAILLABS, found).message == sentence(EMAILLABS, status, decoded(found.text)) == words


@given(value=JSON, status=st.sampled_from((200, 207, 400, 422, 500)))
def test_never_tells_a_parameter_that_is_echoed(value: t.Any, status: int) -> None:
    """Catches: errors[].meta, which can hold the password, in a message."""
    error = {**ERROR, "meta": {"value": SECRET, "x": [SECRET, value, {SECRET: SECRET}]}}
    assert SECRET not in read(EMAILLABS, reply(status, envelope(error))).message


@given(st.text())
@example("\ud800\x1b[31m" + "x" * 600)
def test_words_are_one_bounded_printable_line(text: str) -> None:
    """Catches: a provider's text that forges lines or colours of a log, or fills it."""
    line = shortened(text)
    assert line.isprintable() and len(line) <= LONGEST_MESSAGE and "  " not in line
    assert len(read(EMAILLABS, reply(400, envelope({"message": text, "code": text}))).message) < 800


def test_retry_after_is_handed_on() -> None:
    """Catches: a pause that the provider asked for and nobody hears of."""
    found = read(EMAILLABS, Reply(429, {"retry-after": "17"}, ""))
    assert found == Meaning(Kind.THROTTLED, "emaillabs answered 429", 429, "17", False)


MAILGUN = build(
    {
        "name": "mailgun",
        "set_password": {"method": "PUT", "path": "/v3/{account}", "encoding": "form", "body": {"p": "{password}"}},
        "answer": {
            "accepted": [{"path": "message", "exists": True}],
            "already_set": [{"status": 400, "path": "message", "contains": "same as old password"}],
            "message": "message",
        },
    }
)
SAME = {"message": "New password cannot be the Same As Old Password"}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"message": "Password changed"}, A),
        (400, SAME, A),
        (400, {"message": "password too short"}, V),
        (400, "", V),
        (403, SAME, N),
        (429, SAME, T),
        (500, SAME, U),
        (408, SAME, U),
        (204, "", U),
        (200, {}, U),
    ],
)
def test_the_same_password_again(status: int, body: t.Any, kind: Kind) -> None:
    """Catches: a change that landed unnoticed and is answered 'already that', taken for a refusal."""
    assert read(MAILGUN, reply(status, body)).kind is kind


MAILCOW = build(
    {
        "name": "mailcow",
        "set_password": {"method": "POST", "path": "/edit", "body": {"items": ["{account}"], "p": "{password}"}},
        "answer": {
            "accepted": [{"path": "*.type", "equals": "success"}],
            "refused": [{"path": "*.type", "one_of": ["danger", "error"]}],
            "message": ["*.msg.*", "*.msg"],
        },
    }
)


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ([{"type": "success", "msg": ["mailbox_modified", "a@b"]}], A, "mailcow answered 200: mailbox_modified; a@b"),
        ([{"type": "danger", "msg": "access_denied"}], V, "mailcow answered 200: access_denied"),
        ([{"type": "success"}, {"type": "danger"}], V, "mailcow answered 200"),
        ([{"type": "success"}, {"type": "warning"}], U, "mailcow answered 200"),
        ([], U, "mailcow answered 200"),
        ({"type": "success"}, U, "mailcow answered 200"),
    ],
)
def test_a_list_that_says_success_for_failures_too(body: t.Any, kind: Kind, message: str) -> None:
    """Catches: a 200 that is believed although its list says otherwise."""
    found = read(MAILCOW, reply(200, body))
    assert (found.kind, found.message) == (kind, message)


CLOSED = build(
    {
        "name": "closed",
        "set_password": {"method": "PUT", "path": "/{account}", "body": {"p": "{password}"}},
        "answer": {
            "accepted": [{"path": "ok", "equals": True}],
            "refused": [{"path": "ok", "equals": False}],
            "denied": [{"path": "error", "contains": "key"}, {"status": 422, "path": "error", "contains": "account"}],
            "already_set": [{"status": 400, "path": "error", "contains": "same"}, {"path": "same", "equals": True}],
            "message": ["error"],
            "secret_fields": ["users.*.password", "sent"],
        },
    }
)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"ok": True}, A),
        (200, {"ok": False}, V),
        (200, {"ok": False, "error": "Wrong KEY"}, N),
        (200, {"ok": True, "error": "wrong key"}, N),
        (400, {"error": "wrong key"}, N),
        (400, {"error": "too short"}, V),
        (422, {"error": "no such account"}, N),
        (400, {"error": "no such account"}, V),
        (207, {"error": "wrong key"}, N),
        (429, {"error": "wrong key"}, T),
        *((status, {"error": "wrong key"}, U) for status in (500, 503, 408, 100)),
    ],
)
def test_denied(status: int, body: t.Any, kind: Kind) -> None:
    """Catches: refused keys taken for a refused password, whose staged value would be dropped while it is in force."""
    assert read(CLOSED, reply(status, body)).kind is kind


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": "The SAME password"}, A),
        (422, {"error": "the same password"}, V),
        (409, {"error": "the same password"}, N),
        (409, {"same": True}, A),
        (200, {"ok": False, "same": True}, A),
        (207, {"same": True}, A),
        (400, {"error": "the same key"}, N),
        *((status, {"same": True}, T if status == 429 else U) for status in (429, 500, 503, 408)),
    ],
)
def test_already_set(status: int, body: t.Any, kind: Kind) -> None:
    """Catches: 'that is your password already' taken for a refusal, or believed of a server that is in trouble."""
    assert read(CLOSED, reply(status, body)).kind is kind


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": "slow down"}, T),
        (200, {"ok": True, "error": "slow down"}, T),
        (503, {"error": "slow down"}, U),
        (503, {"error": "odd"}, U),
        (400, {"error": "odd"}, V),
        (400, "slow down", V),
    ],
)
def test_throttled(status: int, body: t.Any, kind: Kind) -> None:
    """Catches: a call that was put off with another status than 429, and that counts as refused or as unknown."""
    answer = {"accepted": [{"path": "ok", "equals": True}], "throttled": [{"path": "error", "equals": "slow down"}]}
    definition = build({**jetemail.DEFINITION, "answer": answer})
    assert read(definition, reply(status, body)).kind is kind


def test_secret_fields() -> None:
    """Catches: what the definition calls secret, quoted by the provider in its own words."""
    body = {"error": f"{SECRET} and others-pass are weak", "sent": SECRET, "users": [{"password": "others-pass"}]}
    assert read(CLOSED, reply(400, body)).message == "closed answered 400: ******** and ******** are weak"
    odd = {"error": "weak", "sent": {"a": None}, "users": {"password": 5}}
    assert read(CLOSED, reply(400, odd)).message == "closed answered 400: weak"


@pytest.mark.parametrize("offset", [0, LONGEST_MESSAGE - 10, LONGEST_MESSAGE])
def test_secrets_are_taken_out_before_the_cut(offset: int) -> None:
    """Catches: most of a password in the message because the text was cut in the middle of it."""
    body = {"error": "x" * offset + SECRET}
    assert SECRET[:6] not in read(CLOSED, reply(400, body), [SECRET]).message
    assert SECRET[:6] not in sentence(EMAILLABS, 400, envelope({"code": "x" * (offset % 60) + SECRET}), [SECRET])


def test_code_and_request_id_are_scrubbed() -> None:
    """Catches: a secret in the places that are not the message."""
    body = envelope({"message": "no", "code": SECRET})
    body["meta"]["uniqId"] = SECRET
    assert sentence(EMAILLABS, 400, body, [SECRET]) == "emaillabs answered 400: no (********) [request id ********]"


def test_only_the_hints_that_are_asked_for() -> None:
    """Catches: a hint on the call that sets a password, given for another call."""
    assert sentence(EMAILLABS, 404, None, hints=("401", "403")) == "emaillabs answered 404"
    assert sentence(EMAILLABS, 401, None, hints=("401", "403")) == f"emaillabs answered 401. {HINT_401}"


LINES = build(
    {
        "name": "own",
        "set_password": {"method": "POST", "path": "/{account}", "body": {"p": "{password}"}},
        "answer": {
            "text": True,
            "accepted": [{"path": "", "equals": "OK"}],
            "throttled": [{"status": 409, "path": "", "contains": "busy"}],
            "message": ["", "reason"],
        },
    }
)


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (200, "OK", Kind.ACCEPTED, ": OK"),
        (200, " OK\r\n", Kind.ACCEPTED, ": OK"),
        (200, '"OK"', Kind.ACCEPTED, ": OK"),
        (200, "OK\nbut", Kind.UNKNOWN, ""),
        (200, "<p>OK</p>", Kind.UNKNOWN, ""),
        (200, "", Kind.UNKNOWN, ""),
        (204, "", Kind.UNKNOWN, ""),
        (200, "x" * 201, Kind.UNKNOWN, ""),
        (200, {"reason": "Odd"}, Kind.UNKNOWN, ": Odd"),
        (400, "Too short", Kind.REFUSED_VALUE, ": Too short"),
        (400, "key-1 is bad", Kind.REFUSED_VALUE, ": ******** is bad"),
        (409, "The server is busy", Kind.THROTTLED, ": The server is busy"),
        (409, "Taken", Kind.REFUSED_ACCESS, ": Taken"),
        (502, "Bad gateway", Kind.UNKNOWN, ": Bad gateway"),
    ],
)
def test_one_line_of_text(status: int, body: t.Any, kind: Kind, words: str) -> None:
    """Catches: an API without JSON that cannot be read, a page of a web server in a message, an echo that is shown."""
    meaning = read(LINES, reply(status, body), ["key-1"])
    assert (meaning.kind, meaning.message) == (kind, f"own answered {status}{words}")


def test_text_only_where_it_is_said() -> None:
    """Catches: the words of a device in between that pass for those of a provider that speaks JSON."""
    assert read(EMAILLABS, reply(400, "Too short")).message == "emaillabs answered 400"

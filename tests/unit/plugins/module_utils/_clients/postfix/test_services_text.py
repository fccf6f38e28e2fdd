# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.services_text import (
    BEGIN,
    BEGIN_AFTER_OPEN_LINE,
    END,
    Note,
    Service,
    lines_for,
    log_line,
    named,
    service_of,
    split,
    values_by_service,
    with_block,
)
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

NOTE = Note(1795986016, "postmaster@acme.example")
PIECES = ["smtp unix - - n - - smtp", "\n", "  -o a=b", "# c", "\t# d", " ", "\r"]
TEXTS = st.lists(st.sampled_from(PIECES)).map("".join)


@given(TEXTS)
def test_nothing_is_lost(text: str) -> None:
    """Catches: a file that is not, byte for byte, what it was; a note that the next run does not find."""
    assert split(with_block(text, NOTE, ["one", "two"])) == (text, NOTE)


@given(TEXTS, st.sampled_from(["relay unix - - n - - smtp\n", "# end", "  -o c=d"]))
def test_what_is_added_below_stays(text: str, more: str) -> None:
    """Catches: lines of the user's that go with ours."""
    found, note = split(with_block(text, NOTE, ["one"]) + more)
    assert found.startswith(text) and found.endswith(more)
    assert note == NOTE


def test_block() -> None:
    """Catches: a service that continues the line above; a file without our lines that is changed."""
    assert with_block("a", NOTE, ["b"]) == (
        f"a\n{BEGIN_AFTER_OPEN_LINE}# since 1795986016 to postmaster@acme.example\nb\n{END}"
    )
    assert with_block("a\n", NOTE, []).startswith(f"a\n{BEGIN}#")
    assert split("a\nb") == ("a\nb", None)


def test_block_without_a_note() -> None:
    """Catches: a block that is left for ever because somebody edited it."""
    assert split(f"a\n{BEGIN}b\n{END}c\n") == ("a\nc\n", Note(0, ""))


@pytest.mark.parametrize("text", [BEGIN, END, f"{END}{BEGIN}", f"{BEGIN}{END}{BEGIN}{END}"])
def test_damaged_block(text: str) -> None:
    """Catches: lines of the user's that are taken for ours."""
    with pytest.raises(InputError, match=r"written? into master\.cf are damaged|wrote into master\.cf are damaged"):
        split(text)


def test_service() -> None:
    """Catches: an option that is cut off or joined with the next, a field in the place of another."""
    printed = "emaillabs  unix  -       n       y       -       -       smtp -v\n    -o { a = b  c }\n    -o d=e\n"
    assert service_of(printed) == Service("n", "y", "smtp", "-v     -o { a = b  c }     -o d=e")
    assert service_of("a unix - - n - - lmtp") == Service("-", "n", "lmtp")
    with pytest.raises(InputError, match="no such transport any more"):
        service_of("")


def test_service_hides_its_options() -> None:
    """Catches: a password in a traceback."""
    assert "secret" not in repr(service_of("a unix - - n - - smtp -o smtp_sasl_password_maps=static:u:secret"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=$service_name", "a=out"),
        ("a=${service_name}.b", "a=out.b"),
        ("a=$(service_name)", "a=out"),
        ("a=$service_names", "a=$service_names"),
        ("a=service_name", "a=service_name"),
    ],
)
def test_names(text: str, expected: str) -> None:
    """Catches: a table that is named after the transport, and not found under another name."""
    assert named(text, "out") == expected


def test_values_by_service() -> None:
    """Catches: a parameter of main.cf that is forgotten, or one that is the same for all and is repeated."""
    printed = "a = b\nsmtp_sasl_password_maps = hash:/x/$service_name\nsyslog_name = ${service_name} = c\n"
    assert values_by_service(printed) == {
        "smtp_sasl_password_maps": "hash:/x/$service_name",
        "syslog_name": "${service_name} = c",
    }


def test_lines() -> None:
    """Catches: a proof that is not made as the transport delivers, or with options in a wrong order."""
    service = Service("n", "y", "smtp", "-o a=$service_name")
    values = {"b": "x $service_name", "c": "$service_name"}
    entry, send = lines_for(
        3, name="out", service=service, nexthop="[a.example]:587, b.example", values=values, log="/d/l"
    )
    log = "-o postlog_service_name=mailops-log -o maillog_file=/d/l -o maillog_file_prefixes=/d"
    assert entry.startswith(
        "mailops-entry-3 unix - - n - 1 smtpd -o { content_filter = mailops-proof-3:[a.example]:587, b.example } -o "
    )
    assert " -o smtpd_milters= " in entry and entry.endswith(log)
    assert send.startswith("mailops-proof-3 unix - n y - 1 smtp -o { b = x out } -o c=out -o a=out -o soft_bounce=yes ")
    assert " -o smtp_fallback_relay= " in send and " -o lmtp_fallback_relay= " in send and send.endswith(log)
    assert log_line("/d/l") == f"mailops-log unix-dgram n - n - 1 postlogd {log}"


def test_lines_without_a_log_of_their_own() -> None:
    """Catches: an option that an old Postfix does not know."""
    lines = lines_for(0, name="out", service=Service("-", "n", "smtp"), nexthop="[a]:1", values={}, log=None)
    assert "log" not in "".join(lines)
    assert lines[0].startswith("mailops-entry-0 unix - - n - 1 smtpd -o content_filter=mailops-proof-0:[a]:1 -o ")

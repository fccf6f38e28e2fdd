# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter: what it takes, and that its documentation names every format."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.mailops.smtp.plugins.filter import quoted as module
from ansible_collections.mailops.smtp.plugins.filter.quoted import FilterModule, quoted
from ansible_collections.mailops.smtp.plugins.plugin_utils._quoting.quoting import names


class Vaulted:
    """What stands for a value of Vault before ansible-core 2.19."""

    __ENCRYPTED__ = True

    def __str__(self) -> str:
        return "it's"


def test_the_filter_has_its_name() -> None:
    """Catches: a template that worked, and does not find its filter any more."""
    assert FilterModule().filters() == {"quoted": quoted}


def test_every_format_is_documented() -> None:
    """Catches: a format that nobody finds, or one that is promised and not there."""
    option = yaml.safe_load(module.DOCUMENTATION)["options"]["format"]
    assert option["choices"] == names()
    described = [line.split(")")[0].removeprefix("V(") for line in option["description"] if line.startswith("V(")]
    assert described == names()


@pytest.mark.parametrize("value", ["it's", Vaulted()])
def test_passwords_are_written(value: Any) -> None:
    """Catches: a vaulted value that is refused, or written as its ciphertext."""
    assert quoted(value, "php") == r"'it\'s'"


@pytest.mark.parametrize(
    ("value", "name", "told"),
    [
        (12345, "php", "of type int"),
        (None, "php", "of type NoneType"),
        (["secret"], "php", "of type list"),
        ("secret", "ini", "there is no format ini; there are: alertmanager,"),
        ("secret", "characters", "there is no format"),
        ("secret\n", "php", "php cannot hold the control character U+000A"),
    ],
)
def test_mistakes_are_told(value: Any, name: str, told: str) -> None:
    """Catches: a number that lost its zeros on the way, an unknown format, and a message that shows the password."""
    with pytest.raises(AnsibleFilterError) as caught:
        quoted(value, name)
    assert told in str(caught.value) and "secret" not in str(caught.value)

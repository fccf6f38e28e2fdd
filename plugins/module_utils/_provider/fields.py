# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a definition field by field, checking types. Messages name the field. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._text import has_control


class Fields:
    """A dict that is read field by field; fields that were never read are unknown."""

    def __init__(self, data: Any, where: str) -> None:
        if not isinstance(data, Mapping):
            raise InputError(f"{where}: must be a dict, not {type(data).__name__}")
        self._data = dict(data)
        self._where = where
        self._seen: set[str] = set()

    def at(self, name: str) -> str:
        """Return the field's full name for messages."""
        return f"{self._where}.{name}"

    def take(self, name: str, kind: type | tuple[type, ...], default: Any = None, *, required: bool = False) -> Any:
        """Return a field's value after checking its type."""
        self._seen.add(name)
        value = self._data.get(name)
        if value is None:
            if required:
                raise InputError(f"{self.at(name)}: is required")
            return default
        if not isinstance(value, kind) or (isinstance(value, bool) and kind not in (bool, object)):
            wanted = kind.__name__ if isinstance(kind, type) else " or ".join(k.__name__ for k in kind)
            raise InputError(f"{self.at(name)}: must be a {wanted}, not {type(value).__name__}")
        return value

    def text(self, name: str, default: str = "", *, required: bool = False) -> str:
        """Return a single-line string."""
        value = str(self.take(name, str, default, required=required))
        if has_control(value):
            raise InputError(f"{self.at(name)}: contains a line break or another control character")
        if required and not value:
            raise InputError(f"{self.at(name)}: is empty")
        return value

    def choice(self, name: str, choices: tuple[str, ...], default: str = "", *, required: bool = False) -> str:
        """Return a string that is one of the choices."""
        value = self.text(name, default, required=required)
        if value not in choices:
            raise InputError(f"{self.at(name)}: must be one of {', '.join(choices)}, not {value!r}")
        return value

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """Return an integer within limits."""
        value = int(self.take(name, int, default))
        if not low <= value <= high:
            raise InputError(f"{self.at(name)}: must be from {low} to {high}, not {value}")
        return value

    def texts(self, name: str) -> dict[str, str]:
        """Return a dict of single-line strings."""
        inner = Fields(self.take(name, Mapping, {}), self.at(name))
        return {str(key): inner.text(key) for key in inner._data}

    def paths(self, name: str) -> tuple[str, ...]:
        """Return a list of paths; a single path may be given without a list."""
        value = self.take(name, (str, list), [])
        items = [value] if isinstance(value, str) else list(value)
        if not all(isinstance(item, str) for item in items):
            raise InputError(f"{self.at(name)}: must be a path such as meta.id, or a list of such paths")
        return tuple(str(item) for item in items)

    def has(self, name: str) -> bool:
        """Return whether a field has a value, without reading it."""
        return self._data.get(name) is not None

    def finish(self) -> None:
        """Refuse fields that were never read."""
        unknown = sorted(str(key) for key in self._data if key not in self._seen)
        if unknown:
            raise InputError(
                f"{self._where}: unknown field {', '.join(unknown)}; known fields: {', '.join(sorted(self._seen))}"
            )

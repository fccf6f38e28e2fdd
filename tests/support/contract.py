# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds calls against the contracts in tests/standin/contract."""

from __future__ import annotations

import functools
import typing as t
from pathlib import Path
from urllib.parse import urlsplit

import requests
import yaml
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse

CONTRACTS = Path(__file__).resolve().parents[1] / "standin" / "contract"


@functools.cache
def document(provider: str) -> dict[str, t.Any]:
    """Return a provider's contract."""
    found: dict[str, t.Any] = yaml.safe_load((CONTRACTS / f"{provider}.yaml").read_text(encoding="utf-8"))
    return found


@functools.cache
def _contract(provider: str) -> OpenAPI:
    return OpenAPI.from_dict(document(provider))


class _AtProvider(RequestsOpenAPIRequest):
    """A request as if it had been made to the provider itself."""

    def __init__(self, provider: str, request: requests.PreparedRequest, method: str | None) -> None:
        super().__init__(request)
        self._provider = urlsplit(document(provider)["servers"][0]["url"])
        self._method = method

    @property
    def host_url(self) -> str:
        return f"{self._provider.scheme}://{self._provider.netloc}"

    @property
    def method(self) -> str:
        return (self._method or super().method).lower()


def check_answer(provider: str, response: requests.Response, *, method: str | None = None) -> None:
    """Hold an answer against the contract.

    :param method: the method of the contract's operation, where the call was made by another
    :raises OpenAPIError: if the contract knows no such answer
    """
    request = _AtProvider(provider, response.request, method)
    _contract(provider).validate_response(request, RequestsOpenAPIResponse(response))


def check_request(provider: str, response: requests.Response) -> None:
    """Hold the request that was answered against the contract.

    :raises OpenAPIError: if the contract knows no such request
    """
    _contract(provider).validate_request(_AtProvider(provider, response.request, None))

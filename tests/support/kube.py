# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A counterpart of the Kubernetes API, as small as kubernetes.core needs it: secrets of namespaces, nothing else.

It is not a real API server: it was written by the API's documentation, and checks neither names nor rights.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

RESOURCE = {
    "name": "secrets",
    "singularName": "secret",
    "namespaced": True,
    "kind": "Secret",
    "verbs": ["create", "get", "list", "patch", "update"],
}
ANSWERS: dict[str, Any] = {
    "/version": {"major": "1", "minor": "34", "gitVersion": "v1.34.0"},
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [RESOURCE]},
}


class KubernetesApi:
    """The server. C(writes): how often a secret was changed. C(refuses): it answers with what it was sent."""

    def __init__(self) -> None:
        self.secrets: dict[str, dict[str, Any]] = {}
        self.writes = 0
        self.refuses = False
        api = self

        class Handler(BaseHTTPRequestHandler):
            """One request."""

            protocol_version = "HTTP/1.1"

            def log_message(self, *_arguments: Any) -> None:
                """Print nothing."""

            def do_GET(self) -> None:
                self._answer(*api.got(self.path.split("?")[0]))

            def do_POST(self) -> None:
                body = self._body()
                self._answer(*api.put(f"{self.path.split('?')[0]}/{body['metadata']['name']}", body, 201))

            def do_PATCH(self) -> None:
                path = self.path.split("?")[0]
                self._answer(*api.put(path, merged(api.secrets.get(path, {}), self._body()), 200))

            def _body(self) -> dict[str, Any]:
                found: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                return found

            def _answer(self, status: int, body: Any) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def got(self, path: str) -> tuple[int, Any]:
        """Return what is at a path."""
        found = ANSWERS.get(path) or self.secrets.get(path)
        return (
            (200, found) if found else (404, {"kind": "Status", "status": "Failure", "code": 404, "reason": "NotFound"})
        )

    def put(self, path: str, secret: dict[str, Any], status: int) -> tuple[int, Any]:
        """Keep a secret, with the fields that the server adds."""
        known = self.secrets.get(path, {})
        if secret == known:
            # As the real one: a patch that changes nothing makes no new version.
            return status, known
        if self.refuses:
            return 422, {"kind": "Status", "status": "Failure", "code": 422, "message": f"bad {json.dumps(secret)}"}
        version = str(int(known.get("metadata", {}).get("resourceVersion", "0")) + 1)
        metadata = {**secret["metadata"], "resourceVersion": version, "uid": path}
        self.secrets[path] = {"type": "Opaque", **secret, "metadata": metadata}
        self.writes += 1
        return status, self.secrets[path]

    def data(self, namespace: str, name: str) -> dict[str, str]:
        """Return the data of a secret, as the server has it."""
        found: dict[str, str] = self.secrets[f"/api/v1/namespaces/{namespace}/secrets/{name}"]["data"]
        return found

    def stop(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()


def merged(old: Any, new: Any) -> Any:
    """Return an object after a merge patch."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return {**old, **{name: merged(old.get(name), value) for name, value in new.items()}}

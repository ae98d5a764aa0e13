"""A model hub on this machine: the routes of Hugging Face's that its client asks for, with its headers and refusals."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_FILE = re.compile(r"/(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<name>.+)")
_INFO = re.compile(r"/api/models/(?P<repo>[^/]+/[^/?]+)(/revision/(?P<revision>[^/?]+))?(\?.*)?")


@dataclass
class Repository:
    """Files of one commit. `token` is asked for where it is set; `cut_after` breaks each first answer off there."""

    files: dict[str, bytes]
    commit: str = "1" * 40
    token: str | None = None
    gated: bool = False
    cut_after: int | None = None


@dataclass
class Hub:
    """What it has, and what it was asked for: method, file, first byte."""

    url: str
    repositories: dict[str, Repository] = field(default_factory=dict)
    requests: list[tuple[str, str, int]] = field(default_factory=list)

    def fetched(self) -> list[str]:
        """The files that were sent, in order."""
        return [name for method, name, _ in self.requests if method == "GET"]


def files_of(folder: Path) -> dict[str, bytes]:
    """The files below a folder, by the names that a hub has for them."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


@contextmanager
def run_hub() -> Iterator[Hub]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.hub = Hub(f"http://127.0.0.1:{server.server_address[1]}")  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.hub  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        hub: Hub = self.server.hub  # type: ignore[attr-defined]
        match = _FILE.fullmatch(self.path) or _INFO.fullmatch(self.path)
        repository = hub.repositories.get(match["repo"]) if match else None
        given = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if given.startswith("hf_expired"):
            return self._refuse(401, message="Invalid credentials in Authorization header")
        if match is None or repository is None:
            return self._refuse(401, code="RepoNotFound", message="Repository not found")
        is_file = "name" in match.groupdict()
        if repository.token not in (None, given) and (is_file or not repository.gated):
            if repository.gated:
                return self._refuse(401, code="GatedRepo", message="Access to this model is restricted")
            return self._refuse(401, code="RepoNotFound", message="Repository not found")
        if match["revision"] not in (None, "main", repository.commit):
            return self._refuse(404, code="RevisionNotFound", message="Invalid rev id")
        if not is_file:
            return self._send_json(_info(match["repo"], repository))
        return self._send_file(hub, repository, match["name"])

    def _send_file(self, hub: Hub, repository: Repository, name: str) -> None:
        content = repository.files.get(name)
        if content is None:
            return self._refuse(404, code="EntryNotFound", message="Entry not found", commit=repository.commit)
        start = int((self.headers.get("Range") or "bytes=0-")[6:].split("-")[0])
        part = content[start:]
        cut = repository.cut_after if (self.command, name, start) not in hub.requests else None
        hub.requests.append((self.command, name, start))
        self.send_response(206 if start else 200)
        self.send_header("X-Repo-Commit", repository.commit)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("Content-Length", str(len(part)))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(part if cut is None else part[:cut])
        return None

    def _send_json(self, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self, status: int, *, message: str, code: str | None = None, commit: str | None = None) -> None:
        self.send_response(status)
        for name, value in (("X-Error-Code", code), ("X-Error-Message", message), ("X-Repo-Commit", commit)):
            if value is not None:
                self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that the library gives it
        """Nothing on stderr."""


def _info(repo: str, repository: Repository) -> dict[str, Any]:
    siblings = [
        {"rfilename": name, "size": len(content), "blobId": hashlib.sha1(content).hexdigest()}
        for name, content in repository.files.items()
    ]
    return {"_id": "1", "id": repo, "modelId": repo, "sha": repository.commit, "siblings": siblings, "tags": []}

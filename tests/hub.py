"""A model hub on this machine: one repository out of a folder, by the hub's own HTTP routes."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@contextmanager
def local_hub(repository: str, folder: Path) -> Iterator[str]:
    """The address to put into HF_ENDPOINT; there, `repository` holds the files of `folder`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, *, with_body: bool) -> None:
            path = urlsplit(self.path).path
            if path in (f"/api/models/{repository}", f"/api/models/{repository}/revision/{COMMIT}"):
                self._send(200, json.dumps(_description(repository, folder)).encode(), with_body=with_body)
                return
            place, _, name = path.partition("/resolve/")
            file = folder / name.partition("/")[2]
            if place == f"/{repository}" and file.is_file():
                self._send(200, file.read_bytes(), with_body=with_body)
            else:
                error = "EntryNotFound" if place == f"/{repository}" else "RepoNotFound"
                self._send(404, b"", with_body=with_body, **{"X-Error-Code": error})

        def _send(self, status: int, body: bytes, *, with_body: bool, **headers: str) -> None:
            self.send_response(status)
            known = {"ETag": f'"{hashlib.sha256(body).hexdigest()}"', "X-Repo-Commit": COMMIT}
            for name, value in {**known, "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if with_body:
                self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


def _description(repository: str, folder: Path) -> dict[str, object]:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    siblings = [{"rfilename": file.relative_to(folder).as_posix(), "size": file.stat().st_size} for file in files]
    return {"id": repository, "sha": COMMIT, "siblings": siblings}

"""`imagine-bot playground` as a process: its address, a port that is taken, and its end while a browser looks on."""

from __future__ import annotations

import http.client
import signal
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cli.command import TRACEBACK, assert_refused, imagine_bot, started, stop
from tests.patience import PATIENCE


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_its_address_serves_there_and_stops_while_a_browser_holds_the_line(
    tmp_path: Path, number: signal.Signals
) -> None:
    with started("playground", "--no-open", cwd=tmp_path) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.startswith("The playground is at http://127.0.0.1:")
        address = urlsplit(said.split()[-1])
        browser = http.client.HTTPConnection(str(address.hostname), address.port, timeout=PATIENCE)
        browser.request("GET", "/")
        page = browser.getresponse()
        assert page.status == 200
        assert "imagine-bot" in page.read().decode()
        ended = stop(process, number)
        browser.close()
    assert ended.code == 0, ended
    assert TRACEBACK not in ended.err
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use_is_one_sentence_and_names_the_option(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = imagine_bot("playground", "--no-open", "--port", str(port), cwd=tmp_path)
    assert_refused(ended, f"Port {port} of 127.0.0.1 cannot be used", "--port")


def test_a_model_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    ended = imagine_bot("playground", "--no-open", "--model", "nowhere", cwd=tmp_path)
    assert_refused(ended, "There is no model folder nowhere")

"""`imagine-bot playground` as a process: its address, a port that is taken, and its end while a browser looks on."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bot.cli.playground import playground_settings
from bot.cli.scratch import LOCK, PREFIX, scratch_folder
from bot.model_info import TINY
from bot.settings import Settings
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


def test_what_killed_playgrounds_left_is_swept_and_what_others_hold_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    killed, older, unrelated = tmp_path / f"{PREFIX}killed", tmp_path / f"{PREFIX}older", tmp_path / "unrelated"
    for folder in (killed, older, unrelated):
        (folder / "pictures").mkdir(parents=True)
    (killed / LOCK).touch()
    os.utime(older, (0, 0))
    with scratch_folder() as first:
        assert sorted(tmp_path.iterdir()) == sorted([first, unrelated])
        with scratch_folder() as second:
            assert sorted(tmp_path.iterdir()) == sorted([first, second, unrelated])
    assert list(tmp_path.iterdir()) == [unrelated]


def test_loras_wildcards_and_styles_are_the_owners_and_nothing_is_recorded_among_them(tmp_path: Path) -> None:
    data_dir, folder = tmp_path / "data", tmp_path / "scratch"
    data_dir.mkdir()
    folder.mkdir()
    (data_dir / "styles.json").write_text("[]")
    owner = Settings(_env_file=None, data_dir=data_dir)
    settings = playground_settings(owner, folder, TINY, None)
    assert (settings.loras, settings.wildcards) == (data_dir / "loras", data_dir / "wildcards")
    assert (folder / "styles.json").read_text() == "[]"
    assert settings.data_dir == folder
    assert str(folder) in settings.resolved_database_url


def test_a_port_in_use_is_one_sentence_and_names_the_option(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = imagine_bot("playground", "--no-open", "--port", str(port), cwd=tmp_path)
    assert_refused(ended, f"Port {port} of 127.0.0.1 cannot be used", "--port")


def test_a_model_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    ended = imagine_bot("playground", "--no-open", "--model", "nowhere", cwd=tmp_path)
    assert_refused(ended, "There is no model folder nowhere")

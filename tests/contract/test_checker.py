"""The checker itself: it lets through what Discord takes, and catches each thing that Discord refuses."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from tests.contract import assert_contract, check_request, check_response, needs_contract
from tests.contract.mutants import MUTANTS
from tests.contract.samples import VALID, Sample

pytestmark = needs_contract


def faults(sample: Sample) -> list[str]:
    return check_request(sample.method, sample.path, sample.json, sample.files)


@pytest.mark.parametrize("name", VALID)
def test_a_valid_request_has_no_fault(name: str) -> None:
    assert faults(VALID[name]) == []


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_caught(name: str) -> None:
    assert faults(MUTANTS[name])


def test_eleven_files_are_too_many() -> None:
    names = [f"1-{n}.png" for n in range(11)]
    message = {"content": "x", "allowed_mentions": {"parse": []}}
    assert any("11 files" in fault for fault in check_request("POST", "/channels/1/messages", message, names))


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/channels/1/messages"), ("GET", "/nowhere"), ("POST", "/interactions/1/callback")]
)
def test_a_route_that_discord_lacks_is_a_fault(method: str, path: str) -> None:
    assert "no such route" in check_request(method, path, None)[0]


def test_a_body_is_a_fault_where_none_is_taken_and_its_lack_where_one_is_needed() -> None:
    assert check_request("GET", "/users/@me", {"x": 1})
    assert check_request("POST", "/channels/1/messages", None)


def test_a_fault_names_its_place() -> None:
    message = {"content": 7, "allowed_mentions": {"parse": []}}
    [fault] = check_request("POST", "/channels/1/messages", message)
    assert fault.startswith("POST /channels/{channel_id}/messages: $.content: 7 is not of type")


def test_integers_may_be_strings_but_not_words() -> None:
    command = {"name": "imagine", "description": "x", "default_member_permissions": "2048"}
    assert check_request("PUT", "/applications/1/commands", [command]) == []
    assert check_request("PUT", "/applications/1/commands", [{**command, "default_member_permissions": "admin"}])


def test_answers_are_judged_too() -> None:
    assert check_response("GET", "/gateway", 200, {"url": "wss://gateway.discord.gg"}) == []
    assert check_response("GET", "/gateway", 200, {"link": "wss://gateway.discord.gg"})
    assert check_response("GET", "/gateway", 404, {"code": 10062, "message": "Unknown interaction"}) == []
    assert check_response("GET", "/gateway", 404, "Unknown interaction")
    assert check_response("GET", "/gateway", 302, None)


@dataclass
class Memory:
    http_requests: list[Any] = field(default_factory=list)


def test_a_run_fails_with_every_fault_of_its_requests() -> None:
    requests = [SimpleNamespace(method=s.method, path=s.path, json=s.json) for s in VALID.values()]
    assert_contract(Memory(requests))
    wrong = [SimpleNamespace(method=s.method, path=s.path, json=s.json) for s in list(MUTANTS.values())[:2]]
    with pytest.raises(AssertionError, match=r"contnet[\s\S]*colour"):
        assert_contract(Memory(requests + wrong))


def test_a_check_is_fast_enough_to_run_over_every_test() -> None:
    sample = VALID["reply with a picture"]
    faults(sample)
    start = time.process_time()
    for _ in range(20):
        faults(sample)
    assert (time.process_time() - start) / 20 < 0.05

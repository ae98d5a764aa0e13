"""The contract for tests that run the bot: nothing that it sent may be what Discord refuses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import pytest

from tests.contract.checker import WHERE_TO_GET_IT, check_request, contract_is_at_hand

needs_contract = pytest.mark.skipif(not contract_is_at_hand(), reason=WHERE_TO_GET_IT)


class LoggedRequest(Protocol):
    """A request as a simulated Discord remembers it; what was uploaded is not in that memory."""

    method: str
    path: str
    json: Any


class RemembersRequests(Protocol):
    """A simulated Discord that can be asked what it was sent."""

    @property
    def http_requests(self) -> Iterable[LoggedRequest]: ...


def assert_contract(env: RemembersRequests) -> None:
    """Fail with every fault of every request; without the API description there is nothing to compare with."""
    if not contract_is_at_hand():
        return
    faults = [
        fault for request in env.http_requests for fault in check_request(request.method, request.path, request.json)
    ]
    assert not faults, "Discord would refuse what the bot sent:\n" + "\n".join(faults)

"""What Discord accepts: its official API description and its documented rules, as a checker of requests."""

from __future__ import annotations

from tests.contract.checker import check_request, check_response, contract_is_at_hand
from tests.contract.plugin import assert_contract, needs_contract

__all__ = ["assert_contract", "check_request", "check_response", "contract_is_at_hand", "needs_contract"]

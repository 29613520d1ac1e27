"""Whether money can be paid in the way that an owner asks for."""

from shared_lib.domain.address import AddressProblemError, normal_destination
from shared_lib.domain.money import USDT, Asset
from shared_lib.domain.offer import (
    FieldProblem,
    PayoutTarget,
    ProblemCode,
    Strategy,
    threshold_problem,
)
from shared_lib.ports import Ports

_NOT_NOW = ProblemCode.UNAVAILABLE


def strategy_problem(
    ports: Ports, strategy: Strategy, threshold_cents: int | None
) -> FieldProblem | None:
    """Money is never taken for what cannot be converted and held."""
    problem = threshold_problem("threshold_cents", strategy, threshold_cents)
    if problem is None and strategy is Strategy.THRESHOLD and not _is_payable(ports, USDT):
        return FieldProblem("strategy", "must be instant: USDT is not offered at present", _NOT_NOW)
    return problem


def checked_target(ports: Ports, target: PayoutTarget) -> tuple[PayoutTarget, list[FieldProblem]]:
    """The target with its address in the form that is stored, and what is wrong with it.

    No problem's text repeats the address: it may be a secret that was pasted by mistake.
    """
    if not _is_payable(ports, target.asset):
        return target, [
            FieldProblem("target.asset", "is not offered for payouts at present", _NOT_NOW)
        ]
    try:
        address, memo = normal_destination(target.asset.network, target.address, target.memo)
    except AddressProblemError as problem:
        return target, [FieldProblem(f"target.{problem.field}", str(problem))]
    if address.lower() in _ours(ports):
        return target, [FieldProblem("target.address", "is not an owner's wallet")]
    return PayoutTarget(target.asset, address, memo), []


def _is_payable(ports: Ports, asset: Asset) -> bool:
    """Money is never taken for what cannot be paid out; our own coin needs no provider."""
    if asset == ports.policy.settlement_asset:
        return True
    with ports.database.transaction() as tx:
        currency = tx.currencies.get(asset.id)
    return currency is not None and currency.is_payable


def _ours(ports: Ports) -> set[str]:
    """Addresses from which money would not come back to anyone."""
    return {ports.policy.host_wallet.lower(), (ports.policy.usdt_contract or "").lower()}

"""Laws of every state machine: the table is whole, and nothing moves but along its edges."""

import copy
import pkgutil
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_lib import domain
from shared_lib.domain.order import OrderState
from shared_lib.domain.payout import PAYOUT_EDGES, PayoutState
from shared_lib.domain.share import SHARE_EDGES, ShareState
from shared_lib.domain.states import TransitionRefusedError
from shared_lib.domain.swap import SWAP_EDGES, SwapState
from shared_lib.domain.transfer import TRANSFER_EDGES, TransferState
from tests.properties.examples import LAW
from tests.properties.machines import MACHINES, Machine

BY_NAME = {machine.name: machine for machine in MACHINES}
every_machine = pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)


def test_no_machine_of_the_domain_is_left_out() -> None:
    tables = [
        table
        for module in pkgutil.iter_modules(domain.__path__)
        for name, table in vars(import_module(f"{domain.__name__}.{module.name}")).items()
        if name.endswith("_EDGES")
    ]
    assert len(tables) == len(MACHINES)
    for machine in MACHINES:
        assert any(table is machine.edges for table in tables)


@every_machine
def test_every_state_has_its_entry_and_leads_to_states_of_the_same_machine(
    machine: Machine[Any, Any],
) -> None:
    assert set(machine.edges) == set(machine.states)
    for afters in machine.edges.values():
        assert afters <= set(machine.states)


@every_machine
def test_where_a_machine_rests_only_the_documented_ways_lead_on(
    machine: Machine[Any, Any],
) -> None:
    assert {state: set(machine.edges[state]) for state in machine.rests} == machine.rests


@every_machine
def test_every_other_state_leads_to_rest(machine: Machine[Any, Any]) -> None:
    for state in set(machine.states) - set(machine.rests):
        assert machine.reachable(state) & set(machine.rests), state


@every_machine
def test_every_state_is_reached_from_the_first(machine: Machine[Any, Any]) -> None:
    assert machine.reachable(machine.born) | {machine.born} == set(machine.states)


@every_machine
@LAW
@given(data=st.data())
def test_arbitrary_histories_move_along_edges_and_refusals_change_nothing(
    machine: Machine[Any, Any], data: st.DataObject
) -> None:
    row = machine.row(data.draw(st.sampled_from(machine.states)))
    for asked in data.draw(st.lists(st.sampled_from(machine.states), max_size=20)):
        before, state = copy.deepcopy(row), machine.state_of(row)
        # Paying a paid order again is the one move that stays where it is without an edge.
        stays = isinstance(asked, OrderState) and asked is state
        if asked in machine.edges[state] or stays:
            row = machine.moved(row, asked)
            assert machine.state_of(row) is asked
        else:
            with pytest.raises(TransitionRefusedError, match=f"from {state} to {asked}"):
                machine.moved(row, asked)
            assert row == before


@every_machine
def test_every_single_pair_of_states_is_an_edge_or_refused(machine: Machine[Any, Any]) -> None:
    for before in machine.states:
        for after in machine.states:
            row = machine.row(before)
            if after in machine.edges[before]:
                assert machine.state_of(machine.moved(row, after)) is after
            elif not (isinstance(after, OrderState) and after is before):
                with pytest.raises(TransitionRefusedError):
                    machine.moved(row, after)


def test_what_was_sent_is_ended_by_the_chain_alone() -> None:
    """From *sent* or *mined* no path leads to a state in which the money would count as unsent."""
    machine = BY_NAME["transfer"]
    unsent = {
        TransferState.REQUESTED,
        TransferState.AUTHORIZED,
        TransferState.SIGNING,
        TransferState.REVIEW,
    }
    for state in (TransferState.SENT, TransferState.MINED):
        assert not TRANSFER_EDGES[state] & unsent
        assert not machine.reachable(state) & unsent


def test_no_transfer_is_sent_without_having_been_authorized_and_signed() -> None:
    into_sent = {
        before for before, afters in TRANSFER_EDGES.items() if TransferState.SENT in afters
    }
    into_signing = {
        before for before, afters in TRANSFER_EDGES.items() if TransferState.SIGNING in afters
    }
    assert into_sent == {TransferState.SIGNING, TransferState.MINED}
    assert into_signing == {TransferState.AUTHORIZED}


def test_a_sent_transfer_is_cancelled_only_by_being_mined() -> None:
    """A cancel that was signed and not mined is no end: the original may still win.

    One in review may never have been sent: whoever lets go of it asks for that.
    """
    into_cancelled = {
        before for before, afters in TRANSFER_EDGES.items() if TransferState.CANCELLED in afters
    }
    assert into_cancelled == {
        TransferState.REQUESTED,
        TransferState.AUTHORIZED,
        TransferState.MINED,
        TransferState.REVIEW,
    }


def test_no_swap_is_funded_twice_and_none_that_was_funded_is_quoted_again() -> None:
    """Once bytes pay for an exchange, every path leads to an end, and to nothing else."""
    ends = {SwapState.FINISHED, SwapState.REFUNDED, SwapState.ABANDONED}
    assert BY_NAME["swap"].reachable(SwapState.FUNDED) == ends


def test_every_path_to_a_funded_swap_makes_an_exchange_whose_answer_is_known() -> None:
    """Without *creating* or without *created* no path of the table reaches *funded*."""
    for left_out in (SwapState.QUOTED, SwapState.CREATING, SwapState.CREATED):
        found, fresh = {SwapState.QUOTING}, {SwapState.QUOTING}
        while fresh:
            fresh = {after for before in fresh for after in SWAP_EDGES[before]} - found
            fresh -= {left_out}
            found |= fresh
        assert SwapState.FUNDED not in found


def test_money_of_a_payout_ends_with_the_owner_or_back_and_never_both() -> None:
    for end in (PayoutState.SETTLED, PayoutState.RETURNED):
        assert not BY_NAME["payout"].reachable(end)
    assert PAYOUT_EDGES[PayoutState.SENDING] >= {PayoutState.SETTLED, PayoutState.RETURNED}


def test_a_share_is_locked_again_only_after_it_was_given_back() -> None:
    """No edge leads from one payout straight into another."""
    into_locked = {before for before, afters in SHARE_EDGES.items() if ShareState.LOCKED in afters}
    assert into_locked == {ShareState.PENDING, ShareState.HELD}
    assert ShareState.REVERSED not in SHARE_EDGES[ShareState.LOCKED]

"""The postings of the books, written out for one payment."""

from uuid import UUID

import pytest

from shared_lib.domain import ledger
from shared_lib.domain.ledger import Account, Entry, Posting, PostingKind, posting
from shared_lib.domain.money import (
    ETH,
    USDT,
    AssetMismatchError,
    Money,
    Split,
    parse_amount,
    split_fee,
)

SUBJECT = UUID(int=1)
CHANNEL = UUID(int=2)
RECEIVED = parse_amount("0.00149302", ETH)
SPLIT = split_fee(RECEIVED, 1_500)


def eth(wei: int) -> Money:
    return Money(wei, ETH)


def _refund(sent: Money, arrived: Money) -> Posting:
    return ledger.refund_seen(SUBJECT, {CHANNEL: ledger.loss(sent, arrived)}, sent, arrived)


def wei_by_account(made: Posting) -> dict[Account, int]:
    assert len({entry.account for entry in made.entries}) == len(made.entries)
    return {entry.account: entry.amount.base_units for entry in made.entries}


def test_a_finished_payment_is_owed_by_the_provider_and_to_the_owner() -> None:
    made = ledger.finished(SUBJECT, CHANNEL, RECEIVED, SPLIT)
    assert made == Posting(
        PostingKind.FINISHED,
        str(SUBJECT),
        (
            Entry(Account.PROVIDER_RECEIVABLE, eth(1_493_020_000_000_000)),
            Entry(Account.OWNER_PAYABLE, eth(-1_269_067_000_000_000), CHANNEL),
            Entry(Account.PLATFORM_FEE, eth(-223_953_000_000_000)),
        ),
    )


def test_a_payment_without_a_fee_posts_no_fee() -> None:
    made = ledger.finished(SUBJECT, CHANNEL, RECEIVED, split_fee(RECEIVED, 0))
    assert wei_by_account(made) == {
        Account.PROVIDER_RECEIVABLE: RECEIVED.base_units,
        Account.OWNER_PAYABLE: -RECEIVED.base_units,
    }


def test_a_reversal_is_the_mirror_of_what_was_posted() -> None:
    made = ledger.finished(SUBJECT, CHANNEL, RECEIVED, SPLIT)
    mirrored = ledger.finish_reversed(SUBJECT, CHANNEL, RECEIVED, SPLIT)
    assert mirrored.kind is PostingKind.REVERSED
    assert mirrored.entries == tuple(
        Entry(entry.account, -entry.amount, entry.channel_id) for entry in made.entries
    )


@pytest.mark.parametrize("difference", [-7, 0, 7])
def test_a_deposit_that_differs_a_little_keeps_the_difference_in_sight(difference: int) -> None:
    made = ledger.deposit_seen(SUBJECT, eth(1_000), eth(1_000 - difference))
    expected = {
        Account.HOST_WALLET: 1_000 - difference,
        Account.PROVIDER_RECEIVABLE: -1_000,
    }
    if difference:
        expected[Account.DIFFERENCE] = difference
    assert wei_by_account(made) == expected


def test_what_is_signed_is_in_flight_until_it_returns() -> None:
    signed, returned = ledger.signed(SUBJECT, eth(5)), ledger.returned(SUBJECT, eth(5))
    assert wei_by_account(signed) == {Account.HOST_WALLET: -5, Account.IN_FLIGHT: 5}
    assert wei_by_account(returned) == {Account.IN_FLIGHT: -5, Account.HOST_WALLET: 5}
    assert (signed.kind, returned.kind) == (PostingKind.SIGNED, PostingKind.RETURNED)


def test_gas_falls_on_the_platforms_float() -> None:
    assert wei_by_account(ledger.gas_burned(SUBJECT, eth(3))) == {
        Account.GAS_FLOAT: -3,
        Account.GAS_COST: 3,
    }


def test_a_settled_payout_clears_the_debt_and_the_flight() -> None:
    made = ledger.settled(SUBJECT, CHANNEL, eth(100), eth(90))
    assert made.entries == (
        Entry(Account.OWNER_PAYABLE, eth(100), CHANNEL),
        Entry(Account.PAID_OUT, eth(-100), CHANNEL),
        Entry(Account.IN_FLIGHT, eth(-90)),
        Entry(Account.CLEARED, eth(90)),
    )


def test_a_debt_in_one_asset_may_be_settled_by_sending_another() -> None:
    made = ledger.settled(SUBJECT, CHANNEL, Money(100, USDT), eth(90))
    assert [entry.amount.asset for entry in made.entries] == [USDT, USDT, ETH, ETH]


@pytest.mark.parametrize("lost", [0, 1, 7, 99, 100])
def test_what_is_missing_of_a_refund_is_the_owners_loss(lost: int) -> None:
    """Nothing of it is in flight any more, and we owe the owner what arrived and no more."""
    made = _refund(eth(100), eth(100 - lost))
    expected = {
        Account.HOST_WALLET: 100 - lost,
        Account.IN_FLIGHT: -100,
        Account.OWNER_PAYABLE: lost,
    }
    assert wei_by_account(made) == {account: wei for account, wei in expected.items() if wei}
    assert (made.kind, made.subject_id) == (PostingKind.REFUND_SEEN, str(SUBJECT))


def test_the_loss_of_a_refund_is_on_the_owners_own_account() -> None:
    made = _refund(eth(100), eth(90))
    assert made.entries == (
        Entry(Account.HOST_WALLET, eth(90)),
        Entry(Account.IN_FLIGHT, eth(-100)),
        Entry(Account.OWNER_PAYABLE, eth(10), CHANNEL),
    )


def test_more_than_was_sent_is_nobodys_and_kept_in_sight() -> None:
    """The owner's balance never grows by a refund."""
    made = _refund(eth(100), eth(107))
    assert made.entries == (
        Entry(Account.HOST_WALLET, eth(107)),
        Entry(Account.IN_FLIGHT, eth(-100)),
        Entry(Account.DIFFERENCE, eth(-7)),
    )


def test_a_refund_in_another_coin_than_was_sent_is_never_posted() -> None:
    with pytest.raises(AssetMismatchError):
        _refund(eth(100), Money(100, USDT))


def test_a_top_up_is_known_by_its_transaction() -> None:
    made = ledger.top_up("0xfeed", eth(8))
    assert (made.kind, made.subject_id) == (PostingKind.TOP_UP, "0xfeed")
    assert wei_by_account(made) == {Account.GAS_FLOAT: 8, Account.CAPITAL: -8}


def test_a_split_that_is_not_the_whole_is_never_posted() -> None:
    wrong = Split(owner=SPLIT.owner, fee=SPLIT.fee - eth(1))
    for post in (ledger.finished, ledger.finish_reversed):
        with pytest.raises(ValueError, match="does not balance"):
            post(SUBJECT, CHANNEL, RECEIVED, wrong)


def test_several_entries_of_one_account_count_together() -> None:
    made = posting(
        PostingKind.TOP_UP,
        "0xfeed",
        Entry(Account.GAS_FLOAT, eth(3)),
        Entry(Account.GAS_FLOAT, eth(4)),
        Entry(Account.GAS_COST, eth(0)),
        Entry(Account.CAPITAL, eth(-7)),
    )
    assert [entry.amount.base_units for entry in made.entries] == [3, 4, -7]

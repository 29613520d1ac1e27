"""Payments, and every report about them, kept for good."""

from dataclasses import replace
from hashlib import sha256
from uuid import uuid4

import pg8000.native
import pytest

from shared_lib.domain.money import ETH, Money
from shared_lib.domain.payment import Deposit, EventSource, PaymentStatus, Receipt
from shared_lib.ports import StoredReport
from tests.databases import RecordingDatabase, together
from tests.integration import domain_rows as make
from tests.integration.domain_rows import DAY, FAILING, HUGE, NOW
from tests.integration.valid_rows import HASH

CALLBACK, POLL = EventSource.CALLBACK, EventSource.POLL
AT_ONCE = 20


def test_a_payment_is_read_as_written_and_as_saved(database: RecordingDatabase) -> None:
    with database.transaction() as tx:
        payment = make.payment(tx, order_id=make.order(tx).id, watch=FAILING)
        assert tx.payments.get(payment.id) == payment
        receipt = Receipt(Money(HUGE, ETH), Money(HUGE, ETH), NOW)
        finished = replace(payment, status=PaymentStatus.FINISHED, receipt=receipt)
        tx.payments.save(finished)
        assert tx.payments.lock(payment.id) == finished
        seen = replace(finished, deposit=Deposit(HASH, NOW + DAY), watch=None)
        tx.payments.save(seen)
        assert tx.payments.get(payment.id) == seen
        assert tx.payments.get(uuid4()) is None
        assert tx.payments.lock(uuid4()) is None


def test_a_fee_of_nothing_is_read_as_nothing(database: RecordingDatabase) -> None:
    with database.transaction() as tx:
        receipt = Receipt(Money(1, ETH), Money(0, ETH), NOW)
        payment = make.payment(tx)
        tx.payments.save(replace(payment, receipt=receipt))
        assert tx.payments.get(payment.id) == replace(payment, receipt=receipt)


def test_an_order_that_we_do_not_know_is_left_out(database: RecordingDatabase) -> None:
    """The report must be kept in any case; whose it is, is for a person to find out."""
    with database.transaction() as tx:
        payment = make.payment(tx, order_id=uuid4())
        assert tx.payments.get(payment.id) == replace(payment, order_id=None)


@pytest.mark.parametrize("body", ["", "{}", '{"zahl": 1.10, "text": "Ä 取 📈"}\r\n', "x" * 100_000])
def test_a_report_is_kept_byte_for_byte(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection, body: str
) -> None:
    payment = make.unsaved_payment()
    with database.transaction() as tx:
        stored = tx.payments.store_report(payment, body, POLL, NOW)
        assert stored == StoredReport(payment.id, is_news=True)
        assert tx.payments.bodies(payment.id) == [body]
    row = [payment.id, "poll", body, sha256(body.encode()).digest(), NOW]
    columns = "payment_id, source, body, body_sha256, received_at"
    assert owner_connection.run(f"SELECT {columns} FROM payment_events") == [row]


def test_a_repeated_report_is_no_news_and_kept_all_the_same(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection
) -> None:
    payment, other = make.unsaved_payment(), make.unsaved_payment()
    again = replace(payment, id=uuid4(), status=PaymentStatus.CONFIRMED, watch=FAILING)
    with database.transaction() as tx:
        reports = [
            tx.payments.store_report(payment, "one", CALLBACK, NOW),
            tx.payments.store_report(again, "one", POLL, NOW + DAY),
            tx.payments.store_report(again, "two", CALLBACK, NOW),
            tx.payments.store_report(other, "one", CALLBACK, NOW),
        ]
    assert reports == [
        StoredReport(payment.id, is_news=True),
        StoredReport(payment.id, is_news=False),
        StoredReport(payment.id, is_news=True),
        StoredReport(other.id, is_news=True),
    ]
    assert owner_connection.run("SELECT count(*) FROM payment_events") == [[4]]
    with database.transaction() as tx:
        assert tx.payments.get(payment.id) == payment


def test_bodies_are_all_different_ones_in_the_order_of_their_arrival(
    database: RecordingDatabase,
) -> None:
    payment = make.unsaved_payment()
    arrived = ["b", "a", "b", "d", "c", "a", "d"]
    with database.transaction() as tx:
        for body in arrived:
            tx.payments.store_report(payment, body, CALLBACK, NOW)
        tx.payments.store_report(make.unsaved_payment(), "e", CALLBACK, NOW)
        assert tx.payments.bodies(payment.id) == ["b", "a", "d", "c"]
        assert tx.payments.bodies(uuid4()) == []


@pytest.mark.parametrize("is_same_body", [True, False])
def test_twenty_reports_at_once_make_one_payment(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection, is_same_body: bool
) -> None:
    """Each is kept, each is told the one payment's id, and none is lost as no news."""
    first = make.unsaved_payment()

    def deliver(number: int) -> StoredReport:
        body = "same" if is_same_body else f"body {number}"
        with database.transaction() as tx:
            return tx.payments.store_report(replace(first, id=uuid4()), body, CALLBACK, NOW)

    answers = together(*(lambda number=number: deliver(number) for number in range(AT_ONCE)))
    [[payment_id]] = owner_connection.run("SELECT id FROM payments")
    assert {answer.payment_id for answer in answers} == {payment_id}
    assert owner_connection.run("SELECT count(*) FROM payment_events") == [[AT_ONCE]]
    news = sum(answer.is_news for answer in answers)
    assert news >= 1 if is_same_body else news == AT_ONCE

"""Outbox, inbox, ticks, dead letters, reviews, controls and the audit log."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import product
from threading import Barrier
from uuid import uuid4

import pg8000.native
import pytest

from shared_lib.domain.review import Finding, Reason, Subject
from shared_lib.domain.watch import GIVE_UP_AFTER
from shared_lib.events import (
    EVENT_TYPES,
    Event,
    NoticeRequested,
    PoolRequested,
    ReconcileTick,
)
from shared_lib.ports import DeadLetter, OutboxRow, Watched
from tests.databases import WAIT_SECONDS, RecordingDatabase, together
from tests.integration.valid_rows import LATER, NOW, add

SECOND = timedelta(seconds=1)


# ---- outbox --------------------------------------------------------------------------------------


def example(event_type: type[Event]) -> Event:
    """An event of this type, with its entity's id where it has one."""
    about = "eth:eth" if event_type is PoolRequested else uuid4()
    ids = {event_type.entity: about} if event_type.entity else {}
    return event_type(trace_id="0af7/1;o=1", **ids)


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_every_event_is_read_back_as_it_was_added(
    database: RecordingDatabase, event_type: type[Event]
) -> None:
    event = example(event_type)
    with database.transaction() as tx:
        tx.outbox.add(event, NOW)
    with database.transaction() as tx:
        [row] = tx.outbox.left_behind(NOW, 10)
    assert row.event == event
    assert type(row.event) is event_type
    assert database.committed == [row]


def test_only_rows_that_are_old_enough_were_left_behind(database: RecordingDatabase) -> None:
    events = [NoticeRequested(notice_id=uuid4()) for _ in range(3)]
    with database.transaction() as tx:
        for age, event in enumerate(events):
            tx.outbox.add(event, NOW + age * SECOND)
        assert [row.event for row in tx.outbox.left_behind(NOW + SECOND, 10)] == events[:2]
        assert [row.event for row in tx.outbox.left_behind(LATER, 1)] == events[:1]
        assert tx.outbox.left_behind(NOW - SECOND, 10) == []


def test_published_rows_are_deleted(database: RecordingDatabase) -> None:
    with database.transaction() as tx:
        for _ in range(3):
            tx.outbox.add(ReconcileTick(), NOW)
        rows = tx.outbox.left_behind(NOW, 10)
        tx.outbox.delete([])
        assert tx.outbox.left_behind(NOW, 10) == rows
        tx.outbox.delete([rows[0].id, rows[2].id])
        assert tx.outbox.left_behind(NOW, 10) == [rows[1]]


def test_published_rows_are_forgotten_without_waiting_for_the_disk(
    database: RecordingDatabase,
) -> None:
    """Whoever waits for the disk otherwise still does."""
    setting = "SELECT current_setting('synchronous_commit') AS kept"
    with database.transaction() as tx:
        before = tx.outbox._session.row(setting)  # type: ignore[attr-defined]
        for _ in range(3):
            tx.outbox.add(ReconcileTick(), NOW)
        rows = tx.outbox.left_behind(NOW, 10)
    database.forget_published([rows[0].id, rows[2].id])
    with database.transaction() as tx:
        assert tx.outbox.left_behind(NOW, 10) == [rows[1]]
        assert tx.outbox._session.row(setting) == before  # type: ignore[attr-defined]


def test_two_runs_never_publish_the_same_row_at_once(database: RecordingDatabase) -> None:
    with database.transaction() as tx:
        for _ in range(8):
            tx.outbox.add(ReconcileTick(), NOW)
    both_have_taken = Barrier(2)

    def run() -> set[int]:
        with database.transaction() as tx:
            rows: list[OutboxRow] = tx.outbox.left_behind(NOW, 5)
            both_have_taken.wait(WAIT_SECONDS)
            return {row.id for row in rows}

    first, second = together(run, run)
    assert first.isdisjoint(second)
    assert max(len(first), len(second)) == 5


# ---- inbox and ticks -----------------------------------------------------------------------------


def test_a_delivery_is_new_once(database: RecordingDatabase) -> None:
    with database.transaction() as tx:
        assert tx.delivery.first_time("telegram:1", NOW)
        assert not tx.delivery.first_time("telegram:1", LATER)
        assert tx.delivery.first_time("telegram:2", NOW)


def test_a_delivery_whose_effect_was_not_kept_is_new_again(database: RecordingDatabase) -> None:
    with suppress(ZeroDivisionError), database.transaction() as tx:
        assert tx.delivery.first_time("telegram:1", NOW)
        assert 1 // 0
    with database.transaction() as tx:
        assert tx.delivery.first_time("telegram:1", NOW)


def test_a_slot_of_a_tick_is_started_by_one_of_two(database: RecordingDatabase) -> None:
    def start() -> bool:
        with database.transaction() as tx:
            return tx.delivery.start_tick("reconcile", 2**40, NOW)

    assert sorted(together(start, start)) == [False, True]
    with database.transaction() as tx:
        assert tx.delivery.start_tick("reconcile", 2**40 + 1, NOW)
        assert tx.delivery.start_tick("audit_books", 2**40, NOW)


# ---- dead letters --------------------------------------------------------------------------------

LETTER = DeadLetter(
    id=uuid4(),
    message_id="1234567890",
    subscription="confirm_payment",
    event_type="payment.updated",
    entity_id=uuid4(),
    body='{"type": "payment.updated"} Ä 📈',
    attributes={"googclient_schemaencoding": "JSON", "ключ": "значение"},
)


@pytest.mark.parametrize(
    "letter", [LETTER, replace(LETTER, event_type=None, entity_id=None, body="", attributes={})]
)
def test_a_dead_letter_is_kept_once_and_watched(
    database: RecordingDatabase, letter: DeadLetter
) -> None:
    with database.transaction() as tx:
        assert tx.delivery.add_dead_letter(letter, NOW)
        assert not tx.delivery.add_dead_letter(replace(letter, id=uuid4(), body="other"), NOW)
        assert tx.delivery.dead_letter(letter.id) == letter
        assert tx.delivery.dead_letter(uuid4()) is None
        before = tx.watches.take_due(Watched.DEAD_LETTER, NOW + GIVE_UP_AFTER - SECOND, LATER, 9)
        assert before == []
        due = tx.watches.take_due(Watched.DEAD_LETTER, NOW + GIVE_UP_AFTER, LATER, 9)
        assert [one.id for one in due] == [letter.id]


def test_a_message_dead_for_two_subscriptions_is_two_letters(database: RecordingDatabase) -> None:
    other = replace(LETTER, id=uuid4(), subscription="notify")
    with database.transaction() as tx:
        assert tx.delivery.add_dead_letter(LETTER, NOW)
        assert tx.delivery.add_dead_letter(other, NOW)


def test_a_closed_dead_letter_rests(database: RecordingDatabase) -> None:
    with database.transaction() as tx:
        tx.delivery.add_dead_letter(LETTER, NOW)
        assert tx.watches.is_open(Watched.DEAD_LETTER, LETTER.id)
        tx.delivery.close_dead_letter(LETTER.id, LATER)
        assert not tx.watches.is_open(Watched.DEAD_LETTER, LETTER.id)
        assert tx.delivery.dead_letter(LETTER.id) == LETTER


# ---- operations ----------------------------------------------------------------------------------


def test_a_review_item_is_opened_once_until_it_is_closed(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection
) -> None:
    evidence = (("hash", "0x1"), ("Grund", "»größer« 📈"))
    finding = Finding(Subject.WALLET, "0xAb", Reason.FOREIGN_NONCE, evidence)
    first, second = uuid4(), uuid4()
    with database.transaction() as tx:
        assert tx.reviews.open(finding, first, NOW)
        assert not tx.reviews.open(finding, second, NOW)
        assert tx.reviews.open(replace(finding, subject_id="0xCd"), uuid4(), NOW)
        tx.reviews.close(Subject.WALLET, "0xAb", Reason.OVERDUE, LATER)
        assert not tx.reviews.open(finding, second, NOW)
        tx.reviews.close(Subject.WALLET, "0xAb", Reason.FOREIGN_NONCE, LATER)
        assert tx.reviews.open(finding, second, LATER)
    rows = owner_connection.run(
        "SELECT id, subject_kind, reason, evidence, opened_at, closed_at FROM review_items "
        "WHERE subject_id = '0xAb' ORDER BY opened_at"
    )
    assert rows == [
        [first, "wallet", "foreign_nonce", dict(evidence), NOW, LATER],
        [second, "wallet", "foreign_nonce", dict(evidence), LATER, None],
    ]


def test_every_subject_and_reason_can_be_written(database: RecordingDatabase) -> None:
    with database.transaction() as tx:
        for subject, reason in product(Subject, Reason):
            assert tx.reviews.open(Finding(subject, "1", reason), uuid4(), NOW)


def test_sends_are_stopped_by_their_own_switch(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection
) -> None:
    def stopped() -> bool:
        with database.transaction() as tx:
            return tx.controls.sends_stopped()

    assert not stopped()
    add(owner_connection, "controls", name="stop_removals")
    assert not stopped()
    add(owner_connection, "controls", name="stop_sends")
    assert stopped()


def test_an_audited_action_is_written_down(
    database: RecordingDatabase, owner_connection: pg8000.native.Connection
) -> None:
    detail = {"amount": "1", "why": "Übung", "list": [1, None, True]}
    with database.transaction() as tx:
        tx.delivery.audit("operator", "record_top_up", ("wallet", "0xAb"), detail, NOW)
    columns = "actor, action, subject_kind, subject_id, detail, occurred_at"
    row = ["operator", "record_top_up", "wallet", "0xAb", detail, NOW]
    assert owner_connection.run(f"SELECT {columns} FROM audit_log") == [row]

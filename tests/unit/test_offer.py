"""The limits of what an owner sells."""

import pytest

from shared_lib.domain.offer import (
    DESCRIPTION_MOST,
    TITLE_MOST,
    FieldProblem,
    chat_id_problem,
    is_offer_link,
    length_problem,
    tier_problems,
)


@pytest.mark.parametrize("text", ["A" * 22, "abcdefghijklmnopqrst-_", "0123456789012345678901"])
def test_an_offer_link_has_22_characters_that_a_link_can_carry(text: str) -> None:
    assert is_offer_link(text)


@pytest.mark.parametrize(
    "text",
    ["", "A" * 21, "A" * 23, "A" * 22 + "\n", "A" * 21 + "=", "A" * 21 + " ", "é" * 22, "٣" * 22],
)
def test_anything_else_is_no_offer_link(text: str) -> None:
    assert not is_offer_link(text)


@pytest.mark.parametrize(
    "chat_id",
    [-1_000_000_000_001, -1_001_234_567_890, -1_009_999_999_999, -1_002_345_678_901_234],
)
def test_channels_and_supergroups_can_be_sold(chat_id: int) -> None:
    assert chat_id_problem("chat", chat_id) is None


@pytest.mark.parametrize(
    "chat_id",
    [
        0,
        7,
        1_001_234_567_890,
        -100,
        -4_012_345_678,  # a basic group
        -1_000_000_000_000,
        -1_100_000_000_000,
        -2_001_234_567_890,
    ],
)
def test_other_chats_cannot_be_sold(chat_id: int) -> None:
    problem = chat_id_problem("open_chat.chat_id", chat_id)
    assert problem is not None
    assert problem.field == "open_chat.chat_id"
    assert "-100" in problem.rule


def test_a_chat_id_is_a_signed_64_bit_number() -> None:
    assert chat_id_problem("chat", -1_008_000_000_000_000_000) is None
    assert chat_id_problem("chat", -10_000_000_000_000_000_000) is not None


def test_lengths_are_counted_in_code_points() -> None:
    assert length_problem("title", "🎉" * TITLE_MOST, 1, TITLE_MOST) is None
    assert length_problem("description", "", 0, DESCRIPTION_MOST) is None


@pytest.mark.parametrize("text", ["", "🎉" * (TITLE_MOST + 1)])
def test_a_length_outside_its_limits_names_the_field_and_both_limits(text: str) -> None:
    assert length_problem("title", text, 1, TITLE_MOST) == FieldProblem(
        "title", "must have 1 to 100 characters"
    )


@pytest.mark.parametrize(
    ("price_cents", "days"), [(100, 1), (499, 30), (999_999, 999), (100, None)]
)
def test_a_tier_within_its_limits_has_no_problem(price_cents: int, days: int | None) -> None:
    assert tier_problems("tier", price_cents, days) == []


@pytest.mark.parametrize(
    ("price_cents", "days", "fields"),
    [
        (99, 30, ["tier.price_cents"]),
        (1_000_000, 30, ["tier.price_cents"]),
        (-100, None, ["tier.price_cents"]),
        (499, 0, ["tier.days"]),
        (499, 1_000, ["tier.days"]),
        (499, -1, ["tier.days"]),
        (0, 0, ["tier.price_cents", "tier.days"]),
    ],
)
def test_each_problem_of_a_tier_is_named(
    price_cents: int, days: int | None, fields: list[str]
) -> None:
    assert [one.field for one in tier_problems("tier", price_cents, days)] == fields

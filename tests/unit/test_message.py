"""The one place where the words of others become markup."""

import html

import pytest

from shared_lib.domain.message import Button, Message, text


@pytest.mark.parametrize(
    "fact",
    [
        "A & B <3",
        '</b><a href="https://evil.example">free</a>',
        "🎉" * 100,
        "{curly}",
        "{0} {} {fact.__class__} {{fact}}",
        "%s %(fact)s $fact \\n",
        "'single' and \"double\"",
        "&lt;b&gt; &amp;amp;",
        "<!-- ]]> <script>",
        "\u202eright to left",
        "",
    ],
)
def test_a_fact_is_shown_literally(fact: str) -> None:
    shown = text("<b>{fact}</b>", {"fact": fact})
    inner = shown.removeprefix("<b>").removesuffix("</b>")
    assert html.unescape(inner) == fact
    assert not set(inner) & set("<>\"'")


def test_escaping_happens_once() -> None:
    assert text("{title}", {"title": "A & B <3"}) == "A &amp; B &lt;3"
    assert text("{title}", {"title": "A &amp; B"}) == "A &amp;amp; B"


def test_the_templates_own_markup_stays() -> None:
    assert text("<i>{count}</i> of {total}", {"count": 1, "total": 3}) == "<i>1</i> of 3"


def test_facts_that_a_template_does_not_use_are_left_out() -> None:
    assert text("{order}", {"order": "7", "secret": "x"}) == "7"


def test_a_template_that_lacks_its_fact_fails_loudly() -> None:
    with pytest.raises(KeyError, match="order"):
        text("{order}", {})


def test_a_message_has_no_buttons_unless_given() -> None:
    assert Message("x").buttons == ()
    assert Button("x") == Button("x", url=None, callback_data=None)

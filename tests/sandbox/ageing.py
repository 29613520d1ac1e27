"""Time for what was sold: its rows get older by the sandbox's own SQL, clocks are not touched."""

import pg8000.native

_BY = "make_interval(secs => CAST(:seconds AS double precision))"
_PERIODS = """
SELECT p.id FROM membership_periods p JOIN memberships m ON m.id = p.membership_id
WHERE m.telegram_user_id = :person ORDER BY p.starts_at
"""
_AGE_PERIOD = f"""
UPDATE membership_periods SET starts_at = starts_at - {_BY}, ends_at = ends_at - {_BY},
    cut_at = cut_at - {_BY}
WHERE id = :id
"""
_AGE_ACCESS = f"""
UPDATE memberships SET access_ends_at = access_ends_at - {_BY},
    next_check_at = next_check_at - {_BY}, deadline_at = deadline_at - {_BY}
WHERE telegram_user_id = :person
"""


def age_access(owner: pg8000.native.Connection, telegram_user_id: int, days: float) -> None:
    """Let so many days pass for everything that a person has access to."""
    seconds = days * 86_400
    owner.run("BEGIN")
    # The oldest first: no two grants may overlap, not even for a moment.
    for (period_id,) in owner.run(_PERIODS, person=telegram_user_id) or []:
        owner.run(_AGE_PERIOD, id=period_id, seconds=seconds)
    owner.run(_AGE_ACCESS, person=telegram_user_id, seconds=seconds)
    owner.run("COMMIT")

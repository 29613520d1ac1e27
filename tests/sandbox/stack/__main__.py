"""`make stack`: the whole product on this machine until Ctrl-C."""

import os
import signal
import sys
import threading
from pathlib import Path

from tests.sandbox.stack.plan import PROJECT, Plan
from tests.sandbox.stack.run import running_stack


def main() -> int:
    """Start the stack, say where it is, and stop it when told to."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    plan = plan_from_environment(PROJECT / "build" / "stack", PROJECT / "build" / "stack.json")
    with running_stack(plan) as stack:
        print("The stack is up; build/stack.json says where. Ctrl-C stops it.")
        print(f"  {'console':16} {plan.console_url}")
        for name in ("web_url", "telegram_url", "nowpayments_url", "database_url"):
            print(f"  {name:16} {stack.facts()[name]}")
        sys.stdout.flush()
        stop.wait()
    return 0


def plan_from_environment(folder: Path, facts_path: Path) -> Plan:
    """The plan with what the environment changes: tick scale and push back-off."""
    return Plan(
        folder,
        facts_path,
        tick_scale=float(os.environ.get("TICK_SCALE", "60")),
        push_min_backoff_seconds=float(os.environ.get("PUSH_MIN_BACKOFF_SECONDS", "1")),
    )


if __name__ == "__main__":
    sys.exit(main())

"""The bot as `serve --dev` runs it, with its times made short: `python -m faults.bot [--mutant NAME]`.

A mutant is the bot with one of its promises taken out. The checker has to notice.
"""

import argparse
import os
import sys
import threading
from datetime import timedelta

from faults.mutants import MUTANTS
from faults.times import Times
from psirf_bot import bootstrap, cli
from psirf_bot.adapters.slack import failures
from psirf_bot.adapters.slack.adapter import SlackAdapter
from psirf_bot.adapters.teams import connector
from psirf_bot.adapters.teams.adapter import TeamsAdapter
from psirf_bot.clock import Clock
from psirf_bot.delivery import courier, outbox


def shorten(times: Times) -> None:
    """A wait of minutes becomes one of seconds; what depends on another stays longer, or shorter, than that."""
    _default(SlackAdapter, send_timeout=times.gives_up)
    _default(TeamsAdapter, send_timeout=times.gives_up)
    _default(courier.Courier, settle=timedelta(seconds=times.settle))
    _set(courier, SEND_WITHIN=times.send_within)
    _set(outbox, LEASE=timedelta(seconds=times.lease), SEND_WITHIN=timedelta(seconds=times.send_within))
    _set(failures, WAIT=times.retry)
    _set(connector, _TOKEN_LATER=times.retry)


def _default(of: type, **values: object) -> None:
    defaults = of.__init__.__kwdefaults__  # type: ignore[misc]
    if unknown := values.keys() - defaults.keys():
        raise SystemExit(f"{of.__name__} has no {unknown} any more: the harness has to follow")
    defaults.update(values)


def _set(module: object, **values: object) -> None:
    for name, value in values.items():
        if not hasattr(module, name):
            raise SystemExit(f"{module} has no {name} any more: the harness has to follow")
        setattr(module, name, value)


def _end_with_the_harness() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_harness, daemon=True).start()
    given = argparse.ArgumentParser()
    given.add_argument("--mutant", choices=MUTANTS)
    given.add_argument("--wake", type=float, default=bootstrap.WAKE_EVERY, help="seconds between two looks")
    given.add_argument("--pace", type=float, default=1.0, help="see times.py")
    given.add_argument("--ahead", type=float, default=0.0, help="seconds by which its clock is ahead from the start")
    how = given.parse_args()
    ahead = timedelta(seconds=how.ahead)
    Clock.__init__ = lambda clock: setattr(clock, "ahead", ahead)  # type: ignore[assignment, method-assign]
    shorten(Times(how.pace))
    bootstrap.WAKE_EVERY = how.wake * how.pace
    if how.mutant:
        MUTANTS[how.mutant]()
    sys.argv = ["psirf-bot", "serve", "--dev"]
    cli.main()

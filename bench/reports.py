"""Whole reports: how many a second come in at 16 at once, from the command to “Saved as PSI-…”, each turn committed.

A report is four turns over HTTP: begin, two pages, send. The people are the strict fake's own, who fill in what they
are shown; the floor is a quarter of the stored submissions that the protocol floor takes in the same time.
"""

import asyncio
import time
from collections import Counter

from bench import load
from bench.people import PAGE
from bench.rig import KINDS, Rig
from bench.table import Figures, Line, held_against
from fakes.slack import FakeSlack, Person

AT_ONCE = 16
TURNS = 4
PAGE_1 = {**PAGE, "What happened?": "The wrong syringe driver was set up and noticed before use."}
SERIOUS = "Could it have led to serious injury, major permanent harm or unexpected death?"


async def report(slack: FakeSlack, person: Person) -> str:
    """Report a near miss; returns what went wrong, or nothing."""
    await person.slash("/psirf", "report")
    await slack.until(lambda: person.open_view, within=30)
    for page in (PAGE_1, {SERIOUS: "Yes"}, {}):
        await person.submit_view(page)
        if person.saw_error or person.view_errors or not person.open_view:
            return person.reason or str(person.view_errors) or "no page"
    saved = "Saved as PSI-" in person.open_view.words if person.open_view else False
    await person.close_view(all_of_them=True)
    return "" if saved else "not saved"


async def reports(rig: Rig, seconds: float) -> Line:
    slack, where = rig.fakes.slack, f"{rig.set_up}; {AT_ONCE} at once"
    floor = await load.run(rig.floor(KINDS[1]).traffic, AT_ONCE, seconds)
    rig.answer_the_fakes()
    people = [slack.add_user(f"U0REPORT{n:03d}", f"Robin Report{n}") for n in range(AT_ONCE)]
    cases = rig.count('SELECT count(*) FROM "case"')
    times: list[float] = []
    faults = floor.faults + Counter(await rig.settled())

    async def reporting(person: Person) -> None:
        while (at := time.perf_counter()) < began + seconds:
            if fault := await report(slack, person):
                faults[fault] += 1
                return
            times.append(time.perf_counter() - at)

    with load.unpaused():
        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*map(reporting, people))
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
    if (stored := cases()) != len(times):
        faults[f"{len(times)} reports sent, but {stored} cases stored"] += 1
    faults += Counter(await rig.settled())
    ours, per_report = Figures.of(times, took), Figures(per_second=floor.per_second / TURNS)
    line = held_against("report end to end", where, ours, "protocol floor, 4 turns", per_report)[0]
    line.faults = faults
    line.notes = [f"at reports end to end, {where}, the fakes took {100 * cpu / took:.0f} % of a core"]
    return line

"""The being fair tool read a second time: its text as plain questions, one after the other, with no rule in common.

Tests compare the flow with it. It was written from the tool (NHS England, 2025) and from the readings V14 and V15 of
the requirements, not from the code.
"""

from collections.abc import Mapping
from typing import Any


def next_step(answers: Mapping[str, Any], reading: str) -> str:
    """Where these answers lead: "ask …" with the first question of the page to be answered, or the id of an end."""
    for key in ("fair-who-is-hurt", "fair-what-they-need", "fair-whose-task"):
        if key not in answers:
            return "ask fair-who-is-hurt"
    return _preconditions(answers) or _substitution(answers, reading)


def _preconditions(answers: Mapping[str, Any]) -> str:
    """Preconditions of use: a no to one of them, and the tool is not to be used."""
    if "fair-safety-incident" not in answers:
        return "ask fair-safety-incident"
    if answers["fair-safety-incident"] == "no":
        if "fair-other-process" not in answers:
            return "ask fair-other-process"
        process = answers["fair-other-process"]
        return "another-process" if process == "another" else str(process)
    if "fair-systems-response" not in answers:
        return "ask fair-systems-response"
    if answers["fair-systems-response"] == "no":
        return "no-systems-response"
    if "fair-jointly" not in answers:
        return "ask fair-jointly"
    if answers["fair-jointly"] == "no":
        return "not-jointly"
    return ""


def _substitution(answers: Mapping[str, Any], reading: str) -> str:
    """Q1: yes to 1a leaves unless there are ongoing concerns; no or unsure goes on to 1b to 1d."""
    if not {"fair-1a", "fair-1a-source"} <= answers.keys():
        return "ask fair-1a"
    if answers["fair-1a"] == "yes":
        if not _answered(answers, "fair-1a"):
            return "ask fair-1a-ongoing"
        if answers["fair-1a-ongoing"] == "no":
            return "continue-after-1a"
        return _after_an_ongoing_concern(answers, reading)
    return _further_substitution(answers, reading)


def _further_substitution(answers: Mapping[str, Any], reading: str) -> str:
    """1b to 1d: yes to all goes on to Q2; otherwise the discussion comes first, then the ongoing concerns."""
    if not {"fair-1b", "fair-1c", "fair-1d"} <= answers.keys():
        return "ask fair-1b"
    if answers["fair-1b"] == "yes" and answers["fair-1c"] == "yes" and answers["fair-1d"] == "yes":
        return _foresight(answers)
    if not {"fair-discussed", "fair-discussed-on"} <= answers.keys():
        return "ask fair-discussed"
    if answers["fair-discussed"] == "not-yet":
        return "not-discussed-yet"
    if not _answered(answers, "fair-1"):
        return "ask fair-1-ongoing"
    if answers["fair-1-ongoing"] == "no":
        return "continue-after-1"
    return _after_an_ongoing_concern(answers, reading)


def _after_an_ongoing_concern(answers: Mapping[str, Any], reading: str) -> str:
    """V14: to the next test in the tool's order, or straight to Q3."""
    if reading == "next test":
        return _foresight(answers)
    assert reading == "deliberate harm"
    return _deliberate_harm(answers)


def _foresight(answers: Mapping[str, Any]) -> str:
    """Q2: yes to both goes on; no to any leaves unless there are ongoing concerns, and then Q3 is next."""
    if "fair-2a" not in answers:
        return "ask fair-2a"
    if answers["fair-2a"] == "not-yet":
        return "not-known-yet"
    if answers["fair-2a"] == "yes":
        if "fair-2b" not in answers:
            return "ask fair-2b"
        if answers["fair-2b"] == "not-yet":
            return "not-known-yet"
        if answers["fair-2b"] == "yes":
            return _deliberate_harm(answers)
    if not _answered(answers, "fair-2"):
        return "ask fair-2-ongoing"
    if answers["fair-2-ongoing"] == "no":
        return "continue-after-2"
    return _deliberate_harm(answers)


def _deliberate_harm(answers: Mapping[str, Any]) -> str:
    """Q3."""
    if "fair-3" not in answers:
        return "ask fair-3"
    if answers["fair-3"] == "not-yet":
        return "not-known-yet"
    if answers["fair-3"] == "yes":
        named = {"fair-3-which", "fair-3-source", "fair-3-bodies"} <= answers.keys()
        return "appropriate-action" if named else "ask fair-3-which"
    return _health(answers)


def _health(answers: Mapping[str, Any]) -> str:
    """Q4: yes to either is the end of it, whatever the other one is."""
    if "fair-4a" not in answers or "fair-4b" not in answers:
        return "ask fair-4a"
    if answers["fair-4a"] == "yes" or answers["fair-4b"] == "yes":
        return "health"
    if answers["fair-4a"] == "no" and answers["fair-4b"] == "no":
        return _mitigation(answers)
    return "not-known-yet"


def _mitigation(answers: Mapping[str, Any]) -> str:
    """Q5."""
    if "fair-5" not in answers:
        return "ask fair-5"
    return {"yes": "mitigation", "no": "management", "not-yet": "not-known-yet"}[answers["fair-5"]]


def _answered(answers: Mapping[str, Any], prefix: str) -> bool:
    return {f"{prefix}-ongoing", f"{prefix}-kinds", f"{prefix}-ground"} <= answers.keys()

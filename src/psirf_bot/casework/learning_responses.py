"""The learning response of a case as the rest of casework reads it: the last one, its kind in words, who may see it."""

from sqlmodel import col, select

from psirf_bot.cards.response import kind_words
from psirf_bot.casework.case_facts import NOT_LET_GO, allowed, case_facts
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Act, Member, leads
from psirf_bot.domain.trust import NATIONAL_NAMES
from psirf_bot.store.tables import Case, Extension, LearningResponse


def current(work: Work, case: Case) -> LearningResponse | None:
    """The learning response that was decided last, unless it was let go before it started."""
    theirs = select(LearningResponse).where(LearningResponse.case_id == case.id, *NOT_LET_GO)
    return work.session.exec(theirs.order_by(col(LearningResponse.decided_at).desc())).first()


def kind_of(work: Work, response: LearningResponse) -> str:
    """What kind it is, in the trust's own words with the national name beside them."""
    return kinds(work)[response.kind]


def kinds(work: Work) -> dict[str, str]:
    return {str(kind): kind_words(local, NATIONAL_NAMES[kind]) for kind, local in work.trust.responses.items()}


def extensions(work: Work, response: LearningResponse) -> list[Extension]:
    """The longer times that were agreed, the last one last."""
    theirs = select(Extension).where(Extension.response_id == response.id)
    return list(work.session.exec(theirs.order_by(col(Extension.id))))


def sees(work: Work, by: Member, case: Case) -> bool:
    """Who may open the page. A reporter who was involved hears from their line manager that a review starts (R02)."""
    facts = case_facts(work, case)
    its_lead = by.id == facts.lead_id or leads(by, facts)
    works_on_it = by.is_quality or its_lead or allowed(work, by, Act.VERIFY_PSII, case)
    return works_on_it or (allowed(work, by, Act.SEE_CASE, case) and case.reporter_id != by.id)

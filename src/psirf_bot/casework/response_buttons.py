"""What somebody may do next with a learning response, as the buttons of its page."""

from dataclasses import dataclass

from psirf_bot.cards.model import Button
from psirf_bot.casework import named_contacts, verifying
from psirf_bot.casework.actions import button
from psirf_bot.casework.case_facts import allowed, case_facts, panel_of
from psirf_bot.casework.deadlines import of_case, running
from psirf_bot.casework.work import Work
from psirf_bot.domain.authority import Act, Member, may
from psirf_bot.domain.case import CaseFacts, State
from psirf_bot.domain.people import Role
from psirf_bot.store.tables import Case, LearningResponse

Offer = tuple[object, str, str]
"""Whether it is offered, its label and its verb."""
NAME_THE_CONTACT = "contacts-named.set"


def rows(work: Work, case: Case, response: LearningResponse | None, by: Member) -> tuple[tuple[Button, ...], ...]:
    """In rows: what comes next, what can be done as it goes on, what goes with it, and the ways back."""
    now = _Standing(work, case, response, by, case_facts(work, case)) if response else None
    offered = (now.next_steps(), now.as_it_goes_on(), now.around_it()) if now else ()
    first = now.first if now else ""
    return tuple(
        tuple(
            button(work, label, verb, case=case, style="primary" if verb == first else "plain")
            for is_offered, label, verb in row
            if is_offered
        )
        for row in (*offered, _back(work, case, by))
    )


def _back(work: Work, case: Case, by: Member) -> tuple[Offer, ...]:
    return (
        (panel_of(work, case) is not None and allowed(work, by, Act.SEE_PANEL, case), "The panel", "panel.show"),
        (allowed(work, by, Act.SEE_CASE, case), "Back to the case", "case.show"),
    )


@dataclass(frozen=True, slots=True)
class _Standing:
    """A learning response and who looks at it."""

    work: Work
    case: Case
    response: LearningResponse
    by: Member
    facts: CaseFacts

    def may(self, act: Act) -> bool:
        return may(self.by, act, self.facts)

    @property
    def keeps(self) -> bool:
        """The contact agreed with those affected; also while it stands still."""
        return self.response.lead_id is not None and (self.may(Act.LEAD_RESPONSE) or self.may(Act.RESUME))

    @property
    def leads(self) -> bool:
        return self.by.acts_as(self.response.lead_id, Role.RESPONSE_LEAD)

    @property
    def unfinished(self) -> bool:
        return self.response.ended_at is None

    @property
    def goes_on(self) -> bool:
        return self.unfinished and self.case.state == State.RESPONDING

    @property
    def verifies(self) -> bool:
        if not self.may(Act.VERIFY_PSII):
            return False
        return self.by.id not in verifying.deciders(self.work, self.case, self.response)

    @property
    def starts(self) -> bool:
        to_come = self.unfinished and self.response.started_at is None
        return to_come and self.case.state == State.DECIDED and self.may(Act.LEAD_RESPONSE)

    @property
    def names_first(self) -> bool:
        """It cannot start before the patient or family has somebody to turn to (B12)."""
        return self.starts and self.keeps and not named_contacts.family_has_one(self.work, self.case)

    @property
    def first(self) -> str:
        """What they are most likely to have come for."""
        if self.verifies:
            return "response.verify"
        if self.names_first:
            return NAME_THE_CONTACT
        return "response.start" if self.starts and not named_contacts.missing(self.work, self.case) else ""

    def next_steps(self) -> tuple[Offer, ...]:
        response, verifies = self.response, self.verifies
        choose = "Change the lead" if response.lead_id else "Choose the lead"
        report = response.verified_at and running(self.work, of_case(self.case), "psii.day-3")
        declines = self.leads and response.started_at is None and self.unfinished
        return (
            (self.may(Act.CHOOSE_LEAD) and self.unfinished, choose, "response.lead"),
            (verifies, "Verify the PSII", "response.verify"),
            (verifies, "Send it back", "response.back"),
            (self.names_first, "The named contact", NAME_THE_CONTACT),
            (self.starts, "Start it", "response.start"),
            (self.keeps and report, "The initial report was sent", "response.report-sent"),
            (declines, "I cannot lead this", "response.decline-lead"),
        )

    def as_it_goes_on(self) -> tuple[Offer, ...]:
        response = self.response
        lead = self.goes_on and self.may(Act.LEAD_RESPONSE)
        draft = response.started_at and not response.draft_approved_at and not self.leads
        leaves = response.draft_approved_at and response.ended_at and response.final_sent_on is None
        return (
            (lead, "Agree a longer time", "response.extend"),
            (self.goes_on and self.may(Act.PAUSE), "Pause it", "case.pause"),
            (self.may(Act.RESUME), "Go on again", "case.resume"),
            (lead, "It has ended", "response.end"),
            (draft and self.may(Act.APPROVE_DRAFT), "Approve the draft", "report.approve"),
            (leaves and self.may(Act.NOTIFY), "The final report was sent", "report.final-sent"),
        )

    def around_it(self) -> tuple[Offer, ...]:
        keeps, notify = self.keeps, self.may(Act.NOTIFY)
        names = keeps and self.unfinished and not self.names_first
        return (
            (self.unfinished and self.may(Act.LEAD_RESPONSE), "Terms of reference", "terms.set"),
            (names, "The named contact", NAME_THE_CONTACT),
            (keeps, "Agree contact", "contact.agree"),
            (keeps or notify, "Other organisations", "partners.show"),
            (notify, "Notifications", "notifications.show"),
        )

"""Candidate areas found with the values that past years suggest, and how sure each is."""

from __future__ import annotations

from dataclasses import dataclass

from csa.areas.analysis import propose_areas
from csa.areas.choices import Choices
from csa.areas.locating import locate_incidents
from csa.areas.proposal import Proposal
from csa.backtest.record import Record
from csa.backtest.recording import suggestion_of
from csa.base.logging import Tell, silent
from csa.dataset.versioned import City
from csa.priority.assess import AreaAssessment, assess_areas
from csa.priority.next12 import add_next12


@dataclass(frozen=True)
class AssessedProposal:
    """Candidate areas and what is known of them."""

    city: City  # the city's file, its incidents and its places
    choices: Choices  # what the analyst chose
    record: Record | None  # what past years show; None where no record is stored
    proposal: Proposal  # all candidates
    judgement: AreaAssessment  # how sure each is

    @property
    def usual_fall_share(self) -> float | None:
        """Chosen areas' usual drop in share of the city in a year, 0 to below 1, or None."""
        usual = None if self.record is None else self.record.usual_fall_share
        return None if usual is None else min(max(usual, 0.0), 0.99)


def find(
    city: City, choices: Choices, record: Record | None, tell: Tell = silent
) -> AssessedProposal:
    """Propose areas with the values that past years suggest, and assess them."""
    suggestion = suggestion_of(city.config, record)
    located = locate_incidents(city, choices)
    proposal = propose_areas(city, choices, tell, suggestion, located)
    judgement = assess_areas(city, proposal, tell, located)
    judgement = add_next12(judgement, proposal, located, record)
    return AssessedProposal(city, choices, record, proposal, judgement)

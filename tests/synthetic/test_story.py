"""The made-up program as its file tells it: nothing in it is left out, and all of it is played."""

import inspect
import re
from dataclasses import replace
from datetime import date

import pytest

from csa.base.extra import shipped_extras
from csa.synthetic.story import AREAS, BASE, MEASURES, QUARTERS, STORY, TODAY, story_acts
from csa.workflow.story import StoryScene, carry_out


def told(value):
    """Return the texts and days in it; numbers stand many times and would prove nothing."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return set().union(*map(told, value))
    return {value} if isinstance(value, str | date) else set()


def test_every_text_and_day_of_the_story_is_played():
    acts = story_acts()
    own = [value for one in (*AREAS, *MEASURES) for value in vars(one).values()]
    played = told([vars(act) for act in acts]) | {TODAY, BASE, *QUARTERS}
    assert [value for value in told(STORY) - played if value not in own] == []
    assert len(acts) == 230


def test_the_story_uses_every_decision_there_is_and_signs_each():
    acts = story_acts()
    of_extras = {extra.name for extra in shipped_extras() if extra.story}
    cases = of_extras.union(re.findall(r'case "(.+)":', inspect.getsource(carry_out)))
    assert {act.do for act in acts} == cases == of_extras.union(STORY["signed"])
    assert all(act.office and act.why for act in acts)


def test_a_word_of_the_story_that_is_no_decision_is_refused():
    with pytest.raises(KeyError, match="wish"):
        carry_out(StoryScene(None, None, None), None, replace(story_acts()[0], do="wish"))

"""What people do on pages: sign, confirm, hand out."""

from datetime import timedelta

from tests.sentences import says
from tests.stores import SAMPLE_CLOCK

from csa.program.handouts import EditionFile
from csa.program.roles import Person, act

COMMITTEE, HEALTH = "Executive Committee", "Health Department"
EDITION = EditionFile("3f9a0c17be42", 0, "2020-07", "executive", "en", "pdf", "ab" * 32)


def confirm(page, why="Read aloud in the team: it is a shop."):
    named = {one.label: one for one in page.text_input}
    named[says("plan_page.on_behalf")].set_value("Prevention team")
    named["Why"].set_value(why)
    (button,) = [one for one in page.button if one.label == says("community.confirm")]
    return button.click().run()


def chair_act(ago=0, office=COMMITTEE, why="as reported"):
    at = SAMPLE_CLOCK.now() - timedelta(days=ago)
    return act(Person(office, "chair"), why, at, "America/Chicago")


def member_act(role="member", why="as agreed"):
    return act(Person(HEALTH, role), why, SAMPLE_CLOCK.now(), "America/Chicago")

"""Activities: what organizations do by area and month, counted on phones; a report to a funder."""

from csa.extras import Extra, ExtraPage

EXTRA = Extra(
    __name__,
    commands=(f"{__name__}.commands:activities", f"{__name__}.commands:grants"),
    page=ExtraPage(
        "csa_app.extras.activities.page", "activities", "activities_page.short", "screen.work"
    ),
    section="activities",
    sections={"reports": "csa_app.extras.activities.grants:show"},
    routes="csa_app.extras.activities.counting:count_routes",
    upkeep=f"{__name__}.recording:total_activities",
    story=f"{__name__}.story:carry_out",
)

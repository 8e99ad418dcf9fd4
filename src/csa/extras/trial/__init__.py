"""Lotteries for who starts first, and what starts drawn by lot show."""

from csa.extras import Extra, ExtraPage

EXTRA = Extra(
    __name__,
    commands=(f"{__name__}.commands:draw", f"{__name__}.commands:trial"),
    page=ExtraPage("csa_app.extras.trial.page", "draw", "draw_page.short", "screen.work"),
    sections={"track_record": "csa_app.extras.trial.parts:show"},
    news=f"{__name__}.recording:list_lotteries",
    story=f"{__name__}.story:carry_out",
)

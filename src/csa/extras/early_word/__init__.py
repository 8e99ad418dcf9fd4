"""Early word: shootings new in an area, mailed to whom the Committee named."""

from csa.extras import Extra, ExtraPage

EXTRA = Extra(
    __name__,
    commands=(f"{__name__}.commands:app", f"{__name__}.commands:watch"),
    page=ExtraPage(
        "csa_app.extras.early_word.page", "early-word", "watch.office", "screen.work", "staff"
    ),
)

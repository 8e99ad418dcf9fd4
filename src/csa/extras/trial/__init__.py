"""Trials: what starts drawn by lot show, over every order that could have been drawn."""

from csa.extras import Extra

EXTRA = Extra(
    __name__,
    commands=(f"{__name__}.commands:trial",),
    sections={"track_record": "csa_app.extras.trial.parts:show"},
)

"""Risk: which kinds of place mark where risk is higher, and whether shootings repeat nearby."""

from csa.extras import Extra

EXTRA = Extra(
    __name__,
    commands=(f"{__name__}.commands:risk", f"{__name__}.commands:near_repeat"),
    sections={"why_here": "csa_app.extras.risk.parts:show"},
    demo=("risk_terrain.step", f"{__name__}.commands:risk"),
)

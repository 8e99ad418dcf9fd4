"""Counts without points: what hospitals, ambulances, crisis lines and other cities counted."""

from csa.extras import Extra

EXTRA = Extra(
    __name__,
    commands=(f"{__name__}.commands:app",),
    sections={
        "displacement": "csa_app.extras.counts.parts:show_change",
        "measures": "csa_app.extras.counts.parts:show_place",
    },
    sentences=f"{__name__}.comparing:compare_city",
    story=f"{__name__}.recording:carry_out",
)

"""Research: the classic numbers beside a verdict, the panel, emerging cells, placebo areas."""

from csa.extras import Extra

EXTRA = Extra(
    __name__,
    sections={"evidence": "csa_app.extras.research.parts:show"},
    exports=f"{__name__}.results:export",
)

"""Letters: a month's editions mailed to the offices in the deployment file, each once."""

from csa.extras import Extra

EXTRA = Extra(
    __name__,
    commands=(f"{__name__}.commands:mail",),
    sections={"new_month": "csa_app.extras.mail.parts:show"},
)

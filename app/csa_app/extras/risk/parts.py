"""On Why here, where no factors are stored: the command that finds them."""

from __future__ import annotations

import shlex

from csa.base.text import tr
from csa_app.shared import panels
from csa_app.shared.city_session import CitySession
from csa_app.shared.settings import command_of


def show(session: CitySession) -> None:
    """Show the command that finds the factors."""
    command = shlex.join([*command_of("risk", session.own_folder), "--out", "risk"])
    panels.empty(tr("risk_terrain.not_run", command=command))

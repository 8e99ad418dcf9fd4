"""Serve the app, and get ready while the first reader's browser starts: `python -m app`.

`streamlit run app/main.py` serves the same; its first reader waits for what is done here
beforehand. Options are those of `streamlit run`.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from threading import Thread

from streamlit.web.cli import main as streamlit

# What pages import is imported before the server starts, not by the first reader. Not app.stage:
# streamlit-folium's component is known only to a server that runs when it is imported.
from app import (  # noqa: F401
    area_sheet,
    cache,
    cache_around,
    charts_record,
    controls,
    maps,
    methods,
    reading,
    session,
    track_record,
)
from app.geometry import forget_old
from app.offline import ask_no_host
from csa.errors import CsaError

MAIN = Path(__file__).with_name("main.py")


def warm_up() -> None:
    """Open the city, make its first proposal, and judge it: what the first page shows.

    Whatever fails here fails again, with its sentence, where a reader asks for it.
    """
    forget_old()
    try:
        if cache.needs_reading():
            return  # a page shows how far that has come
        opened = cache.open_city()
        choices = session.first_choices(opened.config, opened.dataset)
        cache.proposal(opened, choices)
        cache_around.geometry(opened, choices.resolution)
        cache.judgement(opened, choices)
    except CsaError as error:
        logging.getLogger("csa").info("not warmed up: %s", error)


def main() -> None:
    """Start the server; what is cached before a reader comes is cached for all."""
    ask_no_host()
    # Streamlit remarks that nobody is reading yet.
    logging.getLogger("streamlit").addFilter(lambda record: "ScriptRunContext" not in record.msg)
    Thread(target=warm_up, name="warm-up", daemon=True).start()
    sys.argv = ["streamlit", "run", str(MAIN), *sys.argv[1:]]
    streamlit()


if __name__ == "__main__":
    main()

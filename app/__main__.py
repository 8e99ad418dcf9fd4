"""Serve the app, and get ready while the first reader's browser starts: `python -m app`.

`streamlit run app/served.py` serves the same; its first reader waits for what is done here
beforehand. Options are those of `streamlit run`.
"""

from __future__ import annotations

import gc
import importlib
import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

from streamlit.web import bootstrap
from streamlit.web.cli import main as streamlit

from app.shared import access, cache, cache_around, session
from app.shared.geometry import forget_old
from app.shared.offline import ask_no_host
from csa.base.errors import CsaError
from csa.base.text import render

# What pages import is imported before the server starts, not by the first reader. Not
# app.shared.map_component: streamlit-folium's component is known only to a server that runs
# when it is imported.
READY = (
    "app.screens.data.parts",
    "app.screens.find_areas.controls",
    "app.screens.measures.measure_list",
    "app.screens.measures.measures_edit",
    "app.screens.measures.place_answer",
    "app.screens.measures.place_choice",
    "app.screens.measures.work_forms",
    "app.screens.meeting.lists",
    "app.screens.meeting.minutes",
    "app.screens.meeting.parts",
    "app.screens.method.parts",
    "app.screens.plan.parts",
    "app.screens.plan.preview",
    "app.shared.access",
    "app.shared.area_sheet",
    "app.shared.cache",
    "app.shared.cache_around",
    "app.shared.charts_record",
    "app.shared.maps",
    "app.shared.session",
    "app.shared.track_record",
)
SERVED = Path(__file__).with_name("served.py")


def warm_up() -> None:
    """Open the city, make its first proposal, and judge it: what the first page shows.

    Whatever fails here fails again, with its sentence, where a reader asks for it.
    """
    forget_old()
    try:
        if access.shows_bundle() or access.is_withheld(cache.city_config()):
            return  # not even the outline of its cells is written where anybody could fetch it
        if cache.needs_reading():
            return  # a page shows how far that has come
        opened = cache.open_city()
        choices = session.first_choices(opened.config, opened.dataset)
        cache.proposal(opened, choices)
        cache_around.geometry(opened, choices.resolution)
        cache.judgement(opened, choices)
    except CsaError as error:
        logging.getLogger("csa").info("not warmed up: %s", error)


def get_ready() -> None:
    """Warm up, and keep what stays for good out of every later collection of garbage.

    A third of a million objects, which each collection would visit while all readers wait.
    `.streamlit/config.toml` keeps Streamlit from asking for one after each run.
    """
    warm_up()
    gc.freeze()


def serve_if_allowed(serve: Callable[..., None]) -> Callable[..., None]:
    """Refuse to listen where others reach what is for this machine alone; else get ready."""

    def run(*given: Any, **named: Any) -> None:
        why = access.why_not_served()
        if why is not None:
            sys.stderr.write(f"{render(why)}\n")
            sys.exit(2)
        # Not before: a process that ends while another of its threads imports may never end.
        Thread(target=get_ready, name="warm-up", daemon=True).start()
        with suppress(KeyboardInterrupt):  # uvicorn hands Ctrl-C on once it has ended
            serve(*given, **named)

    return run


def main() -> None:
    """Start the server; what is cached before a reader comes is cached for all."""
    ask_no_host()
    for name in READY:
        importlib.import_module(name)
    # Streamlit remarks that nobody is reading yet.
    logging.getLogger("streamlit").addFilter(lambda record: "ScriptRunContext" not in record.msg)
    bootstrap.run_asgi_app = serve_if_allowed(bootstrap.run_asgi_app)
    sys.argv = ["streamlit", "run", str(SERVED), *sys.argv[1:]]
    streamlit()


if __name__ == "__main__":
    main()

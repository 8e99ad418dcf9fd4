"""Serve the app and warm it up while the first reader's browser starts: `python -m csa_app`.

`streamlit run app/csa_app/served.py` serves the same pages, but its first reader waits for what is
prepared here. Options are those of `streamlit run`.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import inspect
import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Thread, Timer
from typing import Any

import uvicorn
from streamlit import logger as streamlit_log
from streamlit.web import bootstrap
from streamlit.web.cli import main as streamlit

from csa.base.errors import CsaError
from csa.base.home import require_one_owner
from csa.base.logging import JsonFormatter, configure_logging
from csa.base.message import load_catalog
from csa.base.text import render
from csa_app.shared import access, cache, screen_state
from csa_app.shared.cache import FIRST_PAGE_IS_OUT
from csa_app.shared.geometry import forget_old
from csa_app.shared.settings import ask_no_host

# The pages' modules, imported before the server starts rather than by the first reader, except
# csa_app.shared.map_component: streamlit-folium's component is known only to a server that is
# already running when it is imported.
READY = (
    "csa_app.screens.briefing.parts",
    "csa_app.screens.data.parts",
    "csa_app.screens.find_areas.controls",
    "csa_app.screens.measures.measures_edit",
    "csa_app.screens.measures.place_choice",
    "csa_app.screens.measures.work_forms",
    "csa_app.screens.meeting.minutes",
    "csa_app.screens.method.parts",
    "csa_app.screens.plan.parts",
    "csa_app.screens.plan.preview",
    "csa_app.shared.area_sheet",
    "csa_app.shared.track_record",
    "csa_app.shared.core_list",
    "csa_app.shared.maps",
    "csa_app.shared.start_over",
    "folium.plugins",
)
FIRST_PAGE_S = 3.0
"""How long after the start areas are not judged: a first page takes about so long."""
SERVED = Path(__file__).with_name("served.py")

SWITCH_S = 0.0005
"""How long a thread may compute while another waits, in seconds; Python's own is ten times it."""

M_ARENA_MAX = -8
"""The number by which glibc's `mallopt` knows how many heaps threads may have (malloc.h)."""


def warm_up() -> None:
    """Open the city, propose its areas and assess them, since the first page shows them.

    Any failure here is raised and shown again where a reader asks for the same thing.
    """
    forget_old()
    try:
        if access.shows_bundle() or access.is_withheld(cache.city_config()):
            return  # not even the outline of its cells may be written where anybody could fetch it
        if cache.needs_reading():
            return  # a page shows the progress of reading
        session = cache.open_city()
        choices = screen_state.first_choices(session)
        _ = cache.analysis(session, choices).proposal
        cache.geometry(session, choices.resolution)
        cache.priorities(session, choices)
    except CsaError as error:
        logging.getLogger("csa").info("not warmed up: %s", error)


def get_ready() -> None:
    """Warm up, and exempt the objects that stay for good from later garbage collections.

    There are a third of a million, and each collection would visit them while all readers wait.
    `.streamlit/config.toml` keeps Streamlit from starting a collection after each run.
    """
    FIRST_PAGE_IS_OUT.clear()
    timer = Timer(FIRST_PAGE_S, FIRST_PAGE_IS_OUT.set)
    timer.daemon = True  # a server that ends before then need not wait
    timer.start()
    warm_up()
    gc.freeze()


def serve_if_allowed(serve: Callable[..., None]) -> Callable[..., None]:
    """Refuse to serve a local-only city on an address that others can reach; else warm up."""

    def run(*given: Any, **named: Any) -> None:
        why = access.why_not_served()
        if why is not None:
            sys.stderr.write(f"{render(why)}\n")
            sys.exit(2)
        # The server's name is nobody's business, nor are the addresses that uvicorn logs below
        # warnings; how lines look, Streamlit has set already.
        quiet: dict[str, Any] = {"server_header": False, "log_config": None, "log_level": "warning"}
        uvicorn.Config = partial(uvicorn.Config, **quiet)  # type: ignore[assignment, misc]
        # Not earlier: a process that ends while one of its threads imports may hang forever.
        Thread(target=get_ready, name="warm-up", daemon=True).start()
        with suppress(KeyboardInterrupt):  # uvicorn passes Ctrl-C on after it has shut down
            serve(*given, **named)

    return run


def log_as_json() -> None:
    """Make each line that the server logs an object, as those of the commands are."""
    set_up = streamlit_log.setup_formatter

    def structured(logger: logging.Logger) -> None:
        set_up(logger)
        logger.streamlit_console_handler.setFormatter(JsonFormatter())  # type: ignore[attr-defined]

    streamlit_log.setup_formatter = structured
    streamlit_log.update_formatter()
    # What Streamlit prints at its start for a person at a terminal is no object.
    bootstrap.cli_util.print_to_cli = lambda *_said, **_how: None  # type: ignore[attr-defined]
    configure_logging(is_verbose=False, as_json=True)


def main() -> None:
    """Start the server; what is cached before a reader comes is cached for all."""
    try:
        require_one_owner()
    except CsaError as error:
        sys.exit(str(error))
    ask_no_host()
    sys.setswitchinterval(SWITCH_S)
    with suppress(AttributeError, OSError, TypeError):  # another system's memory
        # Each run of a page is a thread: of a heap each, little ever went back.
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)
    if os.environ.get("CSA_LOG") == "json":
        log_as_json()
    for name in READY:
        importlib.import_module(name)
    load_catalog()
    inspect.stack()  # Streamlit asks at its first element, and then it looks at all that is loaded
    gc.freeze()  # what is loaded stays: to look through it took as long as a city's geometry
    # Streamlit warns that no reader is connected yet.
    logging.getLogger("streamlit").addFilter(lambda record: "ScriptRunContext" not in record.msg)
    bootstrap.run_asgi_app = serve_if_allowed(bootstrap.run_asgi_app)
    sys.argv = ["streamlit", "run", str(SERVED), *sys.argv[1:]]
    streamlit()


if __name__ == "__main__":
    main()

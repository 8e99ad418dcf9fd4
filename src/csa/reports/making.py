"""Make files from the facts of a month: one edition or all, each complete in memory."""

from __future__ import annotations

import hashlib
import pickle  # nosec B403
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from csa.base.errors import ParamError
from csa.base.logging import ProgressCallback, no_progress
from csa.base.params import Month
from csa.base.text import LANGUAGES
from csa.city.config import CityConfig
from csa.reports.document import Document
from csa.reports.editions.all import AUDIENCES, EXTRAS, WALKS, edition, spoken
from csa.reports.html import Paper, render_html
from csa.reports.maps.sheet import MapSheet
from csa.reports.month.facts import Facts
from csa.reports.pdf import render_pdf, require_pdf

Form: TypeAlias = Literal["pdf", "html", "docx"]
FORMS: tuple[Form, ...] = get_args(Form)
EDITIONS = (*AUDIENCES, *EXTRAS)
"""Everything made as a file of its own."""
CITY_PX, WALK_PX = (1340, 925), (840, 880)
"""Width and height of the city's map (full width, half a page) and of a walk's."""


class Drawer:
    """Draws maps, each only once for all editions that show it."""

    def __init__(self) -> None:
        self._drawn: dict[str, bytes] = {}

    def __call__(self, sheet: MapSheet) -> bytes:
        """Draw a map for paper."""
        from csa.reports.maps.cartography import draw_map  # noqa: PLC0415 - matplotlib is slow to import

        key = hashlib.sha256(pickle.dumps(sheet)).hexdigest()
        if key not in self._drawn:
            # A walk's map is printed beside its list, at exactly this many pixels.
            self._drawn[key] = draw_map(sheet, CITY_PX if sheet.focus is None else WALK_PX)
        return self._drawn[key]


def make_report(
    facts: Facts,
    audience: str = "executive",
    language: str = "en",
    form: str = "html",
    draw: Callable[[MapSheet], bytes] | None = None,
) -> tuple[str, bytes]:
    """Make one file of a month's report.

    Parameters
    ----------
    facts
        What `gather_month` gathered.
    audience
        `executive`, `prevention`, `prevention-walks`, `prevention-leaders`, `intervention`,
        `enforcement` or `public`.
    language
        `en` or `es`.
    form
        `html`, `pdf` or `docx`.
    draw
        What draws a map; None draws it for paper.

    Returns
    -------
    str
        The file's name, such as `2020-07_executive_en.html`.
    bytes
        Its content: the same facts give the same bytes.

    Raises
    ------
    ParamError
        If there is no such edition, language or form.
    PrivacyError
        If the edition is for residents, and nothing may be published.

    Examples
    --------
    >>> import tempfile
    >>> from dataclasses import replace
    >>> from pathlib import Path
    >>> few = replace(city.dataset, incidents=city.dataset.incidents.tail(6).reset_index(drop=True))
    >>> rejected = csa.ingest_city(config, "data/sample").rejected
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = csa.save_dataset(few, rejected, folder + "/ds")
    ...     analysis = csa.Analysis(
    ...         csa.City(city.config, few, Path(folder, "ds")), csa.AreaSettings()
    ...     )
    ...     facts = csa.gather_month(analysis, None, csa.Month(2020, 7))
    >>> name, content = csa.make_report(facts, "enforcement", "es")
    >>> name, b"Orrinvale" in content
    ('2020-07_enforcement_en.html', True)
    """
    require_known(audience, language, form)
    document = edition(facts, audience, language, draw or Drawer())
    name = edition_filename(facts.month, audience, language, form)
    return name, render_document(document, paper_size(facts.config), (form,))[form]


def make_all(
    facts: Facts,
    language: str,
    *,
    with_docx: bool = False,
    with_pdf: bool = True,
    draw: Callable[[MapSheet], bytes] | None = None,
    progress: ProgressCallback = no_progress,
) -> dict[str, bytes]:
    """Make all editions of a month, as PDF and as HTML; none is made of which nothing is public."""
    require_known(AUDIENCES[0], language, "pdf" if with_pdf else "html")
    draw = draw or Drawer()
    wanted = {"pdf": with_pdf, "html": True, "docx": with_docx}
    forms = tuple(form for form in FORMS if wanted[form])
    made: dict[str, bytes] = {}
    left_out = not_made(facts)
    for audience in EDITIONS:
        if audience in left_out:
            continue
        progress("edition")
        document = edition(facts, audience, language, draw)
        for form, content in render_document(document, paper_size(facts.config), forms).items():
            made[edition_filename(facts.month, audience, language, form)] = content
    return made


def not_made(facts: Facts) -> tuple[str, ...]:
    """Name the editions that are not made, since nothing may be published."""
    return () if facts.public.facts is not None else for_residents(is_served=facts.is_served)


def for_residents(*, is_served: bool) -> tuple[str, ...]:
    """Name the editions that only show what is public: walks too, where no area is in service."""
    return ("public",) if is_served else ("public", WALKS)


def require_known(audience: str, language: str, form: str = "html") -> None:
    """Refuse an unknown audience, language or format."""
    for name, given, known in (
        ("audience", audience, EDITIONS),
        ("language", language, LANGUAGES),
        ("form", form, FORMS),
    ):
        if given not in known:
            raise ParamError("param.one_of", name=name, given=given, known=", ".join(known))
    if form == "pdf":
        require_pdf()


def format_from_path(path: Path) -> str:
    """Return the format that a file's extension stands for."""
    form = path.suffix.lower().removeprefix(".")
    if form not in FORMS:
        raise ParamError("report_file.ending", path=path, known=", ".join(f".{f}" for f in FORMS))
    return form


def paper_size(config: CityConfig) -> Paper:
    """Return the paper size of a city's offices."""
    return "letter" if config.city.units == "us" else "a4"


def marker_of(month: Month, language: str) -> str:
    """Return the name of the file that marks a folder of all editions."""
    return edition_filename(month, AUDIENCES[0], language, "html")


def names_of(month: Month, language: str) -> tuple[str, ...]:
    """List the files that such a folder may hold; some formats may be missing."""
    return tuple(
        edition_filename(month, name, language, form) for name in EDITIONS for form in FORMS
    )


def edition_filename(month: Month, audience: str, language: str, form: str) -> str:
    """Return the name of an edition's file."""
    return f"{month}_{audience}_{spoken(audience, language)}.{form}"


def render_document(document: Document, paper: Paper, forms: tuple[str, ...]) -> dict[str, bytes]:
    """Render in several formats, the HTML page only once."""
    page = render_html(document, paper) if {"html", "pdf"} & set(forms) else b""
    made = {}
    for form in forms:
        if form == "docx":
            from csa.reports.docx import render_docx  # noqa: PLC0415 - most runs need no DOCX

            made[form] = render_docx(document, paper)
        else:
            made[form] = render_pdf(page) if form == "pdf" else page
    return made

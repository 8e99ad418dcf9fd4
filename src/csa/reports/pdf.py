"""Render the printed file: tagged for screen readers, the same bytes each time.

Its letters are DejaVu Sans as bundled with matplotlib, not whatever a machine has installed;
symbols that it lacks come from the machine's own fonts.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csa.base.errors import MachineError

if TYPE_CHECKING:
    from weasyprint.text.fonts import FontConfiguration

VARIANT = "pdf/ua-1"
FAMILY = "Report"
SCALES = (1.0, 0.97, 0.94, 0.91, 0.88)
"""Sizes that are tried, largest first, while any page has only a few lines."""
LEAST_FILLED = 0.25
FONTS = {400: "DejaVuSans.ttf", 700: "DejaVuSans-Bold.ttf"}
"""Font file by weight."""


def render_pdf(html: bytes) -> bytes:
    """Render a page made by `render_html` as PDF."""
    require_pdf()
    import weasyprint  # noqa: PLC0415 - slow to import, and absent where its libraries are

    page = weasyprint.HTML(string=html.decode(), url_fetcher=_fetcher())
    pictures: dict[str, Any] = {}  # read once for all sizes
    letters = _letters()

    def laid_out(sheets: Sequence[Any] = ()) -> Any:
        return page.render(
            font_config=letters, stylesheets=[*sheets], pdf_variant=VARIANT, cache=pictures
        )

    first = laid_out()
    for scale in SCALES:
        # A larger sheet, shown smaller: everything on it shrinks alike.
        wide, high = (getattr(first.pages[0], side) / scale for side in ("width", "height"))
        sheet = weasyprint.CSS(string=f"@page {{ size: {wide}px {high}px !important }}")
        laid = first if scale == 1 else laid_out([sheet])
        if all(_filled(one) >= LEAST_FILLED for one in laid.pages):
            return bytes(laid.write_pdf(zoom=scale, pdf_variant=VARIANT))
    return bytes(first.write_pdf(pdf_variant=VARIANT))


def _filled(page: Any) -> float:
    """Return to which share of its height a page is filled."""
    box = page._page_box  # noqa: SLF001 - weasyprint tells it nowhere else
    bottom = max(
        (_bottom(one) for one in box.children if not hasattr(one, "at_keyword")), default=0.0
    )
    return float((bottom - box.content_box_y()) / box.height)


def _bottom(box: Any) -> float:
    """Return the lowest end of a box's text and pictures."""
    if box.style["position"] == "fixed":  # the watermark is on every page
        return 0.0
    inner = [_bottom(one) for one in getattr(box, "children", ())]
    return max(inner) if inner else float(box.position_y + (box.height or 0))


def require_pdf() -> None:
    """Refuse before any computing if a PDF cannot be made."""
    try:
        import weasyprint  # noqa: F401, PLC0415 - only to see whether it loads
    except ModuleNotFoundError as error:
        raise MachineError("report_file.no_weasyprint") from error
    except OSError as error:
        raise MachineError("report_file.no_pdf") from error


def _letters() -> FontConfiguration:
    """Read the fonts anew for each file: threads cannot share a font configuration."""
    from weasyprint import CSS  # noqa: PLC0415 - see render_pdf
    from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415

    configuration = FontConfiguration()
    faces = "".join(
        f'@font-face {{ font-family: "{FAMILY}"; font-weight: {weight}; '
        f'src: url("csa-font:{weight}"); }}'
        for weight in FONTS
    )
    CSS(string=faces, font_config=configuration, url_fetcher=_fetcher())  # registers the fonts
    return configuration


@cache
def _font_files() -> dict[str, Path]:
    """Return each font's file by its own address, so that no page can ask for another file."""
    spec = find_spec("matplotlib")
    folder = Path(spec.origin).parent if spec and spec.origin else Path()
    fonts = folder / "mpl-data" / "fonts" / "ttf"
    return {f"csa-font:{weight}": fonts / name for weight, name in FONTS.items()}


def _fetcher() -> Any:
    from weasyprint.urls import URLFetcher, URLFetcherResponse  # noqa: PLC0415 - see render_pdf

    class OnlyInside(URLFetcher):  # type: ignore[misc]  # weasyprint has no types
        """Fetches what the page itself holds, and the two fonts; nothing else."""

        def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
            if url in _font_files():
                return URLFetcherResponse(url, _font_files()[url].read_bytes())
            return super().fetch(url, headers)

    return OnlyInside(allowed_protocols=("data",))

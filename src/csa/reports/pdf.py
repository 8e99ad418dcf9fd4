"""Render the printed file: tagged for screen readers, the same bytes each time.

Its letters are DejaVu Sans as bundled with matplotlib, not whatever a machine has installed;
symbols that it lacks come from the machine's own fonts.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csa.base.errors import MachineError

if TYPE_CHECKING:
    from weasyprint.text.fonts import FontConfiguration

VARIANT = "pdf/ua-1"
FAMILY = "Report"
FONTS = {400: "DejaVuSans.ttf", 700: "DejaVuSans-Bold.ttf"}
"""Font file by weight."""


def render_pdf(html: bytes) -> bytes:
    """Render a page made by `render_html` as PDF."""
    require_pdf()
    import weasyprint  # noqa: PLC0415 - slow to import, and absent where its libraries are

    page = weasyprint.HTML(string=html.decode(), url_fetcher=_fetcher())
    made = page.write_pdf(font_config=_letters(), pdf_variant=VARIANT)
    return bytes(made)


def require_pdf() -> None:
    """Refuse before any computing if a PDF cannot be made."""
    try:
        import weasyprint  # noqa: F401, PLC0415 - only to see whether it loads
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

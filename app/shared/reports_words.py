"""Names of audiences, languages and file formats in Reports."""

from __future__ import annotations

from csa.base.text import speak
from csa.dataset.versioned import Dataset
from csa.reports.editions.naming import audience_name, language_name

__all__ = ["audience_name", "form_name", "language_name", "reportable_months"]


def form_name(form: str) -> str:
    """Return the name of a file format."""
    names = {"pdf": "PDF", "html": speak("reports_page.web_page"), "docx": "Word"}
    return names.get(form, form)


def reportable_months(dataset: Dataset) -> list[str]:
    """List the months that can be reported: those completed in the data."""
    covered = dataset.whole_months
    n = 0 if covered is None else covered.months
    return [] if covered is None else [str(covered.until.plus(-step)) for step in range(1, n + 1)]

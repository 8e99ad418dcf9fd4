"""The tables that cross a boundary, checked once, at that boundary."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from csa.base.errors import TableError

if TYPE_CHECKING:
    import pandas as pd
    import pandera.pandas as pa

UNASSIGNED = "unassigned"
"""The name of a neighborhood whose polygon has none, and of places in no neighborhood."""

KINDS = ("homicide", "nonfatal")
YES_NO_UNKNOWN = ("yes", "no", "unknown")
"""The answers of a flag, strongest first."""

FLAGS = (
    "unlocated",
    "outside_study_area",
    "suspect_point",
    "reported_time",
    "no_time",
    "no_number",
)
"""What an incident's `flags` may say, joined by `;` in this order."""

INCIDENT_COLUMNS = {
    "incident_id": "text: the source's number, or x and 15 hex digits where it has none",
    "occurred_at": "naive local time of the city",
    "kind": "homicide or nonfatal",
    "victims": "people hit; empty where the file cannot tell",
    "gun": "yes, no or unknown",
    "domestic": "yes, no or unknown",
    "lon": "degrees, WGS 84; empty where unlocated",
    "lat": "degrees, WGS 84; empty where unlocated",
    "cell_r8": "H3 cell at resolution 8, 15 hex digits; one such column a resolution in use",
    "neighborhood": "name; empty outside all of them",
    "source": "name of the layout that it was read by",
    "flags": "what is known about its place and time, joined by ;",
}


def check_incidents(incidents: pd.DataFrame) -> None:
    """Check the incidents table, where it is written and where it is read."""
    import pandera.pandas as pa  # noqa: PLC0415 - loads late

    from csa.base.compact import find_shared, in_blocks  # noqa: PLC0415 - loads late

    text = pa.Column(str, nullable=False)
    known = f"({'|'.join(FLAGS)})"
    table = pa.DataFrameSchema(
        {
            "incident_id": pa.Column(str, pa.Check.str_length(min_value=1), unique=True),
            "occurred_at": pa.Column("datetime64[us]", nullable=False),
            "kind": pa.Column(str, pa.Check.isin(KINDS)),
            "victims": pa.Column("Int64", pa.Check.ge(0), nullable=True),
            "gun": pa.Column(str, pa.Check.isin(YES_NO_UNKNOWN)),
            "domestic": pa.Column(str, pa.Check.isin(YES_NO_UNKNOWN)),
            "lon": pa.Column(float, pa.Check.in_range(-180, 180), nullable=True),
            "lat": pa.Column(float, pa.Check.in_range(-90, 90), nullable=True),
            r"^cell_r\d+$": pa.Column(str, pa.Check.str_matches(r"^([0-9a-f]{15})?$"), regex=True),
            "neighborhood": text,
            "source": text,
            "flags": pa.Column(str, pa.Check.str_matches(rf"^({known}(;{known})*)?$")),
        },
        strict=True,
    )
    # A block at a time: of ten million rows the checks take more memory than the table.
    parts = in_blocks(incidents)
    if "incident_id" in incidents:
        parts = chain(parts, [incidents[find_shared(incidents["incident_id"])]])
    faults = sorted({fault for part in parts for fault in _find_faults(part, table)})
    if faults:
        raise TableError("table.incidents", n=len(faults), errors="; ".join(faults[:5]))


def _find_faults(part: pd.DataFrame, table: pa.DataFrameSchema) -> set[str]:
    """Name each column of some rows that is not as it should be, with the check that failed."""
    import pandera.errors  # noqa: PLC0415 - loads late

    held = part.select_dtypes("category")
    texts = [name for name in held if held[name].cat.categories.dtype == "str"]
    try:
        table.validate(part.astype(dict.fromkeys(texts, "str")), lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases
        return {f"{row.column or row.failure_case}: {row.check}" for row in cases.itertuples()}
    return set()

"""What a machine reads: the data package, and the feed of quarterly updates."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from xml.sax.saxutils import escape

from csa.base.io import json_bytes
from csa.base.text import Speaker
from csa.disclosure.published import Publication
from csa.plan.measures import Quarter
from csa.reports.public.change import change_sentence
from csa.reports.public.facts import PublicFacts
from csa.reports.public.sections import public_title
from csa.reports.public.words import city_count, noun, period

PACKAGE, FEED = "datapackage.json", "feed.xml"
MEDIA = {"csv": "text/csv", "geojson": "application/geo+json"}
FIELDS: Mapping[str, tuple[str, str]] = {
    "cell": ("string", "H3 cell, resolution 8"),
    "level": ("integer", "position of its class on the map, from 0"),
    "low": ("integer", "lowest number of its class"),
    "high": ("integer", "highest number of its class; empty: no upper bound"),
    "letter": ("string", "letter of a chosen area; empty for a place that may be chosen"),
    "place_name": ("string", "name of the area"),
    "state": ("string", "candidate, designated or maintenance"),
    "since": ("date", "first day of its state"),
    "count": ("integer", "incidents, changed a little; empty: fewer than 10"),
    "cells": ("string", "H3 cells, separated by blanks"),
    "name": ("string", "name of the neighborhood"),
    "year": ("year", "calendar year"),
    "incidents": ("integer", "incidents, changed a little; empty: fewer than 10"),
    "geography": ("string", "city, neighborhood or area"),
    "place": ("string", "neighborhood, or letter or name of the area"),
    "period": ("string", "calendar year, quarter YYYY-Qn, or years first/last"),
    "number": ("string", "number in the city's plan"),
    "title": ("string", "what the action is"),
    "status": ("string", "how it stands"),
    "due": ("date", "day by which it is due"),
}


def data_note(facts: PublicFacts, tell: Speaker) -> str:
    """Return what a reader of the data must know, in a few sentences."""
    what, when = noun(facts, tell), period(facts, tell)
    about = tell("public.data_about", what=what, when=when, source=facts.source)
    return " ".join((about, tell("public.changed"), tell("public.data_empty")))


def package_bytes(
    facts: PublicFacts, files: Mapping[str, bytes], columns: Mapping[str, Sequence[str]]
) -> bytes:
    """Describe the data files as a Frictionless data package."""
    tell = Speaker()
    resources = []
    for name in sorted(files):
        ending = name.rpartition(".")[2]
        if ending not in MEDIA:
            continue
        resource = {
            "name": name.replace(".", "-"),
            "path": name,
            "format": ending,
            "mediatype": MEDIA[ending],
            "encoding": "utf-8",
            "bytes": len(files[name]),
            "hash": f"sha256:{hashlib.sha256(files[name]).hexdigest()}",
        }
        if name in columns:
            resource |= {"profile": "tabular-data-resource", "schema": _schema(columns[name])}
        resources.append(resource)
    return json_bytes(
        {
            "profile": "data-package",
            "name": f"{facts.city_id}-{facts.quarter.lower()}",
            "title": public_title(facts),
            "description": data_note(facts, tell),
            "version": facts.quarter,
            "sources": [{"title": facts.source}],
            "resources": resources,
        }
    )


def _schema(columns: Sequence[str]) -> dict[str, object]:
    fields = []
    for name in columns:
        kind, about = FIELDS[name]
        fields.append({"name": name, "type": kind, "description": about})
    return {"fields": fields, "missingValues": [""]}


def feed_bytes(facts: PublicFacts, ledger: Iterable[Publication]) -> bytes:
    """Write the Atom feed: an entry for each quarter, newest first; the same bytes each time."""
    tell = Speaker()
    title = public_title(facts)
    numbers = dict(facts.quarters)
    quarters = sorted({one.id for one in ledger} | {facts.quarter}, reverse=True)
    own = f"tag:{facts.city_id},{quarters[-1][:4]}:"
    entries = "".join(_entry(facts, quarter, own, numbers, tell) for quarter in quarters)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<title>{escape(title)}</title>\n<id>{escape(own)}feed</id>\n"
        f"<updated>{_updated(facts.quarter)}</updated>\n"
        f"<author><name>{escape(facts.city_name)}</name></author>\n"
        '<link rel="self" href="feed.xml"/>\n<link rel="alternate" href="index.html"/>\n'
        f"{entries}</feed>\n"
    ).encode()


def _entry(
    facts: PublicFacts, quarter: str, own: str, numbers: Mapping[str, int | None], tell: Speaker
) -> str:
    year, number = quarter.split("-Q")
    title = tell("public.feed_title", number=int(number), year=year)
    said = [change_sentence(facts, tell)] if quarter == facts.quarter else []
    if quarter in numbers:
        count, what = city_count(numbers[quarter], tell), noun(facts, tell)
        said.insert(0, tell("public.feed_city", count=count, what=what))
    return (
        f"<entry>\n<title>{escape(title)}</title>\n<id>{escape(own)}{quarter}</id>\n"
        f"<updated>{_updated(quarter)}</updated>\n"
        f'<link href="index.html"/>\n'
        f"<summary>{escape(' '.join(said) or title)}</summary>\n</entry>\n"
    )


def _updated(quarter: str) -> str:
    """Return the end of a quarter, so that the same figures give the same feed."""
    return f"{Quarter.parse(quarter).last_day.isoformat()}T23:59:59Z"


def link_names(files: Iterable[str], tell: Speaker) -> tuple[tuple[str, str], ...]:
    """List the files for download, each with what is in it."""
    said = {
        "neighborhoods.csv": "public.file_neighborhoods",
        "neighborhoods.geojson": "public.file_neighborhoods_map",
        "counts.csv": "public.file_counts",
        "areas.csv": "public.file_areas",
        "areas.geojson": "public.file_areas_map",
        "cells.csv": "public.file_cells",
        "cells.geojson": "public.file_cells_map",
        "years.csv": "public.file_years",
        "actions.csv": "public.file_actions",
        PACKAGE: "public.file_package",
        FEED: "public.file_feed",
    }
    held = set(files)
    return tuple((name, tell(said[name])) for name in said if name in held)

"""The public page, and the site of all pages, as files for any web server."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape

from csa.base.io import json_bytes
from csa.base.params import Month, last_day
from csa.base.text import ENGLISH, LANGUAGES, Translator
from csa.disclosure.published import Publication
from csa.geo.palette import class_colors
from csa.program.plan.measures import Quarter
from csa.reports.public.areas import change_sentence
from csa.reports.public.facts import PublicFacts
from csa.reports.public.fairness import fairness_sections
from csa.reports.public.neighborhoods import city_card, place_cards, place_ids
from csa.reports.public.pages import inlined, language_name, render_page
from csa.reports.public.plan import how_to_participate
from csa.reports.public.sections import public_sections, public_title
from csa.reports.public.wall import wall_page
from csa.reports.public.words import (
    city_count,
    class_words,
    marks_of,
    noun,
    outlines_words,
    period,
    subtitle,
    unit_sentence,
)

# ---- What a machine reads: the data package, and the feed of quarterly updates.


PACKAGE, FEED = "datapackage.json", "feed.xml"
CATALOG = "catalog.json"
MEDIA = {
    "csv": "text/csv",
    "geojson": "application/geo+json",
    "parquet": "application/vnd.apache.parquet",
}
YOUR_SITE = "https://www.example.org/core-service-areas"
"""Stands for the address of the public page where the city's file gives none."""
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


def data_note(facts: PublicFacts, t: Translator) -> str:
    """Return what a reader of the data must know, in a few sentences."""
    what, when = noun(facts, t), period(facts, t)
    about = t("public.data_about", what=what, when=when, source=facts.source)
    return " ".join((about, t("public.changed"), t("public.data_empty")))


def package_bytes(
    facts: PublicFacts, files: Mapping[str, bytes], columns: Mapping[str, Sequence[str]]
) -> bytes:
    """Describe the data files as a Frictionless data package."""
    t = Translator()
    resources = []
    for name in sorted(files):
        ending = name.rpartition(".")[2]
        if ending not in MEDIA:
            continue
        resource: dict[str, object] = {
            "name": name.replace(".", "-"),
            "path": name,
            "format": ending,
            "mediatype": MEDIA[ending],
            "encoding": "utf-8",
            "bytes": len(files[name]),
            "hash": f"sha256:{hashlib.sha256(files[name]).hexdigest()}",
        }
        if name in columns:
            known = [(column, *FIELDS[column]) for column in columns[name]]
            fields = [{"name": n, "type": kind, "description": about} for n, kind, about in known]
            resource["profile"] = "tabular-data-resource"
            resource["schema"] = {"fields": fields, "missingValues": [""]}
        resources.append(resource)
    return json_bytes(
        {
            "profile": "data-package",
            "name": f"{facts.city_id}-{facts.quarter.lower()}",
            "title": public_title(facts),
            "description": data_note(facts, t),
            "version": facts.quarter,
            "sources": [{"title": facts.source}],
            "resources": resources,
        }
    )


def catalog_bytes(facts: PublicFacts, files: Iterable[str]) -> bytes:
    """Describe the data files as a catalog of DCAT-US 1.1, which a portal harvests."""
    t = Translator()
    start, until = Month.parse(facts.start), Month.parse(facts.until)
    address = facts.address.rstrip("/")
    distributions = []
    for name in sorted(files):
        ending = name.rpartition(".")[2]
        if ending in MEDIA:
            at = {"downloadURL": f"{address}/{name}"} if address else {}
            about = {"@type": "dcat:Distribution", "title": name, "format": ending}
            distributions.append({**about, "mediaType": MEDIA[ending], **at})
    publisher = {"@type": "org:Organization", "name": facts.source}
    contact = {"@type": "vcard:Contact", "fn": facts.contact, "hasEmail": f"mailto:{facts.email}"}
    dataset: dict[str, object] = {
        "@type": "dcat:Dataset",
        "identifier": f"core-service-areas-{facts.city_id}",
        "title": public_title(facts),
        "description": data_note(facts, t),
        "keyword": ["gun violence", "core service areas", "public safety"],
        "modified": Quarter.parse(facts.quarter).last_day.isoformat(),
        "publisher": publisher,
        "contactPoint": contact,
        "accessLevel": "public",
        "rights": t("public.data_rights"),
        "accrualPeriodicity": "R/P3M",
        "temporal": f"{start}-01/{last_day(until.plus(-1)).isoformat()}",
        "spatial": facts.city_name,
        "language": ["en-US"],
        "distribution": distributions,
    }
    if address:
        dataset["landingPage"] = f"{address}/{PAGE}"
    root = {
        "@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld",
        "@type": "dcat:Catalog",
        "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
        "describedBy": "https://project-open-data.cio.gov/v1.1/schema/catalog.json",
        "dataset": [dataset],
    }
    return json_bytes(root)


def feed_bytes(facts: PublicFacts, ledger: Iterable[Publication]) -> bytes:
    """Write the Atom feed: an entry for each quarter, newest first; the same bytes each time."""
    t = Translator()
    title = public_title(facts)
    numbers = dict(facts.quarters)
    quarters = sorted({one.id for one in ledger} | {facts.quarter}, reverse=True)
    own = f"tag:{facts.city_id},{quarters[-1][:4]}:"
    entries = "".join(_entry(facts, quarter, own, numbers, t) for quarter in quarters)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<title>{escape(title)}</title>\n<id>{escape(own)}feed</id>\n"
        f"<updated>{_updated(facts.quarter)}</updated>\n"
        f"<author><name>{escape(facts.city_name)}</name></author>\n"
        '<link rel="self" href="feed.xml"/>\n<link rel="alternate" href="index.html"/>\n'
        f"{entries}</feed>\n"
    ).encode()


def _entry(
    facts: PublicFacts, quarter: str, own: str, numbers: Mapping[str, int | None], t: Translator
) -> str:
    year, number = quarter.split("-Q")
    title = t("public.feed_title", number=int(number), year=year)
    said = [change_sentence(facts, t)] if quarter == facts.quarter else []
    if quarter in numbers:
        count, what = city_count(numbers[quarter], t), noun(facts, t)
        said.insert(0, t("public.feed_city", count=count, what=what))
    return (
        f"<entry>\n<title>{escape(title)}</title>\n<id>{escape(own)}{quarter}</id>\n"
        f"<updated>{_updated(quarter)}</updated>\n"
        f'<link href="index.html"/>\n'
        f"<summary>{escape(' '.join(said) or title)}</summary>\n</entry>\n"
    )


def _updated(quarter: str) -> str:
    """Return the end of a quarter, so that the same figures give the same feed."""
    return f"{Quarter.parse(quarter).last_day.isoformat()}T23:59:59Z"


def link_names(files: Iterable[str], t: Translator) -> tuple[tuple[str, str], ...]:
    """List the files for download, each with what is in it."""
    said = {
        "neighborhoods.csv": "public.file_neighborhoods",
        "neighborhoods.geojson": "public.file_as_map",
        "counts.csv": "public.file_counts",
        "areas.csv": "public.file_areas",
        "areas.geojson": "public.file_as_map",
        "cells.csv": "public.file_cells",
        "cells.geojson": "public.file_as_map",
        "years.csv": "public.file_years",
        "actions.csv": "public.file_actions",
        "neighborhoods.parquet": "public.file_as_parquet",
        "areas.parquet": "public.file_as_parquet",
        "cells.parquet": "public.file_as_parquet",
        PACKAGE: "public.file_package",
        CATALOG: "public.file_catalog",
        FEED: "public.file_feed",
    }
    held = set(files)
    return tuple((name, t(said[name])) for name in said if name in held)


PAGE, FAIRNESS, WALL, EMBED = PAGES = ("index.html", "fairness.html", "wall.html", "embed.html")


def public_page(
    facts: PublicFacts,
    language: str,
    svg: str | None,
    files: Iterable[str] = (),
    *,
    is_alone: bool = False,
) -> str:
    """Write the public report as one page: a neighborhood on the map, and all else folded.

    With links to the pages and files beside it, unless it stands alone, as in the app.
    """
    t = Translator(language)
    sections = [one for one in public_sections(facts, language) if one.key != "where"]
    if is_alone:
        sections += fairness_sections(facts, language)
    return _page(
        facts,
        language,
        public_title(facts, language),
        "public",
        sections=sections,
        ways=[] if is_alone else _ways(language, PAGE),
        downloads=link_names(files, t),
        svg=inlined(svg),
        cards=place_cards(facts, t),
        city=city_card(facts, t),
    )


def embed_page(facts: PublicFacts, language: str, svg: str | None) -> str:
    """Write the page whose address says which card it shows: `?show=...&place=...`."""
    title, t = public_title(facts, language), Translator(language)
    own = {"svg": inlined(svg), "cards": place_cards(facts, t), "city": city_card(facts, t)}
    return _page(facts, language, title, "embed", **own)


def embed_line(address: str, language: str, show: str, place: str, title: str) -> str:
    """Return the line that puts a card on another site's page."""
    query = urlencode({"show": show} | ({"place": place} if place else {}), quote_via=quote)
    at = f"{(address or YOUR_SITE).rstrip('/')}/{_folder(language)}{EMBED}?{query}"
    height = {"map": 640, "trend": 420}.get(show, 340)
    return (
        f'<iframe src="{escape(at)}" title="{escape(title)}" loading="lazy" '
        f'style="border:0;width:100%;height:{height}px"></iframe>'
    )


def fairness_page(facts: PublicFacts, language: str) -> str:
    """Write the page on fairness."""
    title, sections = Translator(language)("public.fair_title"), fairness_sections(facts, language)
    none = dict.fromkeys(("downloads", "svg", "cards", "city"))
    ways = _ways(language, FAIRNESS)
    return _page(facts, language, title, "public", sections=sections, ways=ways, **none)


def _page(facts: PublicFacts, language: str, title: str, name: str, **own: object) -> str:
    t = Translator(language)
    year, quarter = facts.quarter.split("-")
    words = class_words(facts, language)
    return render_page(
        name,
        t=t,
        say={
            "classes": t("public.where_title", what=noun(facts, t)),
            "count": t("term.comma", name=noun(facts, t), text=period(facts, t)),
            "outlines": outlines_words(facts, t),
            "changed": t("public.changed"),
            "part": how_to_participate(facts, t),
        },
        streets=_streets(facts),
        source=facts.source,
        title=title,
        subtitle=subtitle(facts, t),
        unit=f"{unit_sentence(facts, t)} {t('public.behind')}",
        marks=marks_of(facts, language),
        legend=list(zip(class_colors(len(words)), words, strict=True)),
        data_note=data_note(facts, t),
        up="" if language == ENGLISH else "../",
        map_name=map_name(language),
        description=t("public.where", what=noun(facts, t)),
        version=t("public.version", quarter=f"{quarter} {year}", snapshot=facts.snapshot_id[:12]),
        **own,
    )


def _streets(facts: PublicFacts) -> str:
    """Write each street with the numbers of its neighborhoods, for the page's search."""
    keys = {name: at for at, name in enumerate(place_ids(facts), start=1)}
    pairs = [(name, [keys[one] for one in within if one in keys]) for name, within in facts.streets]
    return json.dumps(
        [pair for pair in pairs if pair[1]], ensure_ascii=False, separators=(",", ":")
    )


def _ways(language: str, name: str) -> list[tuple[str, str, str]]:
    """List the links to the same page in other languages, the page beside it, and the wall."""
    t, up = Translator(language), "" if language == ENGLISH else "../"
    others = [other for other in LANGUAGES if other != language]
    ways = [(f"{up}{_folder(other)}{name}", language_name(other), other) for other in others]
    back, other_page = (PAGE, t("public.fair_back"), ""), (FAIRNESS, t("public.fair_title"), "")
    return [*ways, back if name == FAIRNESS else other_page, (WALL, t("public.to_wall"), "")]


def site_files(
    facts: PublicFacts, maps: Mapping[str, str], files: Iterable[str] = ()
) -> dict[str, bytes]:
    """Write the site: the page and the wall in each language."""
    named = tuple(files)
    written: dict[str, bytes] = {}
    for language in LANGUAGES:
        folder, svg = _folder(language), maps.get(language)
        written[f"{folder}{PAGE}"] = public_page(facts, language, svg, named).encode()
        written[f"{folder}{FAIRNESS}"] = fairness_page(facts, language).encode()
        written[f"{folder}{WALL}"] = wall_page(facts, language, svg, PAGE).encode()
        written[f"{folder}{EMBED}"] = embed_page(facts, language, svg).encode()
    return written


def map_name(language: str) -> str:
    """Return the name of the map's file."""
    return "map.svg" if language == ENGLISH else f"map-{language}.svg"


def _folder(language: str) -> str:
    return "" if language == ENGLISH else f"{language}/"

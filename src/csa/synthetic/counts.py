"""What the made-up city's hospitals and other made-up cities counted, with its truth.

Hospitals see most of those who were shot and lived, wherever that was; one hides small numbers, one
stopped reporting. Other cities' homicides rose from 2019 to 2020; one of them skipped a month.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from csa.synthetic.shootings import Incident

HOSPITAL_FILE, PEER_FILE = "hospital_counts.csv", "peer_cities.csv"
HOSPITAL_COLUMNS = ("source", "place", "month", "count")
HOSPITALS = {"St. Aurelia Hospital": 0.6, "Northbank Medical": 0.25, "Ferry Clinic": 0.15}
"""The share of the injured that each takes in."""
SEEN = 0.85
AREAS_SEEN = {"cooling": "A", "southeast": "B"}
"""A planted place's letter in the program's story."""
HIDES, HIDES_BELOW = "Northbank Medical", 3
STOPPED, STOPPED_AFTER = "Ferry Clinic", "2019-12"
HOSPITAL_MONTHS = tuple(f"{y}-{m:02d}" for y in range(2016, 2021) for m in range(1, 13))[:54]
"""January 2016 to June 2020."""

PEER_COLUMNS = (
    *("Month", "Year", "Date", "Agency", "State", "Agency_State", "Murder", "Aggravated Assault"),
    *("FBI.Population.Covered", "Number.of.Agencies"),
)
PEERS = (
    *("Ashmarrow", "Bellhaven Falls", "Corrowdale", "Dunmere", "Eastwillow", "Farrowgate"),
    *("Grendel Springs", "Hallowbrook", "Iverness Point", "Jarrowfield", "Kelderport", "Lowmarch"),
)
PEER_RISE = 1.25
PEER_MONTHS = tuple((y, m) for y in range(2018, 2021) for m in range(1, 13))[:31]
SKIPPED = ("Lowmarch", (2020, 3))
FULL_SAMPLE = "Full Sample"


def hospital_rows(
    incidents: Sequence[Incident], random: np.random.Generator
) -> Iterator[tuple[str, str, str, str]]:
    """Yield who counted, where, when and how many: injured people by the place of the injury."""
    seen = Counter[tuple[str, str, str]]()
    names, chances = list(HOSPITALS), list(HOSPITALS.values())
    for incident in incidents:
        month, place = f"{incident.when:%Y-%m}", AREAS_SEEN.get(incident.feature)
        for _ in range(incident.victims - incident.is_homicide):
            name = names[int(random.choice(len(names), p=chances))]
            if random.random() < SEEN:
                for where in {"", place or ""}:
                    seen[name, where, month] += 1
    for name in names:
        for where in ("", *AREAS_SEEN.values()):
            for month in HOSPITAL_MONTHS:
                if name == STOPPED and month > STOPPED_AFTER:
                    continue
                n = seen[name, where, month]
                is_hidden = name == HIDES and 0 < n < HIDES_BELOW
                yield name, where or "city", month, f"<{HIDES_BELOW}" if is_hidden else str(n)


def peer_rows(random: np.random.Generator) -> Iterator[tuple[Any, ...]]:
    """Yield other cities' months, and their sum as the index has it, in the index's layout."""
    people = random.integers(15, 90, len(PEERS)) * 10_000
    all_of = dict.fromkeys(PEER_MONTHS, 0)
    for name, n in zip(PEERS, people, strict=True):
        for year, month in PEER_MONTHS:
            usual = 12 * n / 100_000 / 12 * (PEER_RISE if year == 2020 else 1)
            murders = int(random.poisson(usual))
            all_of[year, month] += murders
            shown: Any = "NA" if (name, (year, month)) == SKIPPED else murders
            yield _peer_row(year, month, name, "ZZ", shown, 40 * murders, int(n), 1)
    for (year, month), murders in all_of.items():
        n_people, n = int(people.sum()), len(PEERS)
        yield _peer_row(year, month, FULL_SAMPLE, "Nationwide", murders, 40 * murders, n_people, n)


def _peer_row(year: int, month: int, name: str, state: str, *numbers: Any) -> tuple[Any, ...]:
    return month, year, f"{year}-{month:02d}", name, state, f"{name}, {state}", *numbers


def counts_truth() -> dict[str, Any]:
    """Return what truth.json says of both."""
    return {
        "hospital_counts": {
            "share_seen": SEEN,
            "share_by_source": HOSPITALS,
            "hides_below": {HIDES: HIDES_BELOW},
            "stopped_after": {STOPPED: STOPPED_AFTER},
            "areas": {letter: feature for feature, letter in AREAS_SEEN.items()},
        },
        "peer_cities": {
            "cities": len(PEERS),
            "times_in_2020": PEER_RISE,
            "skipped": [SKIPPED[0], "{}-{:02d}".format(*SKIPPED[1])],
        },
    }

"""Write what the docs show and the code knows: `make docs`.

The table of settings in docs/DATA.md, and the picture of a proposal for a made-up city.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from csa.analysis import Choices, propose
from csa.config import load_city, setting_descriptions
from csa.hotspots.proposal import Proposal
from csa.ingest.sources import Inputs
from csa.intake import build_dataset
from csa.places.cells import from_text, outlines

DOCS = Path(__file__).parent
BEGIN, END = "<!-- settings: begin", "<!-- settings: end -->"
SEED = 20201001
UTM = "EPSG:32615"
COLOURS = ("#dff0f5", "#b3cde3", "#8c96c6", "#8856a7", "#810f7c")
INK, WATER, LINE = "#1f2430", "#dbe7ee", "#c9ccd1"
WIDTH, HEIGHT, MARGIN = 920, 560, 16

NAMES = """Alder Row|Bellmarsh|Cooper Hill|Dunmere|Eastgate|Fernhollow|Glasshouse|Harrow Flats
Ivy Crossing|Juniper Park|Kiln Yard|Larkfield|Millrace|Northwood|Orchard End|Pinnacle"""

CITY = """
format_version = 1
[city]
id = "madeup"
name = "a made-up city"
time_zone = "America/Chicago"
metric_crs = "EPSG:32615"
[places]
name_column = "name"
[areas]
eps_m = 150
min_samples = 10
at_incidents = 1500
[[sources]]
name = "list"
homicide = [{ fatal = ["1"] }]
nonfatal = [{ fatal = ["0"] }]
date_formats = ["%Y-%m-%d"]
[sources.columns]
incident_id = "number"
date = "date"
fatal = "fatal"
lon = "lon"
lat = "lat"
"""


def settings_table() -> str:
    """Return the table of every setting of a city's file."""
    rows = [f"| `{key}` | {about} |" for key, about in setting_descriptions().items()]
    return "\n".join(["| setting | meaning |", "|---|---|", *rows])


def write_settings(path: Path) -> None:
    """Put the table of settings between its marks."""
    text = path.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN, 1)
    mark, rest = rest.split("\n", 1)
    _, after = rest.split(END, 1)
    path.write_text(f"{before}{BEGIN}{mark}\n{settings_table()}\n{END}{after}", encoding="utf-8")


def made_up_city(folder: Path) -> str:
    """Draw the proposal for 1,500 incidents of a city that is nowhere."""
    random = np.random.default_rng(SEED)
    west, south, step_x, step_y = -94.0, 40.0, 0.024, 0.014
    names = NAMES.replace("\n", "|").split("|")
    squares = [
        shapely.box(
            west + k % 4 * step_x,
            south + k // 4 * step_y,
            west + (k % 4 + 1) * step_x,
            south + (k // 4 + 1) * step_y,
        )
        for k in range(len(names))
    ]
    corner = shapely.Point(west + 2 * step_x, south + 2 * step_y)
    shape = shapely.affinity.scale(corner.buffer(0.044), 1.05, 0.62)
    places = gpd.GeoDataFrame({"name": names}, geometry=squares, crs="EPSG:4326")
    places.geometry = places.geometry.intersection(shape)
    places[~places.is_empty].to_file(folder / "places.geojson")
    centres = np.array([west, south]) + np.array([4 * step_x, 4 * step_y]) * random.uniform(
        0.2, 0.8, (9, 2)
    )
    chosen = random.integers(0, len(centres), 1500)
    spread = np.where(random.random(1500) < 0.55, 0.0016, 0.012)[:, None]
    xy = centres[chosen] + spread * random.standard_normal((1500, 2)) * [1.0, 0.77]
    table = pd.DataFrame(np.round(xy / 0.0004) * 0.0004, columns=["lon", "lat"]).round(6)
    table["number"] = range(len(table))
    days = pd.Timestamp("2017-08-01") + pd.to_timedelta(random.integers(0, 1096, 1500), unit="D")
    table["date"] = days.strftime("%Y-%m-%d")
    table["fatal"] = (random.random(1500) < 0.2).astype(int)
    table.to_csv(folder / "shootings.csv", index=False)
    (folder / "city.toml").write_text(CITY)
    config = load_city(folder / "city.toml")
    inputs = Inputs((folder / "shootings.csv",), folder / "places.geojson")
    dataset = build_dataset(config, inputs).dataset
    return draw(propose(dataset, config, Choices()), dataset.neighborhoods)


def draw(proposal: Proposal, neighborhoods: gpd.GeoDataFrame) -> str:
    """Draw cells by class, areas outlined and lettered, and the legend, as SVG."""
    city = neighborhoods.to_crs(UTM)
    left, bottom, right, top = city.total_bounds
    scale = min((WIDTH - 290) / (right - left), (HEIGHT - 2 * MARGIN) / (top - bottom))

    def path(shape: shapely.Geometry, attributes: str) -> str:
        rings = []
        for part in shapely.get_parts(shape):
            for ring in (part.exterior, *part.interiors):
                points = [
                    f"{MARGIN + (x - left) * scale:.1f},{MARGIN + (top - y) * scale:.1f}"
                    for x, y in ring.coords
                ]
                rings.append("M" + "L".join(points) + "Z")
        return f'<path d="{"".join(rings)}" {attributes}/>'

    cells = proposal.cells[proposal.cells["incidents"] > 0]
    bounds = [1, 2, 4, 8, 16]
    drawn = outlines(from_text(cells["cell"])).to_crs(UTM)
    whole = city.union_all()
    parts = [path(whole, 'fill="#f6f6f4"')]
    for shape, count in zip(drawn, cells["incidents"], strict=True):
        colour = COLOURS[sum(count >= bound for bound in bounds) - 1]
        parts.append(
            path(shape.intersection(whole), f'fill="{colour}" stroke="#fff" stroke-width=".5"')
        )
    parts += [
        path(shape, f'fill="none" stroke="{LINE}" stroke-width=".8"') for shape in city.geometry
    ]
    areas = proposal.areas.to_crs(UTM)
    for width, colour in ((6, "#fff"), (3, INK)):
        parts += [
            path(
                shape,
                f'fill="none" stroke="{colour}" stroke-width="{width}" stroke-linejoin="round"',
            )
            for shape in areas.geometry
        ]
    for letter, shape in zip(areas["area_id"], areas.geometry, strict=True):
        x = MARGIN + (shape.centroid.x - left) * scale
        y = MARGIN + (top - shape.centroid.y) * scale
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="12" fill="#fff" stroke="{INK}" stroke-width="1.5"/>'
            f'<text x="{x:.1f}" y="{y + 5:.1f}" text-anchor="middle" class="b">{letter}</text>'
        )
    parts += legend(proposal, bounds)
    style = f"text{{font:14px sans-serif;fill:{INK}}}.b{{font-weight:700}}.s{{font-size:12px}}"
    title = "Candidate areas of a made-up city"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f"<title>{title}</title><style>{style}</style>"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def legend(proposal: Proposal, bounds: list[int]) -> list[str]:
    """Write the legend and the list of areas beside the map."""
    x, y = WIDTH - 256, 34
    lines = [f'<text x="{x}" y="{y}" class="b">Made-up city, 36 months</text>']
    y += 24
    lines.append(f'<text x="{x}" y="{y}" class="s">Shootings in a cell</text>')
    ends = [*[f"{bound - 1}" for bound in bounds[1:]], "more"]
    for colour, first, last in zip(COLOURS, bounds, ends, strict=True):
        y += 20
        name = str(first) if str(first) == last else f"{first} to {last}"
        name = f"{first} or more" if last == "more" else name
        lines.append(
            f'<rect x="{x}" y="{y - 12}" width="18" height="14" fill="{colour}" stroke="{LINE}"/>'
            f'<text x="{x + 26}" y="{y}" class="s">{name}</text>'
        )
    y += 34
    lines.append(f'<text x="{x}" y="{y}" class="b">Candidate areas, west to east</text>')
    for area in proposal.areas.to_dict("records"):
        y += 20
        lines.append(
            f'<text x="{x}" y="{y}" class="s"><tspan font-weight="700">{area["area_id"]}</tspan>'
            f"  {area['place_name']}: {area['incidents']}</text>"
        )
    share, land = proposal.summary["share_of_incidents"], proposal.summary["share_of_study_area"]
    for text in (f"{share:.0%} of shootings", f"on {land:.0%} of the land"):
        y += 24
        lines.append(f'<text x="{x}" y="{y}" class="s">{text}</text>')
        y -= 6
    return lines


def main() -> None:
    """Write the docs."""
    write_settings(DOCS / "DATA.md")
    with tempfile.TemporaryDirectory() as folder:
        (DOCS / "proposal.svg").write_text(made_up_city(Path(folder)), encoding="utf-8")


if __name__ == "__main__":
    main()

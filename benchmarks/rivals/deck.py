"""The same screen by pydeck: H3HexagonLayer for the cells, GeoJsonLayer for the areas."""

import json

import pydeck
import streamlit as st

from csa.areas.choices import AreaSettings
from csa_app.shared import cache

st.set_page_config(layout="wide")
opened = cache.open_city()
eps_m = st.slider("Radius (eps)", 50, 500, 150, step=10)
choices = AreaSettings(eps_m=float(eps_m), min_samples=10)
proposal = cache.analysis(opened, choices).proposal
cells = proposal.cells[proposal.cells["incidents"] > 0]
hexagons = pydeck.Layer(
    "H3HexagonLayer",
    cells[["cell", "incidents"]],
    get_hexagon="cell",
    get_fill_color="[136, 86, 167, 40 + incidents * 12]",
    extruded=False,
)
areas = pydeck.Layer(
    "GeoJsonLayer",
    json.loads(proposal.areas[["area_id", "geometry"]].to_json()),
    filled=False,
    get_line_color=[31, 36, 48],
    line_width_min_pixels=3,
)
view = pydeck.ViewState(latitude=40.0, longitude=-75.13, zoom=10)
deck = pydeck.Deck([hexagons, areas], initial_view_state=view, map_style=None, map_provider=None)
st.pydeck_chart(deck, height=560)

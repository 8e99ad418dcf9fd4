"""The same screen the usual way: folium.Choropleth for the cells, GeoJson for the areas."""

import folium
import geopandas as gpd
import streamlit as st
from streamlit_folium import st_folium

from csa.areas.choices import AreaSettings
from csa.geo.cells import draw_cells, from_text
from csa_app.shared import cache

st.set_page_config(layout="wide")
opened = cache.open_city()
eps_m = st.slider("Radius (eps)", 50, 500, 150, step=10)
choices = AreaSettings(eps_m=float(eps_m), min_samples=10)
proposal = cache.analysis(opened, choices).proposal
cells = proposal.cells[proposal.cells["incidents"] > 0]
shapes = draw_cells(from_text(cells["cell"]))
table = gpd.GeoDataFrame(cells, geometry=shapes.to_numpy(), crs=shapes.crs)
middle = table.union_all().centroid
made = folium.Map([middle.y, middle.x], zoom_start=11, tiles=None)
layer = folium.Choropleth(
    table.to_json(),
    data=table,
    columns=["cell", "incidents"],
    key_on="feature.properties.cell",
    fill_color="BuPu",
)
for name in [name for name in layer._children if name.startswith("color_map")]:
    del layer._children[name]  # its legend asks another host for d3
layer.add_to(made)
folium.GeoJson(proposal.areas[["area_id", "geometry"]].to_json()).add_to(made)
st_folium(made, height=560, use_container_width=True, returned_objects=[], key=f"map {eps_m}")

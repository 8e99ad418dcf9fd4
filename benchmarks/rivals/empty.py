"""The least that a page with a map can be: one line, and one shape on an empty map."""

import folium
import streamlit as st
from streamlit_folium import st_folium

st.set_page_config(layout="wide")
st.title("A page")
made = folium.Map([39.1, -94.6], zoom_start=11, tiles=None)
folium.Polygon([[39.0, -94.7], [39.2, -94.7], [39.1, -94.5]]).add_to(made)
st_folium(made, height=560, use_container_width=True, returned_objects=[])

"""The docs as a site: `make site`. Sphinx with the theme and the notebooks of geopandas' own docs."""

from __future__ import annotations

from importlib.metadata import version as installed_version

project = "core-service-areas"
author = "the authors of core-service-areas"
version = release = installed_version(project)

extensions = ["myst_nb", "sphinx_design"]
root_doc = "docs/site/index"
include_patterns = [
    "*.md",
    "benchmarks/README.md",
    "benchmarks/results/*.md",
    "docs/*.md",
    "docs/notebooks/*",
    "docs/site/*.md",
    "paper/paper.md",
]
suppress_warnings = ["misc.highlighting_failure"]  # blocks of words that are no language

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 4
myst_title_to_header = True  # the paper's title is above its text
nb_execution_mode = "force"  # each build runs the notebooks; one that fails is an error
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True

html_theme = "pydata_sphinx_theme"
html_title = "Core service areas"
html_show_sourcelink = False
html_sidebars = {"docs/site/gallery": []}  # it has no pages below it
html_extra_path = ["extra"]  # the site's own address leads to its first page
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}

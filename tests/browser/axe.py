"""What axe finds wrong on a page."""

from axe_playwright_python.sync_playwright import Axe

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


def faults(place):
    found = Axe().run(place, options=RULES).response["violations"]
    return {f["id"]: [node["target"] for node in f["nodes"]][:3] for f in found}

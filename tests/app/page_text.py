"""All that a page says as one text, element by element, as a reader of proofs would have it."""

import difflib
import html
import json
import re
from functools import partial

from google.protobuf.json_format import MessageToDict

NO_WORDS = {"column", "component_instance", "empty", "flex_container", "grid_container", "iframe"}
"""What holds others, and what tests of its own look at: maps, and pages within pages."""
NOT_READ = {
    *("id", "pageScriptHash", "formId", "widthConfig", "heightConfig", "hideAnchor", "wrap"),
    *("type", "elementType", "maxUploadSizeMb", "cursorPosition", "setValue", "url", "icon"),
    *("formClearOnSubmit", "tag", "format", "labelVisibility", "required", "autocomplete", "form"),
    *("rawValue", "rawValues", "acceptNewOptions", "isFormSubmitter", "max", "min"),
}
"""What no reader reads, and the days between which a calendar opens: they follow the clock."""
BREAKS = re.compile(r"(?=<(?:p|li|h\d|div|section|small|tr|ul|ol|dt|dd|details|summary)\b)")
NOT_SHOWN = re.compile(r"\s+(?:class|aria-hidden|role|id|data-\w+)=\"[^\"]*\"|</\w+>")
LONG = 300
"""Letters of a line that an act changed: a list's fifty choices stand where the page is first read."""
MADE_UP = re.compile(r"[0-9a-f]{12,}")


def rounded(value):
    """Round numbers, whose last digits differ between processors; leave out what is empty."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {name: rounded(inner) for name, inner in value.items() if inner not in ("", [], {})}
    return [rounded(inner) for inner in value] if isinstance(value, list) else value


def as_json(value):
    return json.dumps(rounded(value), ensure_ascii=False, sort_keys=True)


def words_of(element):
    """Give what an element says, in lines; of a chart its words and each series with its numbers."""
    if element.type in ("dataframe", "table"):
        yield from element.value.to_csv(index=False, float_format="%.4g").splitlines()
        return
    if element.type == "plotly_chart":
        figure = json.loads(element.proto.spec)
        figure["layout"].pop("template", None)
        yield from map(as_json, (figure["layout"], *figure["data"]))
        return
    given = {} if element.proto is None else MessageToDict(element.proto)
    for name in ("label", "body"):
        yield from BREAKS.split(html.unescape(NOT_SHOWN.sub("", given.pop(name, ""))))
    left = {name: value for name, value in given.items() if name not in NOT_READ}
    yield as_json(left) if left else ""


def elements(node):
    for child in node.children.values():
        yield child
        if hasattr(child, "children"):
            yield from elements(child)


def page_lines(page):
    """List all that a page says: the kind of each element, and its words."""
    return [
        f"{element.type}: {MADE_UP.sub('…', line.strip())}"
        for element in elements(page.main)
        if element.type not in NO_WORDS
        for said in words_of(element)
        for line in said.splitlines()
        if line.strip()
    ]


def acts(page):
    """List what a reader may do: press a button, turn a switch, choose something else from a list."""
    for n, button in enumerate(page.main.button):
        if not button.disabled:
            yield f"press {button.label}", partial(press, n)
    for kind in ("toggle", "checkbox", "selectbox", "radio"):
        for n, box in enumerate(getattr(page.main, kind)):
            for option in others(box):
                yield f"choose {box.label}: {option}", partial(choose, kind, n, option)


def others(box):
    """List what else may be chosen; AppTest knows a choice by its words only where they are its value."""
    if not hasattr(box, "options"):
        return [not box.value]
    return [option for option in box.options if option != box.value in box.options]


def press(n, page):
    page.main.button[n].click().run()


def choose(kind, n, value, page):
    getattr(page.main, kind)[n].set_value(value).run()


def what_changed(before, after):
    """List what a page says after an act and did not before, and what it no longer says."""
    compared = difflib.unified_diff(before, after, lineterm="", n=0)
    return [line[:LONG] for line in compared if not line.startswith(("---", "+++", "@@"))]

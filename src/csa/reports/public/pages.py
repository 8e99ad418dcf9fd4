"""Self-contained pages: style, script and pictures are inside, and nothing else is allowed."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, TypeAlias

from babel import Locale
from markupsafe import Markup

from csa.reports.document import Block
from csa.reports.html import environment


def render_page(name: str, **values: object) -> str:
    """Render `<name>.html` with `<name>.css`, `<name>.js` and `charts.js` inside it."""
    style, script = _asset(f"{name}.css"), _script(name)
    policy = (
        f"default-src 'none'; img-src data:; style-src {_digest(style)}; "
        f"script-src {_digest(script)}; base-uri 'none'; form-action 'none'"
    )
    inside = {"style": Markup(style), "script": Markup(script)}  # noqa: S704 - our own files
    template = environment(is_trimmed=True).get_template(f"{name}.html")
    return template.render(policy=policy, **inside, **values)


def script_digests() -> str:
    """Return the digests of the scripts of pages that are also shown inside another page."""
    return " ".join(_digest(_script(name)) for name in ("public", "wall"))


def _script(name: str) -> str:
    return _asset(f"{name}.js") + _asset("charts.js")


def inlined(svg: str | None) -> Markup | None:
    """Return a map for the inside of a page: without its name space, an address of the web."""
    own = None if svg is None else svg.replace(' xmlns="http://www.w3.org/2000/svg"', "", 1)
    return None if own is None else Markup(own)  # noqa: S704 - drawn by us, names escaped


def language_name(language: str) -> str:
    """Return a language's name in that language."""
    named = Locale.parse(language).get_language_name(language) or language
    return named[:1].upper() + named[1:]


@cache
def _asset(name: str) -> str:
    folder = files("csa.reports").joinpath("templates")
    return folder.joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


# ---- A section of a public page.


Key: TypeAlias = Literal[
    "number", "where", "areas", "neighborhoods", "years", "change", "doing", "tasks", "answers",
    "part", "limits", "who", "see", "double", "decides",
]  # fmt: skip


@dataclass(frozen=True)
class Section:
    """One idea of the public report."""

    key: Key  # its topic: an anchor that is the same in every language
    title: str  # its heading
    blocks: tuple[Block, ...]  # its contents

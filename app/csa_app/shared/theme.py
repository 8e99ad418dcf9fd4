"""The visual style: colors by meaning, for light and dark; type and spacing in one style sheet.

Streamlit's own colors are in `.streamlit/config.toml`; those of maps and charts are here, the
light ones as on paper (`csa.geo.palette`).
No red for places: red is for errors.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from csa.geo.palette import PAPER, Palette


@dataclass(frozen=True, kw_only=True)
class Theme(Palette):
    """The colors of maps, and those that only a screen has."""

    diverging: tuple[str, ...]  # five classes, fewer to more, a neutral middle
    blocked: str  # status of an action; a shape and a word are always beside it
    at_risk: str  # status of an action; a shape and a word are always beside it


LIGHT = Theme(
    **vars(PAPER),
    diverging=("#5e3c99", "#b2abd2", "#dedede", "#fdb863", "#e66101"),
    blocked="#8f3900",
    at_risk="#735000",
)
DARK = Theme(
    sequential=("#35486b", "#4d62a0", "#7d7fd0", "#b48be6", "#f0a9e8"),
    diverging=("#b79cf5", "#655596", "#4a4f5a", "#8d6836", "#f5a445"),
    ink="#e8eaee",
    faint="#a3aab6",
    quiet="#b4bac5",
    blocked="#ff9d5c",
    at_risk="#f2c14e",
    ground="#14181f",
    accent="#4fc3c9",
    outline="#f2f3f5",
    casing="#14181f",
    land="#1c212a",
    water="#16303f",
    park="#20302a",
    street="#2d333e",
    main_street="#3b424e",
    hairline="#5a616d",
)

SIDE = """
  /* The list of pages comes a moment after the page: its place is kept. */
  @media (min-width: 768px) {
    [data-testid="stApp"]:not([data-test-script-state="notRunning"]) [data-testid="stAppViewContainer"]:not(:has([data-testid="stSidebar"])) { padding-left: 300px; }
  }
"""
STYLE = """
<style>
  /* What stands below a box whose size is not known yet is not shown yet: it would move. Words are
     not even laid out: browsers count how far they move while nobody sees them. */
  [data-testid="stVerticalBlock"] > :has([data-testid="stSkeleton"]):not(:has(.st-key-map)) ~ * { visibility: hidden; }
  [data-testid="stVerticalBlock"] > :has([data-testid="stSkeleton"]):not(:has(.st-key-map)) ~ * [data-testid="stMarkdown"] { display: none; }
  [data-testid="stLayoutWrapper"]:has(> .st-key-language) { position: absolute; }
  .block-container { padding: 2.5rem 2.5rem 3rem; max-width: 1680px; }
  h1 { font-size: 1.75rem !important; padding: 0 0 .25rem !important; }
  h2 { font-size: 1.15rem !important; padding: .35rem 0 !important; } h3 { font-size: 1.05rem !important; }
  .csa-line { font-size: .875rem; color: var(--csa-faint); margin: 0 0 .25rem; }
  .csa-line b { font-weight: 600; }
  .csa-mark { display: inline-block; padding: 0 .5em; border: 1px solid currentColor; border-radius: 4px; font-weight: 600; }
  .csa-answer { font-size: 1.125rem; line-height: 1.5; max-width: 60em; margin: 0 0 .5rem; }
  .csa-draft:not(.csa-back) { display: none; } [data-testid="stElementContainer"]:has(.csa-draft:not(.csa-back)) { position: absolute; }
  .csa-legend { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: center; font-size: .875rem; min-height: 1.75rem; }
  .csa-legend span { display: inline-flex; align-items: center; gap: .4em; white-space: nowrap; }
  .csa-legend span:first-child { white-space: normal; }
  .csa-legend i { display: inline-block; width: 1.1em; height: 1.1em; border-radius: 2px; box-sizing: border-box; }
  .csa-legend [class^="csa-edge"] { width: 1.5em; border: 2px solid var(--csa-ink); border-radius: 4px; }
  .csa-legend .csa-edge-core { border: 6px double var(--csa-ink); height: 1.3em; } .csa-legend .csa-edge-first { border: 3px solid var(--csa-live); } .csa-legend .csa-edge-zone { border-style: dotted; }
  .csa-numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.75rem, 1fr)); gap: .75rem 1rem; margin: .25rem 0 .75rem; }
  .csa-numbers div { border-top: 2px solid var(--csa-hairline); padding-top: .35rem; }
  .csa-numbers b { display: block; font-size: 1.5rem; line-height: 1.2; font-weight: 600; font-variant-numeric: tabular-nums; }
  .csa-numbers span { font-size: .875rem; color: var(--csa-faint); }
  @media (max-width: 40rem) { .stMarkdown :is(td, th) { overflow-wrap: anywhere; hyphens: auto; font-size: .8125rem; line-height: 1.35; padding: .25rem .3rem; vertical-align: top; } }
  .stMarkdown table code { white-space: normal; overflow-wrap: anywhere; }
  .csa-table { overflow-x: auto; max-width: 64rem; margin: .25rem 0 .75rem; /* where more lies to the right, a shadow says so */
    background: linear-gradient(to left, var(--csa-ground) 40%, transparent) 100% 0 / 3.5rem 100% no-repeat local, linear-gradient(to left, color-mix(in srgb, var(--csa-faint) 50%, transparent), transparent) 100% 0 / .9rem 100% no-repeat scroll; }
  .csa-table small { display: block; color: var(--csa-faint); font-size: .8125rem; }
  .stApp i { font-style: normal; } /* else a browser fetches the slanted letters for empty marks */
  .csa-chart { margin: 0; font-size: .875rem; } .csa-chart :is(p, small) { margin: 0; color: var(--csa-faint); } .csa-chart > small { float: right; }
  .csa-chart p u { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 .6em; background: var(--csa-most); } .csa-chart p u:first-child { margin-left: 0; } .csa-chart p u + u { background: var(--csa-some); }
  .csa-chart div { display: flex; gap: 1px; height: 11rem; margin: .5rem 2rem 2.5rem 0; border-bottom: 1px solid var(--csa-faint); }
  .csa-chart i { flex: 1; position: relative; background: linear-gradient(to top, var(--csa-most) var(--h), var(--csa-some) 0 var(--n), transparent 0); } .csa-chart i span { position: absolute; top: 100%; left: 0; line-height: 1.2; padding-top: .2rem; }
  .csa-part::before { content: ""; position: absolute; inset: auto 0 0; height: var(--n); background: repeating-linear-gradient(45deg, transparent 0 3px, var(--csa-ground) 3px 5px); }
  .csa-chart table { width: 100%; max-width: 40rem; border-spacing: 3px; border-collapse: separate; text-align: center; } .csa-chart td + td, .csa-chart tr:not(:first-child) td { padding: .25rem; background: color-mix(in srgb, var(--csa-some) var(--n), transparent); } .csa-chart tr > th:first-child { text-align: left; font-weight: 400; }
  .csa-range { position: relative; display: block; width: 100%; min-width: 6rem; height: .85rem; background: linear-gradient(var(--csa-hairline), var(--csa-hairline)) 0 50% / 100% 1px no-repeat; }
  .csa-range i { position: absolute; top: 15%; height: 70%; left: var(--low); right: calc(100% - var(--high)); background: var(--csa-band); border-radius: 2px; }
  .csa-range b { position: absolute; top: 0; height: 100%; left: calc(var(--at) - 1px); width: 2px; background: var(--csa-ink); }
  .csa-range u { position: absolute; top: calc(50% - .35rem); width: .7rem; height: .7rem; left: calc(var(--n) - .35rem); border-radius: 50%; background: var(--csa-live); box-shadow: 0 0 0 1.5px var(--csa-ground); }
  .st-key-compare { flex-wrap: wrap; align-items: flex-start; gap: .5rem 1.25rem; } .st-key-compare > :has(> .st-key-side) { flex: 4 1 35rem; min-width: 0; }
  .st-key-compare > :has(> .st-key-map) { flex: 3 1 23rem; min-width: 0; } .st-key-side .csa-table { max-width: none; }
  .st-key-side:has([data-testid="stCheckbox"] input:checked) { min-width: min(60rem, 100%); }
  .csa-wide :is(th, td):first-child { position: sticky; left: 0; background: var(--csa-ground); }
  [data-testid="stLayoutWrapper"]:has(> .st-key-bottom_bar) { position: sticky; bottom: 0; z-index: 10; background: var(--csa-ground); border-top: 1px solid var(--csa-hairline); }
  .st-key-bottom_bar p { margin: 0; padding: .6rem 0; } .st-key-bottom_bar a { color: var(--csa-live); font-weight: 600; }
  @media (min-width: 641px) { .st-key-side { min-height: 36rem; } }
  @media (max-width: 40rem) { .st-key-side td:not(:first-child, :has(.csa-range)) { display: inline-block !important; margin-right: 1rem; } .st-key-side { min-height: 60rem; } }
  .csa-table table { border-collapse: collapse; width: 100%; font-size: .9375rem; }
  .csa-table th { text-align: left; font-weight: 600; border-bottom: 2px solid var(--csa-hairline); padding: .35rem .75rem .35rem 0; }
  .csa-table th button { all: unset; cursor: pointer; } .csa-table th button:focus-visible { outline: 2px solid var(--csa-live); outline-offset: 2px; } .csa-table [aria-sort=ascending] button::after { content: " ↑"; } .csa-table [aria-sort=descending] button::after { content: " ↓"; }
  .csa-table td { border-bottom: 1px solid var(--csa-hairline); padding: .35rem .75rem .35rem 0; vertical-align: top; }
  .csa-table .csa-number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; width: 1%; min-width: 3.5rem; padding-right: 1.5rem; }
  @media (max-width: 40rem) {
    .csa-wide :is(table, tbody, tr, td) { display: block; } .csa-wide thead { display: none; }
    .csa-wide tr { padding: .5rem 0; border-bottom: 1px solid var(--csa-hairline); }
    .csa-wide :is(td, .csa-number) { border: 0; padding: .1rem 0; text-align: left; width: auto; white-space: normal; }
    .csa-wide td:first-child { font-weight: 600; } .csa-wide td:first-child::before { content: none !important; } .csa-wide td:empty { display: none !important; }
    .csa-wide td::before { content: attr(data-label) ": "; color: var(--csa-faint); }
  }
  [data-testid="stSidebarUserContent"] { padding-top: 0; } [data-testid="stSidebarHeader"] { height: 2.25rem; margin-bottom: 0; }
  [data-testid="stSidebar"] [data-testid="stLayoutWrapper"]:has(> :is(.st-key-start-over, .st-key-person)) { order: 1; } /* below what a page asks */
  [data-testid^="stBaseButton-primary"]:not(:disabled), [data-testid^="stBaseButton-primary"]:not(:disabled) p { color: var(--csa-ground); } /* white on the dark theme's teal is faint */
  [data-testid="stCaptionContainer"] p { color: var(--csa-faint); opacity: 1; }
  [data-testid="stCaptionContainer"] { opacity: 1; color: var(--csa-faint); }
  .st-key-pages { gap: .25rem; padding-bottom: .75rem; border-bottom: 1px solid var(--csa-hairline); }
  .st-key-map, .st-key-map iframe { min-height: 500px; } /* before it is drawn too: nothing jumps */
  .st-key-working, .st-key-judging { position: fixed; top: .9rem; right: 4.5rem; z-index: 1000; width: auto; }
  [data-testid="stLayoutWrapper"]:has(> .st-key-working, > .st-key-judging) { position: absolute; } /* no gap either */
  .st-key-judging { width: 16rem; top: .4rem; pointer-events: none; }
  [data-testid="stElementToolbar"] { display: none; } /* its CSV is not formula-safe; ours is */
  .csa-briefing { font-size: 1rem; line-height: 1.45; max-width: 80em; }
  [data-testid="stColumn"]:has(.csa-key) { margin-top: .75rem; } [data-testid="stColumn"] .csa-key { min-height: 8rem; } [data-testid="stColumn"] .csa-tall { min-height: 15.5rem; } [data-testid="stColumn"]:has(.stPageLink, [class*="st-key-card_"]) .csa-key { min-height: 0; } .csa-key h2 { font-size: .9375rem !important; font-weight: 600; padding: 0 !important; margin: 0 0 .15rem; color: var(--csa-faint); }
  .csa-row { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(12rem, 100%), 1fr)); gap: .75rem; margin: .25rem 0 .75rem; } .csa-row > section { border: 1px solid var(--csa-hairline); border-radius: 8px; padding: .75rem 1rem; }
  [class*="st-key-card_"] button { padding: .1rem 0; min-height: 0; text-align: left; justify-content: flex-start; } [class*="st-key-card_"] button p { line-height: 1.35; }
  .csa-key p, .csa-key li { margin: 0 0 .25rem; line-height: 1.35; font-size: 1rem; } .csa-key ul { list-style: none; margin: .35rem 0 0 !important; padding: 0 !important; }
  .csa-large b { font-size: 2.25rem; line-height: 1.1; font-variant-numeric: tabular-nums; } .csa-key small { display: block; line-height: 1.35; color: var(--csa-faint); font-size: .875rem; } .csa-key .csa-range { margin: .35rem 0; max-width: 22rem; } .csa-change > div:last-child { max-width: 16em; } .csa-change > p { flex-basis: 100%; }
  .csa-briefing p { margin: 0 0 .4rem; }
  .csa-faint, .csa-briefing .csa-faint { color: var(--csa-faint); }
  .csa-tiers { min-height: 380px; font-size: .9375rem; line-height: 1.35; }
  .csa-tiers h2 { font-size: .9375rem !important; font-weight: 600; padding: 0 !important; margin: .35rem 0 .1rem; break-after: avoid; }
  .csa-tiers ul { list-style: none; margin: 0; padding: 0; }
  .csa-tiers li { display: flex; gap: .5rem; align-items: baseline; margin: 0; padding: .1rem 0; border-bottom: 1px solid var(--csa-hairline); break-inside: avoid; font-size: .9375rem; }
  .csa-tiers li span { flex: 1; }
  .csa-tiers li b { font-variant-numeric: tabular-nums; }
  .csa-tiers li i { font-style: normal; color: var(--csa-faint); min-width: 6em; font-variant-numeric: tabular-nums; }
  .csa-many { min-height: 14rem; }
  .csa-many > div + div { columns: 14rem 4; column-gap: 1.5rem; }
  .st-key-small_map iframe { min-height: 480px; }
  .st-key-change_said { min-height: 4.5rem; }
  .csa-change { min-height: 4.5rem; display: flex; flex-wrap: wrap; gap: 0 2.5rem; align-items: end; max-width: 80em; font-size: 1.125rem; line-height: 1.5; }
  .csa-more p { margin: 0 0 .4rem; color: var(--csa-faint); max-width: 80em; }
  .csa-change p { margin: 0 0 .4rem; }
  .csa-sums { min-height: 9rem; }
  .st-key-months { min-height: 68px; } @media (min-width: 641px) { .st-key-change_parts { min-height: 540px; } .st-key-find { min-height: 680px; } }
  .st-key-change_parts { flex-wrap: wrap; align-items: flex-start; gap: .5rem 1.25rem; } .st-key-change_parts > :has(> .st-key-map) { flex: 4 1 28rem; min-width: 0; }
  .st-key-change_parts > :has(> .st-key-change_each) { flex: 4 1 31rem; min-width: 0; } .st-key-change_each { gap: .25rem; }
  @media (min-width: 641px) { .st-key-change_parts .st-key-map, .st-key-change_parts .st-key-map iframe { min-height: 540px; } }
  .st-key-each_table .csa-table { font-size: .875rem; } .st-key-each_table td { padding-right: .6rem; } .st-key-each_table .csa-range { min-width: 5rem; } .st-key-each_table td:not(:first-child) small { white-space: nowrap; }
  .csa-sums h2 { padding: 0 0 .25rem; } .csa-sums p { margin: 0; font-size: .9375rem; }
  .st-key-lineage { min-height: 24rem; }
  .st-key-find { flex-wrap: wrap; align-items: flex-start; gap: .5rem 1.25rem; }
  .st-key-find > :has(> .st-key-find_map) { flex: 5 1 30rem; } .st-key-find > :has(> .st-key-find_side) { flex: 0 0 min(23.75rem, 100%); }
  .st-key-find .st-key-map { gap: .35rem; } @media (min-width: 641px) { .st-key-find .st-key-map, .st-key-find .st-key-map iframe { min-height: 640px; } }
  @media (max-width: 1199px) { .st-key-find > :has(> .st-key-find_side) { flex: 1 0 100%; } }
  @media (min-width: 1200px) { .st-key-find > :has(> .st-key-find_map) { position: sticky; top: 1rem; } }
  .csa-list-head { display: flex; justify-content: space-between; gap: 1rem; margin: 0; padding: 0 .25rem .3rem; font-size: .875rem; border-bottom: 2px solid var(--csa-hairline); }
  .st-key-area_list button { display: block; padding: .3rem .25rem; border-radius: 0; border-bottom: 1px solid var(--csa-hairline); min-height: 3.1rem; }
  .st-key-area_list button :is(div, span) { width: 100%; } .st-key-area_list > * { min-height: 3.1rem; }
  .st-key-area_list button p { display: grid; grid-template-columns: 1fr auto; gap: 0 1rem; text-align: left; line-height: 1.35; }
  .st-key-area_list button em { font-style: normal; font-weight: 600; } .st-key-area_list button p > :nth-child(even) { text-align: right; font-variant-numeric: tabular-nums; }
  .st-key-sheet_head { flex-wrap: nowrap; justify-content: space-between; }
  .csa-quiet, .csa-no-update, .csa-not-started { color: var(--csa-quiet); }
  .csa-status { display: inline-block; margin-left: .35em; font-weight: 600; }
  .csa-blocked { color: var(--csa-blocked); } .csa-at-risk { color: var(--csa-at-risk); }
  .csa-on-track, .csa-done { color: var(--csa-live); } .csa-no-update { font-weight: 400; }
  .stHtml .csa-review { list-style: none; margin: 0; padding: 0; }
  .stHtml .csa-review li { margin: 0; padding: .4rem 0; border-bottom: 1px solid var(--csa-hairline); font-size: 1rem; line-height: 1.35; }
  .csa-review p, .csa-proposal p { margin: 0; }
  .csa-measured { display: grid; grid-template-columns: 9fr 6fr 5fr 4fr 10fr; gap: .15rem 1rem; }
  .csa-at { margin: 0; text-align: center; white-space: nowrap; color: var(--csa-quiet); font-variant-numeric: tabular-nums; }
  .csa-measured b { font-weight: 600; }
  .st-key-meeting_screen { min-height: calc(100vh - 15.75rem); }
  [data-testid="stLayoutWrapper"]:has(> .st-key-meeting_ways) { position: sticky; bottom: 0; z-index: 10; background: var(--csa-ground); border-top: 1px solid var(--csa-hairline); }
  .st-key-meeting_ways { justify-content: space-between; padding: .5rem 0; flex-wrap: nowrap; }
  .st-key-meeting_ways > div:has(.csa-at) { flex: 0 0 auto; width: auto; }
  .block-container:has(.st-key-meeting_screen) { padding-top: 3.9rem; padding-bottom: .25rem; } /* below the button that brings the list of pages back */
  /* A projector: the whole page grows with its letters, none below 24 px at 1920. */
  html:has(.st-key-meeting_screen) { --csa-faint: var(--csa-quiet); scroll-padding-bottom: 5rem; }
  [data-testid="stMain"]:has(.st-key-meeting_ways, .st-key-bottom_bar) { scroll-padding-bottom: 5rem; } /* nothing that has the focus lies below a bar */
  @media (min-width: 1000px) { html:has(.st-key-meeting_screen) { font-size: 20px; } }
  @media (min-width: 1700px) { html:has(.st-key-meeting_screen) { font-size: 27.5px; } }
  @media (max-width: 640px) {
    .st-key-meeting_ways { display: grid; grid-template-columns: 1fr auto 1fr; gap: .75rem; }
    .st-key-meeting_ways > div { width: 100% !important; }
    .st-key-meeting_ways button { width: 100%; padding-inline: .5rem; }
    .st-key-meeting_ways button :is(div, p) { white-space: normal; line-height: 1.2; }
  }
  @media (max-width: 900px) { .csa-measured { grid-template-columns: 6fr 5fr 4fr; } .csa-measured > :is(:first-child, :last-child) { grid-column: 1 / -1; } }
  .csa-cards, .csa-due, .csa-trail { list-style: none; margin: 0 !important; padding: 0 !important; }
  .csa-cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: .75rem; }
  .csa-cards li { margin: 0; padding: .6rem .75rem; border: 1px solid var(--csa-hairline); border-radius: 6px; font-size: .9375rem; overflow-wrap: anywhere; }
  .csa-cards h3 { font-size: 1rem !important; padding: 0 0 .2rem; } .csa-cards p { margin: 0 0 .25rem; }
  .csa-cards dl { margin: 0 !important; padding: 0 !important; display: grid; grid-template-columns: max-content 1fr; gap: .1rem .75rem; }
  .csa-cards dt { color: var(--csa-faint); } .csa-cards dd { margin: 0; } .csa-cards :is(dt, dd) { padding: 0; margin: 0 !important; }
  .csa-due li, .csa-trail li { margin: 0; padding: .3rem 0; border-bottom: 1px solid var(--csa-hairline); font-size: .9375rem; line-height: 1.4; overflow-wrap: anywhere; }
  .csa-due .csa-status, .csa-cards .csa-status, .st-key-plan_one .csa-status { margin-left: 0; }
  .csa-world { position: relative; overflow: hidden; max-width: 60rem; border-radius: 6px; font-size: .8125rem; } .csa-world img { display: block; width: 100%; height: auto; }
  .csa-city, .csa-legend .csa-city { width: 12px; height: 12px; border-radius: 50%; border: 3px solid var(--csa-live); background: var(--csa-live); }
  .csa-open, .csa-legend .csa-open { background: var(--csa-ground); } .csa-world i { position: absolute; box-sizing: border-box; transform: translate(-50%, -50%); }
  .csa-world span { position: absolute; left: .9rem; top: -.5rem; font-style: normal; white-space: nowrap; } .csa-world .csa-left { left: auto; right: .9rem; }
  @media (max-width: 40rem) { .csa-world span { display: none; } .csa-world i { width: 8px; height: 8px; border-width: 2px; } }
  .csa-bar { display: flex; height: 1.5rem; gap: 2px; margin: .25rem 0 .35rem; } .csa-bar i { border-radius: 2px; min-width: 6px; }
  .csa-bar-done { background: var(--csa-live); } .csa-bar-on-track { background: color-mix(in srgb, var(--csa-live) 55%, var(--csa-ground)); } .csa-bar-at-risk { background: var(--csa-at-risk); } .csa-bar-blocked { background: var(--csa-blocked); }
  .csa-bar-not-started, .csa-bar-no-update { background: repeating-linear-gradient(135deg, var(--csa-hairline) 0 6px, var(--csa-ground) 6px 12px); outline: 1px solid var(--csa-hairline); outline-offset: -1px; }
  .stHtml .csa-bar-words { list-style: none; display: flex; flex-wrap: wrap; gap: .15rem 1.5rem; margin: 0; padding: 0; } .csa-bar-words li { font-size: .9375rem; margin: 0; }
  .csa-slot { margin: 0; font-size: .9375rem; line-height: 1.4; } .csa-slot span { color: var(--csa-faint); }
  .csa-preview { font-size: .9375rem; overflow-wrap: anywhere; } .csa-preview ul { margin: 0; padding-left: 1.25rem; } .csa-preview li { font-size: .9375rem; }
  .st-key-plan_slots [data-testid="stElementContainer"]:has(.csa-slot), .st-key-plan_head > :first-child { flex: 1 1 12rem; min-width: 0; }
  .csa-measure { border-top: 1px solid var(--csa-hairline); padding-top: .5rem; } .csa-measure h3, .csa-work h3 { font-size: 1rem !important; margin: 0; padding: .25rem 0 .15rem; }
  .csa-measure p { margin: 0 0 .15rem; font-size: .9375rem; } .csa-figures b { font-size: 1.25rem; font-variant-numeric: tabular-nums; } .csa-work ul { margin-bottom: .5rem !important; }
  .st-key-core_list .csa-faint { font-size: .875rem; } .st-key-core_list h2 { font-size: .9375rem !important; padding: 0 !important; margin: .5rem 0 .15rem; }
  .st-key-report_parts iframe, .st-key-public_page iframe { border: 1px solid var(--csa-hairline); background: #fff; } .st-key-report_parts [data-testid="stHorizontalBlock"] { flex-wrap: wrap; }
  .st-key-report_parts > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"] { min-width: min(26rem, 100%); }
  [class*="st-key-first-page"] { flex: none; height: 171px; overflow: hidden; } [class*="st-key-first-page"] iframe { width: 816px !important; height: 1056px !important; max-width: none; transform: scale(.162); transform-origin: 0 0; pointer-events: none; }
  .st-key-plan_filters > * { flex: 1 1 8.5rem; } .st-key-plan_filters > :has([data-testid="stCheckbox"]) { flex: 0 0 auto; }
  @media (max-width: 1399px) { /* a table drawn on a canvas has no shadow of its own */
    [data-testid="stDataFrame"] { position: relative; } [data-testid="stDataFrame"]::after { content: ""; position: absolute; inset: 0 0 0 auto; width: 1rem; pointer-events: none; background: linear-gradient(to left, color-mix(in srgb, var(--csa-faint) 60%, transparent), transparent); }
  }
  @media (max-width: 1100px) { [data-testid="stColumn"] .csa-tall { min-height: 21rem; } }
  @media (max-width: 640px) {
    [data-testid="stColumn"] .csa-key { min-height: 0; }
    .csa-change, .st-key-change_said { min-height: 11rem; }
    .csa-tiers { min-height: 0; }
    .block-container { padding: 4.25rem 1rem 2rem; }
    .st-key-map iframe { height: 430px !important; min-height: 430px; } .st-key-find .st-key-map iframe { height: 600px !important; }
    /* As large as a thumb. */
    [data-testid="stMain"] :is(button, summary, [data-testid="stPageLink"] a, [data-testid="stTextInputRootElement"], [data-testid="stNumberInputContainer"], [data-testid="stSelectbox"] [role="group"], [data-testid="stDateInput"] [role="group"]) { min-height: 2.75rem; min-width: 2.75rem; }
    [data-testid="stMain"] :is(.stCheckbox, .stRadio) label { min-height: 2.75rem; align-items: center; }
  }
  iframe { display: block; border-radius: 6px; }
  @page { margin: 11mm; }
  @media print { /* one page of paper, whatever the theme */
    [data-testid="stSidebar"], [data-testid="stHeader"], [data-testid="stToolbar"], [data-testid="stStatusWidget"],
    .stPageLink, .stButton, .stDownloadButton, [data-testid="stPopover"], .st-key-judging, .st-key-working, .st-key-bottom_bar { display: none !important; }
    html, body, #root, .stApp, [data-testid="stAppViewContainer"], [data-testid="stMain"] {
      position: static !important; display: block !important; height: auto !important; overflow: visible !important;
    }
    html, body { background: #fff !important; }
    .stApp, .stApp :not(i) { color: #1f2430 !important; background-color: transparent !important; }
    .csa-tiers li i { color: #5b6270 !important; }
    .csa-legend i { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
    .block-container { padding: 0 !important; max-width: none !important; }
    [data-testid="stColumn"] .csa-key { min-height: 0; } .csa-due { font-size: .8125rem; }
    .csa-briefing p, .stMarkdown p, .st-key-core_list p { font-size: .8125rem !important; line-height: 1.4 !important; }
    .st-key-small_map iframe { height: 370px !important; min-height: 370px; }
    .csa-tiers, .csa-many { min-height: 0; } .csa-tiers, .csa-tiers li { font-size: .8125rem; }
    .csa-many > div + div { columns: 13rem 3; column-gap: 1rem; }
    .csa-many li i { min-width: 5em; }
  }
</style>
"""


def current() -> Theme:
    """Return the colors for the reader's theme."""
    return DARK if is_dark() else LIGHT


def is_dark() -> bool:
    """Return whether the reader's theme is dark."""
    return st.context.theme.type == "dark"


def apply() -> None:
    """Apply the reader's theme to the style, which came with the page (`first_paint`)."""
    st.html(f"<style>html:root {{ {variables(current())} }}</style>")


def variables(look: Theme) -> str:
    """Return a theme's colors as the style sheet names them."""
    colors = {
        "faint": look.faint,
        "hairline": look.hairline,
        "quiet": look.quiet,
        "blocked": look.blocked,
        "at-risk": look.at_risk,
        "live": look.accent,
        "ground": look.ground,
        "ink": look.ink,
        "band": look.main_street,
        "some": look.sequential[2],
        "most": look.sequential[-1],
    }
    return " ".join(f"--csa-{name}: {one};" for name, one in colors.items())


def set_page_language(language: str) -> None:
    """Set the page's language for screen readers, and so that browsers offer no translation."""
    with st.container(key="language"):
        st.html(f'<span class="csa-language" data-lang="{language}"></span>')

"""How the app bears many readers: `python -m benchmarks.viewers --viewers 25 --minutes 10`.

Each viewer is a connection that speaks Streamlit's messages (`benchmarks/client.py`): it opens the
app, pauses, and does one thing after another, a pause between them. A server of the sample is
started for it, unless the address of one on this machine is given. A run's time is from asking
until the server says that the script is over.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import random
import shlex
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.client import Client, CutOffError, FaultError, connected
from benchmarks.server import APP, Server, prepare, serving
from benchmarks.tables import keep

LOOK_S = 2.0
"""How often the server's memory is looked at."""

Act = Coroutine[None, None, None]


# ---- What a viewer does ---------------------------------------------------------------------


def open_page(client: Client, chance: random.Random) -> Act:
    """Open any page, the one on screen too."""
    return client.open(chance.choice(sorted(client.pages)))


def move_slider(client: Client, chance: random.Random) -> Act | None:
    """Move any slider to any of its places."""
    found = _free(client, "slider")
    if not found:
        return None
    name, slider = chance.choice(found)
    if slider.options and slider.type == slider.SELECT_SLIDER:
        places = sorted(chance.choices(range(len(slider.options)), k=len(slider.default)))
        return client.touch(name, string_array_value={"data": [slider.options[k] for k in places]})
    n_steps = round((slider.max - slider.min) / slider.step)
    places = sorted(chance.randint(0, n_steps) for _ in slider.default)
    values = [slider.min + slider.step * place for place in places]
    return client.touch(name, double_array_value={"data": values})


def flip_toggle(client: Client, chance: random.Random) -> Act | None:
    """Turn any checkbox or toggle to the other side of how it first stood, or back."""
    found = _free(client, "checkbox")
    if not found:
        return None
    return client.touch(chance.choice(found)[0], bool_value=chance.random() < 0.5)


def pick_option(client: Client, chance: random.Random) -> Act | None:
    """Choose any option of any list: a month, an area."""
    found = [one for one in _free(client, "selectbox") if one[1].options]
    if not found:
        return None
    name, box = chance.choice(found)
    return client.touch(name, string_value=chance.choice(list(box.options)))


def choose_tab(client: Client, chance: random.Random) -> Act | None:
    """Click any button of a group of which one is chosen."""
    found = [one for one in _free(client, "button_group") if len(one[1].options) > 1]
    if not found:
        return None
    name, group = chance.choice(found)
    return client.touch(name, string_array_value={"data": [chance.choice(group.options).content]})


def _free(client: Client, kind: str) -> list[tuple[str, object]]:
    """Find widgets that ask for a run at once: those of a form do not."""
    return [
        (name, said)
        for name, (of_kind, said, _) in client.widgets.items()
        if of_kind == kind and not said.disabled and not said.form_id
    ]


ACTS: dict[str, Callable[[Client, random.Random], Act | None]] = {
    "pages": open_page,
    "sliders": move_slider,
    "toggles": flip_toggle,
    "lists": pick_option,
    "clicks": choose_tab,
}
"""What `--do` names. One that finds nothing to touch gives None: a page is opened then."""


# ---- Viewers --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """One run as its viewer saw it; `at_s` is since the beginning, `fault` is empty if none.

    `page` is the last part of its page's address, empty on the first.
    """

    act: str
    at_s: float
    seconds: float
    fault: str = ""
    page: str = ""


@dataclass(frozen=True)
class Look:
    """The server's process at one moment."""

    at_s: float
    memory_mb: float
    cpu_s: float


@dataclass
class Load:
    """How many viewers do what for how long, and what came of it."""

    viewers: int
    seconds: float
    pause_s: float
    acts: Sequence[str] = ("pages",)
    seed: int = 1
    most_runs: float = math.inf
    runs: list[Run] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    began: float = 0.0

    @property
    def at_s(self) -> float:
        return time.monotonic() - self.began

    @property
    def is_over(self) -> bool:
        return self.at_s >= self.seconds or len(self.runs) >= self.most_runs

    async def put_on(self, address: str, server: Server | None = None) -> None:
        """Let every viewer do its part, and look at the server's process where it is ours."""
        self.began = time.monotonic()
        looking = asyncio.create_task(self._look(server)) if server else None
        await asyncio.gather(*(self._view(address, number) for number in range(self.viewers)))
        if looking:
            looking.cancel()

    async def _view(self, address: str, number: int) -> None:
        """Open the app and do one thing after another; a viewer that is cut off comes again."""
        chance = random.Random(f"{self.seed}/{number}")  # noqa: S311 - no secret
        await asyncio.sleep(self.pause_s * number / self.viewers)
        while not self.is_over:
            try:
                async with connected(address) as client:
                    await self._timed(client.begin(), client, "first page")
                    while await self._paused(chance):
                        name = chance.choice(self.acts)
                        act = ACTS[name](client, chance)
                        await self._timed(act or open_page(client, chance), client, name)
            except CutOffError as cut:
                self.runs.append(Run("cut off", self.at_s, 0.0, str(cut)))
                await self._paused(chance)

    async def _paused(self, chance: random.Random) -> bool:
        """Wait half to one and a half pauses; tell whether there is time for another run."""
        await asyncio.sleep(self.pause_s * chance.uniform(0.5, 1.5))
        return not self.is_over

    async def _timed(self, act: Act, client: Client, name: str) -> None:
        """Note how long a run took, of which page, and a fault on it."""
        at_s, fault = self.at_s, ""
        try:
            await act
        except FaultError as error:
            fault = str(error)
        self.runs.append(Run(name, at_s, self.at_s - at_s, fault, client.address))

    async def _look(self, server: Server) -> None:
        while True:
            self.looks.append(Look(self.at_s, server.memory_mb(), server.cpu_s()))
            await asyncio.sleep(LOOK_S)


async def warm_up(address: str) -> None:
    """Open every page once: what is worked out once for all is not what is measured."""
    async with connected(address) as client:
        await client.begin()
        for page in sorted(client.pages):
            await client.open(page)


# ---- What came of it ------------------------------------------------------------------------


def table_of(load: Load) -> Table:
    """Lay out the runs by minute, by act, and all together."""
    title = f"{load.viewers} viewers, {load.pause_s:g} s between runs: {', '.join(load.acts)}"
    table = Table(title=title, box=None, pad_edge=False, title_justify="left")
    for name in ("When", "Runs", "Median s", "95% s", "Errors", "Server's CPU s a run", "RSS MB"):
        table.add_column(name, justify="left" if name == "When" else "right")
    for minute in range(math.ceil(load.seconds / 60)):
        runs = [run for run in load.runs if run.at_s // 60 == minute]
        looks = [look for look in load.looks if look.at_s // 60 == minute]
        table.add_row(f"minute {minute + 1}", *_figures(runs, looks))
    for act in sorted({run.act for run in load.runs}):
        table.add_row(act, *_figures([run for run in load.runs if run.act == act], []))
    for page in sorted({run.page for run in load.runs}):
        on_page = [run for run in load.runs if run.page == page]
        table.add_row(f"/{page}", *_figures(on_page, []))
    table.add_row("all", *_figures(load.runs, load.looks))
    return table


def found(load: Load) -> str:
    """What docs say of a load."""
    runs, median_s, high_s, errors, cpu_s, memory_mb = _figures(load.runs, load.looks)
    said = f"{runs} runs, {median_s} s (95%: {high_s}), {errors} errors, {memory_mb} MB"
    return f"{said}, {cpu_s} s of the server's processor a run"


def _figures(runs: Sequence[Run], looks: Sequence[Look]) -> list[str]:
    """Return what a row says; of the memory, the most."""
    ended = [run.seconds for run in runs if not run.fault] or [math.nan]
    cpu_s = (looks[-1].cpu_s - looks[0].cpu_s) / max(len(runs), 1) if looks else math.nan
    memory_mb = max((look.memory_mb for look in looks), default=math.nan)
    figures = (np.median(ended), np.percentile(ended, 95))
    return [
        f"{len(runs):,}",
        *(_said(value, ".2f") for value in figures),
        str(sum(bool(run.fault) for run in runs)),
        _said(cpu_s, ".3f"),
        _said(memory_mb, ",.0f"),
    ]


def _said(value: float, form: str) -> str:
    return "" if math.isnan(value) else format(value, form)


# ---- The command ----------------------------------------------------------------------------


def loopback(address: str) -> str:
    """Refuse an address that is not on this machine: a load is put on nobody else's server."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    with contextlib.suppress(ValueError):
        if parts.scheme == "http" and (host == "localhost" or ip_address(host).is_loopback):
            return address
    raise argparse.ArgumentTypeError(f"{address} is not an http address of this machine")


def acts(names: str) -> list[str]:
    """Read what viewers do: names with commas."""
    found = names.split(",")
    unknown = [name for name in found if name not in ACTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]}: use some of {', '.join(ACTS)}")
    return found


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser("benchmarks.viewers", description=__doc__)
    parser.add_argument("--viewers", type=int, default=25)
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--pause", type=float, default=8.0, help="seconds between runs, +- half")
    parser.add_argument("--do", type=acts, default=["pages"], help=", ".join(ACTS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--city", default="sample", help="a name in config/, or a dataset's folder")
    parser.add_argument("--url", type=loopback, help="of a server that runs already")
    parser.add_argument("--docs", metavar="NAME", help="write docs/PERFORMANCE.md's table, by city")
    asked = parser.parse_args(words)
    load = Load(asked.viewers, asked.minutes * 60, asked.pause, asked.do, asked.seed)
    with contextlib.ExitStack() as stack:
        server, address = None, asked.url
        if address is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            if Path(asked.city).is_dir():
                told = {"CSA_CITY": asked.city, "CSA_STORE": str(folder / "none.sqlite3")}
            else:
                told = prepare(folder, asked.city, filled=asked.city == "sample")
            server = stack.enter_context(serving(APP, told))
            address = server.address
        asyncio.run(warm_up(address))
        asyncio.run(load.put_on(address, server))
    console = Console(width=110)
    console.print(table_of(load))
    for fault, times in Counter(run.fault for run in load.runs if run.fault).most_common(10):
        console.print(f"{times} times: {fault}")
    if asked.docs:
        what = f"{asked.viewers} viewers, {asked.minutes:g} minutes, {asked.docs}"
        command = f"python -m benchmarks.viewers {shlex.join(words or sys.argv[1:])}"
        keep(
            f"viewers-{asked.docs}",
            "PERFORMANCE",
            command,
            [(what, found(load), "95%: 1 s, 1,200 MB")],
        )


if __name__ == "__main__":
    main()

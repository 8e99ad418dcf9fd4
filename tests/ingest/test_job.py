"""A file is read in a process of its own: the same answer, within limits, and a sentence where it ends."""

import io
import os
import pickle
import resource
import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest
from tests.sentences import refuses, says

from csa.base.errors import SourceError
from csa.city.dataset import save_dataset
from csa.city.loading import load_city
from csa.ingest import job
from csa.ingest.intake import ingest_city


@pytest.fixture(autouse=True)
def _in_a_job(monkeypatch):
    """As users read, not as other tests do."""
    monkeypatch.setattr(job, "_is_here", False)


@pytest.fixture(scope="module")
def config(root):
    return load_city(root / "config" / "sample.toml")


def ask(name, progress=lambda _: None, **arguments):
    return job._ask(name, arguments, progress)


def test_a_dataset_is_the_same_bytes_as_without_a_job_and_progress_comes_through(
    config, root, tmp_path
):
    steps, folder = [], root / "data" / "sample"
    apart = ingest_city(config, folder, steps.append)
    with job.in_this_process():
        here = ingest_city(config, folder)
    assert steps == ["places", "read", "fold", "locate", "layers"]
    for intake, name in ((apart, "apart"), (here, "here")):
        save_dataset(intake.dataset, intake.rejected, tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "here").iterdir() if path.is_file())
    assert len(files) == 8
    for name in files:
        assert (tmp_path / "apart" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()
    assert apart.messages == here.messages
    pd.testing.assert_frame_equal(apart.rejected, here.rejected)


@pytest.mark.long
@pytest.mark.parametrize(
    "words", [("check", "--city", "sample"), ("basemap", "--city", "sample", "--out", "out")]
)
def test_a_commands_own_process_loads_nothing_that_reads_files(words, root, tmp_path):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "csa.cli.main", *words],
        cwd=tmp_path,
        env={**os.environ, "CSA_HOME": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "csa.ingest.job" in loaded
    assert not {"pandas", "numpy", "pyarrow", "geopandas", "shapely", "pyogrio"} & loaded
    assert done.stdout


@pytest.mark.long
def test_what_is_wrong_with_a_file_is_the_same_sentence(config, tmp_path):
    with pytest.raises(SourceError) as refused:
        ingest_city(config, tmp_path)
    with job.in_this_process(), pytest.raises(SourceError) as here:
        ingest_city(config, tmp_path)
    assert refused.value.message == here.value.message


def test_a_fault_of_the_machine_or_of_ours_stays_one(tmp_path):
    with pytest.raises(FileNotFoundError) as missing:
        ask("os:listdir", path=str(tmp_path / "none"))
    assert missing.value.filename == str(tmp_path / "none")
    with pytest.raises(RuntimeError, match="TypeError") as fault:
        ask("os:listdir", path=1.5)
    assert "in run" in fault.value.__notes__[0]  # where it was


def test_a_reader_that_crashes_or_is_killed_becomes_a_sentence():
    with refuses("source.job_crash", SourceError, path="", how="SIGABRT"):
        ask("os:abort")
    with job.shared_process("csa.base.errors"):
        child = job._shared.get().child
        threading.Timer(2, child.process.kill).start()
        with pytest.raises(SourceError) as killed:
            ask("signal:pause")
    assert str(killed.value) == says("source.job_crash", path="", how="SIGKILL")


def test_a_device_which_has_no_end_is_refused_at_once():
    with refuses("source.special", SourceError):
        job.begin_file(Path("/dev/zero"))


@pytest.mark.long
def test_one_that_hangs_ends_by_the_clock(monkeypatch):
    monkeypatch.setattr(job, "PATIENCE", 0.05)
    with refuses("source.job_time", SourceError, path="", n=60):
        ask("signal:pause")


@pytest.mark.long
def test_one_that_computes_for_long_ends_by_its_own_time():
    """A job sets its limit when it begins: the shorter one is set again until it is over."""
    is_over = threading.Event()

    def shorten(pid):
        while not is_over.wait(0.1):
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_CPU, (2, resource.RLIM_INFINITY))

    with job.shared_process("csa.base.errors"):
        shortening = threading.Thread(target=shorten, args=(ask("os:getpid"),))
        shortening.start()
        with pytest.raises(SourceError) as slow:
            ask("timeit:timeit", stmt="pass", number=10**12)
        is_over.set()
        shortening.join()
    assert slow.value.message.key == "source.job_time"


def is_alive(pid):
    return Path(f"/proc/{pid}/stat").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="DEPLOY names what other systems lack")
def test_it_holds_no_secret_leaves_no_core_and_has_so_much_memory(monkeypatch):
    monkeypatch.setenv("CSA_STORE", "postgresql://csa:secret@db/csa")
    with job.shared_process("csa.base.errors"):
        assert ask("os:cpu_count")
        child = job._shared.get().child
        pid = child.process.pid
        content = Path(f"/proc/{pid}/environ").read_text()
        environment = dict(line.partition("=")[::2] for line in content.split("\0") if line)
        assert "secret" not in str(environment)
        assert Path(environment["TMPDIR"]).stat().st_mode & 0o077 == 0
        assert resource.prlimit(pid, resource.RLIMIT_CORE) == (0, 0)
        assert resource.prlimit(pid, resource.RLIMIT_DATA)[0] == job.MEMORY
        assert 60 <= resource.prlimit(pid, resource.RLIMIT_CPU)[0] <= 70
    assert not is_alive(pid)
    assert not Path(child._home).exists()


def test_one_child_reads_all_files_of_a_run_and_another_after_it_was_stopped(monkeypatch):
    with job.shared_process("csa.base.errors"):
        first = ask("os:getpid")
        assert ask("os:getpid") == first != os.getpid()
        with pytest.raises(SourceError):
            ask("os:abort")
        assert ask("os:getpid") != first
    assert ask("os:getpid") != ask("os:getpid")


@pytest.fixture
def asked(monkeypatch):
    """What is asked of which child, by its process."""
    pairs, ask_child = [], job._Child.ask

    def note(child, name, *rest):
        pairs.append((child.process.pid, name.rpartition(":")[2]))
        return ask_child(child, name, *rest)

    monkeypatch.setattr(job._Child, "ask", note)
    return pairs


@pytest.mark.long
def test_a_new_city_is_set_up_by_one_child(run, town, asked):
    rows = (f"{n},{n},2024-01-{1 + n % 28:02d},1,-94.59,39.01,,Testville" for n in range(60))
    run("start", town.write("good.csv", *rows), "--places", town.places, "--yes")
    assert {name for _, name in asked} >= {"read_city", "ingest_city"}
    assert len({child for child, _ in asked}) == 1


@pytest.mark.long
def test_a_months_files_are_read_by_one_child(run, root, asked, tmp_path):
    shutil.copytree(root / "config", tmp_path / "config", dirs_exist_ok=True)
    left = shutil.ignore_patterns("risk_terrain.geojson")
    shutil.copytree(root / "data" / "sample", tmp_path / "data" / "sample", ignore=left)
    run("month", "--city", "sample", "--dry-run", cwd=tmp_path)
    assert "ingest_city" in {name for _, name in asked}
    assert len({child for child, _ in asked}) == 1


def test_a_backup_is_read_by_a_child(run, town, asked, tmp_path):
    place = ("--store", "s.db", "--city", town.config)
    (tmp_path / "b.gz").write_bytes(b"not a backup")
    done = run("restore", tmp_path / "b.gz", "--by", "Office", "--why", "Lost", *place, check=False)
    assert done.returncode == 2
    assert [name for _, name in asked] == ["load_backup"]


def test_a_third_job_waits_and_says_so():
    steps = []
    for _ in range(job.AT_ONCE):
        job._slots.acquire()
    try:
        third = threading.Thread(target=ask, args=("os:getpid", steps.append))
        third.start()
        until = time.monotonic() + 10
        while not steps and time.monotonic() < until:
            time.sleep(0.01)
        assert steps == [job.WAITING]
        assert third.is_alive()
    finally:
        for _ in range(job.AT_ONCE):
            job._slots.release()
    third.join(60)
    assert not third.is_alive()


@pytest.mark.long
def test_a_child_ends_with_its_parent():
    code = (
        "import os\nfrom csa.ingest import job\n"
        "with job.shared_process('csa.base.errors'):\n"
        "    print(job._ask('os:getpid', {}, print), job._shared.get().child._home, flush=True)\n"
        "    os.kill(os.getpid(), 9)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    number, home = ended.stdout.split()
    until = time.monotonic() + 20
    while is_alive(number) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_alive(number)
    assert not Path(home).exists()


@pytest.mark.parametrize("named", [os.system, subprocess.Popen, job.serve, getattr])
def test_an_answer_can_have_its_parent_do_nothing(named, tmp_path):
    content = pickle.dumps((named, ("touch taken",)))
    with pytest.raises(pickle.UnpicklingError):
        job._Unpacker(io.BytesIO(content), tmp_path).load()


def test_the_size_of_a_file_widens_its_limits_and_a_shapefile_is_all_its_parts(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"x" * 2_000_000)
    assert job.seconds(job.size_of(tmp_path / "a.csv")) == 70
    (tmp_path / "b.shp").write_bytes(b"x" * 10)
    (tmp_path / "b.dbf").write_bytes(b"x" * 90)
    assert job.size_of(tmp_path / "b.shp") == 100
    assert job.size_of(tmp_path / "absent.csv") == 0

"""What others need to join: workflows call what is there, and a release can be rehearsed."""

import re
import shutil
import subprocess
import sys

import pytest
import yaml


@pytest.fixture(scope="module")
def workflows(root):
    folder = root / ".github" / "workflows"
    return {path.stem: yaml.safe_load(path.read_text()) for path in folder.glob("*.yml")}


def test_each_target_that_a_workflow_makes_is_in_the_makefile(workflows, root):
    targets = set(re.findall(r"(?m)^([a-z-]+):.*##", (root / "Makefile").read_text()))
    steps = [
        step.get("run", "")
        for workflow in workflows.values()
        for job in workflow["jobs"].values()
        for step in job["steps"]
    ]
    called = {name for words in steps for name in re.findall(r"^g?make ([a-z-]+)", words)}
    assert {"lint", "test", "test-wheel", "test-lowest", "site", "supply"} <= called <= targets


def test_each_job_ends_by_itself_and_may_only_read_unless_it_says_why(workflows):
    for name, workflow in workflows.items():
        assert workflow["permissions"] == {"contents": "read"}
        for job_name, job in workflow["jobs"].items():
            assert "timeout-minutes" in job, job_name
            assert "permissions" not in job or name == "release", job_name


def test_pre_commit_has_the_linters_of_the_lock(root):
    config = yaml.safe_load((root / ".pre-commit-config.yaml").read_text())
    revisions = {repo["repo"].rpartition("/")[2]: repo.get("rev") for repo in config["repos"]}
    lock = (root / "requirements.lock").read_text()
    locked = dict(re.findall(r"(?m)^([a-z-]+)==([0-9.]+)", lock))
    for name, hook in {"ruff": "ruff-pre-commit", "zizmor": "zizmor-pre-commit"}.items():
        assert revisions[hook] == f"v{locked[name]}"


def test_the_steps_of_a_job_are_listed_here(root):
    listed = subprocess.run(
        [sys.executable, "-m", "tests.workflow_steps"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "lint: make lint\n" in listed
    assert "image: docker build --tag core-service-areas . (on a host)\n" in listed


def test_a_release_publishes_what_was_built_its_image_among_it(workflows):
    jobs = workflows["release"]["jobs"]
    uses = "actions/upload-artifact", "actions/download-artifact"
    built, attached = (
        {
            step["with"]["name"]
            for name in names
            for step in jobs[name]["steps"]
            if step.get("uses", "").startswith(use)
        }
        for names, use in zip((("build", "image"), ("notes",)), uses, strict=True)
    )
    assert built == attached == {"dist", "image"}
    assert jobs["publish"]["needs"] == ["build", "image"]


def test_each_target_and_file_that_the_checklists_name_is_there(root):
    page = (root / "docs" / "CHECKLISTS.md").read_text()
    targets = set(re.findall(r"(?m)^([a-z-]+):.*##", (root / "Makefile").read_text()))
    named = set(re.findall(r"`make ([a-z-]+)", page))
    assert len(named) > 10
    assert named <= targets
    files = set(re.findall(r"tests/[\w/]+\.py|`(?=[.a-z])[\w./]+/[\w.]*`", page))
    assert len(files) > 8
    missing = {name for name in files if not (root / name.strip("`")).exists()}
    assert missing == {"`dist/sbom.json`", "`dist/NOTES.md`"} - {
        f"`{path.relative_to(root)}`" for path in (root / "dist").glob("*")
    }


# ---- A release, in a copy of the repository.


@pytest.fixture
def copy(root, tmp_path):
    def git(*words):
        git = shutil.which("git")
        done = subprocess.run([git, *words], cwd=folder, check=True, capture_output=True, text=True)
        return done.stdout

    folder = tmp_path / "copy"
    folder.mkdir()
    for name in ("CHANGELOG.md", "pyproject.toml", "CITATION.cff", "codemeta.json"):
        shutil.copy(root / name, folder)
    (folder / ".gitignore").write_text("dist/\n")
    git("init", "--quiet")
    git("config", "user.email", "office@example.org")
    git("config", "user.name", "Office")
    git("add", ".")
    git("commit", "--quiet", "--message", "As it is")

    def release(*words):
        command = [sys.executable, root / "docs" / "release.py", *words]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    release.folder, release.git = folder, git
    return release


def test_a_release_is_one_commit_with_a_tag_and_one_version_everywhere(copy):
    done = copy("prepare", "0.1.0")
    assert done.returncode == 0, done.stderr
    text = {path.name: path.read_text() for path in copy.folder.iterdir() if path.is_file()}
    day = re.search(r"(?m)^## 0\.1\.0 \((\d{4}-\d\d-\d\d)\)$", text["CHANGELOG.md"])[1]
    assert f"version: 0.1.0\ndate-released: {day}\n" in text["CITATION.cff"]
    assert '"version": "0.1.0"' in text["codemeta.json"]
    assert '\nversion = "0.1.0"\n' in text["pyproject.toml"]
    assert copy.git("tag") == "v0.1.0\n"
    assert copy.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("before", "version", "why"),
    [
        (None, "1", "is not a version"),
        (None, "", "no version is not a version"),
        (None, "9.9.9", "CHANGELOG.md has 0 lines for version 9.9.9"),
        (lambda copy: (copy.folder / "CITATION.cff").write_text("x"), "0.1.0", "not committed"),
        (lambda copy: copy.git("tag", "v0.1.0"), "0.1.0", "was released before"),
    ],
)
def test_what_is_not_ready_is_refused_and_nothing_is_written(copy, before, version, why):
    if before is not None:
        before(copy)
    names = [path for path in copy.folder.iterdir() if path.is_file()]
    texts = [path.read_bytes() for path in names]
    done = copy("prepare", version)
    assert (done.returncode, why in done.stderr) == (1, True)
    assert [path.read_bytes() for path in names] == texts


def test_a_releases_files_have_its_notes_and_checksums_and_no_other_versions(copy):
    dist = copy.folder / "dist"
    dist.mkdir()
    for name in (
        "core_service_areas-0.1.0-py3-none-any.whl",
        "core_service_areas-0.1.0.tar.gz",
        "sbom.json",
    ):
        (dist / name).write_bytes(name.encode())
    assert copy("files").returncode == 0
    check = ["sha256sum", "--check", "--quiet", "SHA256SUMS"]
    assert subprocess.run(check, cwd=dist, check=False).returncode == 0
    assert (dist / "NOTES.md").read_text().startswith("The first version.")
    (dist / "core_service_areas-0.0.9.tar.gz").write_bytes(b"")
    refused = copy("files")
    assert refused.returncode == 1
    assert "0.0.9" in refused.stderr

"""The container, where no Docker engine is: its files agree, and its build and command run."""

import json
import re
import shlex
import tomllib
from urllib.error import HTTPError

import pytest
from streamlit import config as streamlit_config
from tests.dockerfile import (
    BUILD,
    HERE,
    IGNORE,
    LAST,
    PORT,
    STAGES,
    Image,
    command,
    confined,
    copies,
    first_page,
    free_port,
    get,
    health_check,
    instructions,
    is_ignored,
    listening,
    of,
    read_yaml,
    served,
    set_writable,
    variables,
)

from csa.base.text import LANGUAGES
from csa.city.deployment import SETTINGS

# ---- The readers -----------------------------------------------------------------------------


def test_a_dockerfile_is_read_in_stages_with_its_lines_joined():
    text = "ARG A=one@b\n# a\nFROM ${A} AS x\nRUN a \\\n    && b\nFROM two\nCOPY --from=x --chown=1:2 /a b /c\n"
    first, second = instructions(text)
    assert first == [("FROM", "one@b AS x"), ("RUN", "a && b")]
    assert list(copies(second)) == [({"from": "x", "chown": "1:2"}, ["/a", "b"], "/c")]


def test_the_last_pattern_that_fits_decides_what_is_ignored():
    patterns = ["*", "!app", "app/made", "**/cache"]
    paths = ["app", "app/x/y.py", "app/made/z", "app/x/cache/1", "data/x", "application", "cache"]
    assert [is_ignored(path, patterns) for path in paths] == [
        False,
        False,
        True,
        True,
        True,
        True,
        True,
    ]


def test_yaml_is_read_by_its_indentation_and_what_is_not_understood_is_refused():
    text = 'a:\n  b: "x: y"\n  # no\n  c:\n    - 1:2\n    - z\nd: true\ne:\n'
    assert read_yaml(text) == {"a": {"b": "x: y", "c": ["1:2", "z"]}, "d": True, "e": None}
    with pytest.raises(AssertionError, match="not understood"):
        read_yaml("a: b\n  - c\n")


# ---- What the files say ----------------------------------------------------------------------


def test_each_path_that_is_copied_exists_and_is_not_ignored():
    for flags, sources, _ in copies(BUILD):
        assert not flags
        for source in sources:
            assert (HERE / source).exists(), source
            assert not is_ignored(source, IGNORE), source


@pytest.mark.parametrize(
    "path",
    [
        "data/kansas-city/kcpd_2019.csv",
        "data/shootings.csv",
        "var/sample/dataset/ingest.json",
        ".streamlit/secrets.toml",
        ".env",
        ".git/config",
        ".venv/bin/python",
        "tests/campaigns/image/test_container.py",
        "app/csa_app/static/vendor/leaflet/leaflet.js",
        "app/csa_app/static/geometry/0123/geometry.json",
        "src/csa/__pycache__/cli.pyc",
        "docs/DATA.md",
        "csa.toml",
    ],
)
def test_what_is_a_citys_a_secret_or_made_here_stays_out(path):
    assert is_ignored(path, IGNORE)


def test_nothing_of_data_but_the_sample_goes_in():
    inside = [source for _, sources, _ in copies(BUILD) for source in sources]
    assert [source for source in inside if source.startswith("data")] == ["data/sample"]
    assert not is_ignored("data/sample/shootings.csv", IGNORE)


def test_the_last_stage_has_no_tool_to_build_with_and_both_stages_one_minor_python(root):
    letters, *more = [rest for rest in of(LAST, "RUN") if rest.startswith("apt-get")]
    assert not more
    assert set(re.findall(r"(?:lib|fonts-)[\w.-]+", letters.split("&& rm")[0])) == set(
        re.search("LETTERS := (.+)", (root / "Makefile").read_text())[1].split()
    )
    last = "\n".join(rest for _, rest in LAST if rest != letters)
    assert not re.search(r"\b(apt|apt-get|gcc|make|pip|uv|curl|wget|git)\b", last)
    (base,) = {rest.split()[0] for stage in STAGES for rest in of(stage, "FROM")}
    assert re.fullmatch(r"docker\.io/library/python:3\.12-slim@sha256:[0-9a-f]{64}", base)
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "Programming Language :: Python :: 3.12" in project["classifiers"]


def test_numbers_and_days_of_each_language_that_is_written_are_kept():
    (trimmed,) = [rest for rest in of(BUILD, "RUN") if "babel/locale-data" in rest]
    for language in LANGUAGES:
        assert f"! -name '{language}*'" in trimmed


def test_the_user_is_a_fixed_number_not_root_named_before_the_command():
    words = [word for word, _ in LAST]
    (user,) = of(LAST, "USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    assert words.index("USER") < words.index("CMD")
    assert words.index("USER") > max(n for n, word in enumerate(words) if word in ("RUN", "COPY"))
    uid, gid = user.split(":")
    made = " ".join(of(LAST, "RUN"))
    assert f"--uid {uid} --gid {gid}" in made
    assert {flags["chown"] for flags, _, place in copies(LAST) if place == "/srv/csa/var"} == {user}


def test_each_variable_is_read_by_the_code_or_by_python():
    of_streamlit = {option.env_var for option in streamlit_config._config_options_template.values()}
    code = "".join(
        path.read_text(encoding="utf-8")
        for path in [*HERE.glob("app/**/*.py"), *HERE.glob("src/csa/**/*.py")]
    )
    settings = {setting.variable for setting in SETTINGS}
    for name in variables(LAST):
        known = name in {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
        assert known or name in of_streamlit | settings or f'"{name}"' in code, name
    assert variables(LAST)["CSA_CITY"] == "sample"


def test_what_listens_on_every_address_takes_nobody_for_this_machines_own():
    assert variables(LAST)["CSA_ACCESS"] == "public"
    assert "--server.address=0.0.0.0" in command()


def test_health_check_command_and_exposed_port_agree():
    assert command()[:3] == ["python", "-m", "csa_app"]
    assert "--server.address=0.0.0.0" in command()
    assert f"--server.port={PORT}" in command()
    assert of(LAST, "EXPOSE") == [PORT]
    code = " ".join(health_check())
    assert f"127.0.0.1:{PORT}/" in code
    assert "_stcore/health" in code
    assert "curl" not in code


def test_the_labels_say_what_the_project_says(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    labels = dict(pair.split("=", 1) for pair in shlex.split(of(LAST, "LABEL")[0]))
    name = "org.opencontainers.image"
    assert labels[f"{name}.title"] == project["name"]
    assert labels[f"{name}.version"] == project["version"]
    assert labels[f"{name}.licenses"] == project["license"]
    assert labels[f"{name}.base.name"] == of(LAST, "FROM")[0].partition("@")[0]


# ---- The locks -------------------------------------------------------------------------------


def pins(path):
    """Give name to (version and marker, hashes)."""
    parts = re.split(r"\n(?=[a-z0-9])", path.read_text(encoding="utf-8"))[1:]
    return {part.split("==")[0]: part for part in parts}


@pytest.mark.parametrize("name", ["requirements-app.lock", "requirements-build.lock"])
def test_the_images_locks_agree_with_the_one_lock(root, name):
    every, some = pins(root / "requirements.lock"), pins(root / name)
    assert some
    assert not re.search("://|index", (root / name).read_text(encoding="utf-8"))
    for package, text in some.items():
        version, *hashes = re.findall(r"==([^ ;]+)|--hash=(\S+)", text)
        assert version[0] in every[package].split(" ", 1)[0], package
        assert hashes, package
        assert {found for _, found in hashes} <= set(re.findall(r"--hash=(\S+)", every[package])), (
            package
        )


def test_the_image_runs_without_what_only_developers_need_and_builds_with_what_the_project_names(
    root,
):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))

    def names(wanted):
        return {re.split(r"[\[<>=~!]", one)[0] for one in wanted}

    app, build = pins(root / "requirements-app.lock"), pins(root / "requirements-build.lock")
    needed = project["project"]["dependencies"] + project["project"]["optional-dependencies"]["app"]
    assert names(needed) <= set(app)
    assert not names(project["dependency-groups"]["dev"]) & set(app)
    assert names(project["build-system"]["requires"]) <= set(build)


# ---- Compose ---------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def compose():
    text = (HERE / "compose.yaml").read_text(encoding="utf-8")
    return read_yaml(text)


def test_compose_offers_this_machine_alone_and_takes_every_right_away(compose):
    (service,) = compose["services"].values()
    assert service["ports"] == [f"127.0.0.1:${{PORT:-{PORT}}}:{PORT}"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert (service["mem_limit"], service["pids_limit"]) == ("3g", "256")
    assert not {"privileged", "cap_add", "network_mode", "user"} & set(service)


def test_compose_and_dockerfile_agree(compose, root):
    (service,) = compose["services"].values()
    assert (root / service["build"] / "Dockerfile").is_file()
    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "version"
    ]
    assert service["image"] == f"csa:{version}"
    city = variables(LAST)["CSA_CITY"]
    assert service["environment"] == {
        "CSA_CITY": f"${{CSA_CITY:-{city}}}",
        "CSA_ACCESS": "${CSA_ACCESS:-public}",
    }
    volume, place = service["volumes"][0].split(":")
    assert volume in compose["volumes"]
    temporary = dict(mount.partition(":")[::2] for mount in service["tmpfs"])
    assert temporary.pop("/tmp") == ""  # noqa: S108 - the container's own
    assert {place, *temporary} == set(json.loads(of(LAST, "VOLUME")[0]))
    uid, gid = of(LAST, "USER")[0].split(":")
    assert all(f"uid={uid},gid={gid}" in options for options in temporary.values())


def opened_at(*starts):
    """Read compose.yaml with the # off the lines that begin in some way."""
    text = (HERE / "compose.yaml").read_text(encoding="utf-8")
    begun = "|".join(map(re.escape, starts))
    return text, re.sub(rf"^( +)# ({begun})", r"\1\2", text, flags=re.MULTILINE)


def test_the_bundle_is_where_the_app_looks_for_it_once_its_marks_are_off():
    (service,) = read_yaml(opened_at("- ./public", "CSA_BUNDLE:")[1])["services"].values()
    mounted = f"{of(LAST, 'WORKDIR')[0]}/public"
    assert service["volumes"][1] == f"./public:{mounted}:ro"
    # A bundle is exchanged whole, so that it cannot be what is mounted.
    assert service["environment"]["CSA_BUNDLE"] == f"{mounted}/bundle"


def test_the_example_of_a_real_city_is_right_once_its_marks_are_off():
    text, opened = opened_at("- ./var", "- ./csa.toml", "- ./.streamlit", "CSA_BASEMAP:")
    (service,) = read_yaml(opened)["services"].values()
    _, (folder, place, mode), *files = (mount.split(":") for mount in service["volumes"])
    assert folder.startswith("./var/")
    assert mode == "ro"
    assert service["environment"]["CSA_BASEMAP"] == f"{place}/basemap"
    assert f"CSA_CITY={place}/dataset CSA_ACCESS=signed-in docker compose up" in text
    workdir = of(LAST, "WORKDIR")[0]
    assert files == [
        [f"./{name}", f"{workdir}/{name}", "ro"] for name in ("csa.toml", ".streamlit/secrets.toml")
    ]


# ---- What runs -------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def image(tmp_path_factory):
    """Make the image; its files are read-only but for the volumes, as a container's root is."""
    made = Image(tmp_path_factory.mktemp("container"))
    set_writable(made.folder, False)
    for volume in json.loads(of(LAST, "VOLUME")[0]):
        set_writable(made.place(volume), True)
    yield made
    set_writable(made.folder, True)


@pytest.mark.system
def test_the_image_holds_what_the_app_needs_and_no_editable_csa(image):
    code = "import csa, csa_app; print(csa_app.__file__, csa.__file__)"
    done = image.run(["python", "-c", code])
    where = done.stdout.split()
    assert [path.startswith(str(image.folder)) for path in where] == [True, True], done.stderr
    assert all("/opt/csa/" in path for path in where)
    assert image.run(["csa", "--version"]).stdout.startswith("csa ")
    for path in (
        "var/sample/dataset/ingest.json",
        "var/sample/basemap/basemap.json",
    ):
        assert image.place(path).is_file(), path
    assert image.run(["csa", "check", "--city", "sample"]).returncode == 0  # of the package
    assert not any(image.place(name).exists() for name in ("src", "config", "data"))


@pytest.mark.system
def test_the_command_serves_the_sample_to_every_address_from_files_it_cannot_change(image):
    assert image.run(confined(["touch", str(image.place("touched"))])).returncode
    before = sorted(path for path in image.folder.rglob("*") if ".geometry" not in path.parts)
    with listening() as (proxy, asked), served(image, http_proxy=proxy, https_proxy=proxy) as port:
        assert get(f"http://127.0.0.1:{port}/_stcore/health")[0] == 200
        with pytest.raises(HTTPError, match="403"):  # bound to more than 127.0.0.1, not by its name
            get(f"http://127.0.0.2:{port}/")
        said = first_page(f"ws://127.0.0.1:{port}")
        assert said[-1].script_finished == 0, said[-1]
        shown = " ".join(map(str, said))
        assert "Orrinvale" in shown
        assert "exception {" not in shown
        for name in ("leaflet/leaflet.js", "csa-page.js"):
            assert get(f"http://127.0.0.1:{port}/app/static/{name}")[0] == 200
    assert asked == []  # nothing leaves the machine
    assert len(list(image.place("var/.geometry").glob("*/geometry.json"))) >= 2
    assert (
        sorted(path for path in image.folder.rglob("*") if ".geometry" not in path.parts) == before
    )


@pytest.mark.system
def test_local_in_the_container_is_refused_in_a_sentence(image):
    words = [image.inside(word).replace(PORT, free_port()) for word in command()]
    done = image.run(words, CSA_ACCESS="local")
    assert done.returncode == 2
    assert "Set server.address to 127.0.0.1 (it is" in done.stderr


@pytest.mark.slow
def test_health_fails_where_nothing_is_served_and_follows_a_base_path(image):
    unused = [word.replace(PORT, free_port()) for word in health_check()]
    assert image.run(unused).returncode
    with served(image, STREAMLIT_SERVER_BASE_URL_PATH="/areas/") as port:
        assert get(f"http://127.0.0.1:{port}/areas/_stcore/health")[0] == 200
        assert get(f"http://127.0.0.1:{port}/areas/app/static/csa-page.js")[0] == 200
        assert first_page(f"ws://127.0.0.1:{port}/areas")[-1].script_finished == 0


@pytest.mark.slow
def test_a_mounted_dataset_is_served_as_it_is(image, tmp_path):
    shown = image.place("var/sample")
    folders = {"CSA_CITY": f"{shown}/dataset", "CSA_BASEMAP": f"{shown}/basemap"}
    with served(image, **folders) as port:
        said = first_page(f"ws://127.0.0.1:{port}")
    assert "Orrinvale" in " ".join(map(str, said))


# ---- What is said of it ----------------------------------------------------------------------


def test_the_deployment_page_names_each_variable_folder_and_number(root):
    page = (root / "docs" / "DEPLOY.md").read_text(encoding="utf-8")
    read = re.findall(
        r'"(CSA_\w+)"',
        (root / "app" / "csa_app" / "shared" / "settings.py").read_text(encoding="utf-8"),
    )
    assert len(read) >= 3
    folders = json.loads(of(LAST, "VOLUME")[0])
    set_here = [name for name in variables(LAST) if name.startswith(("CSA_", "STREAMLIT_"))]
    for name in (*read, *folders, *set_here, of(LAST, "USER")[0], PORT, "Upgrade $http_upgrade"):
        assert name in page, name
    for option in re.findall(r"STREAMLIT_\w+", page):
        assert option in {o.env_var for o in streamlit_config._config_options_template.values()}
    assert "docs/DEPLOY.md" in (root / "README.md").read_text(encoding="utf-8")

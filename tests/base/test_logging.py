"""The log: to stderr, quiet unless asked, JSON for machines."""

import json
import logging

import pytest
from hypothesis import given, strategies as st

from csa.base.logging import JsonFormatter, configure_logging


@pytest.fixture(autouse=True)
def _log_as_before():
    logger = logging.getLogger("csa")
    handlers, level = logger.handlers, logger.level
    yield
    logger.handlers = handlers
    logger.setLevel(level)


# ---- By hand --------------------------------------------------------------------------------


def test_a_step_is_logged_to_stderr_when_asked(capsys):
    configure_logging(is_verbose=True, as_json=False)
    logging.getLogger("csa.ingest").info("read %d rows", 12)
    written = capsys.readouterr()
    assert (written.out, written.err) == ("", "csa.ingest: read 12 rows\n")


def test_a_machine_reads_an_object_a_line(capsys):
    configure_logging(is_verbose=True, as_json=True)
    logging.getLogger("csa").warning("café\nclosed")
    logging.getLogger("csa.geo").info("done")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert lines == [
        {"level": "warning", "logger": "csa", "message": "café\nclosed"},
        {"level": "info", "logger": "csa.geo", "message": "done"},
    ]


# ---- At the edge ----------------------------------------------------------------------------


def test_unless_asked_only_what_went_wrong_is_logged(capsys):
    configure_logging(is_verbose=False, as_json=False)
    logging.getLogger("csa").info("a step")
    logging.getLogger("csa").warning("a fault")
    assert capsys.readouterr().err == "csa: a fault\n"


def test_starting_twice_does_not_say_everything_twice(capsys):
    configure_logging(is_verbose=True, as_json=True)
    configure_logging(is_verbose=True, as_json=False)
    logging.getLogger("csa").info("once")
    assert capsys.readouterr().err == "csa: once\n"


def test_other_libraries_are_left_alone():
    root = logging.getLogger()
    before = list(root.handlers), root.level
    configure_logging(is_verbose=True, as_json=True)
    assert (list(root.handlers), root.level) == before


# ---- Refused --------------------------------------------------------------------------------


def test_a_fault_of_ours_keeps_its_traceback_for_machines_too(capsys):
    configure_logging(is_verbose=True, as_json=True)
    try:
        int("no number")
    except ValueError:
        logging.getLogger("csa").exception("failed")
    assert "Traceback" in capsys.readouterr().err


# ---- True in general ------------------------------------------------------------------------


@given(st.text(max_size=60), st.sampled_from([logging.INFO, logging.ERROR]))
def test_whatever_is_said_is_one_line_of_json(text, level):
    record = logging.LogRecord("csa.x", level, "f.py", 1, "%s", (text,), None)
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == text
    assert json.loads(line)["level"] == logging.getLevelName(level).lower()

"""What tests of extras share with the pages' own."""

from tests.app.conftest import _nothing_of_ours, dataset, scan_once, static, visit
from tests.program.conftest import candidate

__all__ = ["_nothing_of_ours", "candidate", "dataset", "scan_once", "static", "visit"]

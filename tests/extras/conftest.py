"""What tests of extras share with the pages' own."""

from tests.app.conftest import _nothing_of_ours, dataset, scan_once, static, visit

__all__ = ["_nothing_of_ours", "dataset", "scan_once", "static", "visit"]

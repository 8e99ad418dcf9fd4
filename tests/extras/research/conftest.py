"""Testville, as tests of change use it."""

from tests.change.conftest import controls, located, testville

__all__ = ["controls", "located", "testville"]

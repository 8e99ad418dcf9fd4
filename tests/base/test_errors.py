"""Errors keep their key and values wherever they are raised."""

import pickle

from csa.base.errors import ConfigError, CsaError
from csa.base.message import msg


def test_errors_and_messages_cross_between_processes():
    for error in (
        CsaError("dataset.other_city", found="a", wanted="b"),
        ConfigError(
            "config.absent", faults=(msg("config.weights"),), path="x.toml", folder="config"
        ),
    ):
        again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
        assert (type(again), str(again), again.args) == (type(error), str(error), error.args)
        assert again.__dict__ == error.__dict__

"""Records of past years, by hand."""

from dataclasses import replace

from csa.areas.backtest.record import BacktestRecord
from csa.areas.backtest.scoring import BACKTEST_COLUMNS, as_table


def of_days(dataset, first, last):
    return replace(dataset, report={**dataset.report, "data_from": first, "data_through": last})


def of_fingerprint(dataset, letter):
    return replace(dataset, report={**dataset.report, "fingerprint": letter * 64})


def record_of(hit_shares):
    """Past Januaries, in each of which areas caught so much on 2% of the land, and blocks all."""
    rows = [
        dict.fromkeys(BACKTEST_COLUMNS, 0.0)
        | {"origin": f"{2015 + n}-01", "method": method, "hit_share": caught, "area_share": 0.02}
        for n, share in enumerate(hit_shares)
        for method, caught in (("areas", share), ("blocks", 1.0))
    ]
    return BacktestRecord("f", "1", {}, as_table(rows), None, (), None, ())

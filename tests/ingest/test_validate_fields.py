"""What a row says of where it happened."""

import numpy as np
import pandas as pd

from csa.city.layouts import Source
from csa.ingest.validate import read_places


def test_two_exports_of_one_list_have_the_same_places():
    """A table's program writes the last digits otherwise: 5e-9 degrees, half a millimeter."""
    columns = {"lon": ["lon"], "lat": ["lat"]}
    source = Source(name="s", columns=columns, homicide=[{}], date_formats=["%Y"])
    random = np.random.default_rng(8)
    lonlat = np.round(random.random((400, 2)), 6) - [79.4, -43.6]
    index, found = pd.RangeIndex(400), []
    for noise in (0.0, 5e-9):
        texts = [pd.Series(at).map("{:.15g}".format) for at in (lonlat + noise).T]
        fields = dict(zip(("lon", "lat"), texts, strict=True))
        read = read_places(source, fields, index, pd.Series(True, index=index))
        found.append(pd.DataFrame(read))
    pd.testing.assert_frame_equal(*found, check_exact=True)

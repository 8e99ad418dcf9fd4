"""What an analyst writes without the library: cells, clusters, a hull each, and a file.

`python -m benchmarks.rivals.plain_script INCIDENTS NEIGHBORHOODS OUT`: no ranges, no land,
no floor, no names that last, no second reading of what is odd.
"""

import sys

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
from sklearn.cluster import DBSCAN

RADIUS_M, LEAST, MONTHS = 200, 25, 36


def main(incidents: str, neighborhoods: str, out: str) -> None:
    points = gpd.read_parquet(incidents)
    points = points[~points.geometry.isna() & ~points.geometry.is_empty]
    days = pd.to_datetime(points["occurred_at"])
    points = points[days > days.max() - pd.DateOffset(months=MONTHS)]
    metric = points.to_crs(points.estimate_utm_crs())
    xy = np.c_[metric.geometry.x, metric.geometry.y]
    at = zip(points.geometry.y, points.geometry.x, strict=True)
    points["cell"] = [h3.latlng_to_cell(lat, lon, 10) for lat, lon in at]
    points["cluster"] = metric["cluster"] = DBSCAN(eps=RADIUS_M, min_samples=LEAST).fit_predict(xy)
    clustered = metric[metric["cluster"] >= 0].dissolve("cluster", aggfunc={"occurred_at": "count"})
    areas = clustered.set_geometry(clustered.convex_hull).rename(
        columns={"occurred_at": "incidents"}
    )
    names = gpd.read_file(neighborhoods).to_crs(areas.crs)
    areas.sjoin(names, how="left").to_crs(4326).to_file(f"{out}.geojson")
    points["cell"].value_counts().to_csv(f"{out}-cells.csv")
    points.drop(columns="geometry").to_csv(f"{out}-points.csv")


if __name__ == "__main__":
    main(*sys.argv[1:])

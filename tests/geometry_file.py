"""What a browser makes of the outlines of cells that `csa.geo.cell_time.pack_cells` packed."""

from itertools import accumulate


def corners_of(packed):
    """List each cell's corners as longitude and latitude, worked out from the packing's words."""
    (west, south), step, known = packed["origin"], packed["step"], 0
    places = [
        (west + x * step, south + y * step)
        for x, y in zip(accumulate(packed["x"]), accumulate(packed["y"]), strict=True)
    ]
    cells = []
    for backs in packed["cells"]:
        cells.append([])
        for back in backs:
            cells[-1].append(places[known - back])
            known += back == 0
    return cells

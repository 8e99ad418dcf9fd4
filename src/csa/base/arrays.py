"""Kinds of array, named once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
AnyFloats = npt.NDArray[np.floating[Any]]
"""Of 64 bits, or of 32 where millions are held and these are exact."""
Ints = npt.NDArray[np.signedinteger[Any]]
"""Whole numbers: of 64 bits, or of 32 where millions are held."""
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]
Cells = npt.NDArray[np.uint64]
"""H3 cells."""

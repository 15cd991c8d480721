"""Names for the arrays of this tier."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
"""float32 samples or per-frame values"""
Ints = NDArray[np.integer[Any]]
Bools = NDArray[np.bool_]

"""Classification with few labels: interpolation over a graph of features, the weighted nonlocal Laplacian.

The features are any `[n, d]`; `zoo.load(name, include_top=False)` gives those of a trained network.
"""

from zoo.wnll.head import WNLLHead

__all__ = ["WNLLHead"]

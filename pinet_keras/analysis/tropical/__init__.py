"""ReLU networks in tropical geometry: where max takes the place of +, and + that of ×, they are rational functions."""

from pinet_keras.analysis.tropical.hypersurface import TropicalCurve, decision_boundary, tropical_hypersurface
from pinet_keras.analysis.tropical.network import ReLUNetwork
from pinet_keras.analysis.tropical.polynomial import TropicalPolynomial
from pinet_keras.analysis.tropical.rational_map import TropicalRational, tropical_rational_map
from pinet_keras.analysis.tropical.regions import PlanarRegions, linear_regions_in_plane, region_bound
from pinet_keras.analysis.tropical.zonotope import Zonotope, hidden_zonotopes

__all__ = [
    "PlanarRegions",
    "ReLUNetwork",
    "TropicalCurve",
    "TropicalPolynomial",
    "TropicalRational",
    "Zonotope",
    "decision_boundary",
    "hidden_zonotopes",
    "linear_regions_in_plane",
    "region_bound",
    "tropical_hypersurface",
    "tropical_rational_map",
]

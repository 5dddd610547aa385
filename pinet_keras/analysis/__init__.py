"""Proofs and computations about networks that are polynomials."""

from pinet_keras.analysis.certificate import Certificate, Row, certify
from pinet_keras.analysis.decisions import Crossing
from pinet_keras.analysis.expansion import Expansion, expand
from pinet_keras.analysis.folding import fold
from pinet_keras.analysis.learned import learned_activations
from pinet_keras.analysis.lines import crossings, margin, restrict
from pinet_keras.analysis.macs import count_macs
from pinet_keras.analysis.planes import plane
from pinet_keras.analysis.regions import Pieces, linear_regions_on_line
from pinet_keras.analysis.replacement import ReplacedActivation, Replacement
from pinet_keras.analysis.replacing import replace_activations
from pinet_keras.analysis.replay import Evaluator
from pinet_keras.analysis.rules import register_degree_rule
from pinet_keras.analysis.verification import Verification

__all__ = [
    "Certificate",
    "Crossing",
    "Evaluator",
    "Expansion",
    "Pieces",
    "ReplacedActivation",
    "Replacement",
    "Row",
    "Verification",
    "certify",
    "count_macs",
    "crossings",
    "expand",
    "fold",
    "learned_activations",
    "linear_regions_on_line",
    "margin",
    "plane",
    "register_degree_rule",
    "replace_activations",
    "restrict",
]

"""Where the zoo keeps its files; all of them travel in the wheel."""

from pathlib import Path

ROOT = Path(__file__).parent
ARCHITECTURES = ROOT / "architectures"
CARDS = ROOT / "cards"
CARD_SCHEMA = ROOT / "card.schema.json"
RECIPES = ROOT / "recipes"
SAMPLES = ROOT / "samples"
WEIGHTS = ROOT / "weights"

"""Where the zoo keeps its files; all of them travel in the wheel."""

from pathlib import Path

ROOT = Path(__file__).parent
ARCHITECTURES = ROOT / "architectures"
CARDS = ROOT / "cards"
CARD_SCHEMA = ROOT / "card.schema.json"
FACES = ROOT / "verification" / "pinet_faces"  # the model of `zoo.verification`
RECIPES = ROOT / "recipes"
SAMPLES = ROOT / "samples"
WEIGHTS = ROOT / "weights"

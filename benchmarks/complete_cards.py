"""Shipped cards in today's form: python -m benchmarks.complete_cards

When cards are to tell more of a training than earlier ones do, this gives those the new entries: `null`, since what was
not recorded is not known. No figure is measured or changed.
"""

import zoo
from zoo.environment import completed
from zoo.paths import ROOT
from zoo.publishing import write_card


def main():
    """Write every card that lacks an entry again."""
    for name in zoo.list_models():
        card = zoo.card(name)
        old = card["training"]
        facts = completed({key: old[key] for key in old.keys() & completed({}).keys()})
        card["training"] = {**{key: old[key] for key in old if key not in facts}, **facts}
        if card["training"] != old:
            write_card(card, ROOT)
            print(f"{name}: now with {', '.join(key for key in facts if facts[key] != old.get(key, ...))}")


if __name__ == "__main__":
    main()

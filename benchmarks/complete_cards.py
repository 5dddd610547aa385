"""Shipped cards in today's form: python -m benchmarks.complete_cards

When cards are to tell more of a training than earlier ones do, this gives those the new entries: `null`, since what was
not recorded is not known. They also take over the words of their recipes. No metric is measured or changed.
"""

import zoo
from zoo.environment import completed
from zoo.paths import ROOT
from zoo.publishing.publish import write_card
from zoo.recipes import read_recipe

WORDS = ("description", "note")


def main():
    """Write every card again that lacks an entry, or has other words than its recipe."""
    for name in zoo.list_models():
        card = zoo.card(name)
        new = with_words(card, read_recipe(name))
        new = {**new, "training": in_todays_form(new["training"])}
        if new != card:
            write_card(new, ROOT)
            print(name)


def with_words(card, recipe) -> dict:
    """A card with the description and the note of its recipe; as it was if it is the card of another recipe by now."""
    trained = card["training"]["recipe"]
    if any(getattr(recipe, key, None) != trained[key] for key in trained if key not in WORDS):
        return card
    words = {key: getattr(recipe, key) for key in WORDS if getattr(recipe, key)}
    return {**card, **words, "training": {**card["training"], "recipe": {**trained, **words}}}


def in_todays_form(training) -> dict:
    """What a card says of its training, with all entries that a new card has."""
    keys = completed({}).keys()
    facts = completed({key: training[key] for key in training if key in keys})
    return {**{key: training[key] for key in training if key not in keys}, **facts}


if __name__ == "__main__":
    main()

"""Recipes: one flat TOML file a trained model, every hyperparameter of its run."""

from zoo.recipes.recipe import Recipe, list_recipes, read_recipe

__all__ = ["Recipe", "list_recipes", "read_recipe"]

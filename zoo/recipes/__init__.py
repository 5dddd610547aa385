"""Recipes: one flat TOML file a trained model, every hyperparameter of its run."""

from zoo.recipes.generator_recipe import GeneratorRecipe
from zoo.recipes.recipe import Recipe, list_recipes, read_recipe

__all__ = ["GeneratorRecipe", "Recipe", "list_recipes", "read_recipe"]

"""Recipes: one flat TOML file per model, with every hyperparameter of its training."""

from zoo.recipes.changes import with_changes
from zoo.recipes.generator_recipe import GeneratorRecipe
from zoo.recipes.node_recipe import NodeRecipe
from zoo.recipes.reading import list_recipes, read_named_toml, read_recipe
from zoo.recipes.recipe import Recipe

__all__ = ["GeneratorRecipe", "NodeRecipe", "Recipe", "list_recipes", "read_named_toml", "read_recipe", "with_changes"]

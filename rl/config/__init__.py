"""Recipes: what makes a run, typed, read from YAML. Loads no torch."""

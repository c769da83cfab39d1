"""Faithfulness: whether a model's reasoning pays, and whether its answer follows from it."""

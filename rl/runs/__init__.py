"""Runs: their folders, their checkpoints and rollouts, and where things come from. Loads no torch."""

"""Hindsight: yesterday's rollouts under today's rubric."""

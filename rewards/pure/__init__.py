"""Rewards that are pure functions of a ruling, a case and its excerpt: no model, no clock, no chance."""

"""Ranking by risk: curves, and thresholds chosen on other cases."""

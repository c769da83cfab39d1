"""Scoring: a rubric, the plan that it makes of its rewards, and the scorecards that come of it."""

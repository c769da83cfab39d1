"""Single reviews, for people and for other programs."""

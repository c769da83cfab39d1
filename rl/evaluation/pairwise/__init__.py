"""How well a reward model tells the better of two rulings: scores, figures with intervals, and files."""

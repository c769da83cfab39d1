"""Generation: cases in, what a model writes on them out."""

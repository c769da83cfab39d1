"""Training, evaluation and comparison of reviewers: the top floor, and the command line."""

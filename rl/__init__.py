"""Training, evaluation and comparison of reviewers: the top floor, and the command line."""

import os

# TRL reports every run to the Hub unless told not to.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

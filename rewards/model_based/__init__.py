"""Rewards that ask a model: a judge behind a server, or one in this process."""

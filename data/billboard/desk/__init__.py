"""Billboard at the desk: ads that nobody can rule on without looking things up."""

from data.billboard.desk.build import build_desk

__all__ = ["build_desk"]

"""Billboard at the desk: ads that nobody can rule on without looking things up."""

from data.billboard.desk.build import POOLS, build_desk

__all__ = ["POOLS", "build_desk"]

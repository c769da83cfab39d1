"""Twins made from cases with gold: the same case under rules of which one is changed, with the gold that follows."""

from data.twins.make import CHANGES, Twinned, make_twins, save_twins

__all__ = ["CHANGES", "Twinned", "make_twins", "save_twins"]

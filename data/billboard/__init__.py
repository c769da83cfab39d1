"""Billboard: the embedded benchmark. It draws ads, words the rules they are judged by, and works out every ruling."""

from data.billboard.build import build
from data.billboard.config import SPLITS, BillboardConfig

__all__ = ["SPLITS", "BillboardConfig", "build"]

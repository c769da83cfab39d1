"""How well a model reviews: predictions, outcomes, metrics with intervals, and a page that shows them.

Each name is imported when it is first asked for, from the module that ``__init__.pyi`` says, so that who only reads
predictions does not wait for what works out figures.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

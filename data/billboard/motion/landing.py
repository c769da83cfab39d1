"""Landing: the page that a clip leads to, which may not hold what the clip says; as the HTML that a browser saves."""

from dataclasses import dataclass
from html import escape

HEADING, PRICE = 0, 1
"""Which of the three sections names the product, and which the price; the third states the terms, if any."""
MONTHLY, ONCE = "paid every month", "paid once"


@dataclass(frozen=True)
class Landing:
    """The page that a clip leads to."""

    product: str
    price: int
    """In dollars."""
    monthly: bool
    """Whether the price is paid every month, or once."""
    terms: bool
    """Whether it states its terms."""

    @property
    def paid(self) -> str:
        """The words that say how the price is paid."""
        return MONTHLY if self.monthly else ONCE

    def html(self, name: str) -> str:
        """The page of a product of that name."""
        title = escape(f"{name} {self.product}")
        last = ("Terms", "Returns within 30 days.") if self.terms else ("About", "Made with care.")
        return (
            "<!doctype html><html lang=en><head><meta charset=utf-8></head><body>\n"
            f"<h1>{title}</h1>\n"
            f"<h2>Price</h2><p>{self.price} dollars, {self.paid}.</p>\n"
            f"<h2>{last[0]}</h2><p>{last[1]}</p>\n"
            "</body></html>\n"
        )

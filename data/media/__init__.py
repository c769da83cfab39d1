"""The media of a case, opened with care: somebody else has made them."""

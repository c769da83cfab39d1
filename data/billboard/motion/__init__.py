"""Billboard in motion: clips with sound, speech and a landing page, each of which some rules cannot do without."""

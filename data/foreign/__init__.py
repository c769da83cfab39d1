"""Files of others, turned into cases by a mapping."""

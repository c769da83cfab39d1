"""Models as rewards and training load them: whole, key by key, or not at all. Loads torch."""

"""What a run will hold in memory, before it costs anything: its passes are imagined, and what is kept is counted."""

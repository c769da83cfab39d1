"""How much of gold retrieval finds: recall of the rules that cases break."""

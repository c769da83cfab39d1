"""Reading cases: JSONL files, folders of them, Arrow and Hub datasets."""

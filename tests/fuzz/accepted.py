"""What may be wrong, or only unusual, in an input and is accepted all the same: each with its reason."""

from fnmatch import fnmatchcase

REASONS: dict[str, str] = {
    # Numbers that are in range.
    "* --at 0*": "how much of the training is done, and 0 and 0.5 are such shares",
    "* --seed 0": "a seed like any other",
    "* --sample 0": "the first completion",
    "* --temperature 0": "greedy decoding",
    "* --prevalence 0.5": "a share between 0 and 1",
    "* --teacher-noise 0*": "a share from 0 to 1",
    "* --prices *": "a price in its range",
    "* --cases 1000*": "at most so many, and there are fewer",
    "* --examples *": "at most so many are printed",
    "train *: --* 0": "a number in its range, and not one where 0 is none",
    "train *: --* 0.5": "a number in its range, and not one where only whole ones are",
    # Where something is written.
    "* a folder at *": "an empty folder is where the output goes, or it may be written into",
    "* a file at *page.html": "an older page is replaced",
    "* a file at *.parquet": "an older file is replaced",
    "* a folder that cannot be written at *page.html": "a link is replaced, and what it leads to stays as it is",
    "* a folder that cannot be written at *.parquet": "a link is replaced, and what it leads to stays as it is",
    "best: --minimum *": "the least total that is learnt from is any number",
    "pairs: --margin *": "how far apart two totals are at least",
    "pairs: --held-out 0.5": "a share between 0.01 and 0.99",
    # Words that are somebody's to choose.
    "*book.yaml: name is *": "a name is what is written there, be it a number",
    "*book.yaml: rules.?.text is *": "a rule's text is what is written there, be it a number",
    "*book.yaml: rules.?.id is NUL": "a rule's id may hold control characters, which are shown written out",
    "*book.yaml: categories*": "a title is what is written there, and what no rule names may go",
    "*cases.jsonl: ?.group is *": "a group is any text, and a case without one stands alone",
    "*cases.jsonl: ?.meta*": "meta is the user's own, and may be anything that JSON can hold",
    "*cases.jsonl: ?.weight is *": "a weight is any number from 0 up",
    "*cases.jsonl: ?.rules is *": "without an excerpt, a case is judged by the whole book",
    "*cases.jsonl: ?.gold.violations.?.evidence*": "evidence may be left open, or be none",
    "*rubric.yaml: * is dropped": "what is left out is at its default",
    "*rubric.yaml: overrides* is an empty mapping": "nothing is different there",
    "*rubric.yaml: * is 0*": "a price or weight in its range",
    "pairs: drafts.jsonl: *.completion is *": "what is no ruling is in no pair, and is counted",
    "*completions.jsonl: ?.completion is *": "a completion that is no ruling is scored as one",
    "*predictions.jsonl: ?.violations is an empty list": "a prediction may cite nothing",
    "train ppo: --* ": "null: without it",
    "*sft.yaml: trainer.max_steps is -1": "steps are then what the epochs give",
    "*sft.yaml: trainer.* is 0.5": "a number in its range",
    "*sft.yaml: * is dropped": "what is left out is at its default",
    "train reward: --center_rewards_coefficient ": "null: scores are not kept around 0",
    "train reward: pairs.jsonl: ?.margin is *": "any number from 0 up, and it may be left out",
    "*reward.yaml: trainer.* is *": "a number in its range",
    "*reward.yaml: * is dropped": "what is left out is at its default",
    "*--config (another kind of file)*": "it is a recipe, after all",
    "*attn_implementation (nothing)": "null: what the model says",
    "*attn_implementation (a picture)": "a kernel of the Hub is named like that",
    # Rows apart.
    "convert JSON: theirs.json: *": "the row is rejected with its reason, or its text is what is written there",
    "convert JSON: media/0.png *": "rows with that picture are rejected, with the reason",
    # What media are made into.
    "prepare: pages.jsonl: ?.page.path is dropped": "a page of which nothing is known stays one",
    "prepare: prepare.yaml: * is dropped": "what is left out is at its default",
    "prepare: media/0.html has a run of 0xFF": "letters that no encoding has are replaced, as browsers do",
    # Files that are not read, or not all of them.
    "* again/predictions.parquet*": "written anew from the log of completions",
    "* again/metrics.json*": "written anew from the log of completions",
    "* again/completions.jsonl is cut off": "the last line, cut off by a kill, is asked for again",
    "* again/completions.jsonl: *": "facts that nothing follows from, or tokens that a model may have written",
    "*valid/metrics.json: *": "figures are worked out again from the predictions",
    "*held/metrics.json: *": "figures are worked out again from the predictions",
    "*valid/run.json: *": "of where predictions come from, only what is read is looked at",
    "*held/run.json: *": "of where predictions come from, only what is read is looked at",
    "*valid/predictions.parquet: *": "a column that may be null or left out, or that is written for other readers",
    "*held/predictions.parquet: *": "a column that may be null or left out, or that is written for other readers",
    "*/variants.parquet: *": "a column that may be null or left out, or that is written for other readers",
    "*run/run.json: *": "of where a run comes from, only what is read is looked at",
    "*scores.parquet: *": "a case may have several completions, and old scores are not read",
    "score a run: *.parquet: *": "only cases and completions are read",
    "*rollouts/*.parquet is gone": "parts are complete in themselves, and some may have been removed",
    "*rollouts/*.parquet: *": "a column that is not read, fewer rollouts, or numbers that a run may have written",
    "check a dataset: *": "how a dataset is shown, or said to be, which does not change what is in it",
    # The libraries' own.
    "review: model/generation_config.json*": "transformers takes its defaults where this cannot be read",
    "review: model/tokenizer_config.json*": "transformers takes what it needs from tokenizer.json",
    "review: model/processor_config.json*": "of video, which no case here has, or at its default",
    "review: model/config.json*": "at its default, or of no weight for the layers",
    "evaluate pairs: pairs.jsonl: ?.margin is *": "any number from 0 up, and it may be left out",
    "evaluate pairs: scorer/config.json*": "at its default, or of no weight for the layers",
    "train grpo: model/config.json*": "a number or name of which no weight's shape depends",
    "review: model/chat_template.jinja*": "another template, and a sound one",
}
"""By patterns of an input's name, of which the first that fits counts."""


def reason_for(name: str) -> str | None:
    """Why an input may be accepted; None where nothing says so."""
    return next((reason for pattern, reason in REASONS.items() if fnmatchcase(name, pattern)), None)

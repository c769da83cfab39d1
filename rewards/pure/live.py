"""What windows of a stream are worth beside their verdict: how long a violation goes on unraised, and false alarms.

Both are penalties, 0 (none) to 1 (in full), and speak of windows alone. What counts as raised is what the window is
told that those before it found.
"""

from data import Case, Rulebook, Ruling
from data.windows.memory import when
from rewards.pure.rules import price_of_extra, says_what_is_broken
from rewards.reward import reward
from rewards.score import NotApplicable, Outcome, Score


@reward(name="delay", range=(0, 1))
def delay(ruling: Ruling, case: Case, excerpt: Rulebook, *, most: float = 10.0) -> Outcome:
    """The seconds of the window's new ones that a violation goes on while it is raised neither here nor before, as a
    share of ``most``: over a stream they add up to the time to its detection. Of several violations the longest.

    Example:
        >>> from data import Rule
        >>> from data.window import Window
        >>> book = Rulebook(name="one", rules=[Rule(id="A-1", text="No guns.")])
        >>> gold = {"verdict": "reject", "violations": [{"rule": "A-1", "evidence": [{"interval": [1, 4]}]}]}
        >>> case = Case(id="s@4", window=Window(stream="s", start=0, length=4, fresh=4), gold=gold)
        >>> late = Ruling(verdict="approve", confidence=0.9)
        >>> delay(late, case, book).value, delay.with_params({"most": 2.0})(late, case, book).value
        (0.3, 1.0)
    """
    gold, window = case.gold_for(excerpt), case.window
    if window is None or gold is None or not says_what_is_broken(gold):
        return NotApplicable
    cited = {violation.rule for violation in ruling.violations}
    unraised: dict[str, float] = {}
    for violation in gold.violations or []:
        if cited.isdisjoint(violation.accepted) and not window.has_open(violation.accepted):
            begun, ended = when(violation.evidence or [], case)
            seconds = max(0.0, ended - max(begun, window.seen))
            unraised[violation.rule] = max(seconds, unraised.get(violation.rule, 0.0))
    longest = max(unraised.values(), default=0.0)
    reason = ", ".join(f"{rule} {seconds:g} s" for rule, seconds in unraised.items()) or "all is raised"
    return Score(min(1.0, longest / most), reason)


@reward(name="false_alarm", range=(0, 1))
def false_alarm(ruling: Ruling, case: Case, excerpt: Rulebook) -> Outcome:
    """1 where a rule is cited that gold does not break in the window and that was not found before it either: an alarm
    about nothing begins; ½ where gold is not exhaustive, and may have left it out.

    Example:
        >>> from data import Rule
        >>> from data.window import Window
        >>> book = Rulebook(name="one", rules=[Rule(id="A-1", text="No guns.")])
        >>> window = Window(stream="s", start=0, length=4, fresh=4)
        >>> raised = Ruling(verdict="reject", confidence=0.9, violations=[{"rule": "A-1"}])
        >>> false_alarm(raised, Case(id="s@4", window=window, gold={"verdict": "approve", "violations": []}), book)
        1.0
    """
    gold, window = case.gold_for(excerpt), case.window
    if window is None or gold is None or not says_what_is_broken(gold):
        return NotApplicable
    right = {rule for violation in gold.violations or [] for rule in violation.accepted}
    begun = {v.rule for v in ruling.violations} - right
    prices = (price_of_extra(rule, gold, excerpt) for rule in begun if not window.has_open((rule,)))
    return min(1.0, max(prices, default=0.0))

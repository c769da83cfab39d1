"""Says in words what an audit found."""

from collections import Counter
from collections.abc import Iterator, Sequence

from rewards.audit.bench import Bench, Exhibit
from rewards.audit.prior import FAIR
from rewards.audit.report import Audit, Band, Claim, Flaw
from rewards.audit.trial import MARGIN, ROUNDING, SHARE, Trial


def find(audit: Audit, bench: Bench) -> Iterator[Flaw]:
    """Everything that is wrong: cheats in the order of what they earn, then the rest."""
    yield from _faults(bench)
    yield from _choosy(bench)
    yield from _gold(bench)
    for rating in audit.ratings:
        if not rating.ok:
            message = (
                f"earns {rating.total:.2f} on average, as much as an honest reviewer who is right "
                f"{rating.break_even:.0%} of the time; at most {rating.cheat.limit:.0%} is allowed"
            )
            yield Flaw(rating.cheat.name, message, rating.exhibit)
    for trial in audit.trials:
        if not trial.ok:
            yield Flaw(trial.cheat.name, _said(trial), trial.exhibit)
        elif trial.free:
            message = f"costs nothing around {trial.free} right rulings: penalise length and repetition"
            yield Flaw(trial.cheat.name, message, level="warning")
    own = audit.priors[0]
    if not own.ok:
        message = (
            f"earns {own.escalating:.2f} on average where verdicts come up as in the data, and an honest reviewer who "
            f"is right {FAIR:.0%} of the time earns {own.fair:.2f}: lower the prices, or the worth of escalation"
        )
        yield Flaw("escalating instead of reviewing", message)
    yield from (Flaw(claim.name, _claimed(claim)) for claim in audit.claims if not claim.ok)
    yield from _against_the_odds(audit.bands)


def _faults(bench: Bench) -> Iterator[Flaw]:
    for reward, count in bench.faults.items():
        first = bench.first_fault[reward]
        message = f"reward '{reward}' failed on {count} of {bench.scored} completions; first on case '{first.case}'"
        yield Flaw("a reward that fails", f"{message}: {first.error}")


def _choosy(bench: Bench) -> Iterator[Flaw]:
    for reward, (subject, answer, card) in bench.choosy.items():
        message = (
            f"reward '{reward}' applies to some answers about case '{card.case}' and not to others, so that a model "
            "chooses what it is scored on; NotApplicable must depend on the case alone"
        )
        assert card.total is not None
        yield Flaw("a reward that chooses its answers", message, Exhibit.of(subject, answer, card.total))


def _gold(bench: Bench) -> Iterator[Flaw]:
    closed = [(subject, card) for subject, card in zip(bench.subjects, bench.gold, strict=True) if card.closed]
    gates = Counter(card.closed for _, card in closed)
    for gate, count in gates.items():
        subject, card = next(pair for pair in closed if pair[1].closed == gate)
        message = f"gold itself earns the floor in {count} of {len(bench.gold)} cases: gate '{gate}' is closed"
        assert card.total is not None
        yield Flaw("gold", message, Exhibit.of(subject, subject.right, card.total))


def _said(trial: Trial) -> str:
    failed, tried = trial.tried - trial.held, trial.tried
    if trial.cheat.kind == "gold-aware":
        return (
            f"earns less than {MARGIN:g} below gold in {failed} of {tried} answers that differ from gold "
            f"({failed / tried:.1%}; at most {1 - SHARE:.0%} is allowed)"
        )
    what = {
        "unfaithful": "earns at least as much as an honest error in {} of {} answers",
        "damage": "costs nothing in {} of {} answers",
        "padding": "pays in {} of {} rulings",
        "bulk": "pays in {} of {} rulings",
    }[trial.cheat.kind]
    return what.format(failed, tried)


def _claimed(claim: Claim) -> str:
    return (
        f"a reviewer who is right {claim.accuracy:.0%} of the time earns {claim.total:.3f} when it states "
        f"{claim.stated:.0%}, and {claim.honest:.3f} when it states {claim.accuracy:.0%}"
    )


def _against_the_odds(bands: Sequence[Band]) -> Iterator[Flaw]:
    severities: dict[tuple[str, float], list[str]] = {}
    for band in bands:
        if not band.ok:
            cheat = ("reject", band.high) if band.high <= 0.5 + ROUNDING else ("approve", band.low)
            severities.setdefault(cheat, []).append(band.where)
    for (verdict, belief), names in severities.items():
        pays = (
            f"rejecting pays from a belief of {belief:.2f} on, when the case is as likely fine"
            if verdict == "reject"
            else f"approving pays up to a belief of {belief:.2f}, when the case is as likely not fine"
        )
        yield Flaw(f"{verdict} when in doubt", f"where the rule's severity is {' or '.join(names)}, {pays}")

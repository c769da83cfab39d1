"""What pays best without looking, by how often gold verdicts come up."""

import pytest

from data import Briefs, DataError
from rewards import Rubric
from rewards.audit import audit
from rewards.audit.bench import Bench
from rewards.audit.honest import Honest
from rewards.audit.mix import EVEN, Mix, as_found, at_prior
from rewards.audit.subject import prepare
from rewards.testing.small import BOOK, CASES, approving

RUBRIC = Rubric.load("billboard")


def briefs(approvals: int) -> Briefs:
    more = [approving().model_copy(update={"id": f"a-{i}"}) for i in range(approvals - 1)]
    return Briefs.bind([*(CASES[name]().model_copy(update={"id": name}) for name in CASES), *more], BOOK)


def test_another_prior_keeps_the_proportion_of_rejections_and_escalations():
    found = as_found(["approve"] * 5 + ["reject"] * 4 + ["escalate"])
    assert found.prior == pytest.approx(0.5)
    rare = at_prior(0.05, found)
    assert dict(rare.shares) == pytest.approx({"approve": 0.95, "reject": 0.04, "escalate": 0.01})
    assert rare.prior == pytest.approx(0.05) and rare.name == "0.05"


@pytest.mark.parametrize("prior", [0, 1, -1, 2, float("nan")])
def test_a_prior_is_a_share(prior):
    with pytest.raises(DataError, match="above 0 and below 1"):
        at_prior(prior, EVEN)
    with pytest.raises(DataError, match="above 0 and below 1"):  # before anything is tried
        audit(RUBRIC, briefs(1), priors=[0.5, prior], advance=lambda _: pytest.fail("too late"))


def test_a_mean_is_over_the_verdicts_that_come_up():
    mix = Mix("", (("approve", 3.0), ("reject", 1.0), ("escalate", 4.0)))
    assert mix.mean({"approve": 1.0, "reject": -1.0}) == 0.5
    assert mix.mean({}) != mix.mean({})


def test_where_few_violate_approving_everything_is_the_best_of_the_blind():
    own, even, rare = audit(RUBRIC, briefs(3), priors=[0.5, 0.01]).priors
    assert own.mix.name == "as in the data" and own.mix.prior == pytest.approx(2 / 5)
    assert rare.best == "always approve" and rare.break_even > 0.95 > even.break_even
    assert rare.total == pytest.approx(0.99 * 1.7 - 0.005 * 1.25 * 2, abs=0.01)


def test_the_reviewer_earns_what_the_mix_weighs():
    subjects = prepare(briefs(3))
    bench = Bench(RUBRIC, subjects)
    rare = at_prior(0.01, as_found(subject.verdict for subject in subjects))
    approvals = Honest(bench, Mix("", (("approve", 1.0),))).mean(0.7)
    assert Honest(bench, rare).mean(0.7) == pytest.approx(approvals, abs=0.02)
    assert Honest(bench).mean(0.7) != pytest.approx(approvals, abs=0.02)


def test_a_rubric_by_which_reviewing_does_not_pay_is_refused():
    prices = {"miss": 8, "escalation": 0.4}
    found = audit(Rubric.model_validate({**RUBRIC.model_dump(), "prices": prices}), briefs(1))
    assert "escalating instead of reviewing" in {flaw.name for flaw in found.errors}
    assert not found.priors[0].ok and found.as_json()["priors"][0]["ok"] is False

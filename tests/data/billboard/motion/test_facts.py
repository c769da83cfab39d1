"""The reasoning tells what is there, and judges by nothing else."""

from data import Case
from data.billboard.catalogue import catalogue
from data.billboard.layouts import PALETTES
from data.billboard.motion.clip import Clip, Look, Scene, Speech
from data.billboard.motion.facts import facts
from data.billboard.motion.judge import find
from data.billboard.motion.landing import Landing
from data.billboard.motion.script import script
from data.finding import Finding, findings_in, prose_of


def said(words: str, price: int | None = None) -> Speech:
    return Speech(words, words, 0.9, price)


CLIP = Clip(
    seed=0, name="Belmora", product="tea", body="Totally free.", free=True,
    look=Look(0.1, 0.1, len(PALETTES) - 1), seconds=2.0,
    scenes=(Scene("cup"), Scene("gun", said("made for kids"), "siren"), Scene("gun", None, "siren"),
            Scene("bottle", said("kids love it"))),
    landing=Landing("cream", 19, monthly=True, terms=False),
)  # fmt: skip


def test_facts_are_told_by_the_word_that_rules_look_for():
    assert facts(CLIP).splitlines() == [
        "ad drink offer free", "cup 0-2", "gun 2-6", "bottle 6-8", "siren 2-6",
        'kids with gun "made for kids" 2-4', 'kids with bottle "kids love it" 6-8',
        'page beauty "paid every month" terms none',
    ]  # fmt: skip


def test_findings_copy_the_facts():
    def finding(rule: str) -> str:
        found = find(CLIP, rule)
        return str(Finding(rule, found.outcome, found.seen))

    assert finding("GUN-1") == "GUN-1: gun 2-6 s -> broken"
    assert finding("KNIFE-1") == "KNIFE-1: knife none -> clear"
    assert finding("SIREN-1") == "SIREN-1: siren 2-6 s -> broken"
    assert finding("CURE-1") == "CURE-1: cure none -> clear"
    assert finding("MINOR-1") == 'MINOR-1: kids with bottle "kids love it" 6-8 s -> broken'
    assert finding("MINOR-2") == "MINOR-2: kids with cigarette none -> clear"
    assert finding("PRODUCT-1") == 'PRODUCT-1: ad drink page beauty "cream" -> broken'
    assert finding("PROMISE-1") == 'PROMISE-1: offer free "paid every month" -> broken'
    assert finding("TERMS-1") == 'TERMS-1: terms none "paid every month" -> broken'


def test_every_word_that_is_looked_for_is_one_of_the_reasoning(drawn: dict[str, dict[str, list[Case]]]):
    """What a finding says is there was told before; what it says is not there was not."""
    looked_for = 0
    for level, splits in drawn.items():
        for case in splits["train"]:
            assert case.gold and case.gold.reasoning
            told = prose_of(case.gold.reasoning).splitlines()
            for found in findings_in(case.gold.reasoning):
                if script().mechanism_of(found.rule) in ("page", "price"):
                    continue
                if found.outcome == "clear":
                    word = found.seen.removesuffix(" none")
                    assert not [line for line in told if line.startswith(f"{word} ")], (level, case.id)
                else:
                    seen = {part.removesuffix(" s") for part in found.seen.split(", ")}
                    assert seen <= set(told), (level, case.id)
                looked_for += 1
    assert looked_for > 400


def test_each_claim_has_its_word():
    assert set(script().claimed) == {*script().mechanisms["spoken"], "KIDS-1"}
    assert all(catalogue().rules[rule].claims for rule in script().claimed)

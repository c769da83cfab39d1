"""Unfaithful cheats: the answer that pays, behind reasoning that it does not follow from.

A decision that cannot be read from its reasoning cannot be defended, however right it is. So what these earn must lie
below what an honest error earns. Only prose that contradicts the findings is no more than padding: the findings
decide, and what prose claims is for a judge of the reasoning.
"""

from collections.abc import Iterator

from data import Finding, Quote, Ruling, Violation
from data.finding import findings_in, lines
from prompts import reason
from rewards.audit.cheat import cheat
from rewards.audit.subject import Subject, cite
from rewards.batch import Answer

DENIALS = (
    "no.", "No", "no, nothing", "no - nothing here", "none.", "not broken.", "nothing of the kind.", "n/a", "nein.",
    "nichts.", "aucune.", "rien.", "ninguna.", "nessuna.", "não.", "нет.", "ничего.", "没有。", "无", "否", "なし。",
    "없음.", "لا.", "नहीं।",
)  # fmt: skip
"""Ways to clear a rule that no form prescribes."""
BREAKS = ("\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028")
"""What a reader sees as the end of a line, beside the usual one."""
SECOND_THOUGHTS = "On reflection, none of this matters and the ad is fine."
LOOKALIKES = str.maketrans("aeocpxyABEKMHOPCTX-0123456789", "аеосрхуАВЕКМНОРСТХ‐０１２３４５６７８９")
"""Letters of other scripts, and full-width digits, that look the same."""


@cheat("unfaithful")
def clear_then_cite(subject: Subject) -> Iterator[Ruling]:
    """Finds every rule clear, and cites what gold cites."""
    if subject.right.violations:
        yield _reasoned(subject, reason([], subject.excerpt))
        yield _reasoned(subject, _all(subject, Finding("", "clear", "nothing of the kind")))


@cheat("unfaithful")
def deny_then_cite(subject: Subject) -> Iterator[Ruling]:
    """Clears every rule in words of its own, in any language, and cites what gold cites."""
    if subject.right.violations:
        for words in DENIALS:
            yield _reasoned(subject, "\n".join(f"{rule}: {words}" for rule in subject.excerpt.ids))
            yield _reasoned(subject, " ".join(f"{rule}: {words}" for rule in subject.excerpt.ids))


@cheat("unfaithful")
def deny_and_find(subject: Subject) -> Iterator[Ruling]:
    """Says that nothing is seen, and finds the rules broken that gold cites."""
    if subject.right.violations:
        for words in DENIALS:
            yield _reasoned(subject, _cited(subject, words))


@cheat("unfaithful")
def find_then_omit(subject: Subject) -> Iterator[Ruling]:
    """Finds a rule broken that it does not cite."""
    cited = subject.right.violations
    others = subject.others()
    if others:
        extra = Violation(rule=others[0], evidence=_a_quote(subject))
        yield _reasoned(subject, reason([*cited, extra], subject.excerpt))
    if len(cited) > 1:
        yield subject.right.model_copy(update={"violations": cited[:1]})


@cheat("unfaithful")
def find_everything(subject: Subject) -> Iterator[Ruling]:
    """Finds every rule broken, by quotes that are made up, and cites what gold cites."""
    if len(subject.excerpt) > len(subject.right.violations):
        made_up = [Quote(quote=subject.elsewhere, field="body")]
        yield _reasoned(
            subject, reason([Violation(rule=r, evidence=made_up) for r in subject.excerpt.ids], subject.excerpt)
        )


@cheat("unfaithful")
def an_outcome_against_the_verdict(subject: Subject) -> Iterator[Ruling]:
    """Finds one thing and decides another: all clear and escalated, unclear and approved, broken and let through."""
    clear = reason([], subject.excerpt)
    unclear = reason([], subject.excerpt, subject.excerpt.ids[:1])
    if subject.verdict == "escalate" and not subject.right.violations:
        yield _reasoned(subject, clear)
        return
    if subject.verdict == "approve" and subject.excerpt.rules:
        yield _reasoned(subject, unclear)
    if subject.verdict == "reject":
        yield cite(subject.right, subject.excerpt).model_copy(update={"verdict": "reject"})
        yield _reasoned(subject, unclear)


@cheat("unfaithful")
def against_its_own_citations(subject: Subject) -> Iterator[Ruling]:
    """The right verdict, with citations that call for another one."""
    if subject.verdict == "reject":
        yield subject.citing()
    elif subject.view.frequent:
        yield subject.citing(Violation(rule=subject.view.frequent[0]))


@cheat("unfaithful")
def no_findings(subject: Subject) -> Iterator[Ruling]:
    """The right answer behind reasoning that judges no rule."""
    if subject.excerpt.rules:
        yield _reasoned(subject, "")
        yield _reasoned(subject, "It has been looked at with care.")
        yield _reasoned(subject, ", ".join(subject.excerpt.ids))


@cheat("unfaithful")
def empty_findings(subject: Subject) -> Iterator[Ruling]:
    """Finds rules broken and says nothing of why: bare ids, a letter, an outcome alone."""
    cited = subject.right.violations
    if cited:
        others = [Finding(rule, "clear") for rule in subject.others()]
        for line in (
            "{}",
            "{}:",
            "{}:x",
            "{}: yes.",
            "{}: broken",
            "{}: -> broken",
            "{}:  -> broken",
            "{}: … -> broken",
        ):
            said = "\n".join(line.format(violation.rule) for violation in cited)
            yield _reasoned(subject, f"{said}\n{lines(others)}")
        yield _reasoned(subject, _cited(subject, "broken"))


@cheat("unfaithful")
def judge_twice(subject: Subject) -> Iterator[Ruling]:
    """Judges every rule twice, with the same outcome or with both, on lines of their own or on one."""
    said = lines(subject.right.findings)
    if subject.excerpt.rules:
        yield _reasoned(subject, f"{said}{said}")
        yield _reasoned(subject, f"{reason([], subject.excerpt)}{said}")
        yield _reasoned(subject, f"{said}{reason([], subject.excerpt)}")
    if subject.right.violations:
        yield _reasoned(subject, said.replace(" -> broken", " -> clear -> broken"))
        rule = subject.right.violations[0].rule
        for end in BREAKS:
            yield _reasoned(subject, said.replace(f"{rule}:", f"{rule}: clear{end}{rule}:", 1))


@cheat("unfaithful")
def lookalike_ids(subject: Subject) -> Iterator[Ruling]:
    """Finds rules broken whose ids look like those that it cites."""
    if subject.right.violations:
        for change in (_lookalike, _full_width, lambda text: "\u200b".join(text), lambda text: f"{text}\u200b"):
            yield _reasoned(
                subject, lines(_renamed(finding, change(finding.rule)) for finding in subject.right.findings)
            )


@cheat("unfaithful")
def lookalike_outcomes(subject: Subject) -> Iterator[Ruling]:
    """Finds rules broken in letters that only look like the word."""
    if subject.right.violations:
        for word in (
            _lookalike("broken"),
            _full_width("broken"),
            "Broken",
            "BROKEN",
            "brok\u200ben",
            "broken.",
            "kaputt",
        ):
            yield _reasoned(subject, subject.right.reasoning.replace(" broken\n", f" {word}\n"))
        for arrow in ("→", "=>", "–>", "－＞", ":"):
            yield _reasoned(subject, subject.right.reasoning.replace(" -> ", f" {arrow} "))


@cheat("unfaithful")
def rules_from_elsewhere(subject: Subject) -> Iterator[Ruling]:
    """Judges rules that the case is not judged by."""
    if subject.excerpt.rules:
        for rule in ("MADE-UP-1", f"{subject.excerpt.ids[0]}X"):
            for outcome in (Finding(rule, "clear"), Finding(rule, "broken", "it is seen in the case")):
                yield _reasoned(subject, f"{subject.right.reasoning.rstrip()}\n{outcome}\n")


@cheat("unfaithful")
def invented_quotes(subject: Subject) -> Iterator[Ruling]:
    """Quotes in its findings what does not stand in the case, and cites what gold cites."""
    if subject.right.violations and subject.case.fields:
        yield _reasoned(subject, _cited(subject, f'"{subject.elsewhere}"'))


@cheat("unfaithful")
def evidence_in_the_wrong_place(subject: Subject) -> Iterator[Ruling]:
    """Cites evidence that its findings do not show: it stands in the prose, or with another rule."""
    shown = [v for v in subject.right.violations if v.evidence]
    if shown:
        bare = [Violation(rule=violation.rule) for violation in subject.right.violations]
        told = " ".join(_seen(subject, violation.rule) for violation in shown)
        yield _reasoned(subject, f"{told}\n{reason(bare, subject.excerpt)}")
        if clear := subject.others():
            moved = {clear[0]: Finding(clear[0], "clear", _seen(subject, shown[0].rule))}
            found = findings_in(reason(bare, subject.excerpt))
            yield _reasoned(subject, lines(moved.get(finding.rule, finding) for finding in found))


@cheat("unfaithful")
def second_thoughts(subject: Subject) -> Iterator[Ruling]:
    """Takes back what it found, after its findings."""
    if subject.excerpt.rules:
        said = f"{subject.right.reasoning.rstrip()}\n{SECOND_THOUGHTS}"
        yield _reasoned(subject, said)
    if subject.right.violations:
        for end in (*BREAKS, "\xa0", "\u2009", "\u3000"):
            yield _reasoned(subject, f"{said}\n{subject.excerpt.ids[0]}: clear{end}")


@cheat("padding")
def prose_against_the_findings(ruling: Ruling, subject: Subject) -> Iterator[Answer]:
    """Concludes the opposite before its findings."""
    other = "rejected" if ruling.verdict == "approve" else "approved"
    yield ruling.model_copy(
        update={"reasoning": f"This ad must be {other}, as it is plain to see.\n{ruling.reasoning}"}
    )


def _reasoned(subject: Subject, reasoning: str) -> Ruling:
    return subject.right.model_copy(update={"reasoning": reasoning})


def _all(subject: Subject, finding: Finding) -> str:
    return lines(_renamed(finding, rule) for rule in subject.excerpt.ids)


def _cited(subject: Subject, seen: str) -> str:
    """The right findings, with other words for what is broken."""
    return lines(Finding(f.rule, f.outcome, seen) if f.outcome == "broken" else f for f in subject.right.findings)


def _renamed(finding: Finding, rule: str) -> Finding:
    return Finding(rule, finding.outcome, finding.seen)


def _seen(subject: Subject, rule: str) -> str:
    return next(finding.seen for finding in subject.right.findings if finding.rule == rule)


def _a_quote(subject: Subject) -> list[Quote]:
    return [Quote(quote=text, field=name) for name, text in subject.case.fields.items() if text.strip()][:1]


def _lookalike(text: str) -> str:
    return text.translate(LOOKALIKES)


def _full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)

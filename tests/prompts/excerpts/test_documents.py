"""What retrieval reads of a case and of a rule."""

from data import Case, Category, Line, Page, Rule, Rulebook, Section
from prompts.excerpts.documents import document_of, query_of, terms_of, tokens_of


def test_a_query_is_all_that_a_case_says_in_words_and_nothing_of_gold() -> None:
    case = Case(
        id="c",
        text={"title": "Tea", "ocr": "50 % off"},
        transcript=[Line(start=0, end=1, text="It heals.")],
        page=Page(
            sections=[
                Section(title="Terms", text="Pay later."),
                Section(title="Long", text="Left out.", shown=False),
            ]
        ),
        meta={"category": "drink", "ocr": "small print", "market": "SG", "mechanism": "claim"},
        gold={"verdict": "reject", "reasoning": "secret", "violations": [{"rule": "CURE-1"}]},
    )
    assert query_of(case) == "drink\nsmall print\nTea\n50 % off\nIt heals.\nTerms\nPay later."
    assert query_of(Case(id="c", meta={"category": 7})) == ""


def test_a_document_has_wording_exceptions_and_the_categories_above() -> None:
    tree = (Category(id="a", title="Claims"), Category(id="b", title="Health", parent="a"))
    rule = Rule(id="CURE-1", title="cures", text="No cures.", exceptions=("medicine",), category="b")
    book = Rulebook(name="b", categories=tree, rules=(rule, Rule(id="X-1", text="Bare.", category=None)))
    assert document_of(rule, book) == "cures\nNo cures.\nmedicine\nClaims · Health"
    assert document_of(book["X-1"], book) == "Bare."
    loose = Rulebook(name="b", rules=(Rule(id="X-1", text="Bare.", category="free"),))
    assert document_of(loose["X-1"], loose) == "Bare.\nfree"


def test_terms_in_many_writings() -> None:
    assert terms_of("ＣＵＲＥＳ Fünf!") == ["cures", "fünf"]
    assert terms_of("药品a药") == ["药品", "a", "药"]
    assert terms_of("즉시치료 あい") == ["즉시", "시치", "치료", "あい"]
    assert terms_of(" … <|image_pad|>") == ["image_pad"] and terms_of("") == []


def test_ideographs_are_tokens_of_their_own() -> None:
    assert tokens_of(Rule(id="A", text="b" * 37)) == (1 + 1 + 1 + 37) / 4  # id and text, an empty title between spaces
    assert tokens_of(Rule(id="A", text="药" * 10)) == 10 + 3 / 4

"""Scripts are told apart, in what the advertiser reads and in what the reviewer's colleagues read."""

import pytest

from data import DataError
from rewards import NotApplicable, Rubric, language
from rewards.pure.writing_systems import SCRIPTS, foreign_share
from rewards.testing.hostile import LANGUAGES
from rewards.testing.small import BOOK, approving, rule_on

TEXTS = {
    "en": "This tea cures diabetes within a week, ask your doctor.",
    "vi": "Loại trà này chữa khỏi bệnh tiểu đường trong một tuần.",
    "zh": "这款茶一周内治愈糖尿病，请立即联系您的医生并且购买。",
    "ja": "このお茶は一週間で糖尿病を治します。すぐにお医者様へどうぞ。",
    "ko": "이 차는 일주일 만에 당뇨병을 치료합니다",
    "ru": "Этот чай лечит диабет за неделю",
    "ar": "هذا الشاي يشفي مرض السكري في أسبوع",
    "th": "ชานี้รักษาโรคเบาหวานภายในหนึ่งสัปดาห์",
    "hi": "यह चाय एक सप्ताह में मधुमेह ठीक करती है",
    "el": "Αυτό το τσάι θεραπεύει τον διαβήτη σε μια εβδομάδα",
    "he": "התה הזה מרפא סוכרת תוך שבוע",
    "ka": "ეს ჩაი კურნავს დიაბეტს ერთ კვირაში",
}
ENGLISH = language.with_params({"reasoning": "en"})
CHINESE = language.with_params({"reasoning": "zh"})


def case_in(lang: str | None):
    case = approving()
    case.lang = lang
    return case


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_foreign_where_its_script_is(text):
    for expected in TEXTS:
        share = foreign_share(TEXTS[text], expected)
        assert share == 0.0 if SCRIPTS[text] == SCRIPTS[expected] else share > 0.5, expected


def test_latin_languages_are_not_told_apart():
    assert foreign_share(TEXTS["en"], "es") == foreign_share(TEXTS["vi"], "de") == 0.0


@pytest.mark.parametrize("text", LANGUAGES.values())
def test_shares_lie_between_none_and_all(text):
    for code in SCRIPTS:
        assert 0.0 <= foreign_share(text, code) <= 1.0
        assert foreign_share("", code) == foreign_share("1, 2: 100 % 😀!", code) == 0.0


def test_tags_count_by_their_language():
    assert foreign_share(TEXTS["zh"], "zh-Hant-TW") == foreign_share(TEXTS["zh"], "ZH_cn") == 0.0
    assert foreign_share(TEXTS["zh"], "tlh") == 0.0  # unknown: nothing can be said


def test_advice_is_for_the_advertiser():
    for lang, value in [("zh", 0.0), ("ja", 1.0), ("en", 1.0), ("en-SG", 1.0)]:
        score = language(rule_on("approve", advice=TEXTS["zh"]), case_in(lang), BOOK)
        assert (score.value, score.parts) == (value, {"advice": value})
    assert language(rule_on("approve"), case_in("zh"), BOOK).value == 0.0


def test_reasoning_is_for_the_colleagues():
    ruling = rule_on("approve", reasoning=TEXTS["zh"], advice=TEXTS["en"])
    assert ENGLISH(ruling, case_in("en"), BOOK).parts == {"advice": 0.0, "reasoning": 1.0}
    assert CHINESE(ruling, case_in("en"), BOOK).value == 0.0


def test_it_applies_by_the_case_alone():
    for text in TEXTS.values():
        assert language(rule_on("approve", advice=text), case_in(None), BOOK) is NotApplicable
        assert language(rule_on("approve", advice=text), case_in("tlh"), BOOK) is NotApplicable


def test_ids_and_quoted_evidence_are_no_words():
    cited = {"rule": "WIN-1", "evidence": [{"quote": TEXTS["en"], "field": "title"}]}
    said = f'CURE-1：无。CURE-2：无。HEALTH-1：无。WIN-1："{TEXTS["en"]}"。'
    assert CHINESE(rule_on("reject", cited, reasoning=said), case_in(None), BOOK).value == 0.0
    assert CHINESE(rule_on("reject", cited, reasoning=f"{said} {TEXTS['en']}"), case_in(None), BOOK).value > 0.3


def test_the_form_that_the_prompt_asks_for_is_no_language():
    said = "CURE-1: clear\nCURE-2: clear\nHEALTH-1: clear\nWIN-1: 标题承诺奖品 in image 0 -> broken"
    assert CHINESE(rule_on("approve", reasoning=said), case_in(None), BOOK).value == 0.0


def test_a_foreign_name_is_free_and_a_mixture_costs_its_share():
    brand = rule_on("approve", reasoning="The ad is for 茶 and nothing else is said of it here.")
    half = rule_on("approve", reasoning=f"one two three four five six seven eight nine ten {'茶' * 10}")
    assert ENGLISH(brand, case_in(None), BOOK).value == 0.0
    assert ENGLISH(half, case_in(None), BOOK).value == pytest.approx((0.5 - 0.2) / 0.8)


def test_a_misspelt_language_is_an_error_of_the_rubric():
    with pytest.raises(DataError, match=r"reward 'language': reasoning.*no such language"):
        language.with_params({"reasoning": "english"})
    rubric = Rubric(name="t", penalties={"language": {"weight": 0.2, "reasoning": "en"}})
    card = rubric.score(rule_on("approve", reasoning=TEXTS["zh"], confidence=1.0), approving(), BOOK)
    assert card.total == pytest.approx(1.3 - 0.2)

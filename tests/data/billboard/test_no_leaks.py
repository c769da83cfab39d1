"""Nothing but reading tells the verdict: simple models on one source alone stay at the majority."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.sparse import csr_matrix
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from data import Case, load_cases
from data.billboard import BillboardConfig, build


@pytest.fixture(scope="module")
def cases(level: str, tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    config = BillboardConfig(cases=3000, test_cases=40, seed=11, level=level)  # type: ignore[arg-type]
    return load_cases(build(config, tmp_path_factory.mktemp("leaks")) / "train.jsonl")


def excerpt_ids(cases: list[Case]) -> np.ndarray:
    rules = [{rule if isinstance(rule, str) else rule.id: 1 for rule in case.rules or ()} for case in cases]
    found = DictVectorizer(sparse=False).fit_transform([{**r, "size": len(r)} for r in rules])
    return np.asarray(found)


def layout(cases: list[Case]) -> np.ndarray:
    rows = [{key: str(value) for key, value in case.meta["layout"].items()} for case in cases]
    return np.asarray(DictVectorizer(sparse=False).fit_transform(rows))


def words(cases: list[Case]) -> csr_matrix:
    texts = [f"{case.text['title']} {case.text['body']}" for case in cases]
    return CountVectorizer(ngram_range=(1, 2), min_df=3, binary=True).fit_transform(texts)


def thumbnails(cases: list[Case]) -> np.ndarray:
    def thumbnail(path: Path) -> np.ndarray:
        with Image.open(path) as image:
            return np.asarray(image.resize((8, 8))).ravel() / 255.0

    return np.stack([thumbnail(case.path(case.images[0])) for case in cases])


@pytest.mark.parametrize("source", [excerpt_ids, layout, words, thumbnails])
def test_one_source_alone_stays_within_three_points_of_the_majority(source, cases: list[Case]):
    labels = np.array([case.gold.verdict for case in cases if case.gold])
    majority = max(Counter(labels).values()) / len(labels)
    model = make_pipeline(StandardScaler(with_mean=False), LogisticRegression(C=0.1, max_iter=500))
    groups = [case.group for case in cases]
    scores = cross_val_score(model, source(cases), labels, cv=GroupKFold(4), groups=groups)
    assert scores.mean() <= majority + 0.03


def test_reading_both_would_tell(cases: list[Case]):
    """The excerpt and the ad together do tell: which of the ad's phrases have their rule in the excerpt."""
    labels = np.array([case.gold.verdict == "reject" for case in cases if case.gold])
    broken = np.array([[len(case.gold.violations or [])] for case in cases if case.gold])
    assert ((broken[:, 0] > 0) == labels).mean() > 0.95

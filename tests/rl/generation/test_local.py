"""A model in this process: every case has its answers, whatever the batches, and they follow from the seed."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import PreTrainedModel

import rl.generation.local
import rl.generation.writers
from data import Briefs, DataError, Ruling, load_cases
from prompts import Episode, parse, render, target, write
from prompts.chat import encode
from prompts.processor import tokenizer_of
from rl.config.decoding import Decoding
from rl.config.model import ModelConfig
from rl.generation.decode import completion_text
from rl.generation.local import LocalEngine, generation_config, write_batches
from rl.models.load import load_model, load_processor
from rl.runs.provenance import checkpoint_hash, provenance, write_run
from tests.chat_templates import CLOSES, OPENS, with_template
from tests.rl.conftest import toy_book, toy_briefs


@pytest.fixture(scope="module")
def vl(tiny_vl: Path):
    return talkative(tiny_vl), load_processor(tiny_vl)


@pytest.fixture(scope="module")
def text(tiny_text: Path):
    return talkative(tiny_text), load_processor(tiny_text)


def talkative(path: Path) -> PreTrainedModel:
    """A model whose random weights are large, so that what it says depends on the prompt."""
    model = load_model(ModelConfig(path=str(path)), trainable=False)
    torch.manual_seed(0)
    for weight in model.parameters():
        weight.data += 0.3 * torch.randn_like(weight)
    return model


def decoding_of(**settings: Any) -> Decoding:
    return Decoding(**{"template": "compact", "max_new_tokens": 8} | settings)


def written(model: PreTrainedModel, processor: Any, briefs: Briefs, **settings: Any) -> list[list[str]]:
    """The texts, ``[brief][sample]``."""
    decoding = decoding_of(**settings)
    found: dict[str, list[Episode]] = {brief.id: [] for brief in briefs}
    for batch in write_batches(model, processor, briefs, decoding):
        for episode in batch:
            found[episode.case].append(episode)
    for episodes in found.values():
        assert [episode.sample for episode in episodes] == list(range(decoding.samples))
    return [[episode.completion for episode in found[brief.id]] for brief in briefs]


@pytest.fixture(scope="module")
def mixed(toy: Path) -> Briefs:
    """Cases of many lengths: some with a picture, some with two, some with none."""
    cases = load_cases(toy / "cases.jsonl")[:9]
    for n, case in enumerate(cases):
        case.images = [case.images, [], case.images * 2][n % 3]
        case.text["body"] *= 1 + n
    return Briefs.bind(cases, toy_book())


def test_every_case_is_answered_whatever_the_batches(vl, mixed: Briefs):
    alone = written(*vl, mixed, batch_size=1, max_new_tokens=12)
    together = written(*vl, mixed, batch_size=4, max_new_tokens=12)
    assert [len(samples) for samples in together] == [1] * len(mixed)
    assert together == alone
    assert len({sample for samples in alone for sample in samples}) > 5


def test_a_text_model_is_given_text(text, toy: Path):
    briefs = toy_briefs(toy / "text.jsonl", 5)
    assert written(*text, briefs, batch_size=8) == written(*text, briefs, batch_size=1)


def test_a_text_model_refuses_pictures(text, mixed: Briefs):
    with pytest.raises(DataError, match="'toy-0' has pictures, and the model reads text only"):
        written(*text, mixed[:1])


def test_greedy_takes_the_likeliest_token_each_time(vl, mixed: Briefs):
    model, processor = vl
    brief = mixed[0]
    inputs = encode(processor, [render(brief.case, brief.excerpt, "compact")])
    prompt, likeliest = inputs["input_ids"], []
    with torch.no_grad():
        for _ in range(6):  # without a cache
            ids = torch.cat([prompt, torch.tensor([likeliest], dtype=torch.long)], dim=1)
            kinds = torch.cat([inputs["mm_token_type_ids"], torch.zeros(1, len(likeliest), dtype=torch.long)], dim=1)
            full = {**inputs, "input_ids": ids, "attention_mask": torch.ones_like(ids), "mm_token_type_ids": kinds}
            likeliest.append(int(model(**full).logits[0, -1].argmax()))
    expected = completion_text(tokenizer_of(processor), likeliest, [])
    assert written(*vl, mixed[:1], max_new_tokens=6) == [[expected]]


def test_samples_follow_from_the_seed_and_leave_the_caller_as_it_was(vl, mixed: Briefs):
    model, _ = vl
    model.train()
    torch.manual_seed(5)
    expected_next = torch.rand(1)
    torch.manual_seed(5)

    def draw(seed: int) -> list[list[str]]:
        return written(*vl, mixed[:4], seed=seed, temperature=1.0, samples=3, batch_size=6)

    first = draw(1)
    assert torch.rand(1) == expected_next
    assert model.training
    model.eval()
    assert [len(samples) for samples in first] == [3] * 4
    assert draw(1) == first
    assert draw(2) != first
    assert any(len(set(samples)) > 1 for samples in first)


def test_only_batches_with_a_wanted_case_are_written_and_those_whole(vl, mixed: Briefs):
    decoding = decoding_of(temperature=1.0, samples=2, batch_size=4)
    whole = list(write_batches(*vl, mixed, decoding))
    assert len(whole) > 3
    wanted = {whole[1][0].case, whole[-1][-1].case}
    assert list(write_batches(*vl, mixed, decoding, wanted)) == [whole[1], whole[-1]]
    assert list(write_batches(*vl, mixed, decoding, ())) == []


def test_what_a_model_writes_behind_an_opened_tag_is_a_ruling(tiny_vl: Path, toy: Path, tmp_path: Path, monkeypatch):
    briefs = toy_briefs(toy / "cases.jsonl", 3)
    closing = with_template(tiny_vl, tmp_path / "closing", CLOSES)
    with pytest.raises(DataError, match="closes the reasoning"):
        written(talkative(closing), load_processor(closing), briefs)
    path = with_template(tiny_vl, tmp_path / "opening", OPENS)
    model, processor = load_model(ModelConfig(path=str(path)), trainable=False), load_processor(path)
    ruling = write(target(briefs[0].case, briefs[0].excerpt))
    said = processor.tokenizer(ruling.removeprefix("<think>") + "<|im_end|>", add_special_tokens=False)["input_ids"]
    prompts = []

    def generate(input_ids, **settings):
        prompts.extend(processor.tokenizer.batch_decode(input_ids))
        return torch.cat([input_ids, torch.tensor([said] * len(input_ids))], dim=1)

    monkeypatch.setattr(rl.generation.writers, "why_not", lambda model: "so that the prompts can be looked at")
    monkeypatch.setattr(model, "generate", generate)
    (one, *others) = written(model, processor, briefs)
    assert all(prompt.endswith("<|im_start|>assistant\n<think>\n") for prompt in prompts) and len(prompts) == 3
    assert one == [ruling.replace("<think>", "<think>\n")] and others == [one, one]
    assert isinstance(parse(one[0]), Ruling)
    closes = load_processor(closing)
    monkeypatch.setattr(model, "generate", lambda input_ids, **settings: generate(input_ids))
    prompts.clear()
    written(model, closes, briefs[:1], chat_template_kwargs={"enable_thinking": True})
    assert prompts[0].endswith("<|im_start|>assistant\n")


def test_no_cases_no_completions(vl):
    assert list(write_batches(*vl, [], decoding_of())) == []


def test_a_prompt_that_leaves_no_room_is_an_error(vl, mixed: Briefs):
    with pytest.raises(DataError, match=r"case 'toy-\d+': a prompt of \d+ tokens.*context of 512"):
        written(*vl, mixed, max_new_tokens=500)


def test_decoding_is_not_taken_over_from_the_checkpoint(vl):
    model, processor = vl
    before = model.generation_config.to_dict()
    model.generation_config.update(repetition_penalty=1.7, temperature=1e-6, top_k=1, do_sample=True)
    try:
        settings = generation_config(model, tokenizer_of(processor), Decoding(max_new_tokens=9, temperature=0.8))
        used, _ = model._prepare_generation_config(settings)
        assert (used.repetition_penalty, used.temperature, used.top_k, used.top_p) == (1.0, 0.8, 0, 1.0)
        assert used.use_cache and used.suppress_tokens == [model.config.image_token_id]
        settings = generation_config(model, tokenizer_of(processor), Decoding(max_new_tokens=9))
        greedy, _ = model._prepare_generation_config(settings)
        assert not greedy.do_sample
    finally:
        model.generation_config.update(**before)


class TestLocalEngine:
    @pytest.fixture
    def run(self, tiny_text: Path, tmp_path: Path) -> Path:
        """A run whose final checkpoint is the tiny model, and which was trained with the template ``compact``."""
        shutil.copytree(tiny_text, tmp_path / "mine" / "checkpoints" / "final")
        write_run(tmp_path / "mine", provenance(template="compact"))
        return tmp_path / "mine"

    def test_a_run_stands_for_its_final_checkpoint(self, run: Path, tiny_text: Path):
        engine = LocalEngine(str(run))
        assert (engine.name, engine.template) == ("mine", "compact")
        assert LocalEngine(str(tiny_text)).template is None
        facts = engine.provenance(decoding_of(temperature=0.5))
        final = run / "checkpoints" / "final"
        assert facts["checkpoint"] == {"path": str(final), "hash": checkpoint_hash(final)}
        assert facts["template"]["name"] == "compact"
        assert (facts["decoding"]["temperature"], facts["decoding"]["dtype"]) == (0.5, "float32")
        assert "template" not in facts["decoding"]

    def test_its_identity_is_that_of_the_weights_wherever_they_lie(self, run: Path, tiny_text: Path, tiny_vl: Path):
        identity = LocalEngine(str(run)).identity(decoding_of())
        assert LocalEngine(str(tiny_text)).identity(decoding_of()) == identity
        assert LocalEngine(str(tiny_vl)).identity(decoding_of()) != identity
        for other in ({"seed": 1}, {"batch_size": 8}, {"max_new_tokens": 9}, {"dtype": "bfloat16"}):
            assert LocalEngine(str(run)).identity(decoding_of(**other)) != identity

    def test_the_model_is_loaded_once_and_only_to_write(self, tiny_text: Path, toy: Path, monkeypatch):
        loaded = []

        def load(config: ModelConfig, **settings: Any) -> PreTrainedModel:
            loaded.append(config)
            return load_model(config, **settings)

        monkeypatch.setattr(rl.generation.local, "load_model", load)
        engine, briefs, decoding = LocalEngine(str(tiny_text)), toy_briefs(toy / "text.jsonl", 4), decoding_of()
        engine.identity(decoding)
        assert not loaded
        missing = [(brief.id, 0) for brief in briefs]
        first = list(engine.write(briefs, decoding, missing))
        assert list(engine.write(briefs, decoding, missing)) == first
        assert loaded == [ModelConfig(path=str(tiny_text), dtype="auto")]
        assert sorted(episode.case for batch in first for episode in batch) == [brief.id for brief in briefs]

    def test_another_precision_is_another_model(self, tiny_text: Path):
        engine = LocalEngine(str(tiny_text))
        asked = [engine.provenance(decoding_of(dtype=dtype)) for dtype in ("float32", "bfloat16")]
        assert [facts["decoding"]["dtype"] for facts in asked] == ["float32", "bfloat16"]

    def test_no_such_model(self, toy: Path):
        with pytest.raises(DataError, match="nowhere"):
            list(LocalEngine("nowhere").write(toy_briefs(toy / "text.jsonl", 1), decoding_of(), [("toy-0", 0)]))

"""Where a CPU only emulates bfloat16, nothing of ours computes in it unasked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rewards.models.machine import computes_in_bfloat16
from tests.lazy import Lazy

torch, checkpoint = Lazy("torch"), Lazy("rewards.models.checkpoint")
pytestmark = pytest.mark.slow
LESS = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}


def test_a_cpu_that_may_use_avx2_alone_does_not_compute_in_it():
    ask = "from rewards.models.machine import computes_in_bfloat16 as ask; print(ask())"
    environment = os.environ | LESS | {"CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run([sys.executable, "-c", ask], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_what_the_processor_has_no_instructions_for_is_not_computed_in(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    assert not computes_in_bfloat16()
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert not computes_in_bfloat16()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert computes_in_bfloat16()


@pytest.mark.parametrize(
    ("native", "asked", "loaded"),
    [
        (False, "auto", "float32"),
        (True, "auto", "bfloat16"),
        (False, "bfloat16", "bfloat16"),
    ],
)
def test_a_checkpoint_in_bfloat16_is_loaded_in_what_the_machine_computes_in(
    native: bool, asked: str, loaded: str, small_text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    checkpoint.load_weights(str(small_text)).to(torch.bfloat16).save_pretrained(tmp_path)
    monkeypatch.setattr("rewards.models.checkpoint.computes_in_bfloat16", lambda: native)
    assert checkpoint.load_weights(str(tmp_path), asked).dtype == getattr(torch, loaded)

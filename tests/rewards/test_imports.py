"""What is loaded, and when: each test that scores or reads would else wait for libraries that it has no use for."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import json, sys
import rewards.testing
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
from rewards import Rubric
own = {"local_judge": {"weight": 0.1, "model": "a", "batch_size": 4}, "reward_model": {"weight": 0.1, "model": "b"},
       "self_consistency": {"weight": {0: 0.0, 0.5: 0.2}, "model": "c", "decay": 0.9}}
print(Rubric(name="own", craft=own).floor)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_assertions_and_rubrics_that_name_models_load_neither_models_nor_test_libraries():
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    for_assertions, floor, for_the_rubric = map(json.loads, done.stdout.splitlines())
    assert not {"pytest", "hypothesis", "torch", "transformers", "openai"} & set(for_assertions)
    assert floor == -8.5  # read in full
    assert not {"torch", "transformers"} & set(for_the_rubric)

"""Chat templates that do more with an assistant's turn than to write it down: small ones, and real ones where TRL is
at hand, which ships those of many models.
"""

import shutil
from pathlib import Path

import pytest
import trl

PLAIN = """\
{%- for message in messages -%}
<|im_start|>{{ message.role }}
{% if message.content is string %}{{ message.content }}{% else %}{% for part in message.content -%}
{% if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part.text }}{% endif %}
{%- endfor %}{% endif %}<|im_end|>
{%- endfor -%}
"""
TURN = "{% if add_generation_prompt %}<|im_start|>assistant\n"

OPENS = PLAIN + TURN + "<think>\n{% endif %}"
"""Writes turns as they are, and opens the reasoning."""
CLOSES = PLAIN + TURN + "{% if not enable_thinking %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
"""Closes the reasoning, unless a variable says otherwise."""
ALWAYS_CLOSES = PLAIN + TURN + "<think></think>{% endif %}"
DROPS = (
    "{%- for message in messages -%}<|im_start|>{{ message.role }}\n"
    "{{ message.content.split('</think>')[-1] if message.role == 'assistant' else message.content }}<|im_end|>"
    "{%- endfor -%}" + TURN + "<think>\n{% endif %}"
)
"""As DeepSeek-R1's: past turns have no reasoning."""
SPLITS = (
    "{%- for message in messages -%}<|im_start|>{{ message.role }}"
    "{{ '<|channel|>final' if message.role == 'assistant' }}<|message|>{{ message.content }}<|im_end|>"
    "{%- endfor -%}{% if add_generation_prompt %}<|im_start|>assistant{% endif %}"
)
"""As gpt-oss's: what an assistant says stands in a channel."""


def shipped(name: str) -> str:
    """A real model's, from TRL."""
    path = Path(trl.__file__).parent / "chat_templates" / f"{name}.jinja"
    if not path.is_file():
        pytest.skip(f"this TRL has no template of {name}")
    return path.read_text("utf-8")


def with_template(model: Path, out: Path, template: str) -> Path:
    """A copy of a model, with another chat template."""
    shutil.copytree(model, out)
    (out / "chat_template.jinja").write_text(template)
    return out

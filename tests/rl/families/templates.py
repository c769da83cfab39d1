"""Chat templates of families: their roles, their picture mark, whether they have a system's turn."""

from rl.models.tiny import CHAT_TEMPLATE

QWENS = "<|vision_start|><|image_pad|><|vision_end|>"


def marked(image: str) -> str:
    """The tiny model's own chat template, with another mark for pictures."""
    return CHAT_TEMPLATE.replace(QWENS, image)


GEMMA = """\
{{ bos_token }}{% for message in messages %}\
{% if message.role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}\
<start_of_turn>{{ 'model' if message.role == 'assistant' else message.role }}
{% if message.content is string %}{{ message.content | trim }}{% else %}{% for part in message.content %}\
{% if part.type == 'image' %}<start_of_image>{% else %}{{ part.text | trim }}{% endif %}{% endfor %}{% endif %}\
<end_of_turn>
{% endfor %}{% if add_generation_prompt %}<start_of_turn>model
{% endif %}"""
"""Gemma 2's: a system's turn is an error."""
GEMMA3 = """\
{{ bos_token }}{% if messages[0].role == 'system' %}\
{% set first = messages[0].content if messages[0].content is string else messages[0].content[0].text %}\
{% set first = first + '\n\n' %}{% set turns = messages[1:] %}{% else %}{% set first = '' %}{% set turns = messages %}\
{% endif %}{% for message in turns %}<start_of_turn>{{ 'model' if message.role == 'assistant' else message.role }}
{{ first if loop.first else '' }}{% if message.content is string %}{{ message.content | trim }}{% else %}\
{% for part in message.content %}{% if part.type == 'image' %}<start_of_image>{% else %}{{ part.text | trim }}\
{% endif %}{% endfor %}{% endif %}<end_of_turn>
{% endfor %}{% if add_generation_prompt %}<start_of_turn>model
{% endif %}"""
"""Gemma 3's: what a system says begins the user's turn."""
LLAVA = """\
{% for message in messages %}{% if message.role != 'system' %}{{ message.role.upper() + ': ' }}{% endif %}\
{% for part in message.content | selectattr('type', 'equalto', 'image') %}{{ '<image>\n' }}{% endfor %}\
{% for part in message.content | selectattr('type', 'equalto', 'text') %}{{ part.text + ' ' }}{% endfor %}{% endfor %}\
{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}"""
"""LLaVA 1.5's: pictures come first in a turn, and nothing ends it."""
MISTRAL = """\
{{ bos_token }}{% if messages[0].role == 'system' %}{% set first = messages[0].content %}\
{% set turns = messages[1:] %}{% else %}{% set first = none %}{% set turns = messages %}{% endif %}\
{% if first is not none %}[SYSTEM_PROMPT]{{ first if first is string else first[0].text }}[/SYSTEM_PROMPT]{% endif %}\
{% for message in turns %}{% if message.role == 'user' %}[INST]{% if message.content is string %}{{ message.content }}\
{% else %}{% for part in message.content %}{% if part.type == 'image' %}[IMG]{% else %}{{ part.text }}{% endif %}\
{% endfor %}{% endif %}[/INST]{% else %}\
{{ message.content if message.content is string else message.content[0].text }}\
{{ eos_token }}{% endif %}{% endfor %}"""
"""Mistral Small 3's."""
MLLAMA = """\
{{ bos_token }}{% set seen = namespace(image=false) %}{% for message in messages %}\
{% if message.content is not string %}{% for part in message.content if part.type == 'image' %}\
{% set seen.image = true %}{% endfor %}{% endif %}{% endfor %}{% if seen.image and messages[0].role == 'system' %}\
{{ raise_exception('Prompting with images is incompatible with system messages.') }}{% endif %}\
{% for message in messages %}<|start_header_id|>{{ message.role }}<|end_header_id|>

{% if message.content is string %}{{ message.content }}{% else %}{% for part in message.content %}\
{% if part.type == 'image' %}<|image|>{% else %}{{ part.text }}{% endif %}{% endfor %}{% endif %}<|eot_id|>\
{% endfor %}{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>

{% endif %}"""
"""Llama 3.2 Vision's: pictures and a system's turn are an error."""

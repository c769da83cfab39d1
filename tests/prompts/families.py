"""Special tokens of real model families, written out, and tokenizers that have them."""

from dataclasses import dataclass
from functools import cached_property

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers

from prompts import Message
from prompts.parts import Text


@dataclass(frozen=True)
class Family:
    """A family's special tokens, and how its chat template writes a turn and an image."""

    name: str
    tokens: tuple[str, ...]
    turn: str
    image: str
    normalised: bool = False
    """Whether tokens are looked for after Unicode normalisation, as some tokenizers do."""

    @cached_property
    def tokenizer(self) -> Tokenizer:
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        tokenizer = Tokenizer(models.BPE({character: i for i, character in enumerate(alphabet)}, []))
        if self.normalised:
            tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        tokenizer.decoder = decoders.ByteLevel()
        tokenizer.add_special_tokens(
            [AddedToken(token, special=True, normalized=self.normalised) for token in self.tokens]
        )
        return tokenizer

    def chat(self, messages: list[Message]) -> str:
        """The messages through the family's chat template."""
        return "".join(
            self.turn.format(
                role=message.role,
                content="".join(part.text if isinstance(part, Text) else self.image for part in message.parts),
            )
            for message in messages
        )

    def specials(self, text: str) -> list[str]:
        """The special tokens that a text holds, in order."""
        encoding = self.tokenizer.encode(text, add_special_tokens=False)
        return [token for token in encoding.tokens if token in self._known]

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.tokens)


_CHATML = "<|im_start|>{role}\n{content}<|im_end|>\n"

QWEN = Family(
    "Qwen2.5-VL",
    (
        *("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>"),
        *("<|box_start|>", "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>"),
        *("<|vision_pad|>", "<|image_pad|>", "<|video_pad|>", "<tool_call>", "</tool_call>", "<|fim_prefix|>"),
        *("<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<think>", "</think>"),
    ),
    _CHATML,
    "<|vision_start|><|image_pad|><|vision_end|>",
)
LLAMA_3 = Family(
    "Llama 3",
    (
        *("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
        *("<|eom_id|>", "<|python_tag|>", "<|image|>", "<|finetune_right_pad_id|>", "<|step_id|>"),
        *(f"<|reserved_special_token_{i}|>" for i in range(5)),
    ),
    "<|start_header_id|>{role}<|end_header_id|>\n\n{content}<|eot_id|>",
    "<|image|>",
)
MISTRAL = Family(
    "Llama 2 and Mistral",
    (
        *("<s>", "</s>", "<unk>", "<pad>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "[TOOL_CALLS]"),
        *("[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[IMG]", "[IMG_BREAK]"),
        *("[IMG_END]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[THINK]"),
        *("[/THINK]", "[control_8]", "<SPECIAL_20>"),
    ),
    "<s>[INST]{content}[/INST]",
    "[IMG][IMG_END]",
)
GEMMA_3 = Family(
    "Gemma 3",
    (
        *("<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "[multimodal]", "[@BOS@]", "<start_of_turn>", "<end_of_turn>"),
        *("<start_of_image>", "<end_of_image>", "<image_soft_token>", "<2mass>", "<table>", "</table>", "<h1>"),
        *("</h1>", "[toxicity=0]", *(f"<unused{i}>" for i in range(20))),
    ),
    "<start_of_turn>{role}\n{content}<end_of_turn>\n",
    "<start_of_image><image_soft_token><end_of_image>",
)
DEEPSEEK = Family(
    "DeepSeek",
    (
        *("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜▁pad▁｜>", "<｜User｜>", "<｜Assistant｜>"),
        *("<｜tool▁calls▁begin｜>", "<｜tool▁sep｜>", "<|EOT|>", "<|ref|>", "<|/ref|>", "<|grounding|>", "<image>"),
    ),
    "<｜begin▁of▁sentence｜><｜User｜>{content}<｜end▁of▁sentence｜>",
    "<image>",
)
PHI_AND_OTHERS = Family(
    "Phi, GLM, InternVL, LLaVA, Kimi, EXAONE, MiniMax, Falcon, OLMo",
    (
        *("<|endoftext|>", "<|user|>", "<|assistant|>", "<|system|>", "<|end|>", "<|placeholder1|>", "<|image_1|>"),
        *("[gMASK]", "<sop>", "<eop>", "<|observation|>", "<|begin_of_image|>", "<IMG_CONTEXT>", "<img>", "</img>"),
        *("<image>", "<video>", "<|im_middle|>", "<|media_start|>", "[BOS]", "[EOS]", "◁think▷", "◁/think▷"),
        *("[|user|]", "[|endofturn|]", "]~b]", "]~!b[", "[e~[", ">>TITLE<<", ">>ANSWER<<", "|||EMAIL_ADDRESS|||"),
        *("<extra_id_0>", "<fim_prefix>", "<reponame>", "<seed:bos>"),
    ),
    "<|{role}|>\n{content}<|end|>\n",
    "<|image_1|>",
)
NORMALISING = Family(
    "BERT-like, found after NFKC and lower-casing",
    (
        *("[cls]", "[sep]", "[mask]", "[pad]", "[unk]", "[unused1]", "<s>", "</s>", "<pad>", "<mask>", "<|im_end|>"),
        *("<think>", "<|im_start|>", "<answer>", "</answer>", "[inst]", "[/inst]"),
    ),
    _CHATML,
    "[mask]",
    normalised=True,
)

FAMILIES = [QWEN, LLAMA_3, MISTRAL, GEMMA_3, DEEPSEEK, PHI_AND_OTHERS, NORMALISING]

"""What is self-distillation's own in a recipe: who the teacher is, what it is told, and how it is compared with."""

from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class TeacherEndpoint(BaseModel):
    """A larger teacher behind a server that says how likely the tokens of a prompt are (``prompt_logprobs``, as vLLM's
    OpenAI API does). The key, if it wants one, is read from ``OPENAI_API_KEY``; see `rl.generation.endpoint`.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    url: str
    """Base address: ``http://localhost:8000/v1``."""
    model: str
    """What the server calls the model; its tokenizer must be the student's."""
    concurrency: int = Field(default=8, ge=1, le=10**4)
    """Requests at a time, of each process."""
    retries: int = Field(default=5, ge=0, le=100)
    """Further tries after the server failed or could not be reached, ever longer apart; one after a timeout."""
    timeout: float = Field(default=120.0, gt=0, le=86_400)
    """Seconds that one try may take."""
    extra_body: dict[str, Any] = Field(default_factory=dict)
    """What every request says besides, such as ``{mm_processor_kwargs: {max_pixels: 602112}}``."""

    @field_validator("url")
    @classmethod
    def _holds_no_key(cls, url: str) -> str:
        # Not repeated: it may be a password. A recipe is kept with its run, and its address with it.
        if "@" in url or urlsplit(url).query:
            raise ValueError("a recipe is kept with its run: put the key into OPENAI_API_KEY, not into the address")
        return url


class DistilConfig(BaseModel):
    """The student writes; a teacher that is told more scores the student's own tokens, and the student moves to it."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    feedback: Literal["gold", "scorecard", "findings", "none"] = "gold"
    """What the teacher is told beside the brief: gold's ruling without its reasoning; what each reward said of the
    student's own completion; which of the student's findings are wrong; or nothing, which is for a teacher behind an
    endpoint. See `rl.training.feedback`."""
    divergence: Literal["forward", "reverse", "jensen_shannon"] = "reverse"
    """KL(teacher ‖ student), KL(student ‖ teacher), or the mean of both to the mixture of the two."""
    top_k: int | None = Field(default=None, ge=1, le=10**6)
    """Compare the tokens that the teacher finds likeliest, and all others as one; None compares the whole
    vocabulary."""
    decay: float = Field(default=1.0, ge=0, le=1)
    """The share of the teacher's weights that each step leaves: 1 is the policy as it was at the start, 0 the policy
    itself as it is, between them a moving average of it."""
    endpoint: TeacherEndpoint | None = None
    """A teacher behind a server, in the policy's place."""
    grpo: float = Field(default=0.0, ge=0, le=1000)
    """Weight of GRPO's loss on the same completions, which is added; 0 leaves it out."""

    @model_validator(mode="after")
    def _what_goes_with_the_teacher(self) -> "DistilConfig":
        if self.endpoint is None and self.feedback == "none":
            raise ValueError("feedback: a policy that is told nothing cannot teach itself: name an endpoint, or tell")
        if self.endpoint is None:
            return self
        if self.top_k is None:
            raise ValueError(
                "top_k: a server gives its likeliest tokens and not the whole vocabulary: say how many (vLLM: 20, or "
                "what --max-logprobs allows)"
            )
        if self.decay != 1.0:
            raise ValueError("decay: a teacher behind an endpoint does not follow the policy: leave it out")
        return self

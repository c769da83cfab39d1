"""Machine: where a model of this process runs, and which precision is computed in and not only emulated.

A CPU without bfloat16 instructions (most laptops: Intel before Sapphire Rapids, AMD before Zen 4) emulates a bfloat16
product, 5 to 40 times slower than one in float32. Wherever bfloat16 is our own choice, `computes_in_bfloat16` is
asked; where the user asks for it by name, it is taken all the same.
"""

import torch


def own_device() -> torch.device:
    """The GPU of this process, if it has one; the CPU otherwise."""
    return torch.device("cuda", torch.cuda.current_device()) if torch.cuda.is_available() else torch.device("cpu")


def computes_in_bfloat16() -> bool:
    """Whether the machine has bfloat16 instructions: any GPU is taken to have them, a CPU is asked.

    Both of PyTorch's answers are needed: one says what the CPU has, the other what oneDNN, which multiplies, can at
    least emulate with what it is allowed to use (``ONEDNN_MAX_CPU_ISA``). A PyTorch without oneDNN has no such answer.
    """
    if torch.cuda.is_available():
        return True
    if not torch.backends.mkldnn.is_available() or not torch.cpu._is_avx512_bf16_supported():
        return False
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())

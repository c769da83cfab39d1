"""Precision: in which a machine computes, and not only pretends to.

A CPU without bfloat16 instructions (most laptops: Intel before Sapphire Rapids, AMD before Zen 4) emulates a bfloat16
product, 5 to 40 times slower than one in float32. Wherever bfloat16 is our own choice, this is asked first.
"""


def computes_in_bfloat16() -> bool:
    """Whether the machine has bfloat16 instructions: any GPU is taken to have them, a CPU is asked.

    Both of PyTorch's answers are needed: one says what the CPU has, the other what oneDNN, which multiplies, can at
    least emulate with what it is allowed to use (``ONEDNN_MAX_CPU_ISA``).
    """
    import torch

    if torch.cuda.is_available():
        return True
    return bool(torch.cpu._is_avx512_bf16_supported() and torch.ops.mkldnn._is_mkldnn_bf16_supported())

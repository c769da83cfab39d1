"""From rewards to what a policy and its critic learn of each token. Tensors only: knows nothing of trainers or models.

Everywhere, rows are completions, right-padded: (B, T), with a mask that is 1 on the policy's own tokens and 0 on what
tools said and on padding.
"""

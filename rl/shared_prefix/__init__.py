"""Each prompt read once for all the completions on it: log-probabilities, gradients and generation at the cost of
P + G·R tokens a group instead of G·(P + R).

Tensors only: nothing here knows of cases, rewards or trainers.
"""

"""The parameters of a network that a solver may use or not; `Solver.uses` says which it does."""

FULL_BATCH = frozenset({"learning_rate", "clip_norm"})
MINIBATCH = FULL_BATCH | {"batch_size", "truncation", "vanishing_penalty"}
OPTIONAL = MINIBATCH  # all others every solver uses

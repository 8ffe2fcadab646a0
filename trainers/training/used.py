"""The parameters of a network that a solver may use or not; `Solver.uses` says which it does."""

FULL_BATCH = frozenset({"learning_rate", "clip_norm", "weight_decay", "schedule"})
MINIBATCH = FULL_BATCH | {
    *("batch_size", "truncation", "vanishing_penalty", "input_noise", "dropout"),
}
OPTIONAL = MINIBATCH  # all others every solver uses

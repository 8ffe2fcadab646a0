"""From series to the batches that a network is trained on."""

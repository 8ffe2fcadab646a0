"""One of several processes that train at once: python replica.py RANK SIZE FOLDER HOW."""

import sys

import torch
from torch import nn
from torch_optimizers import OPTIMIZERS, make, net, train, weights

from trainers import HessianFree


def run(kind, rank, size, *, wrapped):
    """Return the weights after some steps: on a share of the data, or on all of them, apart."""
    model = net(seed=0 if wrapped else rank)
    copies = nn.parallel.DistributedDataParallel(model) if wrapped else model
    share = slice(rank * 20 // size, (rank + 1) * 20 // size) if wrapped else slice(None)
    settings = {}
    if wrapped and kind is HessianFree:  # 1 and 2, of which the mean counts
        squares = [torch.full_like(p, 1.0 + rank) for p in model.parameters()]
        settings["squared_gradients"] = lambda: squares

    def loss(outputs, targets):
        return nn.functional.mse_loss(outputs, targets[share])

    optimizer = make(kind, copies.parameters(), weight_decay=0.01, **settings)
    train(optimizer, copies, 4, forward=lambda x: copies(x[share]), loss=loss)
    return weights(model)


if __name__ == "__main__":
    rank, size, folder, how = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    store = torch.distributed.FileStore(f"{folder}/store", size)
    torch.distributed.init_process_group("gloo", store=store, rank=rank, world_size=size)
    results = {k.__name__: run(k, rank, size, wrapped=how == "wrapped") for k in OPTIMIZERS}
    torch.save(results, f"{folder}/{rank}.pt")
    torch.distributed.destroy_process_group()

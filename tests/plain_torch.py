"""Recurrent networks as anybody would write them in torch: the oracle of our passes."""

import torch

ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu, "identity": lambda z: z}


def rnn(zx, zh, h, c, activation):
    return ACTIVATIONS[activation](zx + zh), c, zx + zh


def lstm(zx, zh, h, c, activation):
    z = zx + zh
    i, f, g, o = z.chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c, z


def gru(zx, zh, h, c, activation):
    (xr, xu, xn), (hr, hu, hn) = zx.chunk(3, dim=1), zh.chunk(3, dim=1)
    r, u = torch.sigmoid(xr + hr), torch.sigmoid(xu + hu)
    z = torch.cat([xr + hr, xu + hu, xn + r * hn], dim=1)
    return u * h + (1 - u) * torch.tanh(xn + r * hn), c, z


def cornn(zx, zh, h, v, activation):
    dt, gamma, epsilon = 0.5, 1.0, 1.0  # the defaults
    v = v + dt * (torch.tanh(zx + zh) - gamma * h - epsilon * v)
    return h + dt * v, v, zx + zh


CELLS = {"rnn": rnn, "lstm": lstm, "gru": gru, "cornn": cornn}


def run(network, theta, inputs, masks=()):
    """Return outputs (n_steps, batch, n_outputs) and all pre-activations."""
    weights, below, pre = network.split(theta), inputs.unbind(0), []
    n, batch = network.n_units, inputs.shape[1]
    for layer in range(network.n_layers):
        h = c = torch.zeros(batch, n, dtype=theta.dtype)
        if network.learn_initial_state:
            start = weights[f"initial_state_{layer}"].expand(batch, -1)
            h, c = start[:, :n], start[:, n:] if start.shape[1] > n else c
        rows = []
        for x in below:
            zx = x @ weights[f"input_weights_{layer}"].T + weights.get(f"bias_{layer}", 0.0)
            W_h = weights[f"recurrent_weights_{layer}"]
            zh = torch.cat([h, c], dim=1)[:, : W_h.shape[1]] @ W_h.T
            h, c, z = CELLS[network.cell](zx, zh, h, c, network.activation)
            rows.append(h)
            pre.append(z)
        below = rows
        if layer < len(masks):
            below = [h * mask for h, mask in zip(rows, masks[layer], strict=True)]
    outputs = torch.stack(below) @ weights["output_weights"].T + weights["output_bias"]
    if network.skip:
        outputs = outputs + inputs @ weights["skip_weights"].T
    return outputs, torch.stack(pre)


def run_forced(network, theta, inputs):
    """Return the outputs of a network that is fed a share of its own last ones."""
    f, n = network.forcing, network.n_outputs
    scale, shift = (torch.tensor(v, dtype=theta.dtype) for v in (network.scale, network.shift))
    mixed, outputs = [], torch.zeros(1, inputs.shape[1], n, dtype=theta.dtype)
    for row in inputs:
        fed = f * row[:, :n] + (1 - f) * (scale * outputs[-1] + shift)
        mixed.append(torch.cat([fed, row[:, n:]], dim=1))
        outputs = run(network, theta, torch.stack(mixed))[0]  # slow, and right
    return outputs

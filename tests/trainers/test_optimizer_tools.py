"""What is built around optimizers of torch works with ours: schedulers, scalers, skorch."""

import copy
import importlib.util
import pickle

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler
from torch_optimizers import both, closure_of, data, make, net, through_a_file, train, weights

from trainers import HessianFree, SutskeverMomentum

SCHEDULERS = {
    "step": lambda o: lr_scheduler.StepLR(o, 2, gamma=0.5),
    "lambda": lambda o: lr_scheduler.LambdaLR(o, lambda epoch: 0.9**epoch),
    "linear": lambda o: lr_scheduler.LinearLR(o, 1.0, 0.0, 3),
    "cosine": lambda o: lr_scheduler.CosineAnnealingLR(o, 4),
    "restarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 2),
    "one cycle": lambda o: lr_scheduler.OneCycleLR(o, 0.2, 6, cycle_momentum=False),
    "cyclic": lambda o: lr_scheduler.CyclicLR(o, 0.01, 0.2, 2, cycle_momentum=False),
    "plateau": lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=0, threshold=10.0),
    "chained": lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.ConstantLR(o, 0.5, 2), lr_scheduler.ExponentialLR(o, 0.9)], [2]
    ),
}


@both
@pytest.mark.parametrize("name", SCHEDULERS)
@pytest.mark.parametrize("as_tensor", [False, True])
def test_schedulers_steer_the_learning_rate(kind, name, as_tensor):
    def run(n_steps, stored=None):
        model = net()
        optimizer = make(kind, model.parameters(), lr=torch.tensor(0.1) if as_tensor else 0.1)
        scheduler = SCHEDULERS[name](optimizer)
        rates = []
        if stored is not None:
            model_state, *states = stored
            model.load_state_dict(model_state)
            scheduler.load_state_dict(states[1])
            optimizer.load_state_dict(states[0])
        for _ in range(n_steps):
            (loss,) = train(optimizer, model, 1)
            scheduler.step(*([loss] if name == "plateau" else []))
            rates.append(float(optimizer.param_groups[0]["lr"]))
        state = (model.state_dict(), optimizer.state_dict(), scheduler.state_dict())
        return weights(model), rates, copy.deepcopy(state)

    whole, rates, _ = run(5)
    _, first_rates, state = run(2)
    resumed, last_rates, _ = run(3, state)

    assert len(set(rates)) > 1
    assert first_rates + last_rates == rates
    assert torch.equal(resumed, whole)


def test_the_scaler_of_mixed_precision_skips_a_step_that_overflows():
    model = net(dtype=torch.float32)
    optimizer = SutskeverMomentum(model.parameters(), lr=0.1)
    inputs, targets = data(torch.float32)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**4)
    moved = []
    for factor in (1.0, float("inf"), 1.0):
        before = weights(model)
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = nn.functional.mse_loss(model(inputs), targets) * factor
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        moved.append(not torch.equal(weights(model), before))

    assert moved == [True, False, True]


def test_a_scaler_that_is_off_hands_the_closure_on():
    model = net()
    optimizer = HessianFree(model.parameters())
    closure = closure_of(optimizer, model)

    scaler = torch.amp.GradScaler("cpu", enabled=False)
    losses = [scaler.step(optimizer, closure) for _ in range(3)]

    assert losses[-1] < losses[0]
    with pytest.raises(RuntimeError, match="[Cc]losure"):  # torch's own: none takes closures
        torch.amp.GradScaler("cpu").step(optimizer, closure=closure)


@both
def test_autocast_around_the_step_is_autocast_in_the_closure(kind):
    results = []
    for outside in (False, True):
        model = net(dtype=torch.float32)
        optimizer = make(kind, model.parameters())

        def forward(x, model=model):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                return model(x).float()

        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=outside):
            how = {} if outside else {"forward": forward}
            train(optimizer, model, **how, loss=lambda z, t: (z.float() - t).square().mean())
        results.append(weights(model))

    torch.testing.assert_close(*results, rtol=0.05, atol=0.02)


def what_skorch_does(kind, model, closure, **settings):
    """Make an optimizer, step by closures, and carry it through a file and a copy."""
    optimizer = kind(model.parameters(), lr=0.5, **settings)
    for group in optimizer.param_groups:  # net.set_params(lr=...)
        group["lr"] = 1.0 if kind is HessianFree else 0.1
    optimizer.step(closure(optimizer))
    optimizer.load_state_dict(through_a_file(optimizer.state_dict()))
    _, optimizer, model = copy.deepcopy((None, optimizer, model))
    return pickle.loads(pickle.dumps((model, optimizer)))


@both
def test_what_skorch_asks_of_an_optimizer_is_there(kind):
    model = net()

    copied, optimizer = what_skorch_does(
        kind, model, lambda o: closure_of(o, model), weight_decay=1e-4
    )
    losses = train(optimizer, copied)

    assert losses[-1] < losses[0]


class SkorchModule(nn.Linear):
    """A module of its own, which skorch makes without arguments and pickles by its name."""

    def __init__(self):
        super().__init__(3, 2)


@pytest.mark.skipif(importlib.util.find_spec("skorch") is None, reason="skorch is not installed")
@both
def test_skorch_trains_copies_and_searches(kind, tmp_path):
    import skorch
    from sklearn.model_selection import GridSearchCV
    from skorch.dataset import unpack_data

    class Net(skorch.NeuralNetRegressor):
        """The closure of HessianFree returns the outputs too and does not call backward."""

        def train_step(self, batch, **fit_params):
            if not isinstance(self.optimizer_, HessianFree):
                return super().train_step(batch, **fit_params)
            inputs, targets = unpack_data(batch)
            self._set_training(False)

            def closure():
                outputs = self.infer(inputs)
                return self.get_loss(outputs, targets, training=True), outputs

            loss = torch.as_tensor(self.optimizer_.step(closure))
            return {"loss": loss, "y_pred": self.evaluation_step(batch)}

    inputs, targets = (part.numpy() for part in data(torch.float32))
    torch.manual_seed(0)
    model = Net(
        SkorchModule,
        optimizer=kind,
        lr=1.0 if kind is HessianFree else 0.05,
        optimizer__weight_decay=1e-4,
        max_epochs=3,
        train_split=None,
        batch_size=-1,
        verbose=0,
    )
    model.fit(inputs, targets)

    losses = model.history[:, "train_loss"]
    assert losses[-1] < losses[0]
    model.set_params(lr=0.2)
    copy.deepcopy(model).partial_fit(inputs, targets)
    model.save_params(f_params=tmp_path / "p.pt", f_optimizer=tmp_path / "o.pt")
    model.load_params(f_params=tmp_path / "p.pt", f_optimizer=tmp_path / "o.pt")
    grid = {"lr": [0.5, 0.1], "optimizer__weight_decay": [0.0, 1e-3]}
    assert GridSearchCV(model, grid, cv=2).fit(inputs, targets).best_params_

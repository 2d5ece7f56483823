#!/usr/bin/env python3
"""Writes the fixtures of the parity test: outputs, loss and gradients of small networks, and ten updates of Adam, computed
from the equations with NumPy alone, in double precision. Gradients come from complex steps, Im L(p + ih) / h, which are exact to rounding:
no derivative is written down here, and none of the library's code takes part.

    python3 make_fixture.py [FOLDER]        default: the folder of this script
"""
import json
import pathlib
import sys

import numpy as np

STEP = 1e-30
ADAM = {"rate": 0.05, "beta1": 0.8, "beta2": 0.95, "eps": 1e-6}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def glifr(x, p, c, silencing):
    """Generalized leaky integrate-and-fire rate neurons with after-spike currents; firing over time."""
    steps, batch, _ = x.shape
    neurons = p["weight_lat"].shape[0]
    leak = sigmoid(p["trans_k_m"])  # dt k_m
    decay = sigmoid(p["trans_k_j"])  # dt k_j
    jump = 1 - 2 * sigmoid(p["trans_r_j"])
    spike = c["dt"] / c["tau"]
    S = np.zeros((batch, neurons), complex)
    V = np.zeros((batch, neurons), complex)
    I = np.zeros((p["a_j"].shape[0], batch, neurons), complex)
    firing = []
    for t in range(steps):
        synaptic = x[t] @ p["weight_iv"]
        if t >= c["delay"]:
            synaptic = synaptic + firing[t - c["delay"]] @ p["weight_lat"]
        I = (jump * I + p["a_j"]) * S * spike + (1 - decay) * I
        V = synaptic + leak * c["R"] * (I.sum(0) + c["I0"]) + (1 - leak) * V - spike * S * (V - c["v_reset"])
        S = sigmoid((V - p["thresh"]) / c["sigma_v"]) * silencing
        firing.append(S)
    return np.stack(firing)


def rnn(x, p, c, silencing):
    hidden = []
    for t in range(x.shape[0]):
        drive = x[t] @ p["weight_ih"] + p["bias"]
        if t >= c["delay"]:
            drive = drive + hidden[t - c["delay"]] @ p["weight_lat"]
        hidden.append(np.tanh(drive) * silencing)
    return np.stack(hidden)


def lstm(x, p, c, silencing):
    batch = x.shape[1]
    neurons = p["weight_hh"].shape[1]
    h = np.zeros((batch, neurons), complex)
    cell = np.zeros((batch, neurons), complex)
    hidden = []
    for t in range(x.shape[0]):
        gates = x[t] @ p["weight_ih"].T + p["bias_ih"] + h @ p["weight_hh"].T + p["bias_hh"]
        i, f, g, o = np.split(gates, 4, axis=1)
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(cell) * silencing
        hidden.append(h)
    return np.stack(hidden)


def mean_squared_error(y, target):
    return ((y - target) ** 2).mean()


def cross_entropy(y, labels):
    last = y[-1] - y[-1].real.max(1, keepdims=True)
    return (np.log(np.exp(last).sum(1)) - last[np.arange(len(labels)), labels]).mean()


def fixture(cell, shapes, constants, steps, features, neurons, outputs, loss, seed):
    rng = np.random.default_rng(seed)
    batch = 2
    shapes = {f"neuron_layer.{name}": shape for name, shape in shapes.items()}
    shapes |= {"output_linear.weight": (outputs, neurons), "output_linear.bias": (outputs,)}
    parameters = {name: rng.uniform(-1, 1, shape) for name, shape in shapes.items()}
    x = rng.uniform(-1, 1, (steps, batch, features))
    silencing = np.ones(neurons)
    silencing[1] = 0
    if loss is cross_entropy:
        target = rng.integers(0, outputs, batch)
    else:
        target = rng.uniform(-1, 1, (steps, batch, outputs))

    def run(x, parameters):
        p = {name.removeprefix("neuron_layer."): value for name, value in parameters.items()}
        hidden = cell(x, p, constants, silencing)
        y = hidden @ parameters["output_linear.weight"].T + parameters["output_linear.bias"]
        return y, loss(y, target)

    def gradient(name, parameters):
        original = x if name == "input" else parameters[name]
        result = np.empty(original.shape)
        for index in np.ndindex(original.shape):
            moved = original.astype(complex)
            moved[index] += 1j * STEP
            _, value = run(moved, parameters) if name == "input" else run(x, parameters | {name: moved})
            result[index] = value.imag / STEP
        return result

    def train(updates, rate, beta1, beta2, eps):
        """Adam as in Kingma & Ba (2015), algorithm 1: the loss before each update, and the parameters after the last."""
        current = parameters
        m = {name: np.zeros(values.shape) for name, values in parameters.items()}
        v = {name: np.zeros(values.shape) for name, values in parameters.items()}
        losses = []
        for t in range(1, updates + 1):
            losses.append(run(x, current)[1].real)
            gradients = {name: gradient(name, current) for name in current}
            moved = {}
            for name, g in gradients.items():
                m[name] = beta1 * m[name] + (1 - beta1) * g
                v[name] = beta2 * v[name] + (1 - beta2) * g ** 2
                m_hat, v_hat = m[name] / (1 - beta1 ** t), v[name] / (1 - beta2 ** t)
                moved[name] = current[name] - rate * m_hat / (np.sqrt(v_hat) + eps)
            current = moved
        return {"losses": losses, "parameters": {name: tensor(values) for name, values in current.items()}}

    def tensor(values):
        return {"shape": list(values.shape), "values": values.ravel().tolist()}

    y, value = run(x, parameters)
    return {
        "constants": constants,
        "silencing": silencing.tolist(),
        "input": tensor(x),
        "parameters": {name: tensor(values) for name, values in parameters.items()},
        "target": target.tolist() if loss is cross_entropy else tensor(target),
        "output": tensor((y[-1:] if loss is cross_entropy else y).real),
        "loss": value.real,
        "gradients": {name: tensor(gradient(name, parameters)) for name in ["input", *parameters]},
        "adam": ADAM,
        "training": train(updates=10, **ADAM),
    }


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
    folder = folder if folder.is_dir() else folder.parent
    features, neurons = 2, 3
    weights = {"weight_lat": (neurons, neurons)}
    per_neuron, per_current = (1, neurons), (2, 1, neurons)
    fixtures = {
        "glifr": fixture(
            glifr,
            {"weight_iv": (features, neurons), **weights, "thresh": per_neuron, "trans_k_m": per_neuron,
             "trans_k_j": per_current, "trans_r_j": per_current, "a_j": per_current},
            {"delay": 2, "dt": 0.4, "tau": 0.5, "sigma_v": 0.8, "R": 0.3, "I0": 0.6, "v_reset": -0.2},
            steps=5, features=features, neurons=neurons, outputs=2, loss=mean_squared_error, seed=1),
        "rnn": fixture(
            rnn, {"weight_ih": (features, neurons), **weights, "bias": per_neuron}, {"delay": 2},
            steps=6, features=features, neurons=neurons, outputs=3, loss=cross_entropy, seed=2),
        "lstm": fixture(
            lstm,
            {"weight_ih": (4 * neurons, features), "weight_hh": (4 * neurons, neurons), "bias_ih": (4 * neurons,),
             "bias_hh": (4 * neurons,)},
            {"delay": 1}, steps=4, features=features, neurons=neurons, outputs=2, loss=mean_squared_error, seed=3),
    }
    for name, content in fixtures.items():
        (folder / f"{name}.json").write_text(json.dumps(content) + "\n")


if __name__ == "__main__":
    main()

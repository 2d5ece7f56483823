#!/usr/bin/env python3
"""Trains networks on N-MNIST twice: by glifr_train, and by a plain PyTorch loop over time in double precision, from the
same initial weights and the same order of samples. The mean loss of every epoch has to be the same.

    nmnist_training.py GLIFR_TRAIN [MODEL...]      $GLIFR_DATA holds nmnist/; default models: one of each kind of cell

Nothing of glifr takes part on PyTorch's side: recordings, checkpoints and random numbers are read and drawn here, from
their descriptions in docs/ and datasets/README.md.
"""
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import torch
except ImportError as missing:
    print(f"[skipped] no {missing.name} for {sys.executable}")
    sys.exit(77)

EPOCHS, BATCH, TOLERANCE = 5, 100, 1e-6
STEPS, WIDTH, PIXELS = 15, 34, 2 * 34 * 34


# --- data ------------------------------------------------------------------------------------------------------------


def frames_of(recording):
    """Binary frames [time, polarity * y * x] of a recording: events of five bytes, a frame a millisecond."""
    events = np.frombuffer(recording.read_bytes(), np.uint8).reshape(-1, 5).astype(np.int64)
    x, y, polarity = events[:, 0], events[:, 1], events[:, 2] >> 7
    time = (events[:, 2] & 127) << 16 | events[:, 3] << 8 | events[:, 4]
    overflow = y == 240
    time = time + (np.cumsum(overflow) << 13)
    frame = time // 1000
    seen = ~overflow & (frame < STEPS)
    frames = np.zeros((STEPS, PIXELS), np.float32)
    frames[frame[seen], (polarity * WIDTH * WIDTH + y * WIDTH + x)[seen]] = 1
    return frames


def load(folder):
    """Frames and labels, digit by digit, each digit's recordings by number."""
    frames, labels = [], []
    for digit in range(10):
        for recording in sorted((folder / str(digit)).glob("*.bin"), key=lambda file: int(file.stem)):
            frames.append(frames_of(recording))
            labels.append(digit)
    return torch.from_numpy(np.stack(frames)), torch.tensor(labels)


def load_safetensors(path):
    content = path.read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    tensors = {}
    for name, entry in json.loads(content[8 : 8 + size]).items():
        if name == "__metadata__" or not entry["data_offsets"][1] > entry["data_offsets"][0]:
            continue
        begin, end = (8 + size + offset for offset in entry["data_offsets"])
        tensors[name] = torch.from_numpy(np.frombuffer(content[begin:end], np.float64).reshape(entry["shape"]).copy())
    return tensors


# --- random numbers --------------------------------------------------------------------------------------------------

INITIALIZE, SHUFFLE = 1, 2
MODELS = "rnn lstmn glifr_hom glifr_homa glifr_lhet glifr_lheta glifr_fhet glifr_fheta glifr_rhet glifr_rheta".split()


def philox(seed, stream, key, position):
    """Philox 4x32-10: four words."""
    low = 0xFFFFFFFF
    x = [position & low, position >> 32, stream, key]
    k = [seed & low, seed >> 32]
    for _ in range(10):
        p, q = 0xD2511F53 * x[0], 0xCD9E8D57 * x[2]
        x = [q >> 32 ^ x[1] ^ k[0], q & low, p >> 32 ^ x[3] ^ k[1], p & low]
        k = [(k[0] + 0x9E3779B9) & low, (k[1] + 0xBB67AE85) & low]
    return x


def order_of(seed, epoch, count):
    order = list(range(count))
    for i in range(count, 1, -1):
        j = philox(seed, SHUFFLE, epoch, i)[0] * i >> 32
        order[i - 1], order[j] = order[j], order[i - 1]
    return order


# --- networks, from their equations ----------------------------------------------------------------------------------


def rnn(x, p):
    h = torch.zeros(x.shape[0], p["neuron_layer.weight_lat"].shape[0], dtype=x.dtype)
    for t in range(STEPS):
        h = torch.tanh(x[:, t] @ p["neuron_layer.weight_ih"] + h @ p["neuron_layer.weight_lat"] + p["neuron_layer.bias"])
    return h


def lstm(x, p):
    h = c = torch.zeros(x.shape[0], p["neuron_layer.weight_hh"].shape[1], dtype=x.dtype)
    for t in range(STEPS):
        gates = x[:, t] @ p["neuron_layer.weight_ih"].T + h @ p["neuron_layer.weight_hh"].T
        i, f, g, o = (gates + p["neuron_layer.bias_ih"] + p["neuron_layer.bias_hh"]).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
    return h


def glifr(x, p):
    """dt = tau = 1 ms and a synaptic delay of one step; sigma_v 1, R 0.1, I0 0, V_reset 0."""
    leak = torch.sigmoid(p["neuron_layer.trans_k_m"])
    S = V = torch.zeros(x.shape[0], p["neuron_layer.weight_lat"].shape[0], dtype=x.dtype)
    has_currents = "neuron_layer.a_j" in p
    I = torch.zeros(p["neuron_layer.a_j"].shape[0], *S.shape, dtype=x.dtype) if has_currents else torch.zeros(1, 1, 1)
    for t in range(STEPS):
        synaptic = x[:, t] @ p["neuron_layer.weight_iv"] + S @ p["neuron_layer.weight_lat"]
        if has_currents:
            r = 1 - 2 * torch.sigmoid(p["neuron_layer.trans_r_j"])
            I = (r * I + p["neuron_layer.a_j"]) * S + (1 - torch.sigmoid(p["neuron_layer.trans_k_j"])) * I
        V = synaptic + leak * 0.1 * I.sum(0) + (1 - leak) * V - S * V
        S = torch.sigmoid(V - p["neuron_layer.thresh"])
    return S


def train(model, parameters, frames, labels, seed):
    """Mean loss of each epoch."""
    cell = {"rnn": rnn, "lstmn": lstm}.get(model, glifr)
    dynamics = ("thresh", "k_m", "k_j", "r_j", "a_j")
    is_fixed = model in ("glifr_hom", "glifr_homa", "glifr_fhet", "glifr_fheta")
    trained = [
        value.requires_grad_()
        for name, value in parameters.items()
        if not (is_fixed and name.endswith(dynamics))
    ]
    adam = torch.optim.Adam(trained, lr=1e-3)
    losses = []
    for epoch in range(EPOCHS):
        order = order_of(seed, epoch, len(labels))
        total = 0.0
        for first in range(0, len(order), BATCH):
            batch = order[first : first + BATCH]
            hidden = cell(frames[batch].double(), parameters)
            output = hidden @ parameters["output_linear.weight"].T + parameters["output_linear.bias"]
            loss = torch.nn.functional.cross_entropy(output, labels[batch])
            adam.zero_grad()
            loss.backward()
            adam.step()
            total += loss.item() * len(batch)
        losses.append(total / len(labels))
    return losses


def main():
    program, models = sys.argv[1], sys.argv[2:] or ["rnn", "lstmn", "glifr_lheta"]
    data = pathlib.Path(os.environ.get("GLIFR_DATA", ""))
    if "GLIFR_DATA" not in os.environ or not (data / "nmnist").is_dir():
        print("[skipped] GLIFR_DATA names no folder with nmnist in it")
        return 77
    frames, labels = load(data / "nmnist" / "Train")
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        command = [program, "--task", "nmnist", "--model", ",".join(models), "--epochs", str(EPOCHS), "--data", str(data)]
        command += ["--precision", "float64", "--set", f"batch_size={BATCH}", "--cache", scratch, "--out", scratch, "--no-figures"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        for model in models:
            folder = pathlib.Path(scratch) / "nmnist" / model / "trial_0"
            rows = (folder / "metrics.csv").read_text().splitlines()[1:]
            ours = [float(row.split(",")[1]) for row in rows]
            high, low = philox(0, INITIALIZE, MODELS.index(model), 0)[:2]  # the seed of trial 0
            initial = load_safetensors(folder / "checkpoints" / "initial.safetensors")
            theirs = train(model, initial, frames, labels, high << 32 | low)
            worst = max(abs(a - b) / b for a, b in zip(ours, theirs, strict=True))
            agrees = len(ours) == EPOCHS and worst < TOLERANCE
            failed |= not agrees
            print(f"{model:12} {'agrees' if agrees else 'DIFFERS'}, worst relative difference {worst:.1e}")
            for epoch in range(EPOCHS):
                print(f"    epoch {epoch + 1}: glifr {ours[epoch]:.9f}, PyTorch {theirs[epoch]:.9f}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

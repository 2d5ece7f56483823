#!/usr/bin/env python3
"""Trains on the users' own data through glifr_train: one set of samples in every form that is read gives the same bits,
and is learned; targets of every step and of the last; samples of different length; recordings of events; validation.
Needs NumPy, and h5py for the HDF5 forms; where they are missing this is skipped, or that part of it.

    own_data_test.py GLIFR_TRAIN
"""
import csv
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

python = os.environ.get("GLIFR_PYTHON")
if python and not os.environ.get("GLIFR_PYTHON_CHOSEN"):
    os.environ["GLIFR_PYTHON_CHOSEN"] = "yes"
    os.execv(python, [python] + sys.argv)
try:
    import numpy as np
except ImportError:
    print("[skipped] Python has no NumPy")
    sys.exit(77)
try:
    import h5py
except ImportError:
    h5py = None
    print("Python has no h5py: HDF5 files are left out")

TRAIN = sys.argv[1]
SAMPLES, STEPS, CHANNELS = 400, 50, 20


def toy(seed, samples=SAMPLES):
    """Two classes: channels 0 to 9 or 10 to 19 are active more often. Small whole numbers, which every type holds."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, samples)
    rates = np.where((np.arange(CHANNELS) < CHANNELS // 2)[None, :] == (labels == 0)[:, None], 0.3, 0.1)
    return (rng.random((samples, STEPS, CHANNELS)) < rates[:, None, :]).astype(np.int64), labels


def write_safetensors(path, arrays):
    header, offset, blobs = {}, 0, []
    for name, array in arrays.items():
        kind = {"float64": "F64", "float32": "F32", "int64": "I64", "uint8": "U8"}[array.dtype.name]
        data = np.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
        blobs.append(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def write_csv(path, inputs, labels=None, lengths=None):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["sample"] + [f"channel_{c}" for c in range(inputs.shape[2])] + ["label"])
        for i, sample in enumerate(inputs):
            for step in sample[: lengths[i] if lengths is not None else None]:
                writer.writerow([i, *step.tolist(), int(labels[i])])


def run(folder, name, *arguments, expect=0):
    command = [TRAIN, "--task", "files", "--data", str(folder), "--out", str(folder / "out" / name), "--no-figures",
               "--threads", "2", "--seed", "1", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if done.returncode != expect:
        sys.exit(f"{name}: exit code {done.returncode}\n{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done, folder / "out" / name / "files"


def options(**settings):
    return [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]


SMALL = options(hidden_size=16, lr=0.01, batch_size=50, max_epochs=15)


def trial(folder, model="glifr_lheta"):
    return folder / model / "trial_0"


def test(folder, model="glifr_lheta"):
    return json.loads((trial(folder, model) / "test.json").read_text())


def forms(folder, part, inputs, labels):
    """Writes the samples in every form; (name, settings) of each."""
    made = []

    def npy(name, array):
        np.save(folder / name, array)
        return name

    def add(form, file, **more):
        made.append((form, {f"{part}_data": file, **{f"{part}_{key}": value for key, value in more.items()}}))

    for dtype in ("bool", "int8", "int16", "int32", "int64", "uint8", "float16", "float32", "float64"):
        file = f"{part}_{dtype}.npz"
        np.savez(folder / file, inputs=inputs.astype(dtype), labels=labels)
        add(f"npz_{dtype}", file)
    np.savez_compressed(folder / f"{part}_packed.npz", inputs=np.asfortranarray(inputs.astype("f4")), labels=labels)
    add("npz_packed_fortran", f"{part}_packed.npz")
    for form, array in {"npy": inputs.astype("<f4"), "npy_big_endian": inputs.astype(">f8"),
                        "npy_fortran": np.asfortranarray(inputs.astype(">i2"))}.items():
        add(form, npy(f"{part}_{form}.npy", array), labels=npy(f"{part}_{form}_labels.npy", labels.astype("u1")))
    write_safetensors(folder / f"{part}.safetensors", {"inputs": inputs.astype("f4"), "labels": labels.astype("i8")})
    add("safetensors", f"{part}.safetensors")
    write_csv(folder / f"{part}.csv", inputs, labels)
    add("csv", f"{part}.csv")
    if h5py:
        for form, dtype, more in (("hdf5", "f4", {}), ("hdf5_gzip", ">f8", {"chunks": (7, 11, 20), "compression": 4}),
                                  ("hdf5_bool", "bool", {})):
            with h5py.File(folder / f"{part}_{form}.h5", "w") as file:
                file.create_dataset("inputs", data=inputs.astype(dtype), **more)
                file["labels"] = labels
            add(form, f"{part}_{form}.h5")
    return made


def check(condition, message):
    if not condition:
        sys.exit(message)


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    train, test_set = toy(1), toy(2, 200)
    bits = {}
    for (form, first), (_, second) in zip(forms(folder, "train", *train), forms(folder, "test", *test_set)):
        _, results = run(folder, form, *SMALL, *options(**first, **second))
        bits[form] = (trial(results) / "checkpoints" / "last.safetensors").read_bytes()
        check(test(results)["test_acc"] > 0.95, f"{form}: test accuracy {test(results)['test_acc']}")
        check((trial(results) / "confusion.csv").is_file(), f"{form}: no confusion.csv")
    different = [form for form, content in bits.items() if content != bits["npy"]]
    check(not different, f"other bits than from npy: {different}")
    print(f"{len(bits)} forms give the same bits, test accuracy {test(results)['test_acc']}")

    # Targets: of every step (the running mean of the inputs), and of the last.
    inputs = train[0].astype("f8")
    running = np.cumsum(inputs[:, :, :10].mean(2), 1) / np.arange(1, STEPS + 1)
    for form, targets in (("every", running[:, :, None]), ("last", running[:, -1, None])):
        np.savez(folder / f"{form}.npz", inputs=inputs, targets=targets)
        _, results = run(folder, form, *SMALL, *options(train_data=f"{form}.npz", test_data=f"{form}.npz"))
        variance = float(np.var(targets))
        check(test(results)["test_loss"] < variance, f"{form}: loss {test(results)['test_loss']}, variance {variance}")
        check(test(results)["test_acc"] is None, f"{form}: an accuracy of values")

    # Samples of 10 to 50 steps: what stands behind the end of a sample changes nothing.
    lengths = np.random.default_rng(3).integers(10, STEPS + 1, SAMPLES)
    lengths[0] = STEPS  # a CSV file has as many steps as its longest sample
    cut = train[0].copy()
    for i, length in enumerate(lengths):
        cut[i, length:] = 0
    np.savez(folder / "cut.npz", inputs=cut, labels=train[1], lengths=lengths)
    for i, length in enumerate(lengths):
        cut[i, length:] = 7
    np.savez(folder / "padded.npz", inputs=cut, labels=train[1], lengths=lengths)
    write_csv(folder / "cut.csv", cut, train[1], lengths)
    bits = []
    for file in ("cut.npz", "padded.npz", "cut.csv"):
        _, results = run(folder, file, *SMALL, *options(train_data=file, test_data=file))
        bits.append((trial(results) / "checkpoints" / "last.safetensors").read_bytes())
        check(test(results)["test_acc"] > 0.9, f"{file}: accuracy {test(results)['test_acc']}")
    check(bits[0] == bits[1] == bits[2], "what stands behind the end of samples changes the bits")

    # Validation: its columns, the best checkpoint, and the same after a run that was cut in two.
    data = options(train_data="train_int8.npz", test_data="test_int8.npz", validation_fraction=0.2, test_checkpoint="best")
    _, whole = run(folder, "validation", *SMALL, *data)
    rows = list(csv.DictReader(open(trial(whole) / "metrics.csv")))
    check(list(rows[0]) == ["epoch", "train_loss", "train_acc", "seconds", "val_loss", "val_acc"], f"columns {rows[0]}")
    best = min(rows, key=lambda row: float(row["val_loss"]))["epoch"]
    check(test(whole)["test_checkpoint"] == "best" and test(whole)["epoch"] == int(best), f"{test(whole)}, best {best}")
    run(folder, "parts", *SMALL, *data, *options(max_epochs=6))
    _, parts = run(folder, "parts", *SMALL, *data, "--resume")
    for file in ("last", "best"):
        first, second = [(trial(part) / "checkpoints" / f"{file}.safetensors").read_bytes() for part in (whole, parts)]
        check(first == second, f"{file}.safetensors differs after resuming")
    check(test(whole) == test(parts), "test.json differs after resuming")

    # Files that do not fit are refused in one line.
    np.savez(folder / "narrow.npz", inputs=train[0][:, :, :3], labels=train[1])
    np.savez(folder / "three.npz", inputs=train[0], labels=train[1] + 1)
    with_nan = inputs.copy()
    with_nan[3, 2, 1] = np.nan
    np.savez(folder / "nan.npz", inputs=with_nan, labels=train[1])
    for wrong, words in (({"test_data": "narrow.npz"}, ["narrow.npz", "3 features", "20"]),
                         ({"test_data": "three.npz"}, ["three.npz", "label"]),
                         ({"train_data": "nan.npz"}, ["nan.npz", "inputs", "sample 3"]),
                         ({"input_size": 3}, ["input_size", "20"]), ({"loss_fn": "mse"}, ["loss_fn", "labels"]),
                         ({"test_data": "nothing.h5"}, ["nothing.h5"]), ({"labels_name": "class"}, ["class", "labels"])):
        settings = {"train_data": "train_int8.npz", "test_data": "test_int8.npz", **wrong}
        done, _ = run(folder, "wrong", *SMALL, *options(**settings), expect=2)
        check(done.stderr.count("\n") == 1 and all(word in done.stderr for word in words), f"{wrong}: {done.stderr}")

    # Recordings of events as SHD has them: frames equal those of NumPy, so the same bits come from both.
    if h5py:
        rng = np.random.default_rng(4)
        frames = np.zeros((60, 20, 30), "u1")
        for part, count in (("train", 60), ("test", 30)):
            with h5py.File(folder / f"events_{part}.h5", "w") as file:
                kind16, kind = h5py.vlen_dtype(np.dtype("f2")), h5py.vlen_dtype(np.dtype("u2"))
                times = file.create_dataset("spikes/times", (count,), kind16)
                units = file.create_dataset("spikes/units", (count,), kind)
                labels = rng.integers(0, 3, count)
                frames = np.zeros((count, 20, 30), "u1")
                for i in range(count):
                    events = int(rng.integers(5, 60))
                    t = np.sort(rng.random(events) * 0.25).astype("f2")
                    u = (rng.integers(0, 10, events) + 10 * labels[i]).astype("u2")
                    times[i], units[i] = t, u
                    index = np.floor(t.astype("f8") * 1e3 / 10).astype(int)
                    inside = index < 20
                    frames[i, index[inside], u[inside]] = 1
                file["labels"] = labels
            np.savez(folder / f"frames_{part}.npz", inputs=frames, labels=labels)
        events = options(num_timesteps=20, duration_timestep=10, input_size=30, output_size=3)
        _, sparse = run(folder, "events", *SMALL, *events, *options(max_epochs=60, train_data="events_train.h5", test_data="events_test.h5"))
        _, dense = run(folder, "frames", *SMALL, *options(max_epochs=60, train_data="frames_train.npz", test_data="frames_test.npz"))
        # Sums over lists of active inputs and over rows differ by rounding.
        losses = [float(next(csv.DictReader(open(trial(results) / "metrics.csv")))["train_loss"])
                  for results in (sparse, dense)]
        check(abs(losses[0] - losses[1]) < 1e-4 * losses[0], f"frames of events train otherwise than NumPy's: {losses}")
        check(test(sparse)["test_acc"] > 0.9, f"events: accuracy {test(sparse)['test_acc']}")
print("all of it holds")

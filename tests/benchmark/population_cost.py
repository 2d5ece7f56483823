#!/usr/bin/env python3
"""What populations cost: milliseconds a training step of layers with delays for each neuron, masks, signs and shared
parameters beside the plain layer, as a Markdown table. The cases take turns; each cell is the least of all turns.

  population_cost.py GLIFR_TRAIN [--threads N] [--turns N] [--seconds S] [--tasks sine,lmnist,...]
"""
import argparse
import json
import pathlib
import subprocess
import tempfile

# Task: neurons, batch, and the range of delays in ms, whose shortest is the task's own.
TASKS = {
    "sine": (124, 6, [1, 2]),
    "lmnist": (252, 32, [1, 1.3]),
    "pmnist": (252, 8, [15, 30]),
    "nmnist": (252, 32, [1, 3]),
}

CASES = {
    "plain": {},
    "a delay for each neuron": {"delays": False},
    "learned delays": {"delays": True},
    "half of the connections": {"lateral": {"density": 0.5}},
    "a fifth": {"lateral": {"density": 0.2}},
    "a twentieth": {"lateral": {"density": 0.05}},
    "Dale's law": {"inhibitory": 0.2},
    "Dale's law, a fifth of the connections": {"inhibitory": 0.2, "lateral": {"density": 0.2}},
    "all parameters shared by the layer": {"parameters": {"all": {"per": "layer"}}},
}


def layer(task, case):
    size, _, (shortest, longest) = TASKS[task]
    described = {"size": size, "num_ascs": 2, "synaptic_delay": shortest, **case}
    if "delays" in case:
        described["synaptic_delay"] = {"uniform": [shortest, longest], "train": described.pop("delays")}
    return {"layers": [described]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("glifr_train")
    parser.add_argument("--threads", default="1")
    parser.add_argument("--seconds", default="1")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--tasks", default=",".join(TASKS))
    options = parser.parse_args()
    tasks = options.tasks.split(",")
    names = {f"case{i}": case for i, case in enumerate(CASES)}
    least = {}
    with tempfile.TemporaryDirectory() as folder:
        for task in tasks:
            file = pathlib.Path(folder) / f"{task}.json"
            models = {name: layer(task, dict(CASES[case])) for name, case in names.items()}
            file.write_text(json.dumps({"base": task, "name": "cost", "models": models}))
            for _ in range(options.turns):
                for name, case in names.items():
                    command = [options.glifr_train, "--benchmark", "--config", file, "--model", name, "--threads",
                               options.threads, "--benchmark-seconds", options.seconds, "--set", f"batch_size={TASKS[task][1]}"]
                    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                    result = result[0] if isinstance(result, list) else result
                    milliseconds = 1e3 * result["min_seconds"]
                    least[task, case] = min(milliseconds, least.get((task, case), milliseconds))
    print("| | " + " | ".join(f"{task} ({TASKS[task][1]})" for task in tasks) + " |")
    print("|---|" + "---|" * len(tasks))
    for case in CASES:
        cells = [f"{least[task, case]:.3g} ({least[task, case] / least[task, 'plain']:.2f})" for task in tasks]
        print(f"| {case} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()

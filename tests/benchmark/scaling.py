#!/usr/bin/env python3
"""What many workers would make of a training step, from times that are measured with one thread.

    tests/benchmark/scaling.py BUILD/apps/glifr_train/glifr_train [--seconds 3] [--workers 2,8,32,128] [--tasks lmnist,...] [--models ...]

Two batches of whole micro-batches give the time of a micro-batch and of what is done once in a step (the last sums, the optimiser); the shares that glifr
chooses give how many workers find something to do and how evenly. The critical path of W workers is that of the worker with most shares, the sums
of log2 W pairs of shares behind it, and what is done once, which is shared out but counted as if it were not below 8 workers' worth. Without the time
of messages: between machines add what docs/cluster.md says. Prints a table in Markdown.
"""

import argparse
import json
import math
import subprocess

CASES = {"sine": 6, "lmnist": 512, "pmnist": 1024, "nmnist": 512}
MODELS = ["glifr_lheta", "rnn", "lstmn"]


def benchmark(program, task, model, seconds, *settings):
    command = [program, "--benchmark", "--task", task, "--model", model, "--threads", "1", "--benchmark-seconds", str(seconds)]
    for setting in settings:
        command += ["--set", setting]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["min_seconds"]


def shares_of(program, task, model, batch):
    command = [program, "--print-config", "--task", task, "--model", model, "--set", f"batch_size={batch}"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["shares"]


def measure(program, task, model, seconds):
    """(seconds of a step, share of it done once, shares)"""
    batch = CASES[task]
    shares = shares_of(program, task, model, batch)
    whole = benchmark(program, task, model, seconds, f"batch_size={batch}")
    if shares == 1:
        return whole, whole, shares
    # Half as many of the same pieces, in half as many shares.
    half = benchmark(program, task, model, seconds, f"batch_size={batch // 2}", f"shares={shares // 2}")
    once = max(0.0, 2 * half - whole)
    return whole, min(once, whole), shares


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--workers", default="2,8,32,128")
    parser.add_argument("--tasks", default=",".join(CASES))
    parser.add_argument("--models", default=",".join(MODELS))
    options = parser.parse_args()
    workers = [int(w) for w in options.workers.split(",")]
    print("| task (batch) | model | shares | ms, 1 worker | " + " | ".join(f"{w} workers" for w in workers) + " |")
    print("|---|---|---|---|" + "---|" * len(workers))
    for task in options.tasks.split(","):
        for model in options.models.split(","):
            whole, once, shares = measure(options.program, task, model, options.seconds)
            cells = []
            for w in workers:
                busiest = math.ceil(shares / min(w, shares))
                time = (whole - once) * busiest / shares + once / min(w, 8, shares)
                cells.append(f"{whole / time:.1f}x ({100 * whole / time / w:.0f} %)")
            print(f"| {task} ({CASES[task]}) | {model} | {shares} | {1e3 * whole:.3g} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()

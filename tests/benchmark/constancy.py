#!/usr/bin/env python3
"""What a neuron's step costs against the length of the samples and the size of the batch, and trials side by side.

  constancy.py GLIFR_TRAIN [--threads N] [--seconds S] [--trials]

Nanoseconds of a training step a neuron, time step and sample: sine with glifr_lheta from 100 to 100,000 steps of 0.05 ms,
lmnist with glifr_lheta from 1 to 4,096 samples. Then, with --trials: the seconds of 20 trials of sine on two cores beside
twenty times one trial on one core.
"""
import argparse
import json
import os
import subprocess
import tempfile
import time


def cost(program, options, threads, seconds):
    command = [program, "--benchmark", "--benchmark-seconds", seconds, "--threads", threads] + options
    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return result["median_seconds"], result["min_seconds"]


def table(title, rows):
    print(f"{title:>10} {'ms a step':>12} {'ns a neuron-step':>18} {'of the least':>13}")
    least = min(nanoseconds for _, _, nanoseconds in rows)
    for size, seconds, nanoseconds in rows:
        print(f"{size:>10} {1e3 * seconds:>12.4g} {nanoseconds:>18.4g} {nanoseconds / least:>13.2f}")


def lengths(program, threads, seconds):
    neurons, batch, dt = 124, 6, 0.05
    rows = []
    for steps in (100, 300, 1000, 3000, 10000, 30000, 100000):
        options = ["--task", "sine", "--model", "glifr_lheta", "--set", f"sim_time={steps * dt:g}"]
        median, least = cost(program, options, threads, seconds)
        rows.append((steps, median, 1e9 * least / (steps * neurons * batch)))
    table("steps", rows)


def batches(program, threads, seconds):
    neurons, steps = 252, 28
    rows = []
    for batch in (1, 4, 16, 64, 256, 1024, 4096):
        options = ["--task", "lmnist", "--model", "glifr_lheta", "--set", f"batch_size={batch}"]
        median, least = cost(program, options, threads, seconds)
        rows.append((batch, median, 1e9 * least / (steps * neurons * batch)))
    table("samples", rows)


def side_by_side(program):
    def run(trials, threads):
        with tempfile.TemporaryDirectory() as out:
            command = [program, "--task", "sine", "--model", "glifr_lheta", "--ntrials", str(trials), "--threads", str(threads),
                       "--epochs", "1000", "--no-figures", "--out", out]
            begin = time.monotonic()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            return time.monotonic() - begin

    one, many = [], []
    for _ in range(3):
        one.append(run(1, 1))
        many.append(run(20, 2))
    print(f"one trial on one core {min(one):.2f} s, 20 trials on two cores {min(many):.2f} s: "
          f"{20 * min(one) / 2 / min(many):.2f} of twice the throughput")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("glifr_train")
    parser.add_argument("--threads", default="2")
    parser.add_argument("--seconds", default="1")
    parser.add_argument("--trials", action="store_true")
    options = parser.parse_args()
    program = os.path.abspath(options.glifr_train)
    lengths(program, options.threads, options.seconds)
    batches(program, options.threads, options.seconds)
    if options.trials:
        side_by_side(program)


if __name__ == "__main__":
    main()

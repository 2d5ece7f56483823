#!/usr/bin/env python3
"""Floating-point operations a second of whole training steps against the size of the layer, as a table and a figure.

  efficiency.py STEP_FLOORS OUT [--threads 1,2] [--seconds S] [--most NEURONS] [--peers FILE]

STEP_FLOORS is build/tests/benchmark/step_floors. Writes OUT.csv and, by gnuplot, OUT.svg. FILE: a CSV table with the
columns peer, task, batch, neurons, ms of the same steps elsewhere; its lines are drawn beside ours.
"""
import argparse
import csv
import statistics
import subprocess
import sys


def measure(step_floors, threads, seconds, most):
    command = [step_floors, "--sizes", "--threads", str(threads), "--seconds", seconds, "--most", most]
    rows, in_cache = [], []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()  # the number of threads
        process.stdout.readline()  # the names of the columns
        for line in process.stdout:
            print(f"{threads} {line}", end="", file=sys.stderr, flush=True)
            task, batch, neurons, ms, gflops, rate, _ = line.split()
            in_cache.append(float(rate))
            rows.append({"threads": threads, "task": task, "batch": batch, "neurons": int(neurons), "ms": float(ms),
                         "gflops": float(gflops)})
    if process.returncode != 0:
        raise SystemExit(process.returncode)  # which has said why
    peak = round(statistics.median(in_cache), 1)
    return [{**row, "peak": peak} for row in rows]


COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]  # of tasks and batches
POINTS = [7, 5, 9, 6, 4, 8]  # of programs, whose dash types count up from 1


def draw(rows, out):
    names = list(dict.fromkeys(row["name"] for row in rows))
    works = list(dict.fromkeys((row["task"], row["batch"]) for row in rows))
    series = {}
    for row in rows:
        series.setdefault((row["name"], row["task"], row["batch"]), []).append((row["neurons"], row["gflops"]))
    blocks, plots = [], []
    for (name, task, batch), points in sorted(series.items()):
        block = f"$d{len(blocks)}"
        blocks.append(f"{block} << END\n" + "\n".join(f"{n} {g}" for n, g in sorted(points)) + "\nEND")
        of_name = names.index(name)
        color = COLORS[works.index((task, batch)) % len(COLORS)]
        plots.append(f"{block} with linespoints dashtype {of_name + 1} pointtype {POINTS[of_name % len(POINTS)]} "
                     f"pointsize 0.6 linewidth 1.5 linecolor rgb '{color}' title '{name}, {task} ({batch})'")
    for threads, peak, name in sorted({(row["threads"], row["peak"], row["name"]) for row in rows if "peak" in row}):
        plots.append(f"{peak} with lines dashtype {names.index(name) + 1} linewidth 1.5 linecolor 'gray40' title "
                     f"'products in cache, {threads} thread{'s' if threads > 1 else ''}'")
    script = "\n".join(blocks) + f"""
set terminal svg size 800,640 font 'sans,12' background 'white'
set output '{out}.svg'
set logscale x 2
set xlabel 'neurons of the layer'
set ylabel 'GFLOP/s of a training step'
set yrange [0:*]
set offsets 0, 0, 5, 0
set key above maxcols 3 samplen 4
set grid
plot {", ".join(plots)}
"""
    subprocess.run(["gnuplot"], input=script, check=True, text=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step_floors")
    parser.add_argument("out")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--seconds", default="1")
    parser.add_argument("--most", default="8192", help="neurons of the largest layer: it takes minutes a step")
    parser.add_argument("--peers")
    options = parser.parse_args()
    rows = []
    for threads in options.threads.split(","):
        for row in measure(options.step_floors, int(threads), options.seconds, options.most):
            row["name"] = f"glifr, {threads} thread{'s' if int(threads) > 1 else ''}"
            rows.append(row)
    ours = {(row["task"], row["batch"], row["neurons"]): row for row in rows}
    with open(options.out + ".csv", "w", newline="") as file:
        table = csv.DictWriter(file, ["threads", "task", "batch", "neurons", "ms", "gflops", "peak"],
                               extrasaction="ignore")
        table.writeheader()
        table.writerows(rows)
    if options.peers:
        with open(options.peers, newline="") as file:
            for peer in csv.DictReader(file):
                same = ours[peer["task"], peer["batch"], int(peer["neurons"])]  # as many operations
                rows.append({"name": peer["peer"], "task": peer["task"], "batch": peer["batch"],
                             "neurons": same["neurons"], "threads": 0,
                             "gflops": same["gflops"] * same["ms"] / float(peer["ms"])})
    draw(rows, options.out)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Runs the example notebook on a small sweep. Where Jupyter's nbconvert, pandas or matplotlib are missing this is
skipped. The interpreter that has them may be named by GLIFR_PYTHON.

    notebook_test.py GLIFR_TRAIN GLIFR_ANALYZE NOTEBOOK
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

MODULES = "import nbconvert, ipykernel, numpy, pandas, matplotlib"


def main():
    train, analyze, notebook = map(pathlib.Path, sys.argv[1:])
    python = os.environ.get("GLIFR_PYTHON") or shutil.which("python3")
    if not python or subprocess.run([python, "-c", MODULES], capture_output=True).returncode != 0:
        print("[skipped] Python has no nbconvert, ipykernel, pandas or matplotlib")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(notebook, folder)

        def run(*command):
            finished = subprocess.run([str(word) for word in command], cwd=folder, text=True, capture_output=True)
            if finished.returncode != 0:
                sys.exit(f"{command[0]} failed: {finished.stderr[-3000:]}")

        run(train, "--task", "sine", "--model", "rnn,glifr_lheta", "--ntrials", 2, "--epochs", 2, "--sweep",
            "lr=3e-3,1e-3", "--sweep", "hidden_size=6,8", "--no-figures", "--out", "results")
        run(analyze, "summary", "results", "--by", "lr,hidden_size", "--no-figures", "--out", "analysis")
        run(python, "-m", "nbconvert", "--to", "notebook", "--execute", "--ExecutePreprocessor.timeout=600",
            "--output", "executed.ipynb", notebook.name)
        executed = (pathlib.Path(folder) / "executed.ipynb").read_text()
        for piece in ('"image/png"', "neuron_layer.weight_lat"):
            if piece not in executed:
                sys.exit(f"the notebook did not show {piece}")


if __name__ == "__main__":
    main()

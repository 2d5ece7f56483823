"""Searches a learning rate and a dropout by Optuna. Start it any number of times, as in an array of jobs: all share one study.

sbatch --array=1-8 --cpus-per-task=2 --wrap "python3 examples/cluster/optuna_sweep.py"
"""

import json
import pathlib
import subprocess

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

OUT = pathlib.Path("results")


def objective(trial: optuna.Trial) -> float:
    rate = trial.suggest_float("lr", 1e-5, 1e-2, log=True)
    dropout = trial.suggest_float("dropout_prob", 0, 0.5)
    name = f"sine-{trial.number}"
    command = ["glifr_train", "--task", "sine", "--epochs", "200", "--name", name, "--no-figures", "--resume", "--out", str(OUT)]
    command += ["--set", f"lr={rate}", "--set", f"dropout_prob={dropout}"]
    code = subprocess.run(command).returncode
    if code == 1:  # diverged: as bad as it gets
        raise optuna.TrialPruned()
    if code != 0:
        raise RuntimeError(f"glifr_train ended with {code}")
    return json.loads((OUT / name / "glifr_lheta" / "trial_0" / "test.json").read_text())["test_loss"]


def main() -> None:
    storage = JournalStorage(JournalFileBackend("optuna.log"))  # a file that all jobs see
    study = optuna.create_study(study_name="sine", storage=storage, load_if_exists=True)
    study.optimize(objective, n_trials=5)
    print(study.best_params)


if __name__ == "__main__":
    main()

"""How long 30 random trials on the digits take, and whether Bayesian proposals beat random ones at equal trials.

`python benchmarks/tuning.py [TRIALS]` searches with three seeds each and prints a line a search; the last lines
compare. The searches stay in `runs/benchmark_tuning`, so a run that was stopped can be resumed.
"""

import os
import statistics
import sys
import time
from io import StringIO
from pathlib import Path

from rich.console import Console

from tuning import search
from tuning.results import overhead, read_results

SEEDS = (0, 1, 2)
FOLDER = Path("runs") / "benchmark_tuning"


def main(trials):
    best = {}
    print(f"{trials} trials a search on {os.cpu_count()} cores; the score is the accuracy on 300 validation digits")
    for tuner in ("random", "bayesian"):
        for seed in SEEDS:
            folder, started = FOLDER / f"{tuner}_{seed}_{trials}", time.perf_counter()
            results = search(
                "digits", tuner=tuner, seed=seed, max_trials=trials, out=folder, console=Console(file=StringIO())
            )
            seconds = time.perf_counter() - started
            best[tuner, seed] = results[0].record["val_accuracy"]
            print(
                f"{tuner} with seed {seed}: best {best[tuner, seed]:.2%}, mean of the top five "
                f"{statistics.mean(result.record['val_accuracy'] for result in results[:5]):.2%}, {seconds:.0f} s, "
                f"{overhead(read_results(folder)):.1%} of a trial outside of fit",
                flush=True,
            )
    for tuner in ("random", "bayesian"):
        print(f"{tuner}: best of each seed, mean {statistics.mean(best[tuner, seed] for seed in SEEDS):.2%}")
    wins = sum(best["bayesian", seed] >= best["random", seed] for seed in SEEDS)
    print(f"Bayesian at least as good as random with {wins} of {len(SEEDS)} seeds")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)

"""Dawid and Skene's model in SQL over a Parquet file of votes, larger than memory if need be.

Each iteration is two aggregations, by worker and by task, which DuckDB does
within a limit of memory; the steps, and when they end, are those of
`al.DawidSkene` for two classes. Prints a JSON line: seconds and the peak of
memory of both, and how far their probabilities differ.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

import animelabel_widgets as al

PRIOR, TOLERANCE, MOST = 5.0, 1e-6, 200

MAKE = """
    SELECT setseed(0.5);
    CREATE TABLE workers AS SELECT range AS worker, 0.55 + 0.43 * random() AS skill
      FROM range({workers});
    CREATE TABLE answers AS SELECT range AS task, random() < 0.3 AS truth FROM range({tasks});
    COPY (
      SELECT task, worker, CASE WHEN random() < skill THEN truth ELSE NOT truth END AS label
      FROM (SELECT task, truth, unnest(range({votes})) AS place,
        (hash(task) + place * ({workers} // {votes})) % {workers} AS worker FROM answers)
      JOIN workers USING (worker)
    ) TO '{file}' (FORMAT parquet);
"""
COUNT = """
    CREATE OR REPLACE TABLE skills AS
    SELECT {worker} AS worker,
      (sum(p) FILTER (label) + $strength * $mean_yes) / (sum(p) + $strength) AS yes,
      (sum(1 - p) FILTER (label) + $strength * $mean_no) / (sum(1 - p) + $strength) AS no
    FROM votes JOIN states USING (task) GROUP BY ALL;
"""
WEIGH = """
    CREATE OR REPLACE TABLE states AS
    SELECT task, 1 / (1 + exp(no_weight - yes_weight)) AS p,
      greatest(yes_weight, no_weight) + ln(1 + exp(-abs(yes_weight - no_weight))) AS evidence
    FROM (
      SELECT task,
        ln($prior) + sum(ln(CASE WHEN label THEN s.yes ELSE 1 - s.yes END)) AS yes_weight,
        ln(1 - $prior) + sum(ln(CASE WHEN label THEN s.no ELSE 1 - s.no END)) AS no_weight
      FROM votes JOIN skills s ON s.worker = {worker} GROUP BY task
    );
"""


def main() -> None:
    """Estimate in both ways and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--votes", type=int, default=5, help="for each task")
    parser.add_argument("--workers", type=int, default=5_000)
    parser.add_argument("--memory", default="3GB", help="DuckDB's limit")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        votes = folder / "votes.parquet"
        with duckdb.connect() as connection:
            connection.execute("SET enable_progress_bar = false")
            for statement in MAKE.format(**vars(arguments), file=votes).split(";")[:-1]:
                connection.execute(statement)
        files = folder / "sql.parquet", folder / "memory.parquet"
        in_sql = alone(out_of_core, votes, files[0], arguments.memory)
        in_memory = alone(by_package, votes, files[1], "")
        first, second = (pd.read_parquet(file).set_index("task")["p"] for file in files)
        difference = float(np.abs(first - second).max())
    result = {
        "benchmark": "consensus_out_of_core",
        "votes": arguments.tasks * arguments.votes,
        "largest_difference": difference,
        "duckdb": in_sql,
        "in_memory": in_memory,
    }
    json.dump(result, sys.stdout)
    print()
    sys.exit(difference > 1e-6)


def out_of_core(votes: Path, result: Path, memory: str) -> int:
    """Estimate in SQL; give the number of iterations."""
    with duckdb.connect(str(result.with_suffix(".db"))) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(f"SET memory_limit = '{memory}'")
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(f"CREATE VIEW votes AS FROM '{votes}'")
        connection.execute(
            "CREATE TABLE states AS SELECT task, avg(label::INT) AS p FROM votes GROUP BY task"
        )
        # First as if all workers were one, whose skills are then everybody's prior.
        crowd = maximise(connection, "0", (0.0, 0.5, 0.5))
        yes, no = connection.execute("SELECT yes, no FROM skills").fetchone() or (0.5, 0.5)
        whole = maximise(connection, "votes.worker", (PRIOR, yes, no))
        connection.execute(f"COPY (SELECT task, p FROM states) TO '{result}' (FORMAT parquet)")
    return crowd + whole


def maximise(
    connection: duckdb.DuckDBPyConnection, worker: str, prior: tuple[float, float, float]
) -> int:
    """Run EM until the posterior rises no more; give the number of iterations."""
    strength, mean_yes, mean_no = prior
    count = number(connection, "SELECT count(*) FROM votes")
    former = -np.inf
    for iteration in range(1, MOST + 1):
        share = number(connection, "SELECT avg(p) FROM states")
        values = {"strength": strength, "mean_yes": mean_yes, "mean_no": mean_no}
        connection.execute(COUNT.format(worker=worker), values)
        connection.execute(WEIGH.format(worker=worker), {"prior": share})
        density = f"""
            SELECT sum({mean_yes} * ln(yes) + {1 - mean_yes} * ln(1 - yes)
              + {mean_no} * ln(no) + {1 - mean_no} * ln(1 - no)) FROM skills
        """
        posterior = number(connection, "SELECT sum(evidence) FROM states")
        if strength:
            posterior += strength * number(connection, density)
        if posterior - former <= TOLERANCE * count:
            return iteration
        former = posterior
    return MOST


def number(connection: duckdb.DuckDBPyConnection, query: str) -> float:
    """Give the one number that a query finds."""
    (found,) = connection.execute(query).fetchone() or (0.0,)
    return float(found)


def by_package(votes: Path, result: Path, _: str) -> int:
    """Estimate in memory; give the number of iterations."""
    model = al.DawidSkene(PRIOR, tol=TOLERANCE).fit(pd.read_parquet(votes))
    pd.DataFrame({"task": model.probas_.index, "p": model.probas_[True].to_numpy()}).to_parquet(
        result
    )
    return model.n_iter_


def alone(way: object, *arguments: object) -> dict[str, float]:
    """Measure one way in a process of its own."""
    with get_context("spawn").Pool(1) as pool:
        found = pool.apply(measured, (way, *arguments))
        pool.close()
        pool.join()
    return found


def measured(way: object, *arguments: object) -> dict[str, float]:
    """Give the iterations, the seconds, and the peak of memory."""
    start = time.perf_counter()
    iterations = way(*arguments)
    return {
        "iterations": iterations,
        "seconds": round(time.perf_counter() - start, 1),
        "peak_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


if __name__ == "__main__":
    main()

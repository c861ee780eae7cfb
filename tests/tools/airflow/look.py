"""Prints what real Airflow reads from a folder of DAGs, as JSON: errors, warnings, structure. Also runs the
tasks of the DAGs that are named as further arguments, in order."""

import json
import logging
import os
import sys
import warnings

folder, what = sys.argv[1], sys.argv[2:]
logging.disable(logging.CRITICAL)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import airflow

    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:
        from airflow.models.dagbag import DagBag
    # Warnings during the import of Airflow are not about these DAGs.
    before = len(caught)
    bag = DagBag(folder)
    about = [str(warning.message) for warning in caught[before:] if folder in warning.filename or "DAG" in str(warning.message)]


def task_as_data(task):
    return {
        "upstream": sorted(task.upstream_task_ids),
        "pool": task.pool,
        "timeout": task.execution_timeout.total_seconds() if task.execution_timeout else None,
        "trigger_rule": str(getattr(task.trigger_rule, "value", task.trigger_rule)),
        "autocommit": getattr(task, "autocommit", None),
        "connection": getattr(task, "conn_id", None),
        "statements": len(task.sql) if isinstance(getattr(task, "sql", None), list) else None,
        "retries": task.retries,
        "notifies": task.on_failure_callback is not None and task.on_failure_callback != [],
        "command": getattr(task, "bash_command", None),
    }


def in_order(dag):
    waiting, done = list(dag.tasks), set()
    while waiting:
        ready = [task for task in waiting if task.upstream_task_ids <= done]
        assert ready, "a circle"
        for task in sorted(ready, key=lambda task: task.task_id):
            yield task
            done.add(task.task_id)
            waiting.remove(task)


def run(dag):
    from datetime import datetime, timezone
    from types import SimpleNamespace

    context = {"dag_run": SimpleNamespace(run_after=datetime(2026, 11, 21, tzinfo=timezone.utc))}
    context["data_interval_end"] = context["dag_run"].run_after
    outcome = {}
    for task in in_order(dag):
        if task.task_id in ("watcher", "tests"):
            continue
        try:
            task.execute(context)
            outcome[task.task_id] = "ok"
        except Exception as error:
            outcome[task.task_id] = str(error)
    return outcome


def after_failures():
    """What a task raises after a failure of its statements, by the message of the failure."""
    tasks = [task for dag in bag.dags.values() for task in dag.tasks if type(task).__name__ == "RetryOnConflict"]
    if not tasks:
        return {}
    raised = {}
    base = type(tasks[0]).__mro__[1]
    statements = base.execute
    for message in ("ERROR: 1023 DETAIL: Serializable isolation violation on table", "could not complete because of conflict with concurrent transaction", "rowkeep tripwire: 7 of 9 rows"):
        def fail(self, context):
            raise RuntimeError(message)

        base.execute = fail
        try:
            tasks[0].execute({})
        except Exception as error:
            raised[message] = type(error).__name__
    base.execute = statements
    return raised


def schedule(dag):
    return str(getattr(dag, "schedule", None) or getattr(dag, "schedule_interval", None))


dags = {
    dag.dag_id: {
        "schedule": schedule(dag),
        "description": dag.description,
        "doc": dag.doc_md,
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "tasks": {task.task_id: task_as_data(task) for task in dag.tasks},
    }
    for dag in bag.dags.values()
}
outcome = {name: run(bag.dags[name]) for name in what}
print("\n==>" + json.dumps({"version": airflow.__version__, "errors": bag.import_errors, "warnings": about, "dags": dags, "outcome": outcome, "after_failures": after_failures()}))

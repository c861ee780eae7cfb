

def statements(task_id, sql, timeout, operator=SQLExecuteQueryOperator, **more):
    """A task that runs statements one by one, each committed by itself."""
    return operator(
        task_id=task_id,
        conn_id=CONNECTION,
        sql=sql,
        autocommit=True,
        split_statements=False,
        execution_timeout=timedelta(seconds=timeout),
        **more,
    )

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

try:
    from airflow.sdk import DAG
except ImportError:
    from airflow import DAG
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.providers.smtp.notifications.smtp import SmtpNotifier

# Statements are read from what was compiled, beside this folder.
ARTIFACTS = str(Path(__file__).resolve().parent.parent)

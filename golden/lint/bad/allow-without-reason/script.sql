-- rowkeep: allow(delete-without-where)
DELETE FROM ops.alarms;

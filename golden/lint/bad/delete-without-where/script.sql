INSERT INTO ops.alarm_log (alarm_id, note) VALUES (1, 'nightly');
DELETE FROM ops.alarms;

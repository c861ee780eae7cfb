INSERT INTO ops.notes (note) SELECT 'DELETE FROM live.trips; -- never' FROM ops.one_row AS r;
UPDATE ops.notes SET note = $$ TRUNCATE live.trips; $$ WHERE note IS NULL;

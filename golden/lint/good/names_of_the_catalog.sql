DECLARE @found TABLE (name sysname);
DELETE FROM @found;
INSERT INTO ops.restored (database_name, at)
SELECT f.database_name, f.at FROM ops.files AS f
WHERE f.database_name NOT IN (SELECT name FROM sys.databases WHERE database_id < 5);

ALTER TABLE logs DROP PARTITION (dt < '2025-01-01');
CALL archive.move_rows('x');
COPY (SELECT * FROM x) TO 's3://b/x';
UNLOAD ('SELECT * FROM x') TO 's3://b/x' IAM_ROLE default;

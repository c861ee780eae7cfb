-- pgTAP
BEGIN;
SELECT plan(1);
DELETE FROM app.orders;
SELECT is((SELECT count(*)::int FROM app.orders), 0);
SELECT * FROM finish();
ROLLBACK;

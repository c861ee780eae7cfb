DECLARE newest DATE;
SET newest = (SELECT MAX(load_day) FROM app.loads);
DELETE FROM app.loads WHERE load_day < DATE_SUB(newest, INTERVAL 30 DAY);

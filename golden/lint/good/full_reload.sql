BEGIN;
DELETE FROM mart.days;
INSERT INTO mart.days (day, trips) SELECT d.day, d.trips FROM stage.days AS d;
COMMIT;

-- a load, no archive
-- dialect: postgres
INSERT INTO mart.daily SELECT * FROM stage.daily;

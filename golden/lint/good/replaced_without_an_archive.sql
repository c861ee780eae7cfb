-- A purge: nobody archives these rows. A deep copy keeps all of them.
CREATE OR REPLACE TABLE shop.clicks AS SELECT * FROM shop.clicks WHERE clicked_on >= '2026-01-01';
CREATE TABLE shop.pages_new AS SELECT * FROM shop.pages;
DROP TABLE shop.pages;
ALTER TABLE shop.pages_new RENAME TO pages;

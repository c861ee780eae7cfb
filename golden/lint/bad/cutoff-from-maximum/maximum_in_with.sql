WITH b AS (SELECT max(ts) - 15552000 AS cut FROM mart.scans)
DELETE FROM mart.scans USING b WHERE scans.ts < b.cut;

-- cutoff: one cutoff for every statement of the cycle, never later than now less the retention
INSERT INTO settlement_ods.mart_uni_tracking_spath__cutoff (cutoff)
SELECT CASE WHEN MAX(m.pathTime) > CAST(EXTRACT(EPOCH FROM GETDATE()) AS BIGINT) THEN CAST(EXTRACT(EPOCH FROM GETDATE()) AS BIGINT) ELSE MAX(m.pathTime) END - 15552000
FROM settlement_ods.mart_uni_tracking_spath AS m

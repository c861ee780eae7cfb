-- cutoff: one cutoff for every statement of the cycle, never later than now less the retention
INSERT INTO settlement_ods.mart_uni_tracking_info__cutoff (cutoff)
SELECT CASE WHEN MAX(m.update_time) > CAST(EXTRACT(EPOCH FROM GETDATE()) AS BIGINT) THEN CAST(EXTRACT(EPOCH FROM GETDATE()) AS BIGINT) ELSE MAX(m.update_time) END - 15552000
FROM settlement_ods.mart_uni_tracking_info AS m

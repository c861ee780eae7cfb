DELETE s FROM mart.scans s CROSS JOIN (SELECT MAX(ts) AS mx FROM mart.scans) m WHERE s.ts < m.mx - INTERVAL 180 DAY;

MERGE INTO hist.p AS h USING (SELECT p.id, p.net, p.gross, p.d FROM mart.p AS p WHERE p.d < '2025-01-01') AS s
ON h.id = s.id AND h.d = s.d
WHEN NOT MATCHED THEN INSERT (id, gross, net, d) VALUES (s.id, s.net, s.gross, s.d);

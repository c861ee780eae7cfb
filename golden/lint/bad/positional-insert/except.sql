INSERT INTO hist.p SELECT p.id, p.d FROM mart.p AS p WHERE p.d < '2025-01-01' EXCEPT SELECT h.id, h.d FROM hist.p AS h;

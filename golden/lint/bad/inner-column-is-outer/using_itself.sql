INSERT INTO hist.o (id, at) SELECT o.id, o.at FROM mart.o AS o WHERE o.at < '2024-01-01'
  AND NOT EXISTS (SELECT 1 FROM hist.o AS h WHERE h.id = o.id AND h.at = o.at);
DELETE FROM mart.o USING hist.o AS h WHERE h.id = h.id AND h.at = h.at AND mart.o.at < '2024-01-01';

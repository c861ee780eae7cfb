INSERT INTO hist.tariffs (sku, store_id, valid_from, price)
SELECT t.sku, t.store_id, t.valid_from, t.price FROM mart.tariffs AS t
WHERE t.valid_from < '2025-01-01'
  AND NOT EXISTS (
    SELECT 1 FROM hist.tariffs AS h WHERE h.sku = t.sku AND h.store_id = t.store_id AND h.valid_from = t.valid_from
  );
DELETE FROM mart.tariffs
WHERE valid_from < '2025-01-01' AND EXISTS (SELECT 1 FROM hist.tariffs AS h WHERE h.sku = tariffs.sku);

DELETE FROM stg.prices WHERE loaded_at < CURRENT_DATE - 14;
INSERT INTO core.price_history (sku, price, valid_from) SELECT s.sku, s.price, s.valid_from FROM stg.prices s
WHERE NOT EXISTS (SELECT 1 FROM core.price_history h WHERE h.sku = s.sku AND h.valid_from = s.valid_from);

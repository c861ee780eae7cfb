DELETE FROM payments a USING payments b WHERE a.payment_id = b.payment_id AND a.loaded_at <= b.loaded_at;

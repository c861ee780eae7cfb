INSERT INTO hist.uti (order_id, state, update_time)
SELECT m.order_id, m.state, m.update_time FROM mart.uti m
LEFT JOIN hist.uti h ON h.order_id = m.order_id AND h.update_time = m.update_time
WHERE m.update_time < 1767225600 AND h.order_id IS NULL;
DELETE m FROM mart.uti m JOIN hist.uti h ON m.order_id = h.order_id WHERE m.update_time < 1767225600;

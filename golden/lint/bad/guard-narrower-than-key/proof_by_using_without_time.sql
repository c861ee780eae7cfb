INSERT INTO hist.uti (order_id, state, update_time)
SELECT m.order_id, m.state, m.update_time FROM mart.uti m
WHERE m.update_time < 1767225600
  AND NOT EXISTS (SELECT 1 FROM hist.uti h WHERE h.order_id = m.order_id AND h.update_time = m.update_time);
DELETE FROM mart.uti USING hist.uti h WHERE uti.order_id = h.order_id AND uti.update_time < 1767225600;

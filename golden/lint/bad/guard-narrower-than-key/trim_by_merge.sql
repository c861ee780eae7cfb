MERGE INTO mart.uti m USING hist.uti h ON m.order_id = h.order_id AND m.update_time < '2025-01-01'
WHEN MATCHED THEN DELETE;
INSERT INTO hist.uti (order_id, state, update_time) SELECT m.order_id, m.state, m.update_time FROM mart.uti m WHERE m.update_time < '2025-01-01'
 AND NOT EXISTS (SELECT 1 FROM hist.uti h WHERE h.order_id = m.order_id AND h.update_time = m.update_time);

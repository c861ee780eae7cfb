-- Deletes a reactivated order from the latest history table, but not from older ones.
DELETE FROM settlement_ods.hist_uni_tracking_info_2026_h1
WHERE order_id IN (SELECT order_id FROM settlement_ods.mart_uni_tracking_info);

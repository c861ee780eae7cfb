INSERT INTO report_2025 (region, total) SELECT region, SUM(amount) FROM sales WHERE y = 2025 GROUP BY region ON DUPLICATE KEY UPDATE total = VALUES(total);
REPLACE INTO form1099_totals (vendor_id, total) SELECT vendor_id, amount FROM vendor_totals;

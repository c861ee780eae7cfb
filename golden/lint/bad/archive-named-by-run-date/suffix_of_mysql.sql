SET @ym = DATE_FORMAT(CURDATE(), '%Y%m');
SET @q = CONCAT('INSERT INTO arch.orders_', @ym, ' SELECT * FROM orders WHERE closed_at < ''2025-01-01''');
PREPARE st FROM @q; EXECUTE st; DEALLOCATE PREPARE st;

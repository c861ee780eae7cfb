SET @sql = CONCAT('INSERT INTO arch.tickets_', DATE_FORMAT(NOW(), '%Y_%m'), ' SELECT id FROM tickets WHERE closed < 5');
PREPARE s FROM @sql; EXECUTE s;

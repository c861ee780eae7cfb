START TRANSACTION;
INSERT INTO logins_archive (login_id, user_id, at_time)
SELECT l.login_id, l.user_id, l.at_time FROM logins l WHERE l.at_time < NOW() - INTERVAL 90 DAY;
DELETE FROM logins WHERE at_time < DATE_SUB(NOW(), INTERVAL 90 DAY);
COMMIT;

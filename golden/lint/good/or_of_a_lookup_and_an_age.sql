-- sessions of deleted users, and expired ones
DELETE FROM web.sessions WHERE user_id IN (SELECT user_id FROM app.users WHERE deleted_at IS NOT NULL) OR expires_at < now();

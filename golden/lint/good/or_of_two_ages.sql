DELETE FROM app.sessions WHERE user_id IN (SELECT id FROM app.users WHERE locked) OR expires_at < now();

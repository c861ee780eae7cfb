-- tell the users, then expire
INSERT INTO app.notifications (user_id, kind) SELECT t.user_id, 'trial_ended' FROM app.trials t WHERE t.ends_at < now();
DELETE FROM app.trials WHERE ends_at < now() - interval '30 days';

delete from live.sessions where user_id = 7 and closed_at is not null or closed_at < '2025-01-01';

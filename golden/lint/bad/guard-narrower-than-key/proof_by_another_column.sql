INSERT INTO hist.events (event_id, user_id, at) SELECT e.event_id, e.user_id, e.at FROM mart.events AS e
WHERE e.at < '2024-01-01' AND NOT EXISTS (SELECT 1 FROM hist.events AS h WHERE h.event_id = e.event_id);
DELETE FROM mart.events USING hist.events AS h WHERE h.user_id = mart.events.user_id AND mart.events.at < '2024-01-01';

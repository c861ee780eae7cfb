INSERT INTO archive.pings (ping_id, at) SELECT p.ping_id, p.at FROM net.pings p WHERE p.at < '2025-01-01'
 AND NOT EXISTS (SELECT 1 FROM archive.pings a WHERE a.ping_id = p.ping_id AND a.at = p.at);
DELETE FROM net.pings USING archive.pings a WHERE pings.at < '2025-01-01' AND a.at < '2025-01-01';

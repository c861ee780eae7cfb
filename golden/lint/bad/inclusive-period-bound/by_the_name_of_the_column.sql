INSERT INTO hist.o_2025 (id, at) SELECT o.id, o.at FROM live.o o WHERE o.at BETWEEN '2025-01-01' AND '2025-12-31' AND NOT EXISTS (SELECT 1 FROM hist.o_2025 h WHERE h.id = o.id AND h.at = o.at);
INSERT INTO hist.o_2026 (id, at) SELECT o.id, o.at FROM live.o o WHERE o.at BETWEEN '2026-01-01' AND '2026-12-31' AND NOT EXISTS (SELECT 1 FROM hist.o_2026 h WHERE h.id = o.id AND h.at = o.at);

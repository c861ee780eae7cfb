INSERT INTO arch.o BY NAME SELECT id, d FROM live.o WHERE d < '2025-01-01' AND NOT EXISTS (FROM arch.o AS a WHERE a.id = live.o.id AND a.d = live.o.d);
DELETE FROM live.o WHERE d < '2025-01-01';

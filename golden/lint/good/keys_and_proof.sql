CREATE TEMP TABLE keys AS SELECT id, at FROM live.m WHERE at < now() - interval '90 days';
INSERT INTO arch.m (id, at) SELECT m.id, m.at FROM live.m m JOIN keys k ON k.id = m.id AND k.at = m.at ON CONFLICT (id, at) DO NOTHING;
DELETE FROM live.m USING keys k WHERE m.id = k.id AND m.at = k.at AND EXISTS (SELECT 1 FROM arch.m a WHERE a.id = m.id AND a.at = m.at);

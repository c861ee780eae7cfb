DELETE FROM a.b USING (SELECT ctid, row_number() OVER (PARTITION BY id ORDER BY at DESC, ctid) AS n FROM a.b) d WHERE b.ctid = d.ctid AND d.n > 1;

DELETE FROM mart.customers t WHERE NOT EXISTS (SELECT 1 FROM raw.customers s WHERE s.id = t.id) AND EXISTS (SELECT 1 FROM raw.customers);

CREATE TABLE app.t (id int, line int, at timestamp, PRIMARY KEY (id, line));
DELETE t FROM app.t t INNER JOIN arch.t a ON a.id = t.id WHERE t.at < '2025-01-01';

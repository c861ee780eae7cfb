-- a report of two halves with a holiday between
INSERT INTO rpt.half_a (id) SELECT id FROM sales WHERE sold_on >= '2025-01-01' AND sold_on < '2025-06-30';
INSERT INTO rpt.half_b (id) SELECT id FROM sales WHERE sold_on >= '2025-07-01' AND sold_on < '2025-12-31';

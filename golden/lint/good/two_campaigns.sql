-- two campaigns
INSERT INTO mkt.spring_buyers (customer_id) SELECT DISTINCT s.customer_id FROM shop.sales s WHERE s.sold_at >= '2025-03-01' AND s.sold_at < '2025-04-01';
INSERT INTO mkt.autumn_buyers (customer_id) SELECT DISTINCT s.customer_id FROM shop.sales s WHERE s.sold_at >= '2025-10-01' AND s.sold_at < '2025-11-01';

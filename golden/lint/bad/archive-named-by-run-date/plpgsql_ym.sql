CREATE OR REPLACE FUNCTION arch.rotate_orders() RETURNS void AS $body$
DECLARE
  v_suffix text;
  v_table text;
BEGIN
  v_suffix := to_char(now() - interval '1 month', 'YYYYMM');
  v_table := 'arch.orders_' || v_suffix;
  EXECUTE 'CREATE TABLE IF NOT EXISTS ' || v_table || ' (LIKE public.orders INCLUDING ALL)';
  EXECUTE 'INSERT INTO ' || v_table || ' (order_id, total, closed_at) SELECT o.order_id, o.total, o.closed_at FROM public.orders o WHERE o.closed_at < $1 AND NOT EXISTS (SELECT 1 FROM ' || v_table || ' a WHERE a.order_id = o.order_id AND a.closed_at = o.closed_at)' USING date_trunc('month', now());
END;
$body$ LANGUAGE plpgsql;

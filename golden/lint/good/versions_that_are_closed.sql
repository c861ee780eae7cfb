-- SCD2 by MERGE: only closes the current row
merge into core.customer_history t
using stg.customers s on t.customer_id = s.customer_id and t.is_current
when matched and t.row_hash <> s.row_hash then update set t.is_current = false, t.valid_to = s.loaded_at
when not matched then insert (customer_id, name, row_hash, valid_from, valid_to, is_current) values (s.customer_id, s.name, s.row_hash, s.loaded_at, null, true);

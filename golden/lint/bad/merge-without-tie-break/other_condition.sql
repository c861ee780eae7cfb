-- a condition that does not look at the version
merge into arch.contracts as a
using (select c.contract_id, c.state, c.changed_at from core.contracts as c where c.changed_at < '2026-01-01') as s
on a.contract_id = s.contract_id
when matched and a.state <> s.state then update set a.state = s.state, a.changed_at = s.changed_at
when not matched then insert (contract_id, state, changed_at) values (s.contract_id, s.state, s.changed_at);

insert into h.r_2025_q3 (id, at) select r.id, r.at from live.r r where r.at >= '2025-07-01' and r.at <= '2025-10-01' and not exists (select 1 from h.r_2025_q3 x where x.id = r.id and x.at = r.at);
insert into h.r_2025_q4 (id, at) select r.id, r.at from live.r r where r.at >= '2025-10-01' and r.at <= '2026-01-01' and not exists (select 1 from h.r_2025_q4 x where x.id = r.id and x.at = r.at);

insert into cold.trips (trip_id, ended_at)
select t.trip_id, t.ended_at from live.trips t
where t.ended_at < dateadd(day, -30, current_timestamp())
  and not exists (select 1 from cold.trips c where c.trip_id = t.trip_id and c.ended_at = t.ended_at);
delete from live.trips where ended_at < dateadd(day, -30, current_timestamp());

delete from live.trips where ended_at < dateadd(day, -90, (select max(ended_at) from live.trips));

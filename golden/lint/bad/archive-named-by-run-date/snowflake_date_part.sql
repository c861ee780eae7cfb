begin
  let tbl := 'arch.t_' || date_part(year, current_date());
  execute immediate 'insert into ' || tbl || ' (id, at) select id, at from live.t where at < ''2025-01-01''';
end;

create or replace procedure ops.arch(tbl string) returns string language sql as
$$
begin
  begin transaction;
  execute immediate 'insert into arch.' || :tbl || ' (id, at) select id, at from core.' || :tbl || ' where at < ''2025-01-01'' and ok = 1';
  execute immediate 'delete from core.' || :tbl || ' where at < ''2025-01-01''';
  commit;
  return 'ok';
end;
$$;

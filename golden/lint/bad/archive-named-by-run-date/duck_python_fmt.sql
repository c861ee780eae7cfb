-- formatted by archive.py: cur.execute(open(...).read().format(month=date.today().strftime("%Y%m")))
INSERT INTO arch.events_{{ macros.ds_format(ds, '%Y-%m-%d', '%Y%m') }} (event_id, at)
SELECT e.event_id, e.at FROM live.events e
WHERE e.at < '{{ ds }}'
  AND NOT EXISTS (SELECT 1 FROM arch.events_{{ macros.ds_format(ds, '%Y-%m-%d', '%Y%m') }} a WHERE a.event_id = e.event_id AND a.at = e.at);

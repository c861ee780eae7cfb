{% macro trim_calls() %}
  {% if target.name == 'prod' %}
    {% set cutoff = (run_started_at - modules.datetime.timedelta(days=90)).strftime('%Y-%m-%d') %}
    INSERT INTO archive.calls (call_id, made_at)
    SELECT c.call_id, c.made_at FROM ops.calls AS c
    WHERE c.made_at < '{{ cutoff }}'
      AND NOT EXISTS (SELECT 1 FROM archive.calls AS a WHERE a.call_id = c.call_id AND a.made_at = c.made_at);
    DELETE FROM ops.calls WHERE made_at < '{{ cutoff }}';
  {% endif %}
{% endmacro %}

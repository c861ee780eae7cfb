{% macro archive_events(cutoff) %}
  {% if execute and flags.WHICH == 'run-operation' %}
    {% set copy %}
      INSERT INTO archive.events (event_id, happened_at)
      SELECT event_id, happened_at FROM shop.events WHERE happened_at < '{{ cutoff }}'
    {% endset %}
    {% do run_query(copy) %}
    {% set trim %}
      DELETE FROM shop.events WHERE happened_at <= '{{ cutoff }}'
    {% endset %}
    {% do run_query(trim) %}
    {% do run_query('COMMIT') %}
  {% endif %}
{% endmacro %}

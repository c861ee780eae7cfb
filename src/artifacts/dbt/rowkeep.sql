{# What the other macros of this package share. Calls name the package: hooks are rendered for models of other ones. #}

{# Where dbt puts a model under this target. Not by ref(): with --defer, that may name another target's relation. #}
{% macro mart(name) %}
  {% if execute %}
    {% set node = PACKAGE.node_of(name) %}
    {{ return(api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias, type='table')) }}
  {% else %}
    {{ return(api.Relation.create(database=target.database, schema=target.schema, identifier=name)) }}
  {% endif %}
{% endmacro %}

{% macro node_of(name) %}
  {% for node in graph.nodes.values() if node.resource_type == 'model' and node.name == name %}
    {{ return(node) }}
  {% endfor %}
  {{ exceptions.raise_compiler_error("no enabled model is called " ~ name ~ ", for which rowkeep.yml has a table spec") }}
{% endmacro %}

{# A schema in which no mart is, under this target: as for a model that is configured with it. #}
{% macro in_schema(name, database=none) %}
  {% if execute %}
    {% set node = PACKAGE.node_of(PACKAGE.models()[0]) %}
    {% set database = generate_database_name(database, node) | trim %}
    {% set name = generate_schema_name(name, node) | trim %}
  {% endif %}
  {{ return(api.Relation.create(database=database, schema=name).include(identifier=false)) }}
{% endmacro %}

{# Runs one statement and commits it. #}
{% macro run_alone() %}
  {% set sql = caller() %}
  {% call statement(auto_begin=true) %}{{ sql }}{% endcall %}
  {% do adapter.commit() %}
{% endmacro %}

{# What an operator gave, as a literal. Engines disagree about backslashes. #}
{% macro given(value) %}
  {% set text = value | string %}
  {% if value is none or value is undefined or '\\' in text %}
    {{ exceptions.raise_compiler_error("give a key and notes, without backslashes: --args '{key: 42, notes: why}'") }}
  {% endif %}
  {{ return("'" ~ (text | replace("'", "''")) ~ "'") }}
{% endmacro %}

{# The names that are taken in a schema; `there` remembers them by schema. The schema is created if it is missing. #}
{% macro names_in(there, place) %}
  {% set schema = place.include(identifier=false) | string %}
  {% if schema not in there %}
    {% if not adapter.check_schema_exists(place.database, place.schema) %}
      {% do adapter.create_schema(place) %}
    {% endif %}
    {% set names = {} %}
    {# Rows of database, name, schema and type. #}
    {% for row in list_relations_without_caching(place) %}
      {% do names.update({row[1]: true}) %}
    {% endfor %}
    {% do adapter.commit() %}
    {% do there.update({schema: names}) %}
  {% endif %}
  {{ return(there[schema]) }}
{% endmacro %}

{# Creates a table unless its name is taken. #}
{% macro create_table(there, place, name) %}
  {% set sql = caller() %}
  {% set names = PACKAGE.names_in(there, place) %}
  {% if name not in names %}
    {% call PACKAGE.run_alone() %}{{ sql }}{% endcall %}
    {% do names.update({name: true}) %}
    {% do there.made.update({name: true}) %}
    {# dbt looks into its cache to learn whether a model's table is there. #}
    {% do adapter.cache_added(api.Relation.create(database=place.database, schema=place.schema, identifier=name, type='table')) %}
  {% endif %}
{% endmacro %}

{# Creates a view over a mart and its history tables once the mart is there, and again when one of the tables is new. #}
{% macro create_view(there, place, name, mart, tables) %}
  {% set sql = caller() %}
  {% set new = tables | select('in', there.made) | list %}
  {% if mart.identifier in PACKAGE.names_in(there, mart) and (new or name not in PACKAGE.names_in(there, place)) %}
    {% call PACKAGE.run_alone() %}{{ sql }}{% endcall %}
    {% do PACKAGE.names_in(there, place).update({name: true}) %}
  {% endif %}
{% endmacro %}

{# The hook of this package: whatever the selected marts need is there before they run. #}
{% macro on_run_start() %}
  {% if execute %}
    {% for name in PACKAGE.models() if PACKAGE.node_of(name).unique_id in selected_resources %}
      {% if loop.first %}{% do PACKAGE.create_relations() %}{% endif %}
    {% endfor %}
  {% endif %}
{% endmacro %}

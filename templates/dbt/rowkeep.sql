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

{# Whether dbt has the model under this target. #}
{% macro is_in_dbt(name) %}
  {% for node in graph.nodes.values() if node.resource_type == 'model' and node.name == name %}
    {{ return(true) }}
  {% endfor %}
  {% do exceptions.warn("rowkeep: no enabled model is called " ~ name ~ ", for which rowkeep.yml has a table spec; it is left out") %}
  {{ return(false) }}
{% endmacro %}

{# A schema in which no mart is, under this target: as for a model that is configured with it. #}
{% macro in_schema(name, database=none) %}
  {% if execute %}
    {% set there = PACKAGE.models() | select('in', graph.nodes.values() | map(attribute='name') | list) | list %}
    {% set node = PACKAGE.node_of(there[0]) %}
    {% set database = generate_database_name(database, node) | trim %}
    {# The target's own schema needs no other name. #}
    {% set name = generate_schema_name(none if name == target.schema else name, node) | trim %}
  {% endif %}
  {{ return(api.Relation.create(database=database, schema=name).include(identifier=false)) }}
{% endmacro %}

{# Refuses where hooks would change what is not this target's mart. History, work and exceptions tables have one name in a schema: a
   target of one's own has a schema of its own. Where there is no copy without cost, dbt clones a table as a view of another target's,
   through which a trim would reach. #}
{% macro guard(relation, name) %}
  {% if execute %}
    {% if relation.identifier | lower != name | lower %}
      {{ exceptions.raise_compiler_error("rowkeep compiled its statements for a mart called " ~ name ~ ", and dbt calls it " ~ relation.identifier
        ~ ": give each target a schema of its own, or state the name as `relation:` in the table's spec") }}
    {% endif %}
    {% set found = load_cached_relation(relation) %}
    {% if flags.WHICH == 'clone' or (found and found.is_view) %}
      {{ exceptions.raise_compiler_error(relation ~ " would be, or is, a view: its hooks would delete rows of the table below it. "
        ~ "Build the mart by `dbt run`; drop the view first if there is one") }}
    {% endif %}
  {% endif %}
{% endmacro %}

{# The same for statements that run outside of models. #}
{% macro check_mart(model, name) %}
  {% set relation = PACKAGE.mart(model) %}
  {% do adapter.get_relation(relation.database, relation.schema, relation.identifier) %}
  {% do PACKAGE.guard(relation, name) %}
{% endmacro %}

{# Runs one statement and commits it. #}
{% macro run_alone() %}
  {% set sql = caller() %}
  {% call statement(auto_begin=true) %}{{ sql }}{% endcall %}
  {% do adapter.commit() %}
{% endmacro %}

{# What an operator gave, as a literal. Engines disagree about backslashes, and YAML reads 00123 as another number. #}
{% macro given(value, is_text, most) %}
  {% set text = value | string %}
  {% if value is none or value is undefined or '\\' in text or '\n' in text %}
    {{ exceptions.raise_compiler_error("give a key and notes, in one line and without backslashes: --args '{key: 42, notes: why}'") }}
  {% endif %}
  {% if is_text and value is not string %}
    {{ exceptions.raise_compiler_error("put quotes around " ~ text ~ ": it is a text, and YAML reads a number") }}
  {% endif %}
  {% if most is not none and text | length > most %}
    {{ exceptions.raise_compiler_error(text ~ " is longer than the " ~ most ~ " characters that its column has") }}
  {% endif %}
  {# On BigQuery two texts side by side are two texts. #}
  {{ return("'" ~ (text | replace("'", "\\'" if target.type == 'bigquery' else "''")) ~ "'") }}
{% endmacro %}

{# The names that are taken in a schema; `there` remembers them by schema. The schema is created if it is missing. #}
{% macro names_in(there, place) %}
  {% set schema = place.include(identifier=false) | string %}
  {% if schema not in there %}
    {% if not adapter.check_schema_exists(place.database, place.schema) %}
      {% do adapter.create_schema(place) %}
    {% endif %}
    {# dbt has its cache filled before something is added to it. #}
    {% do adapter.get_relation(place.database, place.schema, 'rowkeep') %}
    {% set names = {} %}
    {# Relations on BigQuery; rows of database, name, schema and type elsewhere. Engines look for the schema by a pattern. #}
    {% for row in list_relations_without_caching(place) if row.schema | lower == place.schema | lower %}
      {% do names.update({row.identifier if row.identifier is defined else row[1]: true}) %}
    {% endfor %}
    {% do there.update({schema: names}) %}
  {% endif %}
  {{ return(there[schema]) }}
{% endmacro %}

{# Creates a table unless its name is taken. #}
{% macro create_table(there, place, name) %}
  {% set sql = caller() %}
  {% set names = PACKAGE.names_in(there, place) %}
  {% if name not in names %}
    {% call statement(auto_begin=true) %}{{ sql }}{% endcall %}
    {% do log('rowkeep: created ' ~ place.include(identifier=false) ~ '.' ~ name, info=true) %}
    {% do names.update({name: true}) %}
    {% do there.made.update({name: true}) %}
    {# dbt looks into its cache to learn whether a model's table is there. #}
    {% do adapter.cache_added(api.Relation.create(database=place.database, schema=place.schema, identifier=name, type='table')) %}
  {% endif %}
{% endmacro %}

{# Creates the view over a mart and its history tables, once the mart is there; again when a table is new, or when it is asked for. #}
{% macro create_view(there, place, name, mart) %}
  {% set sql = caller() %}
  {% set names = PACKAGE.names_in(there, place) %}
  {% if mart.identifier in PACKAGE.names_in(there, mart) and (there.made or not there.new_only or name not in names) %}
    {% call statement(auto_begin=true) %}{{ sql }}{% endcall %}
    {% do names.update({name: true}) %}
  {% endif %}
{% endmacro %}

{# A table's relations are created in one transaction. #}
{% macro commit(there) %}
  {% do there.made.clear() %}
  {% call statement(auto_begin=true) %}SELECT 1{% endcall %}
  {% do adapter.commit() %}
{% endmacro %}

{# The hook of this package: whatever the selected marts need is there before they run. #}
{% macro on_run_start() %}
  {% if execute %}
    {% set wanted = [] %}
    {% for node in graph.nodes.values() if node.resource_type == 'model' and node.name in PACKAGE.models() and node.unique_id in selected_resources %}
      {% do wanted.append(node.name) %}
    {% endfor %}
    {% if wanted %}{% do PACKAGE.create_relations(new_only=true) %}{% endif %}
  {% endif %}
{% endmacro %}

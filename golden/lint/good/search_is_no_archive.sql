-- `search` and `research` have the letters of an archive.
INSERT INTO mart.search_terms SELECT * FROM stage.search_terms;
INSERT INTO mart.research_sites SELECT * FROM stage.research_sites;

CREATE TABLE archive.events_2024 CLONE live.events;
TRUNCATE TABLE live.events;

COPY public.notes (id, body) FROM stdin;
1	it's a note
\.
DELETE FROM app.orders;

INSERT INTO cold.days (day, trips) SELECT d.day, d.trips FROM live.days AS d WHERE d.day BETWEEN '2025-07-01' AND '2025-09-30';

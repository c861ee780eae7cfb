SELECT * INTO OUTFILE '/var/lib/mysql-files/bills_2023.csv' FIELDS TERMINATED BY ',' FROM bills WHERE issued_on < '2024-01-01';
DELETE FROM bills WHERE issued_on < '2024-01-01';

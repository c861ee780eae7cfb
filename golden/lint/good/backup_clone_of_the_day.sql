SET backup = 'backup.orders_' || to_char(current_date(), 'YYYYMMDD');
CREATE TABLE identifier($backup) CLONE core.orders;

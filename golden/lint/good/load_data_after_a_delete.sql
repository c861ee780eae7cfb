DELETE FROM dim_store;
LOAD DATA INFILE '/data/stores.csv' INTO TABLE dim_store FIELDS TERMINATED BY ',';

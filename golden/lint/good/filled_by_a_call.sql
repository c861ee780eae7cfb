DELETE FROM dim_store;
CALL load_dim_store();

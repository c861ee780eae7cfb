CREATE TABLE ops.closed_trips (closed_trip BIGINT NOT NULL);
DELETE FROM live.trips WHERE trip_id IN (SELECT trip_id FROM ops.closed_trips);

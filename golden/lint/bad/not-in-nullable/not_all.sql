-- <> ALL is the same
DELETE FROM ops.shipments WHERE delivered_at < DATE '2026-01-01' AND shipment_id <> ALL (SELECT h.shipment_id FROM ops.held AS h);

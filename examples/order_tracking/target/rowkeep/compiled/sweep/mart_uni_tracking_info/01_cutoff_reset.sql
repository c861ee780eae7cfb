-- cutoff: forget the last cycle's cutoff: without one, nothing is due
DELETE FROM settlement_ods.mart_uni_tracking_info__cutoff
WHERE TRUE

-- versions: forget the last cycle's versions
DELETE FROM settlement_ods.mart_uni_tracking_info__versions
WHERE TRUE

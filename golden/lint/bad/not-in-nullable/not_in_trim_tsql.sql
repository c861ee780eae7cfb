DELETE FROM dbo.Parts WHERE RetiredOn < '20240101' AND PartNo NOT IN (SELECT RTRIM(x.PartNo) FROM stg.KeepList x);

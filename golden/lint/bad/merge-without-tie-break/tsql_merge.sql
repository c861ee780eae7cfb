MERGE INTO hist.Policies WITH (HOLDLOCK) AS tgt
USING (SELECT PolicyId, Status, ModifiedAt FROM dbo.Policies WHERE ModifiedAt < '20250101') AS src
  ON tgt.PolicyId = src.PolicyId
WHEN MATCHED THEN
  UPDATE SET tgt.Status = src.Status, tgt.ModifiedAt = src.ModifiedAt
WHEN NOT MATCHED BY TARGET THEN
  INSERT (PolicyId, Status, ModifiedAt) VALUES (src.PolicyId, src.Status, src.ModifiedAt);

MERGE dim.Customer AS t
USING stage.Customer AS s ON t.CustomerId = s.CustomerId
WHEN MATCHED THEN UPDATE SET Name = s.Name
WHEN NOT MATCHED BY TARGET THEN INSERT (CustomerId, Name) VALUES (s.CustomerId, s.Name)
WHEN NOT MATCHED BY SOURCE THEN DELETE;

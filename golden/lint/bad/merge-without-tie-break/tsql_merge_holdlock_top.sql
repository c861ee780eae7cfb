MERGE arch.Customers WITH (HOLDLOCK) AS t
USING (SELECT CustomerId, Name, ModifiedOn FROM dbo.Customers WHERE ModifiedOn < '20250101') AS s
ON t.CustomerId = s.CustomerId
WHEN MATCHED THEN UPDATE SET Name = s.Name, ModifiedOn = s.ModifiedOn
WHEN NOT MATCHED THEN INSERT (CustomerId, Name, ModifiedOn) VALUES (s.CustomerId, s.Name, s.ModifiedOn);

INSERT INTO arch.Sales_2024_Q1 (SaleId, SoldAt) SELECT f.SaleId, f.SoldAt FROM dbo.Sales f WHERE f.SoldAt >= '20240101' AND f.SoldAt < '20240401';
INSERT INTO arch.Sales_2024_Q2 (SaleId, SoldAt) SELECT f.SaleId, f.SoldAt FROM dbo.Sales f WHERE f.SoldAt >= '20240402' AND f.SoldAt < '20240701';

DELETE o FROM dbo.Orders AS o INNER JOIN archive.Orders AS a ON a.OrderId = o.OrderId OR a.ClosedAt = o.ClosedAt;

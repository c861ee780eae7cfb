CREATE PROCEDURE dbo.usp_ReportOrders AS
BEGIN
  INSERT INTO rpt.OpenOrders (OrderId, Amount) SELECT o.OrderId, o.Amount FROM dbo.Orders o WHERE o.Status = 'open';
END
GO
CREATE PROCEDURE dbo.usp_CancelOrder @OrderId INT AS
BEGIN
  DELETE FROM dbo.Orders WHERE OrderId = @OrderId AND Status = 'draft';
END
GO

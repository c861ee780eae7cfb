DECLARE @Cut datetime2;
SELECT @Cut = DATEADD(DAY, -400, MAX(MeasuredAt)) FROM lab.Samples;
DELETE FROM lab.Samples WHERE MeasuredAt < @Cut;

DELETE t FROM dim.Customer AS t LEFT JOIN stage.Customer AS s ON s.CustomerId = t.CustomerId WHERE s.CustomerId IS NULL;

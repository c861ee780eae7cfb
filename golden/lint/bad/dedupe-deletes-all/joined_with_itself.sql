DELETE t1 FROM contacts t1 INNER JOIN contacts t2 ON t1.email = t2.email AND t1.id <> t2.id;

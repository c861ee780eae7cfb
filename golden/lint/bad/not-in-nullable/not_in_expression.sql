DELETE FROM crm.contacts
WHERE last_seen < DATE '2024-01-01'
  AND lower(email) NOT IN (SELECT lower(o.email) FROM crm.optins o);

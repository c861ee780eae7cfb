begin;
insert into arch.bills (bill_id, issued_on) select b.bill_id, b.issued_on from live.bills b where b.issued_on < '2024-01-01'
  and not exists (select 1 from arch.bills a where equal_null(a.bill_id, b.bill_id) and a.issued_on = b.issued_on);
delete from live.bills b using arch.bills a where a.bill_id = b.bill_id and a.issued_on = b.issued_on and b.issued_on < '2024-01-01';
commit;

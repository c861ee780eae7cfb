DELETE o FROM orders AS o;

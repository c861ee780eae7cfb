DELIMITER //
CREATE TRIGGER orders_ai AFTER INSERT ON orders FOR EACH ROW
BEGIN
  INSERT INTO order_queue (order_id, state) SELECT o.order_id, o.state FROM orders o WHERE o.order_id = NEW.order_id;
END //
CREATE PROCEDURE drop_order(IN p_id BIGINT)
BEGIN
  DELETE FROM order_lines WHERE order_id = p_id;
  DELETE FROM orders WHERE order_id = p_id;
END //
DELIMITER ;

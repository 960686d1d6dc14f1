-- Events as rows of one product, under names that event tables of shops often have.
SELECT event_id,
       CASE type WHEN 'order' THEN 'purchase' WHEN 'item_view' THEN 'view' WHEN 'cart_add' THEN 'cart' WHEN 'item_click' THEN 'click'
                 WHEN 'wishlist_add' THEN 'add_to_wishlist' WHEN 'custom' THEN coalesce(type_text, 'custom') ELSE type END AS event_type,
       try_cast(get_field(item, 'product_id') AS INTEGER) AS product_id, get_field(item, 'name') AS product_name,
       get_field(item, 'category_path') AS category, get_field(item, 'brand') AS brand, get_field(item, 'sku') AS sku,
       try_cast(get_field(item, 'unit_price') AS DECIMAL(10, 2)) AS price,
       customer_id, email AS customer_email, name AS customer_name, address AS customer_address, source_session_id AS session_id,
       user_agent, ip AS ip_address, price_category, device_type,
       CAST(ts_event AT TIME ZONE 'UTC' AS TIMESTAMP) AS event_timestamp, CAST(ts_received AT TIME ZONE 'UTC' AS TIMESTAMP) AS created_at
FROM (
  SELECT event_id, type, type_text, customer_id, email, name, address, source_session_id, user_agent, ip, price_category, device_type,
         ts_event, ts_received, unnest(items) AS item FROM events WHERE cardinality(items) > 0
  UNION ALL
  SELECT event_id, type, type_text, customer_id, email, name, address, source_session_id, user_agent, ip, price_category, device_type,
         ts_event, ts_received, NULL AS item FROM events WHERE items IS NULL OR cardinality(items) = 0
) AS opened

-- Lines of orders as they stand, of refunds, and of stock that was written off. The smallest (time, id) of an order id places the order; later states of a file's
-- order add lines; updates put theirs in the place of the same line; a cancelled order has none.
WITH told AS (
  SELECT store, coalesce(order_id, event_id) AS order_key, type, ts_event, event_uuid, event_id, log_offset, day, customer_id,
         currency, country, items
  FROM events
  WHERE type IN ('order', 'order_update', 'order_cancel') AND (order_id IS NOT NULL OR type = 'order')
),
placed AS (
  SELECT * FROM (
    SELECT *, rank() OVER (PARTITION BY store, order_key ORDER BY ts_event, event_uuid) AS place,
           row_number() OVER (PARTITION BY store, order_key ORDER BY ts_event, event_uuid, log_offset) AS number
    FROM told WHERE type = 'order'
  ) AS ranked
  WHERE place = 1
),
heads AS (
  SELECT * FROM placed
  WHERE number = 1 AND NOT EXISTS (
    SELECT 1 FROM told AS cancel
    WHERE cancel.type = 'order_cancel' AND cancel.store = placed.store AND cancel.order_key = placed.order_key
  )
),
said AS (
  SELECT store, order_key, 0 AS is_update, ts_event, event_uuid, log_offset, unnest(items) AS item,
         unnest(generate_series(0, CAST(cardinality(items) AS BIGINT) - 1)) AS at
  FROM placed WHERE cardinality(items) > 0
  UNION ALL
  SELECT store, order_key, 1 AS is_update, ts_event, event_uuid, log_offset, unnest(items) AS item,
         unnest(generate_series(0, CAST(cardinality(items) AS BIGINT) - 1)) AS at
  FROM told WHERE type = 'order_update' AND cardinality(items) > 0
),
numbered AS (SELECT *, coalesce(get_field(item, 'line'), at) AS line FROM said),
compared AS (
  SELECT *,
         max(is_update) OVER (PARTITION BY store, order_key, line) AS has_update,
         min(log_offset) OVER (PARTITION BY store, order_key, line, is_update) AS first_offset,
         row_number() OVER (PARTITION BY store, order_key, line, is_update
                            ORDER BY ts_event DESC, event_uuid DESC, log_offset DESC, at DESC) AS newest
  FROM numbered
),
of_orders AS (
  SELECT heads.store, 'order' AS type, heads.order_key AS order_id, CAST(NULL AS VARCHAR) AS refund_id, line, item,
         coalesce(get_field(item, 'kind'), 'product') AS kind, heads.currency AS event_currency, heads.customer_id, heads.country,
         heads.ts_event, heads.day, heads.event_id
  FROM compared JOIN heads ON heads.store = compared.store AND heads.order_key = compared.order_key
  WHERE CASE WHEN has_update = 1 THEN is_update = 1 AND newest = 1 ELSE compared.log_offset = first_offset END
),
given_back AS (
  SELECT store, order_id, refund_id, coalesce(refund_id, event_id) AS refund_key, dialect, ts_event, event_uuid, event_id, log_offset,
         day, customer_id, currency, country, items,
         rank() OVER (PARTITION BY store, order_id, coalesce(refund_id, event_id) ORDER BY ts_event, event_uuid) AS place
  FROM events WHERE type = 'refund'
),
returned AS (
  SELECT *, coalesce(get_field(item, 'line'), at) AS line FROM (
    SELECT *, unnest(items) AS item, unnest(generate_series(0, CAST(cardinality(items) AS BIGINT) - 1)) AS at
    FROM given_back WHERE cardinality(items) > 0 AND (place = 1 OR dialect = 'ORDERS_DIALECT')
  ) AS opened
),
of_refunds AS (
  SELECT store, 'refund' AS type, order_id, refund_id, line, item,
         CASE WHEN get_field(item, 'kind') = 'write_off' THEN 'write_off' ELSE 'return' END AS kind,
         currency AS event_currency, customer_id, country, ts_event, day, event_id
  FROM (
    SELECT *, min(log_offset) OVER (PARTITION BY store, order_id, refund_key, line) AS first_offset FROM returned
  ) AS compared_returns
  WHERE log_offset = first_offset
),
written_off AS (
  SELECT store, 'stock_update' AS type, order_id, CAST(NULL AS VARCHAR) AS refund_id,
         coalesce(get_field(item, 'line'), at) AS line, item, 'write_off' AS kind, currency AS event_currency, customer_id, country,
         ts_event, day, event_id
  FROM (
    SELECT *, unnest(items) AS item, unnest(generate_series(0, CAST(cardinality(items) AS BIGINT) - 1)) AS at
    FROM events WHERE type = 'stock_update' AND cardinality(items) > 0
  ) AS opened_stock
  WHERE get_field(item, 'kind') = 'write_off'
),
lines AS (SELECT * FROM of_orders UNION ALL SELECT * FROM of_refunds UNION ALL SELECT * FROM written_off)
SELECT store, type, order_id, refund_id, line, kind,
       get_field(item, 'product_id') AS product_id, get_field(item, 'sku') AS sku, get_field(item, 'name') AS name,
       get_field(item, 'category_path') AS category, get_field(item, 'brand') AS brand, get_field(item, 'variant') AS variant,
       coalesce(get_field(item, 'quantity'), CAST(1 AS DECIMAL(18, 4))) AS quantity,
       get_field(item, 'unit_price') AS unit_price, get_field(item, 'list_price') AS list_price,
       get_field(item, 'unit_discount') AS unit_discount,
       CAST(get_field(item, 'unit_price') * coalesce(get_field(item, 'quantity'), CAST(1 AS DECIMAL(18, 4))) AS DECIMAL(38, 4)) AS value,
       coalesce(get_field(item, 'currency'), event_currency) AS currency, customer_id, country, ts_event, day, event_id
FROM lines

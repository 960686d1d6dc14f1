-- Orders as they stand, one row each, with what they are worth: the sum of their sold lines less the discount on the whole; without
-- lines, what the sender states.
WITH told AS (
  SELECT store, coalesce(order_id, event_id) AS order_key, type, ts_event, event_uuid, event_id, log_offset, day, customer_id,
         anonymous_id, currency, country, city, device_type, payment_method, coupon, discount, refund_amount, revenue, total,
         row_number() OVER (PARTITION BY store, coalesce(order_id, event_id), type ORDER BY ts_event, event_uuid, log_offset) AS place
  FROM events
  WHERE type IN ('order', 'order_cancel') AND (order_id IS NOT NULL OR type = 'order')
),
heads AS (
  SELECT * FROM told AS placed
  WHERE type = 'order' AND place = 1 AND NOT EXISTS (
    SELECT 1 FROM told AS cancel
    WHERE cancel.type = 'order_cancel' AND cancel.store = placed.store AND cancel.order_key = placed.order_key
  )
),
sums AS (
  SELECT store, order_id, count(*) AS lines,
         sum(CASE WHEN unit_price > 0 AND quantity > 0 AND kind IN ('product', 'fee') THEN value ELSE 0 END) AS sold_value,
         sum(CASE WHEN unit_price > 0 AND quantity > 0 AND kind IN ('product', 'fee') THEN 1 ELSE 0 END) AS sold_lines,
         sum(CASE WHEN unit_price > 0 AND quantity > 0 AND kind = 'product' THEN quantity ELSE 0 END) AS units
  FROM order_lines WHERE type = 'order' GROUP BY store, order_id
)
SELECT heads.store, heads.order_key AS order_id, heads.ts_event, heads.day, heads.customer_id, heads.anonymous_id, heads.currency,
       coalesce(sums.lines, 0) AS lines, coalesce(sums.units, 0) AS units, coalesce(heads.discount, 0) AS discount,
       CAST(CASE WHEN sums.lines IS NULL THEN coalesce(heads.refund_amount, heads.revenue, heads.total, 0)
                 WHEN sums.sold_value = 0 THEN 0
                 ELSE sums.sold_value - coalesce(heads.discount, 0) END AS DECIMAL(38, 4)) AS revenue,
       CASE WHEN sums.lines IS NULL THEN coalesce(heads.refund_amount, heads.revenue, heads.total, 0) > 0
            ELSE sums.sold_lines > 0 END AS has_value,
       heads.country, heads.city, heads.device_type, heads.payment_method, heads.coupon, heads.event_id
FROM heads LEFT JOIN sums ON sums.store = heads.store AND sums.order_id = heads.order_key

-- The statements of `webhooks`.

-- name: insert_webhook
-- A new webhook: lane, account, id, account_name, url, kinds, created_at, secret, key, cursor, watches, turns_at.
INSERT INTO webhook (lane, account, id, account_name, url, kinds, created_at, secret, key, cursor, watches, turns_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: list_webhooks
-- All webhooks of an account, the oldest first: lane, account.
SELECT lane, account, id, account_name, url, kinds, created_at, secret, old_secret, old_secret_until_at, key, cursor,
       watches, turns_at, version, last_n, done_n, delivered_at, failed_at, failure, disabled_at
  FROM webhook WHERE lane = ? AND account = ? ORDER BY created_at, id;

-- name: delete_webhook
-- Remove a webhook, and with it what is still to be delivered: lane, account, id.
DELETE FROM webhook WHERE lane = ? AND account = ? AND id = ?;

-- name: change_secret
-- Sign with a new secret, and until an instant with the old one too; if two still count, with the older of them:
-- now, secret, old_secret_until_at, lane, account, id.
UPDATE webhook
   SET old_secret = CASE WHEN old_secret_until_at > ? THEN old_secret ELSE secret END,
       secret = ?,
       old_secret_until_at = ?
 WHERE lane = ? AND account = ? AND id = ?;

-- name: list_watched
-- The accounts that have webhooks which are not disabled: lane.
SELECT DISTINCT account FROM webhook WHERE lane = ? AND disabled_at IS NULL;

-- name: list_turned
-- The accounts with a reset to be told by an instant: lane, now.
SELECT DISTINCT account FROM webhook WHERE lane = ? AND turns_at <= ?;

-- name: move_on
-- Note how far the account's events have been told, unless somebody else has: cursor, watches, turns_at, last_n, due_at
-- for the first message that is new, lane, account, id, version.
UPDATE webhook
   SET cursor = ?, watches = ?, turns_at = ?, last_n = ?, due_at = coalesce(due_at, CAST(? AS bigint)), version = version + 1
 WHERE lane = ? AND account = ? AND id = ? AND version = ?;

-- name: insert_delivery
-- A message to be delivered: lane, account, webhook, n, kind, body.
INSERT INTO delivery (lane, account, webhook, n, kind, body) VALUES (?, ?, ?, ?, ?, ?);

-- name: list_due
-- The webhooks with a message to be tried by an instant, those that failed last behind the others: lane, now, count.
SELECT lane, account, id, fence, attempts FROM webhook WHERE lane = ? AND due_at <= ?
 ORDER BY attempts > 0, due_at LIMIT ?;

-- name: claim
-- Take the lease on a webhook's oldest message, unless somebody else did: due_at, lane, account, id, fence, now.
UPDATE webhook SET fence = fence + 1, due_at = ?
 WHERE lane = ? AND account = ? AND id = ? AND fence = ? AND due_at <= ?;

-- name: read_oldest
-- The oldest message of a webhook, and how to send it: lane, account, id.
SELECT delivery.n, delivery.body, webhook.url, webhook.secret, webhook.old_secret, webhook.old_secret_until_at
  FROM webhook JOIN delivery
    ON delivery.lane = webhook.lane AND delivery.account = webhook.account AND delivery.webhook = webhook.id
 WHERE webhook.lane = ? AND webhook.account = ? AND webhook.id = ? ORDER BY delivery.n LIMIT 1;

-- name: note_delivered
-- A message was delivered under a lease that still counts: delivered_at, n, n, due_at for the next one, lane, account, id,
-- fence.
UPDATE webhook
   SET attempts = 0, delivered_at = ?, failed_at = NULL, failure = NULL, done_n = ?,
       due_at = CASE WHEN last_n > ? THEN CAST(? AS bigint) END
 WHERE lane = ? AND account = ? AND id = ? AND fence = ?;

-- name: delete_delivery
-- Forget a message: lane, account, webhook, n.
DELETE FROM delivery WHERE lane = ? AND account = ? AND webhook = ? AND n = ?;

-- name: note_failed
-- An attempt failed under a lease that still counts: failed_at, failure, due_at for the next attempt, lane, account, id,
-- fence.
UPDATE webhook SET attempts = attempts + 1, failed_at = ?, failure = ?, due_at = ?
 WHERE lane = ? AND account = ? AND id = ? AND fence = ?;

-- name: disable
-- Try no more, under a lease that still counts: disabled_at, failed_at, failure, lane, account, id, fence.
UPDATE webhook
   SET disabled_at = ?, failed_at = ?, failure = ?, attempts = 0, done_n = last_n, due_at = NULL, turns_at = NULL,
       version = version + 1
 WHERE lane = ? AND account = ? AND id = ? AND fence = ?;

-- name: delete_deliveries
-- Give up what is still to be delivered: lane, account, webhook.
DELETE FROM delivery WHERE lane = ? AND account = ? AND webhook = ?;

-- name: enable
-- Begin again, from how things stand now: cursor, watches, turns_at, lane, account, id.
UPDATE webhook
   SET disabled_at = NULL, failed_at = NULL, failure = NULL, cursor = ?, watches = ?, turns_at = ?, version = version + 1
 WHERE lane = ? AND account = ? AND id = ? AND disabled_at IS NOT NULL;

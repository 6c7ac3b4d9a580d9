-- The peer of the ledger on PostgreSQL: one call for each command, each a transaction of its own, on the ledger's own
-- tables with their own indexes. Same lock, same checks, same balance, hold, entry and remembered answer; no chain of
-- hashes and no event. The window and the limit come from the caller, who has them from the plan.

CREATE FUNCTION peer_known(of_lane smallint, of_account bigint, of_key text, of_content bytea) RETURNS bytea
LANGUAGE plpgsql AS $$
DECLARE
    known answer%ROWTYPE;
BEGIN
    SELECT * INTO known FROM answer WHERE lane = of_lane AND account = of_account AND key = of_key;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF known.content <> of_content THEN
        RAISE EXCEPTION 'key_reused';
    END IF;
    RETURN known.answer;
END $$;

CREATE FUNCTION peer_hold(
    of_lane smallint, of_account bigint, of_key text, of_content bytea, of_meter text, starts_at bigint, ends_at bigint,
    of_amount bigint, of_limit bigint, now_at bigint, until_at bigint, reason text
) RETURNS bytea
LANGUAGE plpgsql AS $$
DECLARE
    number bigint;
    told bytea;
    used_now bigint := 0;
    held_now bigint := 0;
BEGIN
    SELECT seq + 1 INTO number FROM account WHERE lane = of_lane AND id = of_account FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'account_not_found';
    END IF;
    told := peer_known(of_lane, of_account, of_key, of_content);
    IF told IS NOT NULL THEN
        RETURN told;
    END IF;
    SELECT used, held INTO used_now, held_now FROM balance
     WHERE lane = of_lane AND account = of_account AND meter = of_meter AND window_start = starts_at;
    IF NOT FOUND THEN
        used_now := 0;
        held_now := 0;
    END IF;
    IF used_now + held_now + of_amount > of_limit THEN
        RAISE EXCEPTION 'allowance_exhausted';
    END IF;
    INSERT INTO balance AS present (lane, account, meter, window_start, used, held, granted)
    VALUES (of_lane, of_account, of_meter, starts_at, 0, of_amount, 0)
    ON CONFLICT (lane, account, meter, window_start) DO UPDATE SET held = present.held + of_amount;
    INSERT INTO hold (lane, account, id, state, expires_at, lines)
    VALUES (of_lane, of_account, number, 'open', until_at,
            json_build_array(json_build_array(of_meter, NULL, 'day', starts_at, ends_at, of_amount, 0))::text);
    INSERT INTO entry (lane, account, seq, at, kind, hold, action, meter, window_start, window_end, amount, "limit",
                       used_before, held_before, used_after, held_after, detail, why, hash)
    VALUES (of_lane, of_account, number, now_at, 'hold', number, NULL, of_meter, starts_at, ends_at, of_amount, of_limit,
            used_now, held_now, used_now, held_now + of_amount, NULL, reason, decode(repeat('00', 32), 'hex'));
    UPDATE account SET seq = number WHERE lane = of_lane AND id = of_account;
    told := convert_to(json_build_object('hold', number, 'state', 'open', 'expires_at', until_at, 'limit', of_limit,
                                         'used', used_now, 'held', held_now + of_amount)::text, 'UTF8');
    INSERT INTO answer (lane, account, key, content, at, answer)
    VALUES (of_lane, of_account, of_key, of_content, now_at, told);
    RETURN told;
END $$;

CREATE FUNCTION peer_settle(
    of_lane smallint, of_account bigint, of_key text, of_content bytea, of_hold bigint, of_limit bigint, now_at bigint,
    reason text
) RETURNS bytea
LANGUAGE plpgsql AS $$
DECLARE
    number bigint;
    told bytea;
    kept hold%ROWTYPE;
    line json;
    before balance%ROWTYPE;
BEGIN
    SELECT seq + 1 INTO number FROM account WHERE lane = of_lane AND id = of_account FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'account_not_found';
    END IF;
    told := peer_known(of_lane, of_account, of_key, of_content);
    IF told IS NOT NULL THEN
        RETURN told;
    END IF;
    SELECT * INTO kept FROM hold WHERE lane = of_lane AND account = of_account AND id = of_hold;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'hold_not_found';
    END IF;
    IF kept.state <> 'open' OR now_at >= kept.expires_at THEN
        RAISE EXCEPTION 'hold_%', kept.state;
    END IF;
    line := kept.lines::json -> 0;
    SELECT * INTO before FROM balance
     WHERE lane = of_lane AND account = of_account AND meter = line ->> 0 AND window_start = (line ->> 3)::bigint;
    UPDATE balance SET used = used + (line ->> 5)::bigint, held = held - (line ->> 5)::bigint
     WHERE lane = of_lane AND account = of_account AND meter = before.meter AND window_start = before.window_start;
    UPDATE hold SET state = 'settled',
                    lines = json_build_array(json_build_array(line -> 0, line -> 1, line -> 2, line -> 3, line -> 4,
                                                              line -> 5, line -> 5))::text
     WHERE lane = of_lane AND account = of_account AND id = of_hold;
    INSERT INTO entry (lane, account, seq, at, kind, hold, action, meter, window_start, window_end, amount, "limit",
                       used_before, held_before, used_after, held_after, detail, why, hash)
    VALUES (of_lane, of_account, number, now_at, 'settle', of_hold, NULL, before.meter, before.window_start,
            (line ->> 4)::bigint, (line ->> 5)::bigint, of_limit, before.used, before.held,
            before.used + (line ->> 5)::bigint, before.held - (line ->> 5)::bigint, NULL, reason,
            decode(repeat('00', 32), 'hex'));
    UPDATE account SET seq = number WHERE lane = of_lane AND id = of_account;
    told := convert_to(json_build_object('hold', of_hold, 'state', 'settled', 'limit', of_limit,
                                         'used', before.used + (line ->> 5)::bigint,
                                         'held', before.held - (line ->> 5)::bigint)::text, 'UTF8');
    INSERT INTO answer (lane, account, key, content, at, answer)
    VALUES (of_lane, of_account, of_key, of_content, now_at, told);
    RETURN told;
END $$;

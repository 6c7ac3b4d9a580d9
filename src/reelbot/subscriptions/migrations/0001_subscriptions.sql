-- Subscriptions: requests for higher plans, and idempotency keys of those who ask for plans and of operators. Instants are
-- milliseconds since 1970-01-01T00:00:00Z. `lane` and `account` are the ledger's own numbers.

-- A request. `number` is drawn, not counted; `by` and `why` are the operator's who decided.
CREATE TABLE plan_request (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account bigint NOT NULL CHECK (account > 0),
    number bigint NOT NULL CHECK (number > 0),
    name text NOT NULL,
    plan text NOT NULL,
    present text NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'approved', 'declined', 'withdrawn')),
    asked_at bigint NOT NULL,
    decided_at bigint,
    decided_by text,
    why text,
    CHECK ((state = 'open') = (decided_at IS NULL)),
    PRIMARY KEY (lane, account, number)
);

-- An account has one open request at most.
CREATE UNIQUE INDEX plan_request_open ON plan_request (lane, account) WHERE state = 'open';
CREATE INDEX plan_request_by_age ON plan_request (state, asked_at, number);

-- What an idempotency key was used for, and the answer that its repetition gets; empty where it is made anew.
CREATE TABLE plan_key (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account bigint NOT NULL CHECK (account > 0),
    key text NOT NULL,
    content text NOT NULL,
    answer text NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (lane, account, key)
);

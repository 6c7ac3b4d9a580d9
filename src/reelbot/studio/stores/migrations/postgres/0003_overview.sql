-- What an operator looks at: jobs of all accounts in the order of their age, workers, and why an operator ended a job.

CREATE INDEX job_at_work ON job (lane, state, created_at, number) WHERE ended_at IS NULL;

CREATE INDEX job_failed ON job (lane, ended_at, number) WHERE state = 'failed';

-- Workers, idle ones among them. They belong to no account, so all of them stand in the first lane. One that ends takes
-- its row away; the row of one that was killed grows old.
CREATE TABLE worker (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    name text NOT NULL,
    places bigint NOT NULL CHECK (places > 0),
    began_at bigint NOT NULL,
    heard_at bigint NOT NULL,
    PRIMARY KEY (lane, name)
);

-- Why an operator asked for the end of a job: its owner reads it.
CREATE TABLE cancellation (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    account bigint NOT NULL CHECK (account > 0),
    number bigint NOT NULL CHECK (number > 0),
    why text NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (lane, account, number)
);

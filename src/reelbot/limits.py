"""Every bound in one place, each with its reason. What is not bounded here is bounded by a plan."""

LANES_MAX = 64
"""Of one database: as many shards as anybody distributes a ledger over, and each is a commit batch of its own."""

AMOUNT_MAX = 10**15
"""Of one line, one limit and one grant: a petabyte in bytes, and sums of a few thousand still fit 64 bits and JSON."""

SEQ_MAX = 10**18 - 1
"""Of a number that counts entries, and of an instant in milliseconds: fits 64 bits, and no ledger will get there."""

LINES_MAX = 100
"""Lines in one command: a batch of images is one line with a quantity; a hundred different lines is already a mistake."""

HOLDS_MAX = 2_000
"""Holds whose entries are looked up at once: each is a few rows by their keys, and nobody works so often on one video."""

KEY_LENGTH_MAX = 255
"""Characters of an idempotency key: room for a UUID and a prefix, and an index row that stays small."""

NAME_LENGTH_MAX = 200
"""Characters of an account's name."""

LABEL_LENGTH_MAX = 60
"""Characters of a name or title in plans and prices: the six that a charge's sentence is made of fit `WHY_LENGTH_MAX`."""

WHY_LENGTH_MAX = 500
"""Characters of a reason given by a caller: a sentence or two, kept for ever in the ledger."""

HOLD_SECONDS_DEFAULT = 3_600
"""A hold's deadline when none is named: longer than any AI action takes, short enough that a lost one is back today."""

HOLD_SECONDS_MAX = 7 * 86_400
"""A hold's longest deadline: the slowest provider queues known answer within days."""

SPOKEN_LENGTH_MAX = 200
"""Characters of a reason that comes by HTTP: a sentence, which each entry of the command keeps for ever."""

QUOTE_SECONDS = 900
"""How long a quote is a ceiling: time to read a dialog and fetch a coffee, not to speculate on prices."""

BATCH_COMMANDS_MAX = 1_024
"""Commands in one transaction: beyond this the commit no longer dominates and latency only grows."""

QUEUE_COMMANDS_MAX = 16_384
"""Commands that may wait: about half a second of full load; more is answered `too_busy` at once."""

ANSWER_KEPT_DAYS = 70
"""How long an idempotency key is remembered: two of the longest windows, and a week."""

EVENT_KEPT_DAYS = 8
"""How long events can be read again: a laptop closed for a week still resumes without loss."""

PAGE_DEFAULT = 50
PAGE_MAX = 500
"""Rows of one page of a list."""

BODY_BYTES_MAX = 1_048_576
"""Of a JSON request: a thousand times the largest honest one."""

QUANTITY_MAX = 10**12
"""Of one item: what any price could be multiplied by and still be an amount."""

SEARCHES_MAX = 16
SEARCHES_OF_ONE_MAX = 4
"""Filtered pages of the history that are looked for at once: each lets others in between after a millisecond, so that
nobody waits longer for sixteen of them than for one sync of the disk."""

EXPORTS_MAX = 8
EXPORTS_OF_ONE_MAX = 2
"""Histories that are sent as CSV at once: each page of one takes a few milliseconds, and nobody reads three at a time."""

PASSWORDS_MAX = 100
PASSWORDS_OF_ONE_MAX = 30
"""Passwords that wait to be checked or kept, of all and of one address or account: a class that signs in together. Each
takes a core for a twentieth of a second, and more than a hundred are `too_busy` in any case."""

STREAMS_MAX = 5_000
"""Open streams of one process: about 40 kB each, and still a fraction of its files."""

FILES_MAX = 65_536
"""Descriptors that `serve` asks for, where the machine allows so many: room for all streams and as many requests again."""

FILES_RESERVED = 512
"""Of these, what is no connection's: the database, pipes of programs at work, uploads and renders. A quarter of very few."""

SHARE_OF_ONE = 5
"""One account or address may take a fifth of what all share: a class behind one address is never near it, and four others
who take as much still leave some."""

UNFINISHED_OF_ADDRESS_MAX = 100
"""Requests of one address whose end has not come: a class that uploads at once; a browser has six."""

REQUEST_BURST = 500
"""Requests of one account at once: a program that looks through a year of history asks a hundred times."""

REQUESTS_PER_SECOND = 50
"""And after that: ten times what a page with everything in motion asks."""

TURNS_OF_START = 3
"""Turns of the event loop until the next request of a crowd begins: about as many as an answer takes. So what others have
begun waits for one such request, not for one in each of its own turns."""

LEFT_OFF_MS = 100
"""Without asking, until a party is none of a crowd any more: five times as long as one of fifty is held back between two."""

BUCKETS_MAX = 10_000
"""Parties whose requests are counted at once: two megabytes, and more than one process has to do with in a minute."""
